"""Bytes to facts and notices to bytes: pure, strict, and never raising on input."""
