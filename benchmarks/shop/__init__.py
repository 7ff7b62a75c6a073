"""A made-up shop of any size, the same for the same seed: what a million customers did in six years."""
