"""Visits that are due, what became of them, and who is lost (clinical-rules 4.1, "Schedule")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.auditor.values import Record, days, maybe_day, of_kind, rule
from tests.auditor.visits import Episode, Imaging

Rules = dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """The day from which visits are counted, and the record that gives it."""

    on: date
    record: Record


@dataclass(frozen=True)
class Window:
    """One visit of the calendar, before anything is known of it."""

    kind: str
    due: date
    opens: date
    closes: date
    anchor: Record


def last_therapy(episode: Episode) -> Anchor | None:
    """The therapy that ended last; none while one of the round has no end."""
    ended = [(maybe_day(t.get("ended_on")), t) for t in episode.therapies]
    known = [Anchor(on, t) for on, t in ended if on is not None]
    if not known or len(known) < len(ended):
        return None
    return max(known, key=lambda anchor: (anchor.on, anchor.record.order))


def anchor_of(episode: Episode, records: Sequence[Record], imaging: Imaging) -> Anchor | None:
    """Surveillance baseline of the episode, else its last therapy day, else enrolment."""
    if episode.therapies and last_therapy(episode) is None:
        return None
    # Episode 0 is an episode without local therapy: its earliest marked read (1.12).
    before = (v for v in imaging.study if v.episode == 0 and v.is_baseline)
    baseline = imaging.baselines.get(episode.number) if episode.number else next(before, None)
    if baseline is not None:
        return Anchor(baseline.record.clinical_day, baseline.record)
    if episode.therapies:
        return last_therapy(episode)
    enrolled = of_kind(records, "patient.enrolled")
    return Anchor(enrolled[0].clinical_day, enrolled[0]) if enrolled else None


def years_after(start: date, years: int) -> date:
    """The same day so many years later (28 February when there is no 29th)."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def imaging_windows(anchor: Anchor, until: date, rules: Rules) -> list[Window]:
    """anchor + k x interval; more than so many days after the anchor, the later interval."""
    step, width = rule(rules, "schedule.imaging_days"), rule(rules, "schedule.imaging_window_days")
    made: list[Window] = []
    due = anchor.on
    while due <= until:
        if days(anchor.on, due) + step > rule(rules, "schedule.imaging_later_after_days"):
            step = rule(rules, "schedule.imaging_days_later")
            width = rule(rules, "schedule.imaging_window_days_later")
        due += timedelta(days=step)
        opens, closes = due - timedelta(days=width), due + timedelta(days=width)
        made.append(Window("imaging", due, opens, closes, anchor.record))
    return made


def ctdna_windows(episode: Episode, anchor: Anchor, until: date, rules: Rules) -> list[Window]:
    """The landmark after the last therapy day, and anchor + k x interval."""
    made: list[Window] = []
    last = last_therapy(episode)
    if last is not None:
        opens = last.on + timedelta(days=rule(rules, "schedule.landmark_from_days"))
        closes = last.on + timedelta(days=rule(rules, "schedule.landmark_to_days"))
        made.append(Window("ctdna", opens, opens, closes, last.record))
    step, width = rule(rules, "schedule.ctdna_days"), rule(rules, "schedule.ctdna_window_days")
    due = anchor.on
    while due <= until:
        due += timedelta(days=step)
        opens, closes = due - timedelta(days=width), due + timedelta(days=width)
        made.append(Window("ctdna", due, opens, closes, anchor.record))
    return sorted(made, key=lambda window: window.due)


def schedule_end(records: Sequence[Record], *, withdrawals: bool = True) -> date | None:
    """Death, or withdrawal with scope `follow_up` or `consent`, ends the schedule on that day."""
    ends = [r.clinical_day for r in of_kind(records, "death.recorded")]
    if withdrawals:
        ends += [
            r.clinical_day
            for r in of_kind(records, "withdrawal.recorded")
            if r.data["scope"] in {"follow_up", "consent"}
        ]
    return min(ends, default=None)


def seen(records: Sequence[Record], kind: str) -> list[Record]:
    """Reads of any reader, or samples of any call but `cancelled`, of whatever status."""
    if kind == "imaging":
        return of_kind(records, "imaging.read", final=False)
    samples = of_kind(records, "ctdna.result", final=False)
    return [s for s in samples if s.get("call") != "cancelled"]


def visit(
    window: Window, others: Sequence[Window], came: Sequence[Record], end: date | None
) -> dict[str, Any]:
    """What is known of one visit, apart from the clock; `others` of its kind, in any episode.

    `kept_open`: the end of the episode or schedule comes on or before its closing day.
    """
    opening = min((w.opens for w in others if w.opens > window.closes), default=date.max)
    late = [r for r in came if window.closes < r.clinical_day < opening]
    return {
        "kind": window.kind,
        "due_on": window.due,
        "opens_on": window.opens,
        "closes_on": window.closes,
        "anchor": window.anchor.key,
        "done": any(window.opens <= r.clinical_day <= window.closes for r in came),
        "late": late[0] if late else None,
        "kept_open": end is not None and window.closes >= end,
    }


def state_of(told: dict[str, Any], clock: date | None) -> str:
    """`done`, or `due`, or once the clock is beyond the window `late` or `missed`."""
    if told["done"]:
        return "done"
    if told["kept_open"] or clock is None or clock <= told["closes_on"]:
        return "due"
    return "missed" if told["late"] is None else "late"


def calendar(
    episode: Episode, records: Sequence[Record], imaging: Imaging, rules: Rules, over: date | None
) -> list[tuple[Window, date | None]]:
    """The windows of one episode that are due before its end, and that end."""
    anchor = anchor_of(episode, records, imaging)
    if anchor is None:
        return []
    until = years_after(anchor.on, rule(rules, "schedule.follow_up_years"))
    end = min((d for d in (episode.ends_before, over) if d is not None), default=None)
    windows = imaging_windows(anchor, until, rules) + ctdna_windows(episode, anchor, until, rules)
    return [
        (window, end)
        for window in windows
        if window.due <= until and (end is None or window.due < end)
    ]


def visits(
    records: Sequence[Record],
    imaging: Imaging,
    rules: Rules,
    clock: date | None,
    *,
    withdrawals: bool = True,
) -> list[dict[str, Any]]:
    """Every visit of every episode, by episode, kind and due date.

    Keys: kind, episode, due_on, opens_on, closes_on (dates), state, anchor (record key),
    kept_open, late (the first late record) and done. `withdrawals=False` lets the calendar run
    on after a withdrawal, as the missed visits of 1.11 need it.
    """
    over = schedule_end(records, withdrawals=withdrawals)
    known = [
        (episode.number, window, end)
        for episode in imaging.episodes
        for window, end in calendar(episode, records, imaging, rules, over)
    ]
    told: list[dict[str, Any]] = []
    for number, window, end in known:
        others = [other for _, other, _ in known if other.kind == window.kind]
        one = visit(window, others, seen(records, window.kind), end)
        told.append(one | {"episode": number, "state": state_of(one, clock)})
    return told


def as_shown(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The timeline's part (contract 4.1)."""
    return [
        {
            "kind": one["kind"],
            "due_on": one["due_on"].isoformat(),
            "closes_on": one["closes_on"].isoformat(),
            "state": one["state"],
        }
        for one in told
    ]
