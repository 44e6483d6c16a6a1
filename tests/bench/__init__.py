"""Benchmarks: what an event costs and how long it takes. They measure and never judge."""
