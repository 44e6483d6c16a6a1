"""What a redrive adds to a delivery is never what it is refused for."""

import pytest

from monitor.ledger.redrive import REDRIVE_COUNT, REDRIVE_OF
from monitor.wire.delivery import Reason
from monitor.wire.limits import HEADERS_BYTES_MAX, HEADERS_MAX, REDRIVE_HEADERS
from tests.wire.deliveries import STRUCTURED, Headers, accepted, assert_refused, envelope

FULL = tuple((f"x{n}", b"") for n in range(HEADERS_MAX - 1))
LONG = (("x", bytes(HEADERS_BYTES_MAX - 100)),)
ADDED = ((REDRIVE_OF, b"p.ctdna.results/0/0/0"), (REDRIVE_COUNT, b"1"))


def test_the_names_are_those_that_a_redrive_gives() -> None:
    assert {name for name, _ in ADDED} == REDRIVE_HEADERS


@pytest.mark.parametrize("sent", [FULL, LONG], ids=["many", "long"])
def test_headers_that_fit_when_first_sent_fit_when_redriven(sent: Headers) -> None:
    first = accepted(envelope(), (*STRUCTURED, *sent))
    assert accepted(envelope(), (*STRUCTURED, *sent, *ADDED)) == first


@pytest.mark.parametrize(
    "added",
    [
        [*ADDED, ADDED[0]],
        [*ADDED, ADDED[1]],
        [*ADDED, ("another", b"")],
        [(REDRIVE_OF, bytes(600))],
    ],
)
def test_they_are_no_way_around_the_limits(added: Headers) -> None:
    assert_refused(envelope(), (*STRUCTURED, *FULL, *added), Reason.TOO_LARGE, None)
