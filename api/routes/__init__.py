"""One noun a file; each gives a `router`."""
