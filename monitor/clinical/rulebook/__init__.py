"""The rows of the rulebook by topic; each module holds its rows and what derives them."""
