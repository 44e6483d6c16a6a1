"""Example events to try things out with: real imaging series, and a made-up cohort of the trial."""

from importlib import resources

REAL = "inspire.ndjson"
MADE_UP = "cohort.ndjson"


def lines(name: str) -> list[bytes]:
    """Return the structured events of one of the two files, one a line, in arrival order."""
    return resources.files(__name__).joinpath(name).read_bytes().splitlines()
