"""How letters leave the house: one file a channel, every one of the same shape (channel.py)."""
