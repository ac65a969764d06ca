"""Texts → vectors. The only room that imports torch, transformers and sentence-transformers, and only when asked to."""
