"""Example results: of a laboratory and of readers."""

from collections.abc import Mapping
from typing import Final

from monitor.wire.examples.common import Example, cancelled, record

_CTDNA: Final = record(
    "s1",
    {
        "specimen": {
            "id": "tube-1",
            "collected_at": "2025-03-01T08:15:00+08:00",
            "received_at": "2025-03-02T10:00:00+08:00",
            "tube": "stabilising",
            "plasma_ml": "4.5",
            "haemolysis": False,
        },
        "assay": {
            "lab": "LAB-1",
            "code": "MRD",
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

RESULTS: Final[Mapping[str, tuple[Example, ...]]] = {
    "ctdna.result": (_CTDNA, cancelled("s1")),
    "imaging.read": (
        _READ,
        record(
            "r3",
            {
                "reader": {"id": "R1", "role": "central"},
                "images": [{"modality": "PET_CT", "acquired_on": "2025-09-23"}],
                "reported": {"overall": "PD"},
            },
        ),
        cancelled("r2"),
    ),
}
