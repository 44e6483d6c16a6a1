"""One history, audited: product and auditor agree at the end, after every step, in any order."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.auditor import audited, product, tally
from tests.auditor.catalogue import CATALOGUE
from tests.auditor.compare import BY_ARRIVAL, FINDINGS, Difference, Scope, differences, reordered
from tests.auditor.generator import draw_history
from tests.auditor.history import History
from tests.auditor.ledger import Ledger
from tests.auditor.product import Documents
from tests.auditor.told import Listeners

Check = Callable[[History, Scope], list[Difference]]
STEPPED_OF = 20  # every so many histories are compared after every arrival: 5 %
SHUFFLED_OF = 5
ENOUGH = 20_000
SHOWN = (
    *CATALOGUE,
    *("RISING_CTDNA FOLD", "RISING_CTDNA TREND", "RISING_CTDNA fast"),
    *(f"MDT_REVIEW_REQUESTED T{number}" for number in range(1, 9)),
)


@dataclass
class Result:
    """What one history, or many, showed."""

    histories: int = 0
    prefixes: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    hits: Counter[tally.Hit] = field(default_factory=Counter)
    disagreements: dict[str, list[int]] = field(default_factory=dict)  # kind: seeds

    def lacking(self) -> list[str]:
        """Findings of the catalogue that so many histories should have shown, and did not."""
        if self.histories < ENOUGH:
            return []
        return [name for name in SHOWN if not self.findings[name]]

    def add(self, other: "Result") -> None:
        self.histories += other.histories
        self.prefixes += other.prefixes
        for mine, theirs in (
            *((self.findings, other.findings), (self.outcomes, other.outcomes)),
            (self.hits, other.hits),
        ):
            mine.update(theirs)  # type: ignore[arg-type]
        for kind, seeds in other.disagreements.items():
            self.disagreements.setdefault(kind, []).extend(seeds)


def checks_of(seed: int) -> list[Check]:
    """What is checked of this seed beside the end."""
    checks: list[Check] = []
    if seed % STEPPED_OF == 0:
        checks.append(steps)
    if seed % SHUFFLED_OF == 1:
        checks.append(shuffled)
    return checks


def audit(seed: int, scope: Scope) -> Result:
    """Check one generated history in every way that its seed asks for."""
    history = draw_history(seed)
    result = Result(histories=1)
    wrong = _ended(history, scope, result)
    for check in checks_of(seed):
        wrong += guarded(check, history, scope)
        result.prefixes += len(history.events) if check is steps else 0
    for kind in dict.fromkeys(difference.kind for difference in wrong):
        result.disagreements[kind] = [seed]
    return result


def _ended(history: History, scope: Scope, result: Result) -> list[Difference]:
    """`end`, and what is counted of it."""
    try:
        said, documents = product.ended(history)
        heard, defined, ledger = audited.ended(history)
    except Exception as problem:  # noqa: BLE001 - whichever side it is, the seed shows it
        return [raised(problem)]
    result.outcomes.update(said)
    for document in documents.values():
        names = [entry["finding"] for entry in document[FINDINGS]]
        result.findings[BY_ARRIVAL] += names.count(BY_ARRIVAL)
    _count(result, history, defined, ledger)
    return _outcomes(said, heard) + _documents(documents, defined, scope)


def names_of(entry: Mapping[str, Any]) -> list[str]:
    """A finding's name, and that of each kind, cause or trigger that tells it from others."""
    details = entry["details"]
    words = ("kind", "trigger", "level", "pattern", "estro_eortc")
    kinds = [details[key] for key in words if key in details] + details.get("causes", [])
    kinds += ["fast"] if details.get("fast") else []
    return [entry["finding"], *(f"{entry['finding']} {kind}" for kind in kinds)]


def _count(result: Result, history: History, defined: Documents, ledger: Ledger) -> None:
    for key, document in defined.items():
        result.findings.update(name for entry in document[FINDINGS] for name in names_of(entry))
        records, clock = ledger.standing(*key), ledger.clock(*key)
        result.hits.update(tally.hits(document, records, history.rules, clock))


def end(history: History, scope: Scope) -> list[Difference]:
    """The outcomes of the arrivals, and every document at the end."""
    return _ended(history, scope, Result())


def steps(history: History, scope: Scope) -> list[Difference]:
    """Every document after every arrival, and the notices that the product made of it."""
    listeners = Listeners()
    for step, (outcome, defined) in zip(
        product.stepped(history), audited.stepped(history), strict=True
    ):
        wrong = _outcomes([step.outcome], [outcome])
        wrong += _documents(step.documents, defined, scope, by_arrival=True)
        wrong += listeners.hear(step.notices)
        for key, document in step.documents.items():
            wrong += listeners.compare(key, document)
        if wrong:
            return wrong
    return []


def shuffled(history: History, _scope: Scope) -> list[Difference]:
    """The same records in another order of arrival, some twice: the product says the same."""
    if history.conflicting:
        return []
    placed: list[tuple[float, Mapping[str, Any]]] = []
    for event in history.events:  # each by its own chance: what is left out moves no other
        chance = random.Random(f"{history.seed} {event['id']} {event['data']['record_version']}")
        placed += [(chance.random(), event) for _ in range(1 + (chance.random() < 0.1))]
    events = [event for _, event in sorted(placed, key=lambda one: one[0])]
    _, first = product.ended(history)
    _, second = product.ended(history.cut(events))
    return [one for key in first for one in reordered(first[key], second[key])]


def guarded(check: Check, history: History, scope: Scope) -> list[Difference]:
    """A check whose own failure is a difference as well."""
    try:
        return check(history, scope)
    except Exception as problem:  # noqa: BLE001 - whichever side it is, the seed shows it
        return [raised(problem)]


def raised(problem: Exception) -> Difference:
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code.co_filename if trace else ""
    where = f"{code.rpartition('/')[2]}:{trace.tb_lineno if trace else 0}"
    return Difference(f"raised {type(problem).__name__} at {where}", where, str(problem), "")


def _outcomes(said: list[str], heard: list[str]) -> list[Difference]:
    return [
        Difference(f"outcome {one.split()[0]} / {other}", f"arrival {number}", one, other)
        for number, (one, other) in enumerate(zip(said, heard, strict=True))
        if one.split()[0] != other
    ]


def _documents(
    documents: Documents, defined: Documents, scope: Scope, *, by_arrival: bool = False
) -> list[Difference]:
    if documents.keys() != defined.keys():
        return [Difference("patients", "patients", sorted(documents), sorted(defined))]
    return [
        one
        for key, document in documents.items()
        for one in differences(document, defined[key], scope, by_arrival=by_arrival)
    ]
