"""Bugs of what is told: sequence, revisions, ids, and which difference is a notice."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "notices per batch instead of per fact",
        "Of a finding only what the last fact of a batch said is told.",
        (
            "fold.py",
            "            notices=self._notices,\n",
            "            notices=list({row.finding_id: row for row in self._notices}.values()),\n",
        ),
    ),
    bug(
        "sequence reused",
        "A withdrawal takes the number of the notice before it.",
        (
            "clinical/transitions.py",
            """\
        sequence += 1
        before = state.told.get(key)
""",
            """\
        sequence += said.action != "withdrawn"
        before = state.told.get(key)
""",
        ),
    ),
    bug(
        "sequence from the clock",
        "A notice is numbered by the second in which its fact came.",
        (
            "clinical/transitions.py",
            """\
        sequence += 1
        before = state.told.get(key)
""",
            """\
        sequence = max(sequence + 1, int(arrival.detected_at.timestamp()))
        before = state.told.get(key)
""",
        ),
    ),
    bug(
        "hold not released",
        "What was found before the day of enrolment is never told.",
        (
            "clinical/transitions.py",
            "    found = standing(state, course) if course.enrolled else None\n",
            """\
    found = standing(state, course) if course.enrolled else None
    if found is not None:
        since = course.enrolled[0].fact.clinical_day
        found = {key: row for key, row in found.items() if row[1].effective_on >= since}
""",
        ),
    ),
    bug(
        "told before enrolment",
        "Findings are told of patients who are not enrolled.",
        (
            "clinical/transitions.py",
            "    found = standing(state, course) if course.enrolled else None\n",
            "    found = standing(state, course) if course.enrolled or course.samples else None\n",
        ),
    ),
    bug(
        "amended for a version only",
        "A new version of the evidence amends a finding that says the same.",
        (
            "clinical/transitions.py",
            "    return (before.severity, before.effective_on, before.details) != (\n",
            """\
    return (before.evidence, before.severity, before.effective_on, before.details) != (
        finding.evidence(),
""",
        ),
    ),
    bug(
        "id with a version in it",
        "A finding's id changes with the versions of its records.",
        (
            "clinical/transitions.py",
            "        records = tuple(held.key for held in finding.identifying)\n",
            """\
        records = tuple(
            (held.source, f"{held.fact.record_id}/{held.fact.record_version}")
            for held in finding.identifying
        )
""",
        ),
    ),
    bug(
        "withdrawal left out",
        "Only what is of high or critical severity is withdrawn when its support is gone.",
        (
            "clinical/transitions.py",
            "        elif before.finding != retraction.NAME:\n",
            """\
        elif before.finding != retraction.NAME and before.severity in {"high", "critical"}:
""",
        ),
    ),
    bug(
        "revision begins again",
        "A finding that is raised again after its withdrawal has revision 1 again.",
        (
            "clinical/transitions.py",
            """\
    revision = before.revision + 1 if before else 1
    return Told(
""",
            """\
    revision = before.revision + 1 if before and action == "amended" else 1
    return Told(
""",
        ),
    ),
    bug(
        "raised before withdrawn",
        "Within one fact what is new is told before what is gone.",
        (
            "clinical/transitions.py",
            '_ACTIONS: tuple[Action, ...] = ("withdrawn", "amended", "raised")\n',
            '_ACTIONS: tuple[Action, ...] = ("raised", "amended", "withdrawn")\n',
        ),
    ),
)
