"""`python -m indexer describe`: descriptions and advertising lines by a language model, each checked, into a file."""
