"""Whether a sentence about a product says only what the product itself says. Pure functions."""
