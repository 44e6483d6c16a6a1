"""Sound evidence, made once."""

import asyncio

import pytest

from tests.chaos.checker import Evidence
from tests.chaos.checker.sound import sound_evidence


@pytest.fixture(scope="session")
def sound() -> Evidence:
    """Evidence in which nothing is wrong."""
    return asyncio.run(sound_evidence(700, seed=3))
