"""ctDNA samples: what is counted and what is doubted (clinical-rules 2.3, 2.7, 2.10, 4.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.auditor.kinetics import call_and_value_differ
from tests.auditor.values import Found, Record, days, maybe_day, num, rule

Rules = dict[str, Any]
BLACKOUT = {"surgery": "surgery", "radiotherapy": "rt", "ablation": "ablation"}


@dataclass
class Sample:
    """One result with what the run logic says of it."""

    record: Record
    chip: bool
    because: str | None  # why the run logic does not count it
    course: str | None = None

    @property
    def on(self) -> date:
        return self.record.clinical_day

    @property
    def call(self) -> Any:
        return self.record.get("call")

    @property
    def group(self) -> str:
        assay = self.record.data["assay"]
        return "/".join(str(assay.get(k) or "") for k in ("lab", "code", "version", "panel_id"))

    def entry(self) -> dict[str, Any]:
        """The sample in the timeline document (contract 4.1)."""
        return {
            "source": self.record.source,
            "record_id": self.record.record_id,
            "record_version": self.record.version,
            "collected_on": self.on.isoformat(),
            "group": self.group,
            "call": self.call,
            "counted": self.because is None,
            "not_counted_because": self.because,
            "course": self.course,
        }


def only_chip(record: Record, rules: Rules) -> bool:
    """2.7: an unfiltered tumour-naive panel whose variants are all in listed genes."""
    assay = record.data["assay"]
    genes = [variant["gene"] for variant in record.get("variants") or []]
    return (
        assay.get("design") == "tumor_naive_panel"
        and assay.get("chip_filtered") in {"no", "unknown", None}
        and bool(genes)
        and all(gene in rule(rules, "ctdna.chip_genes") for gene in genes)
    )


def in_blackout(on: date, therapies: Sequence[Record], rules: Rules) -> bool:
    """4.5: from the first day until so many days after the last; open while there is no last."""
    for therapy in therapies:
        ended = maybe_day(therapy.get("ended_on"))
        length = rule(rules, "ctdna.blackout." + BLACKOUT[therapy.data["modality"]])
        if therapy.clinical_day == on or (
            therapy.clinical_day <= on and (ended is None or days(ended, on) < length)
        ):
            return True
    return False


def why_not_counted(record: Record, therapies: Sequence[Record], rules: Rules) -> str | None:
    """In the order of 4.5: baseline, skip, blackout; then 2.7 for a positive."""
    if therapies and record.clinical_day < min(t.clinical_day for t in therapies):
        return "baseline"
    if not record.final:
        return "status"
    if record.get("call") in {"indeterminate", "qc_failed", "cancelled"}:
        return str(record.get("call"))
    if in_blackout(record.clinical_day, therapies, rules):
        return "blackout"
    if record.get("call") == "detected" and only_chip(record, rules):
        return "chip"
    return None


def assay_changes(samples: Sequence[Sample]) -> list[Found]:
    """2.10: a group's first sample of a final status, when another group has an earlier one."""
    firsts: dict[str, Sample] = {}
    for sample in samples:
        if sample.record.final:
            firsts.setdefault(sample.group, sample)
    later = list(firsts.values())[1:]
    return [Found("ASSAY_CHANGED", s.on, [s.record.key]) for s in later]


def doubts(samples: Sequence[Sample]) -> list[Found]:
    """DATA_QUALITY of results of a final status, whatever the call (4.2)."""
    made = []
    for sample in samples:
        specimen = sample.record.data["specimen"]
        hours, plasma = num(specimen.get("draw_to_spin_h")), num(specimen.get("plasma_ml"))
        most = {"edta": 6, "stabilising": 168}.get(specimen.get("tube") or "")
        late = most is not None and hours is not None and hours > most
        kinds = {
            "call_value": call_and_value_differ(sample.record),
            "chip": sample.chip,
            "preanalytic": late or (plasma is not None and plasma < 4),
        }
        made += [
            Found("DATA_QUALITY", sample.on, [sample.record.key], {"kind": kind}, kind)
            for kind, holds in kinds.items()
            if holds and sample.record.final
        ]
    return made
