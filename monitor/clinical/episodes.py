"""Which reads belong together: series of readers, episodes between local therapies, baselines.

Clinical rules 1.12 and 4.3 ("Which reads count"). Series are never mixed.
"""

import datetime
from collections.abc import Sequence

from msgspec import Struct

from monitor.clinical.events import LocalTherapy
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.parameters import Parameters
from monitor.clinical.state import Held
from monitor.clinical.terms import instant_of

HeldRead = Held[ImagingRead]
HeldTherapy = Held[LocalTherapy]

SeriesKey = tuple[str, str]


class Episode(Struct, frozen=True):
    """A stretch of follow-up: 0 before the first local therapy, else from a round's first day.

    `treated` is the therapy of the round that ended last, of several the last in order; None when
    there is none to wait for. `open` while one of them has no end: no baseline can be taken.
    """

    number: int
    from_day: datetime.date
    treated: HeldTherapy | None = None
    open: bool = False


def episodes_of(therapies: Sequence[HeldTherapy]) -> tuple[Episode, ...]:
    """Episodes in order, of therapies in order; without any local therapy all is episode 1."""
    if not therapies:
        return (Episode(1, datetime.date.min),)
    rounds: dict[int, list[HeldTherapy]] = {}
    for held in therapies:
        rounds.setdefault(held.fact.round, []).append(held)
    # The first therapy of a round begins it.
    starts = sorted((own[0].fact.clinical_day, number) for number, own in rounds.items())
    found = [Episode(0, datetime.date.min)]
    for place, (start, number) in enumerate(starts, start=1):
        last = max(reversed(rounds[number]), key=lambda held: held.fact.last_day)
        ends = [held.fact.ended_on for held in rounds[number]]
        found.append(Episode(place, start, last, None in ends))
    return tuple(found)


def episode_at(episodes: Sequence[Episode], day: datetime.date) -> Episode:
    """The episode in which a read's earliest image falls."""
    return next(episode for episode in reversed(episodes) if episode.from_day <= day)


def baseline_of(episode: Episode, reads: Sequence[HeldRead]) -> HeldRead | None:
    """The earliest read marked as baseline after the last local-therapy day of the episode."""
    if episode.open:
        return None
    after = episode.treated.fact.last_day if episode.treated else None
    return next(
        (
            held
            for held in reads
            if held.fact.timepoint.is_baseline and (after is None or held.fact.clinical_day > after)
        ),
        None,
    )


def series_of(read: ImagingRead) -> SeriesKey:
    """One series per role; for central reading one per reader."""
    role = read.reader.role
    return (role, read.reader.id if role == "central" else "")


def by_series(reads: Sequence[HeldRead]) -> dict[SeriesKey, list[HeldRead]]:
    """Standing reads by series, each in clinical order."""
    found: dict[SeriesKey, list[HeldRead]] = {}
    for held in reads:
        found.setdefault(series_of(held.fact), []).append(held)
    return found


def study_series(series: dict[SeriesKey, list[HeldRead]], rules: Parameters) -> SeriesKey | None:
    """The series that findings come from; of central readers the earliest baseline's."""
    if rules.reader != "central":
        return (rules.reader, "")
    if rules.reader_id is not None:
        return ("central", rules.reader_id)
    earliest = min(
        (
            (min(days, default=datetime.date.max), reader)
            for (role, reader), reads in series.items()
            if role == "central"
            for days in [
                [
                    held.fact.clinical_day
                    for held in reads
                    if held.final and held.fact.timepoint.is_baseline
                ]
            ]
        ),
        default=None,
    )
    return ("central", earliest[1]) if earliest else None


def superseded_of(reads: Sequence[HeldRead]) -> set[tuple[str, str]]:
    """Keys of reads that another read of the same series and image days overrules.

    The one signed later counts, then the one with the higher record id.
    """
    visits: dict[frozenset[datetime.date], list[HeldRead]] = {}
    for held in reads:
        visits.setdefault(held.fact.days, []).append(held)
    overruled: set[tuple[str, str]] = set()
    for same in (reads for reads in visits.values() if len(reads) > 1):
        counting = max(same, key=_signing_order)
        overruled |= {held.key for held in same if held is not counting}
    return overruled


def _signing_order(held: HeldRead) -> tuple[float, str, str]:
    signed = held.fact.signed_at
    instant = float("-inf") if signed is None else instant_of(signed)
    return (instant, held.fact.record_id, held.source)
