"""Why a hit is where it is, in a sentence or two, from what the engine knows and without any model."""
