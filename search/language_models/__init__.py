"""Language models behind the LanguageModel protocol. Optional: nothing in the engine waits for one."""
