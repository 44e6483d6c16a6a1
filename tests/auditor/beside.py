"""Where imaging and ctDNA are looked at beside each other: discordance and expedited imaging.

Clinical-rules 4.2, "Event catalogue" and "What ends a finding".
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from tests.auditor.ctdna import Ctdna, Run, resolve
from tests.auditor.schedule import schedule_end
from tests.auditor.values import Found, Record, days, rule
from tests.auditor.visits import Imaging, Visit

Rules = dict[str, Any]


def confirmed(ctdna: Ctdna) -> Iterable[tuple[Run, Found, date]]:
    """Every confirmed run, with its finding and the day of the confirming sample."""
    for run in ctdna.runs:
        if run.confirmed is not None and run.confirming is not None:
            yield run, run.confirmed, run.confirming.on


def dated_reads(imaging: Imaging, first: date, last: date) -> list[Visit]:
    """The evaluable reads of the study's series between two days, both included, in order."""
    reads = [v for v in imaging.study if v.evaluable and first <= v.record.clinical_day <= last]
    return sorted(reads, key=lambda v: v.record.order)


def latest(imaging: Imaging, first: date, last: date) -> Visit | None:
    """The last of them."""
    reads = dated_reads(imaging, first, last)
    return reads[-1] if reads else None


def meet(finding: Found, answers: Sequence[Record]) -> None:
    """Resolved by the first answer on or after the finding's date."""
    for answer in answers:
        if answer.clinical_day >= finding.on:
            resolve(finding, answer.clinical_day, answer)
            return


def discordances(imaging: Imaging, ctdna: Ctdna, rules: Rules) -> list[Found]:
    """Both discordances, and the second look at the images."""
    made = []
    window = timedelta(days=rule(rules, "discordance.window"))
    for _, found, on in confirmed(ctdna):
        last = latest(imaging, on - window, on + window)
        gone = any(pd.pd_on >= on for pd in imaging.pds)
        if last is not None and last.overall != "PD" and not gone:
            names = ("DISCORDANCE_CTDNA_POS_IMAGING_NEG", "RETROSPECTIVE_READ_REQUESTED")
            made += [Found(name, on, list(found.identifying)) for name in names]
    counted = [s for s in ctdna.samples if s.because is None]
    for pd in imaging.pds:
        near = [s for s in counted if abs(s.on - pd.pd_on) <= window]
        # The nearest; of equally near ones the later (the last in order on one day).
        nearest = min(
            reversed(near), key=lambda s: (abs(s.on - pd.pd_on), pd.pd_on - s.on), default=None
        )
        if nearest is not None and nearest.call == "not_detected":
            evidence = sorted({*pd.identifying, nearest.record.key})
            made.append(Found("DISCORDANCE_IMAGING_POS_CTDNA_NEG", pd.pd_on, evidence))
    return made


def expedited(
    imaging: Imaging, ctdna: Ctdna, records: Sequence[Record], rules: Rules, clock: date | None
) -> list[Found]:
    """IMAGING_EXPEDITE_REQUESTED of every suspicion and confirmation, and its repeats."""
    recent = timedelta(days=rule(rules, "expedite.recent_days"))
    triggers = [
        (run.suspected.on, run.suspected.identifying) for run in ctdna.runs if run.suspected
    ]
    triggers += [(on, found.identifying) for _, found, on in confirmed(ctdna)]
    made = [
        Found("IMAGING_EXPEDITE_REQUESTED", on, list(evidence))
        for on, evidence in triggers
        if not dated_reads(imaging, on - recent, on)
    ]
    over = schedule_end(records)
    for run, found, on in confirmed(ctdna):
        made += [
            Found(
                *("IMAGING_EXPEDITE_REQUESTED", due, list(found.identifying)),
                *({}, due.isoformat()),
            )
            for due in repeats(on, rules, clock)
            if repeat_holds(imaging, run, on, due, recent, over)
        ]
    for request in made:
        meet(request, [v.record for v in dated_reads(imaging, request.on, date.max)])
    return made


def repeats(on: date, rules: Rules, clock: date | None) -> list[date]:
    """The confirming sample's day + k x `expedite.repeat_days` that the clock has reached."""
    if clock is None:
        return []
    step = rule(rules, "expedite.repeat_days")
    return [on + timedelta(days=n) for n in range(step, days(on, clock) + 1, step)]


def repeat_holds(
    imaging: Imaging, run: Run, on: date, due: date, recent: timedelta, over: date | None
) -> bool:
    """What 4.2 ("What ends a finding") asks of a due date."""
    last = latest(imaging, date.min, due)
    return (
        not (run.ended_on is not None and run.ended_on < due)
        and not any(on <= pd.pd_on <= due for pd in imaging.pds)
        and last is not None
        and last.overall != "PD"
        and not dated_reads(imaging, due - recent, due)
        and not (over is not None and over <= due)
    )
