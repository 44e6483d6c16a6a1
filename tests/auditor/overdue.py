"""Findings of the clock: overdue visits and results, patients lost (clinical-rules 4.1, 4.2)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from tests.auditor.schedule import Rules, schedule_end
from tests.auditor.values import Found, Record, days, of_kind, rule
from tests.auditor.visits import Imaging


def overdue(told: Sequence[dict[str, Any]]) -> list[Found]:
    """OVERDUE_ASSESSMENT of visits: medium from the second missed of its kind in a row."""
    made = []
    known: set[tuple[str, str, tuple[str, str]]] = set()
    for number, one in enumerate(told):
        # A landmark goes before the serial visit due on its day, and both would have one identity.
        identity = (one["kind"], str(one["due_on"]), one["anchor"])
        if one["state"] not in {"missed", "late"} or identity in known:
            continue
        known.add(identity)
        before = told[number - 1] if number else None
        same = before is not None and all(before[k] == one[k] for k in ("kind", "episode"))
        again = same and before is not None and before["state"] in {"missed", "late"}
        due = one["due_on"].isoformat()
        details = {"kind": one["kind"], "due_on": due, "resolved_late": one["late"] is not None}
        if one["late"] is not None:
            details["resolved_on"] = one["late"].clinical_day.isoformat()
            details["resolved_by"] = one["late"].record_id
        made.append(
            Found(
                *("OVERDUE_ASSESSMENT", one["closes_on"], [one["anchor"]], details),
                *(f"{one['kind']}|{due}", "medium" if again else "low"),
            )
        )
    return made


def results_overdue(records: Sequence[Record], rules: Rules, clock: date) -> list[Found]:
    """A result or read that is not final when the clock is beyond its limit."""
    made = []
    for kind, key in (("ctdna.result", "ctdna"), ("imaging.read", "imaging")):
        for record in of_kind(records, kind, final=False):
            wait = rule(rules, f"{key}.turnaround_days")
            limit = record.clinical_day + timedelta(days=wait)
            if record.final or clock <= limit:
                continue
            due = limit.isoformat()
            details = {"kind": "result", "due_on": due, "resolved_late": False}
            made.append(
                Found("OVERDUE_ASSESSMENT", limit, [record.key], details, f"result|{due}", "low")
            )
    return made


def lost(
    records: Sequence[Record],
    imaging: Imaging,
    told: Sequence[dict[str, Any]],
    rules: Rules,
    clock: date,
) -> list[Found]:
    """LOST_TO_FOLLOWUP: the last closed imaging visits missed, and no contact for so long."""
    current = imaging.episodes[-1].number
    closed = [
        one
        for one in told
        if (one["kind"], one["episode"]) == ("imaging", current)
        and not one["kept_open"]
        and one["closes_on"] < clock
    ]
    count = rule(rules, "followup.ltfu_missed")
    last = closed[-count:]
    if len(last) < count or any(one["state"] not in {"missed", "late"} for one in last):
        return []
    contact = max(records, key=lambda r: (r.last_day, r.order))
    over = schedule_end(records)
    until = clock if over is None else min(clock, over)
    if days(contact.last_day, until) <= rule(rules, "followup.no_contact"):
        return []
    return [Found("LOST_TO_FOLLOWUP", contact.last_day, [contact.key])]


def schedule_findings(
    records: Sequence[Record],
    imaging: Imaging,
    told: Sequence[dict[str, Any]],
    rules: Rules,
    clock: date | None,
) -> list[Found]:
    """All findings of the clock; without a clock there are none."""
    if clock is None:
        return []
    late = overdue(told) + results_overdue(records, rules, clock)
    return late + lost(records, imaging, told, rules, clock)
