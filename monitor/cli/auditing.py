"""What the commands that go over every patient share: the topic, a pass, and how it is told."""

import os
import socket
from collections.abc import Collection, Sequence
from typing import Any

from monitor import settings
from monitor.cli import words
from monitor.cli.ruling import bar, rulesets_of
from monitor.clock import Clock
from monitor.deployments import deployment_names
from monitor.differences import MEANING, Kind
from monitor.ledger.archive import Archive
from monitor.ledger.entries import PatientKey
from monitor.notified import Notified, key_of
from monitor.passes import audit_all, record_pass
from monitor.reconciliation import Pace, Reconciler, Total, drawn
from monitor.stream.history import read_notified

NAMED_MAX = 10  # patients of one kind on the screen; JSON names all


def holder() -> str:
    """The name under which this program holds a lease."""
    return f"{socket.gethostname()}:{os.getpid()}"


def reconciler_of(ledger: Archive) -> Reconciler:
    """A reconciler by the settings. Raises ConfigurationError."""
    loaded = settings.load()
    return Reconciler(ledger, rulesets_of(loaded.rules), loaded.deployment, Pace(Clock()))


async def read_topic(ledger: Archive, keys: Collection[bytes] | None = None) -> Notified:
    """The notices on their topic. Raises UnreachableError, StartRefusedError."""
    loaded = settings.load()
    names = deployment_names(await ledger.audit()) | {loaded.deployment}
    return read_notified(loaded.kafka, names, keys)


async def audited(ledger: Archive, sample: int | None, *, topic: bool) -> Total:
    """A pass over every patient or a sample of the day; recorded if nothing was left out."""
    clock = Clock()
    if sample is not None:
        day = clock.now().date().isoformat()
        some = drawn(await ledger.everybody(), sample, day)
        notified = await read_topic(ledger, set(map(key_of, some))) if topic else None
        return await _go_over(ledger, some, notified)
    notified = await read_topic(ledger) if topic else None
    patients = await ledger.everybody()
    total = await _go_over(ledger, patients, notified)
    if topic:
        await record_pass(ledger, clock, "monitor audit", total)
    return total


async def _go_over(
    ledger: Archive, patients: Sequence[PatientKey], notified: Notified | None
) -> Total:
    with bar("comparing", len(patients)) as advance:
        return await audit_all(reconciler_of(ledger), notified, patients, advance)


def document_of(total: Total, *, topic: bool) -> dict[str, Any]:
    """A pass as JSON: every patient of whom something differs, by kind."""
    return {
        "patients": total.patients,
        "notices": total.notices,
        "topic": topic,
        "differences": {
            kind.value: {
                "count": total.differences[kind],
                "means": MEANING[kind],
                "patients": [one._asdict() for one in total.names.get(kind, [])],
            }
            for kind in Kind
            if total.differences[kind]
        },
    }


def show_pass(total: Total, *, topic: bool) -> None:
    """A pass for people."""
    out = words.console()
    left_out = "" if topic else "; the topic of notices was left out"
    words.show(out, f"{total.patients} patients, {total.notices} notices compared{left_out}.")
    if not total.differences:
        words.show(out, "Nothing differs.")
    for kind in Kind:
        if total.differences[kind]:
            words.show(out, f"{total.differences[kind]:>6}  {MEANING[kind]} ({kind})")
            show_patients(total.names.get(kind, []))


def show_patients(patients: Sequence[PatientKey]) -> None:
    """The first of some patients, and how many more there are."""
    named = ", ".join(f"{one.study_id}/{one.patient_id}" for one in patients[:NAMED_MAX])
    more = len(patients) - NAMED_MAX
    if named:
        words.show(words.console(), words.reason_text(named + (f" and {more} more" * (more > 0))))
