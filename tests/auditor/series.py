"""Which reads are read together: series, same-day reads, episodes (4.3, 1.12, contract 2.2)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.auditor.values import Record, days, of_kind, rule
from tests.auditor.visits import Episode


def series_of(read: Record) -> tuple[str, str]:
    """Contract 2.2: one series per role, for central readers one per reader."""
    reader = read.data["reader"]
    role = str(reader["role"])
    return (role, str(reader["id"])) if role == "central" else (role, "")


def study_series(reads: Iterable[Record], rules: Mapping[str, Any]) -> tuple[str, str]:
    """4.3: the role the rules name; of central readers the named one or the earliest baseline's."""
    role = rule(rules, "reader")
    if role != "central":
        return (str(role), "")
    if rule(rules, "reader_id") is not None:
        return (str(role), str(rule(rules, "reader_id")))
    series = [(read, series_of(read)) for read in reads if series_of(read)[0] == "central"]
    starts = [
        (read.clinical_day, key) for read, key in series if read.final and is_marked_baseline(read)
    ]
    if starts:
        return min(starts)[1]
    # No baseline anywhere ties all of them: the lower id.
    return min((key for _, key in series), default=("central", ""))


def is_marked_baseline(read: Record) -> bool:
    return bool((read.get("timepoint") or {}).get("is_baseline"))


def superseded(reads: list[Record]) -> set[tuple[str, str]]:
    """4.3: of final reads of one series with the same image days all but the one signed last."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for read in reads:
        if read.final:
            groups.setdefault((series_of(read), *sorted(set(read.image_days))), []).append(read)
    return {
        read.key
        for group in groups.values()
        for read in sorted(group, key=_signed)[:-1]  # the last one counts
    }


def _signed(read: Record) -> tuple[datetime, str, str]:
    text = read.get("signed_at")
    unsigned = datetime.min.replace(tzinfo=UTC)
    return (
        unsigned if text is None else datetime.fromisoformat(str(text)),
        read.record_id,
        read.source,
    )


def episodes_of(records: Iterable[Record]) -> list[Episode]:
    """1.12: episode n begins on the first day of the n-th round seen; without therapy all is 1."""
    therapies = of_kind(records, "therapy.local")
    if not therapies:
        return [Episode(1, None, None)]
    rounds = {int(t.data["round"]) for t in therapies}
    courses = [[t for t in therapies if int(t.data["round"]) == number] for number in rounds]
    courses.sort(key=lambda course: (course[0].clinical_day, int(course[0].data["round"])))
    starts = [course[0].clinical_day for course in courses]
    ends = [*starts[1:], None]
    later = [
        Episode(number, start, end, course)
        for number, (start, end, course) in enumerate(zip(starts, ends, courses, strict=True), 1)
    ]
    return [Episode(0, None, starts[0]), *later]


def episode_at(episodes: list[Episode], on: Any) -> Episode:
    """The episode in which a day falls: the last one that has begun."""
    return [e for e in episodes if e.starts_on is None or e.starts_on <= on][-1]


def baseline_of(episode: Episode, reads: list[Record]) -> Record | None:
    """1.12: earliest marked read after the last day of the episode's local therapies."""
    if episode.open_therapy:
        return None
    last = episode.last_therapy_day
    marked = [
        read
        for read in reads
        if is_marked_baseline(read) and (last is None or read.clinical_day > last)
    ]
    return min(marked, key=lambda read: read.order, default=None)


def outside_window(episode: Episode, baseline: Record, rules: Mapping[str, Any]) -> bool:
    """1.12: the baseline lies outside the window of the therapy that ended last."""
    last = episode.last_therapy_day
    if last is None:
        return False
    ended_last = max(episode.therapies, key=lambda t: (t.last_day, t.order))
    modality = {"radiotherapy": "rt"}.get(ended_last.data["modality"], ended_last.data["modality"])
    first, until = rule(rules, f"surveillance_baseline_window.{modality}")
    return not first <= days(last, baseline.clinical_day) <= until
