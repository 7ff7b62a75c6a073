"""The HTTP API: what the commands do, for shops and other programs."""
