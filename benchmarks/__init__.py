"""What the project promises to be quick at, measured. `python -m benchmarks --help`; each area is a module of its name."""
