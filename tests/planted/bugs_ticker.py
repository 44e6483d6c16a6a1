"""Bugs of the ticker: which days are closed, for whom, and whether it is recorded."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "ticker without record",
        "A closed day changes its patient and is not kept among the accepted events.",
        (
            "fold.py",
            "        self._accepted.append(row)\n",
            """\
        if delivery.topic != CLOCK_TOPIC:
            self._accepted.append(row)
""",
        ),
    ),
    bug(
        "two closed days at once",
        "Two days of a patient, yesterday and the one before, are closed in one transaction.",
        (
            "intake.py",
            """\
        receipts = await self.settle([closed_day(*patient, day) for patient, day in days])
""",
            """\
        before = [(key, day - datetime.timedelta(days=1)) for key, day in days]
        receipts = await self.settle([closed_day(*key, day) for key, day in (*before, *days)])
""",
        ),
    ),
    bug(
        "closed day on the day it falls due left out",
        "A patient is closed a day after the day on which something fell due.",
        (
            "closing.py",
            "        return yesterday if row.next_due_on <= yesterday else None\n",
            "        return yesterday if row.next_due_on < yesterday else None\n",
        ),
    ),
    bug(
        "due day forgotten",
        "After a fact nothing is due for its patient.",
        (
            "overlay.py",
            "        self.state, self.next_due_on = outcome.state, outcome.next_due_on\n",
            "        self.state, self.next_due_on = outcome.state, None\n",
        ),
    ),
)
