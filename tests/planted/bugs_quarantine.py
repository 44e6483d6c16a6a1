"""Bugs of the quarantine and its dead letters: what was refused, and what is left of it."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "quarantine outside the transaction",
        """\
Refused deliveries are written after the batch was recorded, or are lost with the worker.""",
        (
            "intake.py",
            "from dataclasses import dataclass\n",
            "from dataclasses import dataclass, replace\n",
        ),
        (
            "intake.py",
            """\
        await self._ledger.record(fold.changes(self._settings.group, offsets))
        self._failed = failed
""",
            """\
        changes = fold.changes(self._settings.group, offsets)
        await self._ledger.record(replace(changes, quarantined=()))
        self._failed = failed
        refused = type(changes)(self._settings.group, quarantined=changes.quarantined)
        try:
            await self._ledger.record(refused)
        except (Conflict, Unavailable):
            log.warning("refused deliveries could not be kept")
""",
        ),
    ),
    bug(
        "dead letter without original bytes",
        "A dead letter carries the text that the value seems to be, not its bytes.",
        (
            "ledger/outgoing.py",
            """\
        (*row.headers, *added),
        row.value,
""",
            """\
        (*row.headers, *added),
        None if row.value is None else row.value.decode(errors="replace").encode(),
""",
        ),
    ),
    bug(
        "poison only counted",
        "A delivery that cannot be decoded is counted as rejected and kept nowhere.",
        (
            "fold.py",
            "        self._quarantine.refuse(quarantine_row(delivery, rejection, at, event))\n",
            """\
        if event is not None:
            self._quarantine.refuse(quarantine_row(delivery, rejection, at, event))
""",
        ),
    ),
    bug(
        "quarantine holds one delivery of a batch",
        "Of the deliveries that a batch refuses only the last is kept.",
        (
            "fold.py",
            "        self._quarantine.refuse(quarantine_row(delivery, rejection, at, event))\n",
            """\
        self._quarantine._rows.clear()
        self._quarantine.refuse(quarantine_row(delivery, rejection, at, event))
""",
        ),
    ),
)
