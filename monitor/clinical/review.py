"""Why a review or a change of therapy is put to the clinicians: the causes T1 to T8.

Clinical rules 4.3. The causes T9 and T10 say what never is one, and have no rows.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from monitor.clinical.classes import Pd
from monitor.clinical.ctdna import Confirmed
from monitor.clinical.events import LocalTherapy
from monitor.clinical.parameters import Parameters
from monitor.clinical.state import Held
from monitor.clinical.terms import day_of
from monitor.clinical.visit import Visit

AnyHeld = Held[Any]  # of whatever kind of fact


class Picture(Struct, frozen=True):
    """What the causes look at: radiographic PDs, confirmed runs, evaluable reads, therapies."""

    rules: Parameters
    pds: Sequence[Pd]
    confirmed: Sequence[Confirmed]
    reads: Sequence[Visit]
    therapies: Sequence[Held[LocalTherapy]]


class Cause(Struct, frozen=True):
    """A reason to review; `level` when it is also one to consider or recommend a transition.

    `words` are this patient's, where they say more than those of the table.
    """

    number: str
    on: datetime.date
    identifying: tuple[AnyHeld, ...]
    level: str | None = None
    supporting: tuple[AnyHeld, ...] = ()
    words: str | None = None


class CauseRow(Struct, frozen=True):
    """One row of the table of causes: its number, its words, and when it holds."""

    number: str
    words: str
    holds: Callable[[Picture], Iterator[Cause]]


def _of_pds(
    number: str,
    level: str | None,
    holds: Callable[[Pd, Picture], bool],
    words: Callable[[Pd, Picture], str | None] = lambda _pd, _picture: None,
) -> Callable[[Picture], Iterator[Cause]]:
    def causes(picture: Picture) -> Iterator[Cause]:
        for pd in picture.pds:
            if holds(pd, picture):
                yield Cause(number, pd.pd_on, pd.identifying, level, words=words(pd, picture))

    return causes


def rounds_done(picture: Picture, on: datetime.date) -> int:
    """Rounds of local therapy with an end on or before a day (4.3)."""
    facts = (held.fact for held in picture.therapies)
    return len({fact.round for fact in facts if fact.ended_on and day_of(fact.ended_on) <= on})


def _not_treatable(pd: Pd, _picture: Picture) -> bool:
    return pd.first and pd.within_limits is True and pd.treatable == "no"


def _another_round(pd: Pd, picture: Picture) -> bool:
    done = rounds_done(picture, pd.pd_on)
    return pd.first and pd.klass == "OLIGO" and done < picture.rules.local_therapy.max_rounds


def _rounds_over(pd: Pd, picture: Picture) -> bool:
    done = rounds_done(picture, pd.pd_on)
    return pd.first and pd.klass == "OLIGO" and done >= picture.rules.local_therapy.max_rounds


def _rounds_words(pd: Pd, picture: Picture) -> str:
    done, most = rounds_done(picture, pd.pd_on), picture.rules.local_therapy.max_rounds
    return f"{ROUNDS_WORDS} ({done} of at most {most})"


def _waits(pd: Pd, _picture: Picture) -> bool:
    """Treatability is unknown, or there is no count of lesions: the class waits (4.3)."""
    return pd.first and (
        pd.within_limits is None or (pd.within_limits and pd.treatable == "unknown")
    )


def _waits_words(pd: Pd, _picture: Picture) -> str:
    missing = UNCOUNTED_WORDS if pd.within_limits is None else UNSTATED_WORDS
    return f"{missing}, and until then the class of the PD is open"


def latest(
    reads: Sequence[Visit], until: datetime.date, since: datetime.date = datetime.date.min
) -> Visit | None:
    """The last read, in order, dated from `since` to `until`, both included."""
    return next((v for v in reversed(reads) if since <= v.day <= until), None)


def _molecular_alone(picture: Picture) -> Iterator[Cause]:
    for _run, confirmation in picture.confirmed:
        seen = latest(picture.reads, confirmation.by.day)
        if seen is not None and seen.clear:
            yield Cause("T5", confirmation.by.day, confirmation.pair, supporting=(seen.held,))


def _molecular_fast(picture: Picture) -> Iterator[Cause]:
    alone = picture.rules.transition.ctdna_alone == "TRANSITION"
    for run, confirmation in picture.confirmed:
        fast = next((rise for rise in run.rises if rise.fast), None)
        before = latest(picture.reads, confirmation.by.day)
        if fast is None or before is None or not before.clear:
            continue
        after = [visit for visit in picture.reads if visit.day >= confirmation.by.day]
        if len(after) >= CLEAR_TWICE and all(visit.clear for visit in after):
            seen: tuple[AnyHeld, ...] = (
                *(visit.held for visit in after[:CLEAR_TWICE]),
                fast.sample.held,
            )
            level = "CONSIDER" if alone else None
            first, second = (visit.day for visit in after[:CLEAR_TWICE])
            words = (
                f"{FAST_WORDS} (ctDNA doubles in {fast.doubling_time_days} days; "
                f"clear scans of {first} and {second})"
            )
            on, pair = fast.sample.day, confirmation.pair
            yield Cause("T6", on, pair, level, supporting=seen, words=words)


CLEAR_TWICE = 2


def _both(picture: Picture) -> Iterator[Cause]:
    window = timedelta(days=picture.rules.discordance.window)
    for pd in picture.pds:
        if not pd.first or pd.klass != "OLIGO":
            continue
        together = [
            confirmation
            for run, confirmation in picture.confirmed
            if run.members[0].day <= pd.pd_on + window
            and (run.closed_on is None or run.closed_on >= pd.pd_on)
        ]
        if together:
            first = min(together, key=lambda one: one.by.day)
            on = max(pd.pd_on, first.by.day)
            yield Cause("T7", on, pd.identifying, "CONSIDER", supporting=first.pair)


ROUNDS_WORDS = (
    "the lesions are within the limits and treatable, and the rounds of local therapy that the "
    "study foresees are done"
)
FAST_WORDS = "ctDNA rises fast after a confirmed molecular relapse, and imaging was clear twice"
UNSTATED_WORDS = "nobody has stated yet whether the lesions can be treated locally"
UNCOUNTED_WORDS = "the lesions were not counted"

# The table of 4.3. A cause without a level asks for a review only.
CAUSES: tuple[CauseRow, ...] = (
    CauseRow(
        "T1", "the disease is beyond the oligometastatic limits",
        _of_pds("T1", "RECOMMENDED", lambda pd, _: pd.klass == "POLY"),
    ),
    CauseRow(
        "T2", "the lesions are within the limits and not treatable locally",
        _of_pds("T2", "RECOMMENDED", _not_treatable),
    ),
    CauseRow(
        "T3", "the lesions are within the limits and treatable: another round of local therapy "
        "can be discussed",
        _of_pds("T3", None, _another_round),
    ),
    CauseRow(
        "T4", ROUNDS_WORDS,
        _of_pds("T4", "CONSIDER", _rounds_over, _rounds_words),
    ),
    CauseRow("T5", "molecular relapse is confirmed while imaging is clear", _molecular_alone),
    CauseRow(
        "T6", FAST_WORDS, _molecular_fast,
    ),
    CauseRow(
        "T7", "PD within the limits comes together with a confirmed molecular relapse: there may "
        "be more disease than is visible",
        _both,
    ),
    CauseRow(
        "T8", f"{UNSTATED_WORDS}, or {UNCOUNTED_WORDS}, and until then the class of the PD is open",
        _of_pds("T8", None, _waits, _waits_words),
    ),
)  # fmt: skip
WORDS_OF: Mapping[str, str] = {row.number: row.words for row in CAUSES}


def words_of(cause: Cause) -> str:
    """Why a cause holds: in this patient's words, else in those of its row."""
    return cause.words or WORDS_OF[cause.number]


def causes_of(picture: Picture) -> list[Cause]:
    """Every cause that holds, in the order T1 to T8; none costs nothing."""
    if not picture.pds and not picture.confirmed:
        return []
    return [cause for row in CAUSES for cause in row.holds(picture)]


def by_evidence(causes: Sequence[Cause]) -> list[list[Cause]]:
    """Causes of the same identifying records together: they make one finding (4.2)."""
    found: dict[frozenset[tuple[str, str]], list[Cause]] = {}
    for cause in causes:
        found.setdefault(frozenset(held.key for held in cause.identifying), []).append(cause)
    return list(found.values())
