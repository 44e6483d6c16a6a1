"""Review and transition by their causes T1 to T8 (clinical-rules 4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.auditor.beside import confirmed, dated_reads, discordances, expedited, latest, meet
from tests.auditor.ctdna import Ctdna
from tests.auditor.values import Found, Record, maybe_day, of_kind, rule
from tests.auditor.visits import Imaging, Pd

Rules = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Cause:
    """One cause of a review: its number, evidence and day, and the transition's level if any."""

    number: str
    evidence: tuple[Key, ...]
    on: date
    level: str | None = None


def rounds_done(records: Sequence[Record], pd: Pd) -> int:
    """Distinct rounds with an `ended_on` on or before the PD date."""
    ended = [
        (t.data["round"], maybe_day(t.get("ended_on"))) for t in of_kind(records, "therapy.local")
    ]
    return len({number for number, on in ended if on is not None and on <= pd.pd_on})


def class_causes(records: Sequence[Record], imaging: Imaging, rules: Rules) -> list[Cause]:
    """T1, T2, T3, T4 and T8: by the class of each PD, and of later reads that became POLY."""
    causes = []
    for pd in imaging.pds:
        evidence = tuple(sorted(pd.identifying))
        enough = rounds_done(records, pd) >= rule(rules, "local_therapy.max_rounds")
        rows = {
            "POLY": ("T1", "RECOMMENDED"),
            "OLIGO_NOT_TREATABLE": ("T2", "RECOMMENDED"),
            "OLIGO": ("T4", "CONSIDER") if enough else ("T3", None),
            "WAITS": ("T8", None),
        }
        number, level = rows[pd.klass]
        causes.append(Cause(number, evidence, pd.pd_on, level))
    causes += [
        Cause("T1", tuple(sorted(later.identifying)), later.on, "RECOMMENDED")
        for later in imaging.later_poly
    ]
    return causes


def molecular_causes(imaging: Imaging, ctdna: Ctdna, rules: Rules) -> list[Cause]:
    """T5: confirmed and imaging clear on that day. T6: also fast, and clear twice since."""
    causes = []
    for run, found, on in confirmed(ctdna):
        before = latest(imaging, date.min, on)
        if before is None or before.overall == "PD":
            continue
        evidence = tuple(sorted(found.identifying))
        causes.append(Cause("T5", evidence, on))
        since = dated_reads(imaging, on, date.max)
        twice = sum(v.clear for v in since) >= 2 and all(v.overall != "PD" for v in since)
        if run.fast and twice:
            alone = rule(rules, "transition.ctdna_alone") == "TRANSITION"
            level = "CONSIDER" if alone else None
            causes.append(Cause("T6", evidence, run.fast[0].on, level))
    return causes


def joint_causes(imaging: Imaging, ctdna: Ctdna, rules: Rules) -> list[Cause]:
    """T7: a confirmed run that began by the window's end and was not ended before the PD date."""
    causes = []
    window = timedelta(days=rule(rules, "discordance.window"))
    for pd in imaging.pds:
        together = [
            on
            for run, _, on in confirmed(ctdna)
            if run.members[0].on <= pd.pd_on + window
            and (run.ended_on is None or run.ended_on >= pd.pd_on)
        ]
        if pd.klass == "OLIGO" and together:
            on = max(pd.pd_on, min(together))
            causes.append(Cause("T7", tuple(sorted(pd.identifying)), on, "CONSIDER"))
    return causes


def joined(causes: Sequence[Cause], records: Sequence[Record]) -> list[Found]:
    """One review and one transition trigger per identifying evidence, and what met them."""
    made = []
    for evidence in dict.fromkeys(cause.evidence for cause in causes):
        own = sorted((c for c in causes if c.evidence == evidence), key=lambda c: c.number)
        names = [c.number for c in own]
        severity = "critical" if "T6" in names else "high"
        review = Found(
            *("MDT_REVIEW_REQUESTED", min(c.on for c in own), list(evidence)),
            *({"causes": names}, "", severity),
        )
        meet(review, of_kind(records, "review.held"))
        made.append(review)
        moving = [c for c in own if c.level is not None]
        if moving:
            levels = {c.level for c in moving}
            level = "RECOMMENDED" if "RECOMMENDED" in levels else "CONSIDER"
            details = {"causes": [c.number for c in moving], "level": level}
            trigger = Found(
                *("SYSTEMIC_THERAPY_TRANSITION_TRIGGER", min(c.on for c in moving)),
                *(list(evidence), details),
            )
            meet(trigger, of_kind(records, "therapy.systemic"))
            made.append(trigger)
    return made


def review_findings(
    imaging: Imaging, ctdna: Ctdna, records: Sequence[Record], rules: Rules, clock: date | None
) -> list[Found]:
    """Everything that needs both the imaging and the ctDNA half."""
    causes = class_causes(records, imaging, rules)
    causes += molecular_causes(imaging, ctdna, rules)
    causes += joint_causes(imaging, ctdna, rules)
    made = joined(causes, records) + discordances(imaging, ctdna, rules)
    return made + expedited(imaging, ctdna, records, rules, clock)
