"""Beside the stream: many events at once through the same intake, rules and ledger."""
