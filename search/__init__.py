"""The engine of Daogou: words in, ranked products out. `engine.py` tells the whole story."""
