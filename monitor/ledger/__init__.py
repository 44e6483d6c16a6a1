"""What was received, what is known and what has been said, kept in one transaction."""
