"""Databases under the default rules as a worker left them, and what tests of rules ask of them."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor import examples
from monitor.active_rules import hold_rules
from monitor.bulk.evaluation import detected_at
from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger import migrate
from monitor.ledger.activations import ActiveRules, AuditEntry
from monitor.ledger.sql import SqlLedger
from monitor.rulesets import Rulesets
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Delivery
from monitor.wiring import open_ledger
from tests.clinical.facts import Given, enrolled, read, systemic, targets
from tests.clinical.test_more_retraction import BASELINE, SURGERY

STUDY, OTHER = "NCT06778382", "S-1"
PD = read(100, "r", targets=targets(T1="60"))
STORY = (enrolled(), SURGERY, BASELINE, PD, systemic(110))
ONE = f"{STUDY}/SDCH-003"  # of the cohort


def copies(patient: str) -> list[Given]:
    return [one.but(patient_id=patient, record_id=f"{one.record_id} {patient}") for one in STORY]


def fill_cohort(file: Path, *more: bytes) -> None:
    """The cohort, as a worker left it that has stopped."""
    asyncio.run(fill(f"sqlite:///{file}", [*examples.lines(examples.MADE_UP), *more]))
    on_ledger(file, lambda ledger: hold_rules(ledger, Rulesets(), Clock()))


def fill_two_studies(file: Path) -> None:
    """The cohort, and two patients of another study."""
    given = enumerate([*copies("P-1"), *copies("P-2")])
    fill_cohort(file, *(one.line(f"e{number}") for number, one in given))


async def fill(url: str, lines: list[bytes]) -> None:
    await migrate.upgrade(url)
    async with open_ledger(url) as ledger:
        intake = Intake(
            ledger,
            Clock(),
            IntakeSettings("test", "test", {}),
            rules_for=Rulesets(),
            detected_at=detected_at,
            decoder=lambda delivery: decode_line(delivery.value or b""),
        )
        await intake.receive([Delivery("f", 0, n, None, (), line) for n, line in enumerate(lines)])


def on_ledger(file: Path, work: Callable[[SqlLedger], Any]) -> Any:
    async def done() -> Any:
        async with open_ledger(f"sqlite+aiosqlite:///{file}") as ledger:
            return await work(ledger)

    return asyncio.run(done())


def history(file: Path) -> list[ActiveRules]:
    found: list[ActiveRules] = on_ledger(file, lambda ledger: ledger.active_rules())
    return found


def audit(file: Path) -> list[AuditEntry]:
    found: list[AuditEntry] = on_ledger(file, lambda ledger: ledger.audit())
    return found


def change(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


def folder(path: Path, **studies: str) -> Path:
    path.mkdir()
    for study, text in studies.items():
        (path / f"{study.replace('_', '-')}.toml").write_text(text)
    return path
