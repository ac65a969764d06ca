"""Live experiments: which shopper sees which variant, and the log that says afterwards which was better."""
