"""Servers and people made up for the demo and the tests: a mailbox, a Bot API, a shop with its customers."""
