"""Intake over a ledger, fed with facts as Kafka would bring them."""

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.clinical.state import load_state
from monitor.clinical.timeline import timeline
from monitor.clock import FixedClock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.entries import PatientKey
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Ledger
from monitor.recording import Receipt
from monitor.rulesets import Rulesets
from monitor.wire.codec import TOPIC_OF
from monitor.wire.delivery import Delivery
from tests.clinical.facts import PATIENT, STUDY, Given

TOPICS = {f"t.{name}": name for name in ("ctdna.results", "imaging.reads", "clinical.events")}
GROUP = "monitor"
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
P1, P2 = PatientKey(STUDY, PATIENT), PatientKey(STUDY, "P-2")


def memory() -> MemoryLedger:
    return MemoryLedger(FixedClock(NOON).monotonic)


class Desk:
    """Hands in facts; each gets an event id and the next offset of its topic."""

    def __init__(
        self,
        ledger: Ledger | None = None,
        *,
        rules: Path | None = None,
        group: str = GROUP,
        gaps_allowed: frozenset[str] = frozenset(),
    ) -> None:
        self.ledger = ledger or memory()
        self.rulesets = Rulesets(rules)
        self.settings = IntakeSettings(group, "test", TOPICS, gaps_allowed)
        self.intake = self.new_intake()
        self.offsets = dict.fromkeys(TOPICS, -1)
        self._ids = 0

    def new_intake(self) -> Intake:
        """Another worker's intake over the same ledger: it remembers nothing."""
        clock = FixedClock(NOON)
        return Intake(self.ledger, clock, self.settings, rules_for=self.rulesets)

    def delivery(self, given: Given, event_id: str | None = None) -> Delivery:
        self._ids += 1
        line = given.line(event_id or f"{self.settings.group[:1]}{self._ids}")
        return self.raw(line, "t." + TOPIC_OF[f"org.ctdnamonitor.{given.kind}.v1"])

    def raw(self, value: bytes | None, topic: str = "t.clinical.events") -> Delivery:
        self.offsets[topic] += 1
        return Delivery(topic, 0, self.offsets[topic], None, STRUCTURED, value)

    async def give(self, *givens: Given) -> list[str]:
        """Hand facts in as one batch; returns what became of each, in a word or its reason."""
        receipts = await self.intake.receive([self.delivery(given) for given in givens])
        return [word(receipt) for receipt in receipts]

    async def each(self, givens: Iterable[Given]) -> list[str]:
        """Hand facts in one by one."""
        return [found for given in givens for found in await self.give(given)]

    async def timeline(self, patient: PatientKey = P1) -> Any:
        row = await self.ledger.state(patient)
        ruleset = self.rulesets(patient.study_id)
        assert row is not None
        assert ruleset is not None
        document = timeline(load_state(row.document), ruleset)
        assert document["incomplete"] == row.incomplete
        return document

    async def records(self, patient: PatientKey = P1) -> dict[str, int]:
        """Standing samples and reads of a patient: record id and version."""
        document = await self.timeline(patient)
        return {row["record_id"]: row["record_version"]
                for row in document["ctdna"] + document["imaging"]}  # fmt: skip

    async def notices(self, patient: PatientKey | None = P1) -> list[dict[str, Any]]:
        return [json.loads(document) for document, _ in await self.ledger.notices(patient)]

    async def said(self, patient: PatientKey | None = P1) -> list[str]:
        return [f"{one['action']} {one['finding']}" for one in await self.notices(patient)]

    async def incomplete(self, patient: PatientKey = P1) -> bool:
        row = await self.ledger.state(patient)
        assert row is not None
        return row.incomplete


def word(receipt: Receipt) -> str:
    return receipt.reason or receipt.outcome


async def world(ledger: Ledger, rules: Rulesets) -> Mapping[PatientKey, Any]:
    """Every patient's timeline, which holds the standing findings."""
    found = {}
    for patient in await ledger.patients():
        row, ruleset = await ledger.state(patient), rules(patient.study_id)
        assert row is not None
        assert ruleset is not None
        found[patient] = timeline(load_state(row.document), ruleset)
    return found


def batches(
    deliveries: Sequence[Delivery], size: Callable[[], int]
) -> Iterable[Sequence[Delivery]]:
    """Cut a stream into batches of the sizes that are asked for."""
    start = 0
    while start < len(deliveries):
        step = max(1, size())
        yield deliveries[start : start + step]
        start += step
