"""What the facts mean: pure functions from a patient's records to findings and notices."""
