"""What comes back: signed links and the endpoints behind them, people told from machines, mail that returns."""
