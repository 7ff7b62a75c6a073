"""The Telegram conversation: joining by a letter's link, leaving, and what customers say."""
