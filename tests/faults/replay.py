"""The recorded events once more, in their order, through intake and rules without a database.

Run as a program it reads a ledger's events and states, and writes what should have been told of
them and what stands as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from monitor.bulk.replay import once_more
from monitor.clinical.state import load_state
from monitor.clinical.timeline import timeline
from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.entries import AcceptedRow, EventKey, PatientKey
from monitor.ledger.memory import MemoryLedger
from monitor.rulesets import Rulesets
from monitor.settings import Settings
from monitor.wire.codec import decode
from tests.faults.evidence import Told
from tests.faults.reading import read_accepted, read_documents

BATCH = 97  # other boundaries than any worker's


async def replay(accepted: Sequence[AcceptedRow], settings: Settings) -> list[Told]:
    """Every notice that follows from these events in this order; each must be accepted."""
    received_at = {row.key: row.received_at for row in accepted}
    topics = settings.kafka.inputs
    ledger = MemoryLedger(time.monotonic)
    intake = Intake(
        ledger,
        Clock(),
        IntakeSettings("replay", settings.deployment, topics, frozenset(topics)),
        rules_for=Rulesets(settings.rules),
        detected_at=lambda event, _before: received_at[EventKey(event.source, event.event_id)],
    )
    batch = [once_more(row, lambda delivery: decode(delivery, topics)) for row in accepted]
    for begin in range(0, len(batch), BATCH):
        receipts = await intake.settle(batch[begin : begin + BATCH])
        assert {receipt.outcome for receipt in receipts} <= {"applied", "stale"}
    return told_by(ledger)


def told_by(ledger: MemoryLedger) -> list[Told]:
    """The notices in a ledger, in the order of their recording."""
    return [
        Told(n.notice_id, n.patient, n.sequence, n.finding, tuple(n.headers), n.value)
        for n in ledger._notices.values()
    ]


def standing(documents: Sequence[str]) -> dict[str, object]:
    """The findings that stand, of each patient, from the stored states."""
    rules = Rulesets(None)
    found: dict[str, object] = {}
    for state in map(load_state, documents):
        ruleset = rules(state.study_id)
        assert ruleset is not None
        document = timeline(state, ruleset)
        found[f"{state.study_id}/{state.patient_id}"] = document["standing_findings"]
    return found


def to_line(told: Told) -> list[Any]:
    headers = [[name, value.decode("latin-1")] for name, value in told.headers]
    return [*told[:4], headers, told.value.decode("latin-1")]


def from_line(line: list[Any]) -> Told:
    notice_id, patient, sequence, finding, headers, value = line
    pairs = tuple((name, text.encode("latin-1")) for name, text in headers)
    encoded = value.encode("latin-1")
    return Told(notice_id, PatientKey(*patient), sequence, finding, pairs, encoded)


async def main(url: str) -> None:
    told = await replay(await read_accepted(url), Settings())
    found = standing(await read_documents(url))
    json.dump({"told": list(map(to_line, told)), "standing": found}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
