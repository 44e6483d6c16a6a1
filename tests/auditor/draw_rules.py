"""Random rule parameters: the defaults, a few of them changed, or many at once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.auditor.drawing import Pen

# Every key of clinical-rules 4.1; the first value is the default, None is a key that is left out.
CHOICES: dict[str, tuple[Any, ...]] = {
    "reader": ("investigator", "central", "central", "adjudicator"),
    "reader_id": (None, "C1", "C2"),
    "schedule.imaging_days": (84, 56, 90),
    "schedule.imaging_window_days": (14, 7, 0),
    "schedule.imaging_days_later": (168, 120),
    "schedule.imaging_window_days_later": (21, 10),
    "schedule.imaging_later_after_days": (730, 168, 200),
    "schedule.ctdna_days": (84, 42, 28),
    "schedule.ctdna_window_days": (14, 5),
    "schedule.landmark_from_days": (28, 21),
    "schedule.landmark_to_days": (56, 42),
    "schedule.timezone": ("Asia/Shanghai", "Europe/Paris"),
    "schedule.follow_up_years": (5, 1, 2),
    "surveillance_baseline_window.surgery": ([28, 56], [14, 60]),
    "surveillance_baseline_window.ablation": ([28, 42], [20, 50]),
    "surveillance_baseline_window.rt": ([42, 90], [30, 60]),
    "ctdna.blackout.surgery": (28, 14, 0),
    "ctdna.blackout.rt": (28, 42),
    "ctdna.blackout.ablation": (28, 7),
    "ctdna.confirm.n": (2, 1),
    "ctdna.confirm.min_gap": (14, 7, 28),
    "ctdna.confirm.max_gap": (120, 60, 90),
    "ctdna.confirm.date": ("first", "second"),
    "ctdna.cross_assay_confirm": (False, True),
    "ctdna.chip_genes": (["DNMT3A", "TET2", "ASXL1", "JAK2"], ["TP53"], []),
    "ctdna.redraw_window": ([14, 28], [7, 21]),
    "ctdna.turnaround_days": (21, 10),
    "imaging.turnaround_days": (14, 7),
    "ctdna.clearance.n": (2, 3),
    "ctdna.clearance.min_span": (28, 14, 56),
    "ctdna.rise.fold": ("2.0", "1.5", "3"),
    "ctdna.rise.trend.points": (3, 4),
    "ctdna.rise.trend.min_span": (42, 28),
    "ctdna.rise.trend.max_dt": (90, 60),
    "ctdna.rise.fast_dt": (30, 60),
    "recist.pd_rel": ("0.20", "0.25", "0.1"),
    "recist.pd_abs": ("5", "3", "0"),
    "recist.pr_rel": ("0.30", "0.5"),
    "recist.min_sd_days": (42, 56, 28),
    "recist.confirm_days": (28, 42, 14),
    "recist.confirm_max_ne": (1, 0, 2),
    "recist.confirm_accept_sd": (False, True),
    "recist.confirmation_required": (False, True),
    "recist.cut_at_pd": (True, False),
    "recist.no_data": (None, "NE"),
    "recist.disease_after_cr": ("pd", "by_table"),
    "recist.benefit_values": (["CR", "PR", "SD"], ["CR", "PR"], ["SD", "NED", "NON-CR/NON-PD"]),
    "recist.benefit_min_days": (42, 84),
    "recist.pr_carry_forward": ("after_confirmation", "off"),
    "recist.pd_date_rule": ("earliest_evidence", "last_scan_day"),
    "endpoints.start": ("FIRST_LOCAL_THERAPY", "ENROLMENT"),
    "endpoints.max_missed": (1, 0, 2),
    "oligo.max_lesions": (5, 3, 1),
    "oligo.organ": ("lung",),  # the details of the classes have no other word
    "oligo.count_mode": ("ACTIVE", "CUMULATIVE"),
    "oligo.extrapulmonary_policy": ("POLY", "OLIGO_IF_TOTAL_LE_5"),
    "local_therapy.max_rounds": (2, 1, 3),
    "local_therapy.bed_gy": ([72, 100], [80, 90]),
    "local_therapy.alpha_beta_gy": (10, 3),
    "discordance.window": (42, 28, 60),
    "expedite.recent_days": (28, 14),
    "expedite.target_days": (28, 14),
    "expedite.repeat_days": (84, 42),
    "followup.ltfu_missed": (2, 1, 3),
    "followup.no_contact": (180, 90, 100),
    "transition.ctdna_alone": ("MDT_REVIEW", "TRANSITION"),
}


@dataclass(frozen=True)
class Rules:
    """A history's parameters: those that differ from the defaults, and a way to ask for any."""

    changed: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.changed.get(key, CHOICES[key][0])

    def nested(self) -> dict[str, Any]:
        """The changed ones as a parsed TOML file."""
        tree: dict[str, Any] = {}
        for key, value in self.changed.items():
            *path, last = key.split(".")
            place = tree
            for name in path:
                place = place.setdefault(name, {})
            place[last] = value
        return tree

    def toml(self) -> str:
        """The changed ones as TOML, whose simple values look as they do in JSON."""
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.changed.items())


def draw_rules(pen: Pen) -> Rules:
    percent = pen.weighed({0: 35, 3: 30, 12: 20, 40: 15})
    changed = {
        key: pen.pick(choices[1:])
        for key, choices in CHOICES.items()
        if choices[1:] and pen.chance(percent)
    }
    if changed.get("reader") != "central" or pen.chance(50):
        changed.pop("reader_id", None)
    return Rules({key: value for key, value in changed.items() if value is not None})
