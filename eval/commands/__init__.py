"""The commands of `python -m eval`, one a file: each declares its options and does its work."""
