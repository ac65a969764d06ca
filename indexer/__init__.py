"""The bulk door: catalogue files in, a new version of an index out."""
