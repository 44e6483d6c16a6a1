"""The live worker: Faust reads the topics, and nothing outside this package knows Faust."""
