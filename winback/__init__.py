"""Win lost customers back: choose, write, send once, measure. See README.md for the way of one letter."""

__version__ = "0.1.0"
