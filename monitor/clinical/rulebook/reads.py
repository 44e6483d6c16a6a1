"""Rules of the quality of reads: one row for each kind of DATA_QUALITY (clinical rules 4.2)."""

from collections.abc import Callable, Iterator, Mapping

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.quality_of_reads import NO_ONE_ORGAN, ReadProblem
from monitor.clinical.rule import Rule
from monitor.clinical.terms import instant_of

Numbers = Mapping[str, object]


NumbersOf = Callable[[ReadProblem], Numbers]


def _plain(_course: Course) -> NumbersOf:
    return lambda problem: problem.numbers


def _which_counts(course: Course) -> NumbersOf:
    """What decided between reads of the same image days: when they were signed, or the id."""
    counting = {visit.read.days: visit.read for visit in course.visits if visit.evaluated}

    def which(problem: ReadProblem) -> Numbers:
        signed = counting[problem.visit.read.days].signed_at
        before = problem.visit.read.signed_at
        if signed is None:
            return {"which": WHICH_WORDS["unsigned"]}
        if before is None:
            return {"which": WHICH_WORDS["signed"]}
        later = instant_of(signed) > instant_of(before)
        return {"which": WHICH_WORDS["later" if later else "same"]}

    return which


WHICH_WORDS: Mapping[str, str] = {
    "later": "the other was signed later",
    "signed": "only the other is signed",
    "same": "both were signed at the same time",
    "unsigned": "neither is signed",
}


def _caps(_course: Course) -> NumbersOf:
    """The targets that are too many; what lies in no named organ has no limit of its own."""

    def caps(problem: ReadProblem) -> Numbers:
        most = problem.numbers["most"]
        targets = problem.visit.read.targets or ()
        unnamed = any(not target.nodal and target.organ in NO_ONE_ORGAN for target in targets)
        return {
            "count": problem.numbers["count"],
            "most": f", {most} of them in one organ" if most not in (0, 1) else "",
            "unnamed": UNNAMED_WORDS if unnamed else "",
        }

    return caps


UNNAMED_WORDS = "; those in another or no named organ count only in all"


def _of_kind(
    kind: str, numbers: Callable[[Course], NumbersOf]
) -> Callable[[Course], Iterator[Finding]]:
    def derive(course: Course) -> Iterator[Finding]:
        problems = course.read_problems.get(kind, ())
        if not problems:
            return
        numbers_of = numbers(course)
        for problem in problems:
            visit = problem.visit
            yield Finding(
                "DATA_QUALITY",
                visit.day,
                (visit.held,),
                details={"kind": kind, **problem.details},
                numbers={"day": visit.day, **numbers_of(problem)},
                discriminator=kind,
            )

    return derive


def _row(
    kind: str,
    origin: str,
    source: str,
    sentence: str,
    *thresholds: str,
    numbers: Callable[[Course], NumbersOf] = _plain,
) -> Rule:
    return Rule(
        f"quality.{kind}", 1, "DATA_QUALITY", "low", origin, source, sentence,
        _of_kind(kind, numbers), thresholds,
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
        numbers=_which_counts,
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
        numbers=_caps,
    ),
)  # fmt: skip
