"""Real servers for tests, benchmarks and development, each private to whoever starts it."""

import socket
from contextlib import ExitStack


class UnavailableError(RuntimeError):
    """This machine cannot run the server; the text says in one line what is missing."""


def free_ports(count: int) -> list[int]:
    """Return `count` different loopback TCP ports that nobody listens on right now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def is_open(port: int) -> bool:
    """Tell whether something accepts connections at a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
