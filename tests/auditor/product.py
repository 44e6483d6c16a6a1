"""The product as a black box: arrivals in, timeline documents and notices out.

By default one batch is folded with the real intake decisions and no event loop; `stepped` takes the
arrivals one at a time through the whole intake and the ledger in memory.
"""

import asyncio
import datetime
import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from monitor.bulk.evaluation import DEPLOYMENT, LINES_TOPIC, detected_at
from monitor.clinical.parameters import parameters_from_toml
from monitor.clinical.state import load_state
from monitor.clinical.timeline import timeline
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.fold import Fold
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.entries import Loaded, PatientKey
from monitor.ledger.memory import MemoryLedger
from monitor.recording import Receipt
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Delivery
from tests.auditor.history import Events, History

Documents = dict[tuple[str, str], dict[str, Any]]
AT = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Step:
    """What the product says after one arrival."""

    outcome: str
    documents: Documents
    notices: list[Mapping[str, Any]]


@functools.lru_cache(maxsize=64)
def ruleset(toml: str) -> Ruleset | None:
    """The rules, or None when the product does not know one of them or its value."""
    try:
        return Ruleset("audit", parameters_from_toml(toml))
    except ValidationError:
        return None


def ended(history: History) -> tuple[list[str], Documents]:
    """The outcome of every arrival and the documents at the end, from one folded batch."""
    rules = ruleset(history.rules.toml())
    assert rules is not None
    fold = Fold(
        Loaded({}, {}, {}, {}),
        rules_for=lambda _study: rules,
        detected_at=detected_at,
        deployment=DEPLOYMENT,
    )
    for delivery in deliveries(history.events):
        fold.take(delivery, decode_line(delivery.value or b""), AT)
    states = fold.changes(DEPLOYMENT, []).states
    documents = {
        (key.study_id, key.patient_id): timeline(load_state(row.document), rules)
        for key, (_, row) in states.items()
    }
    return [told(receipt) for receipt in fold.receipts], read_again(documents)


def stepped(history: History) -> Iterator[Step]:
    """What the worker's intake says after every single arrival."""
    rules = ruleset(history.rules.toml())
    assert rules is not None
    ledger = MemoryLedger(itertools.count().__next__)
    intake = Intake(
        ledger,
        Clock(),
        IntakeSettings(DEPLOYMENT, DEPLOYMENT, {}, frozenset({LINES_TOPIC})),
        rules_for=lambda _study: rules,
        detected_at=detected_at,
        decoder=lambda delivery: decode_line(delivery.value or b""),
    )
    with asyncio.Runner() as runner:
        for delivery in deliveries(history.events):
            (receipt,) = runner.run(intake.receive([delivery]))
            documents = runner.run(timelines(ledger, rules))
            notices = [notice.document() for notice in receipt.notices]
            yield Step(told(receipt), read_again(documents), json.loads(json.dumps(notices)))


async def timelines(ledger: MemoryLedger, rules: Ruleset) -> Documents:
    documents: Documents = {}
    for key in await ledger.patients():
        row = await ledger.state(PatientKey(*key))
        assert row is not None
        documents[key.study_id, key.patient_id] = timeline(load_state(row.document), rules)
    return documents


def read_again(documents: Documents) -> Documents:
    """The documents as they look in JSON."""
    return {key: json.loads(json.dumps(document)) for key, document in documents.items()}


def deliveries(events: Events) -> Iterator[Delivery]:
    for number, event in enumerate(events):
        value = json.dumps(event, ensure_ascii=False).encode()
        yield Delivery(LINES_TOPIC, 0, number, None, (), value)


def told(receipt: Receipt) -> str:
    """The outcome in one word, with the reason of a refusal."""
    return receipt.outcome if receipt.reason is None else f"{receipt.outcome} {receipt.reason}"
