"""From a plan to letters that left exactly once: queue what is due, claim, check, write, send, record."""
