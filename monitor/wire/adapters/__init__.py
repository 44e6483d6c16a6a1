"""Foreign formats become the contract's events: pure functions of bytes and a configuration.

An adapter never raises. It returns a `Conversion`: events that the codec reads, and for everything
else a refusal with a reason of contract 6 and its place, without a value.
"""
