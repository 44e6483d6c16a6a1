"""Gathers the evidence of a run from Kafka and PostgreSQL."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.checker.evidence import Acknowledged, Evidence, Place, Sample, Sent
from tests.chaos.checker.sql import read_tables
from tests.chaos.checker.topics import read_topics

INPUTS = ("ctdna.results", "imaging.reads", "clinical.events")
NOTICES = "monitor.notices"
RULES = Path(__file__).parents[3] / "monitor" / "rulesets" / "nct06778382.toml"


async def gather(
    bootstrap: str,
    database_url: str,
    prefix: str,
    group: str,
    sent: Sequence[Sent],
    acknowledged: Sequence[Acknowledged],
    samples: Sequence[Sample],
    *,
    calm_at: float | None = None,
    skipped: Mapping[Place, Sequence[tuple[int, int]]] | None = None,
    forgotten: Mapping[Place, int] | None = None,
) -> Evidence:
    """Everything that the checks look at, once the workers have ended (see `Evidence`)."""
    inputs = [prefix + name for name in INPUTS]
    tables = await read_tables(database_url)
    consumed = await asyncio.to_thread(read_topics, bootstrap, inputs)
    published = await asyncio.to_thread(read_topics, bootstrap, [prefix + NOTICES])
    letters = [f"{name}.dlq" for name in inputs]
    dead_letters = await asyncio.to_thread(read_topics, bootstrap, letters)
    return Evidence(
        group=group,
        rules=RULES.read_text(),
        sent=sent,
        acknowledged=acknowledged,
        delivered=consumed.messages,
        bounds=consumed.bounds,
        **tables._asdict(),
        published=published.messages,
        dead_letters=dead_letters.messages,
        samples=samples,
        calm_at=calm_at,
        skipped=skipped or {},
        forgotten=forgotten or {},
    )
