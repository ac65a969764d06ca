"""The language model at work: it puts evidence into warmer words, and only what is grounded is shown."""
