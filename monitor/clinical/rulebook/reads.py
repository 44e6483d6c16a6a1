"""Rules of the quality of reads: one row for each kind of DATA_QUALITY (clinical rules 4.2)."""

from collections.abc import Iterator
from functools import partial

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.rule import Rule


def _of_kind(kind: str, course: Course) -> Iterator[Finding]:
    for problem in course.read_problems.get(kind, ()):
        visit = problem.visit
        yield Finding(
            "DATA_QUALITY",
            visit.day,
            (visit.held,),
            details={"kind": kind, **problem.details},
            numbers={"day": visit.day, **problem.numbers},
            discriminator=kind,
        )


def _row(kind: str, origin: str, source: str, sentence: str, *thresholds: str) -> Rule:
    return Rule(
        f"quality.{kind}", 1, "DATA_QUALITY", "low", origin, source, sentence,
        partial(_of_kind, kind), thresholds,
    )  # fmt: skip


WINDOW = "surveillance_baseline_window"

ROWS: tuple[Rule, ...] = (
    _row(
        "reported_differs", "D", "1.4-1.8",
        "In the read of {day} the response that was reported is not the one that the rules "
        "compute: {differences}. The computed one counts.",
    ),
    _row(
        "non_target_response_differs", "D", "1.5",
        "In the read of {day} the response of the non-target lesions is given as {given}, but "
        "from the lesions it is {computed}. The lesions count.",
    ),
    _row(
        "same_day_read", "D", "4.3",
        "The read of {day} does not count: of two reads of the same image days the one that was "
        "signed later counts, else the one with the higher record id. Here {which}.",
    ),
    _row(
        "second_baseline", "D", "1.12",
        "The read of {day} is marked as baseline, but the episode has an earlier one. "
        "It counts as a follow-up.",
    ),
    _row(
        "baseline_window", "D", "1.12",
        "The surveillance baseline of {day} lies {days} days after the last local therapy, not "
        "{first} to {last}. It counts all the same.",
        f"{WINDOW}.surgery", f"{WINDOW}.ablation", f"{WINDOW}.rt",
    ),
    _row(
        "unknown_target", "D", "1.4",
        "The read of {day} lists {count} that the baseline does not list: not in the sum.",
    ),
    _row(
        "pr_after_cr", "L", "1.9",
        "The read of {day} is PR after an overall CR in the same episode. If the CR was real, "
        "disease seen later is PD; if it was a mistake, it should be corrected to PR: ask the "
        "reader.",
    ),
    _row(
        "not_measurable", "L", "1.1",
        "The baseline of {day} has {count} too small to be measurable: lesions are from 10 mm, "
        "lymph nodes from 15 mm (short axis), and all from twice a slice thickness over 5 mm.",
    ),
    _row(
        "target_caps", "L", "1.2",
        "The baseline of {day} has {count} target lesions{most}: RECIST allows 5 in all and 2 in "
        "an organ{unnamed}.",
    ),
)  # fmt: skip
