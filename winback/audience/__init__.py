"""Who the customers are, what they did, and which of them are lost."""
