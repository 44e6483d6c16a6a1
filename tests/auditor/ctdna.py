"""ctDNA runs, their confirmation, rise and end, by the code of clinical-rules 4.5."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.auditor.clearance import Tracking
from tests.auditor.kinetics import Point, levels_of, quantified, rise
from tests.auditor.samples import Rules, Sample, assay_changes, doubts, only_chip, why_not_counted
from tests.auditor.values import Found, Record, days, maybe_day, of_kind, rule


@dataclass
class Run:
    """Positives in a row, with what confirmed them and what ended them."""

    members: list[Sample]
    suspected: Found | None = None
    confirmed: Found | None = None
    confirming: Sample | None = None
    fast: list[Sample] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)  # groups without kinetics
    ended_on: date | None = None  # by a counted negative or a local therapy


@dataclass
class Ctdna:
    """All samples in contract order, all runs, and the findings that the stream makes."""

    samples: list[Sample] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)


def resolve(finding: Found | None, on: date, by: Record) -> None:
    """Mark a finding as met by a record, unless it has been already."""
    if finding is not None and "resolved_on" not in finding.details:
        finding.details |= {"resolved_on": on.isoformat(), "resolved_by": by.record_id}


class Stream:
    """The run logic of 4.5 over one comparability group (or all, with cross_assay_confirm)."""

    def __init__(self, therapies: Sequence[Record], rules: Rules) -> None:
        self._therapies, self._rules = therapies, rules
        self._tracking = Tracking(rules)
        self._run: Run | None = None
        self._negatives: list[date] = []
        self.runs: list[Run] = []
        self.findings: list[Found] = []

    def take(self, sample: Sample) -> None:
        if sample.because == "baseline":
            sample.course = "baseline"
            if sample.record.final and sample.call == "detected":
                self._tracking.arm()
            return
        if sample.because not in {None, "blackout", "chip"}:
            return
        self.close_for_therapy(sample.on)
        if sample.because == "blackout":
            sample.course = "blackout"
            if sample.call == "detected":
                self._make("CTDNA_POSITIVE_IN_BLACKOUT", sample.on, [sample])
        elif sample.call == "detected":
            self._positive(sample)
        else:
            self._negative(sample)

    def close_for_therapy(self, until: date | None) -> None:
        """A local therapy that starts after the last member, on or before the day given."""
        run = self._run
        if run is None:
            return
        for therapy in self._therapies:
            start = therapy.clinical_day
            if start > run.members[-1].on and (until is None or start <= until):
                resolve(run.suspected, start, therapy)
                run.ended_on = start
                self._run = None
                self._tracking.arm()
                return

    def _make(
        self, name: str, on: date, samples: list[Sample], details: dict[str, Any] | None = None
    ) -> Found:
        found = Found(name, on, sorted({s.record.key for s in samples}), details or {})
        self.findings.append(found)
        return found

    def _positive(self, sample: Sample) -> None:
        run, most = self._run, rule(self._rules, "ctdna.confirm.max_gap")
        if run and not run.confirmed and days(run.members[-1].on, sample.on) > most:
            resolve(run.suspected, sample.on, sample.record)  # stale
            run = self._run = None
        sample.course = "positive" if run else "suspected"
        if run is None:
            run = self._run = Run([sample])
            self.runs.append(run)
            if self._tracking.lose():
                self._make("CTDNA_CLEARANCE_LOST", sample.on, [sample])
            if rule(self._rules, "ctdna.confirm.n") > 1 or sample.because == "chip":
                run.suspected = self._suspect(sample)
        else:
            run.members.append(sample)
        self._confirm(run, sample)
        self._kinetics(run, sample)

    def _suspect(self, sample: Sample) -> Found:
        last = [maybe_day(t.get("ended_on")) for t in self._therapies]
        before = max((d for d in last if d and d < sample.on), default=None)
        since = [d for d in self._negatives if before is None or d >= before]
        redraw = rule(self._rules, "ctdna.redraw_window")
        details = {
            "pattern": "RELAPSE" if since else "PERSISTENCE",
            "redraw_from": (sample.on + timedelta(days=redraw[0])).isoformat(),
            "redraw_until": (sample.on + timedelta(days=redraw[1])).isoformat(),
        }
        return self._make("MOLECULAR_RELAPSE_SUSPECTED", sample.on, [sample], details)

    def _confirm(self, run: Run, sample: Sample) -> None:
        solid = [m for m in run.members if m.because is None]
        count = rule(self._rules, "ctdna.confirm.n")
        if run.confirmed or sample.because == "chip" or len(solid) < count:
            return
        if count > 1 and days(solid[0].on, sample.on) < rule(self._rules, "ctdna.confirm.min_gap"):
            return
        on = solid[0].on if rule(self._rules, "ctdna.confirm.date") == "first" else sample.on
        run.confirming = sample
        run.confirmed = self._make("MOLECULAR_RELAPSE_CONFIRMED", on, [solid[0], sample])
        resolve(run.suspected, sample.on, sample.record)
        sample.course = "confirmed"

    def _kinetics(self, run: Run, sample: Sample) -> None:
        group = [m for m in run.members if m.group == sample.group]
        known = [(m, quantified(m.record)) for m in group]
        points = [Point(m.record, m.on, q) for m, q in known if q is not None]
        if sample.group in run.stopped or not points or points[-1].record is not sample.record:
            return
        if levels_of(points) is None:
            run.stopped.add(sample.group)
            self._make("UNIT_NOT_COMPARABLE", sample.on, [sample])
            return
        found = rise(points, self._rules)
        if found is None:
            return
        details = {
            "trigger": found.trigger,
            "fast": found.fast,
            "doubling_time_days": found.doubling_text,
        }
        evidence = sorted({found.since.key, sample.record.key})
        severity = "high" if found.fast else "medium"
        self.findings.append(Found("RISING_CTDNA", sample.on, evidence, details, severity=severity))
        run.fast += [sample] if found.fast else []

    def _negative(self, sample: Sample) -> None:
        run = self._run
        sample.course = "negative"
        self._negatives.append(sample.on)
        if run is not None:
            if run.confirmed:
                self._tracking.arm()
            else:
                pair = [run.members[0], sample]
                self._make("MOLECULAR_RELAPSE_NOT_CONFIRMED", sample.on, pair)
                resolve(run.suspected, sample.on, sample.record)
                sample.course = "not_confirmed"
            run.ended_on = sample.on
            self._run = None
        cleared = self._tracking.negative(sample.record)
        if cleared is not None:
            self.findings.append(cleared)
            sample.course = cleared.name.removeprefix("CTDNA_").lower()


def ctdna(records: Sequence[Record], rules: Rules) -> Ctdna:
    """The ctDNA half of a patient's state from the standing records."""
    therapies = of_kind(records, "therapy.local")
    samples = [
        Sample(r, only_chip(r, rules), why_not_counted(r, therapies, rules))
        for r in of_kind(records, "ctdna.result", final=False)
    ]
    told = Ctdna(samples)
    one = rule(rules, "ctdna.cross_assay_confirm")
    for group in dict.fromkeys("" if one else s.group for s in samples):
        stream = Stream(therapies, rules)
        for sample in samples:
            if one or sample.group == group:
                stream.take(sample)
        stream.close_for_therapy(None)
        told.runs += stream.runs
        told.findings += stream.findings
    told.findings += assay_changes(samples) + doubts(samples)
    return told
