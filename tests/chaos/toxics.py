"""What can be wrong with the network between a client and a server."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Way = Literal["up", "down"]  # to the server, to the client


@dataclass(frozen=True)
class Toxic:
    """What is wrong with a link: `held` ways let nothing through until the toxic is taken away.

    `refuses` closes every new connection at once. `only` limits the toxic to the connections for
    which it says True; it is asked with the client's port, when a connection first meets it.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float | None = None
    held: frozenset[Way] = frozenset()
    refuses: bool = False
    only: Callable[[int], bool] | None = None


HEALTHY = Toxic()


@dataclass
class Commits:
    """What to do after the next COMMITs: cut the connection, or tell somebody of the client."""

    left: int = 0
    seen: int = 0
    told: Callable[[int], None] | None = None
    done: int = 0
