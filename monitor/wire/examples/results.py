"""Example results: of a laboratory and of readers."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from monitor.wire.examples.common import Example, Titled, life, record

_ASSAY: Final[dict[str, JsonValue]] = {"lab": "LAB-1", "code": "MRD"}
_CTDNA: Final = record(
    "s1",
    {
        "specimen": {
            "id": "tube-1",
            "collected_at": "2025-03-01T08:15:00+08:00",
            "received_at": "2025-03-02T10:00:00+08:00",
            "tube": "stabilising",
            "plasma_ml": "4.5",
            "cfdna_ng_per_ml": "6.2",
            "draw_to_spin_h": 20,
            "haemolysis": False,
        },
        "assay": {
            **_ASSAY,
            "version": "2",
            "panel_id": "P-007-16",
            "design": "tumor_informed",
            "chip_filtered": "yes",
            "lod": {"value": "0.01", "unit": "VAF_PCT"},
        },
        "call": "detected",
        "quantity": {"value": "0.12", "unit": "VAF_PCT", "comparator": "=", "ci95": [0.08, 0.17]},
        "variants": [
            {"gene": "TP53", "hgvs": "c.524G>A", "vaf_pct": "0.12", "alt_reads": 24, "depth": 20000}
        ],
        "reported_at": "2025-03-09T17:00:00+08:00",
    },
)
_CTDNA_SHORT: Final = record(
    "s2",
    {"specimen": {"collected_at": "2025-03-21"}, "assay": _ASSAY, "call": "not_detected"},
)
_CTDNA_REGISTERED: Final[Example] = {
    **record("s3", {"specimen": {"collected_at": "2025-06-20"}, "assay": _ASSAY}),
    "status": "registered",
}
_BELOW: Final = record(
    "s4",
    {
        "specimen": {"collected_at": "2025-09-20"},
        "assay": _ASSAY,
        "call": "not_detected",
        "quantity": {"value": "0.01", "unit": "VAF_PCT", "comparator": "<"},
    },
)
_READ: Final = record(
    "r2",
    {
        "reader": {"id": "R1", "role": "investigator"},
        "timepoint": {"label": "month 6", "is_baseline": False},
        "images": [
            {
                "modality": "CT",
                "regions": ["chest", "abdomen"],
                "acquired_on": "2025-06-24",
                "slice_thickness_mm": 5,
                "date_precision": "day",
            }
        ],
        "survey": "complete",
        "targets": [
            {
                "lesion_id": "T1",
                "organ": "lung",
                "site": "right lower lobe",
                "nodal": False,
                "state": "measured",
                "diameter_mm": "16.5",
            },
            {
                "lesion_id": "T2",
                "organ": "liver",
                "nodal": False,
                "state": "split",
                "fragments_mm": ["6", "4.5"],
            },
        ],
        "non_targets": {
            "lesions": [
                {"lesion_id": "N1", "organ": "lymph_node", "nodal": True, "state": "present"}
            ],
            "response": "NON-CR/NON-PD",
        },
        "tumour_markers_normal": True,
        "new_lesions": [
            {
                "lesion_id": "X1",
                "organ": "lung",
                "nodal": False,
                "certainty": "unequivocal",
                "method": "CT",
                "size_mm": 7,
            }
        ],
        "treated_sites": [
            {"site_id": "S1", "finding": "no_change", "size_mm": 12, "high_risk_signs": []}
        ],
        "active_lesions": {"lung": 2, "elsewhere": 1},
        "sum_of_diameters_mm": "27",
        "reported": {"target": "PD", "non_target": "NON-CR/NON-PD", "overall": "PD"},
        "signed_at": "2025-06-25T09:00:00Z",
    },
)
_READ_SHORT: Final = record(
    "r3",
    {
        "reader": {"id": "R1", "role": "central"},
        "images": [{"modality": "PET_CT", "acquired_on": "2025-09-23"}],
        "reported": {"overall": "PD"},
    },
)
_SUM_ONLY: Final = record(
    "r4",
    {
        "reader": {"id": "R1", "role": "investigator"},
        "images": [{"modality": "CT", "acquired_on": "2025-12-20"}],
        "sum_of_diameters_mm": "31.5",
        "new_lesions": [],
    },
)

RESULTS: Final[Mapping[str, tuple[Titled, ...]]] = {
    "ctdna.result": (
        *life(_CTDNA, {"call": "indeterminate", "quantity": None}, _CTDNA_SHORT),
        Titled("registered, without a call yet", _CTDNA_REGISTERED),
        Titled("not detected, below the limit of detection", _BELOW),
    ),
    "imaging.read": (
        *life(_READ, {"reported": {"target": "SD", "overall": "SD"}}, _READ_SHORT),
        Titled("the sum of diameters only", _SUM_ONLY),
    ),
}
