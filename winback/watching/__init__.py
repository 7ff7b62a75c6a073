"""What machines ask: is it alive, is it ready, what are its figures."""
