"""One full record and one as short as allowed of every kind, and a notice: invented people only.

They stand in the JSON Schemas, and the tests hold each of them against schema and codec.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

Example = Mapping[str, JsonValue]

_STUDY: Final[Example] = {"study_id": "NCT06778382", "patient_id": "P-007"}


def _record(record_id: str, fields: Example) -> Example:
    common: Example = {**_STUDY, "record_id": record_id, "record_version": 1, "status": "final"}
    return {**common, **fields}


def _cancelled(record_id: str) -> Example:
    return {**_STUDY, "record_id": record_id, "record_version": 2, "status": "cancelled"}


_CTDNA: Final = _record(
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
_READ: Final = _record(
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
_NOTICE: Final[Example] = {
    **_STUDY,
    "notice_id": "144de5df-b73a-55e0-be7a-3f06ebfe9cc8",
    "finding_id": "1d9d8e22-d4d8-5a0e-8fe0-578b227c1f56",
    "revision": 1,
    "sequence": 2,
    "action": "raised",
    "finding": "MOLECULAR_RELAPSE_CONFIRMED",
    "rule": {"id": "molecular-relapse", "version": 1, "ruleset": "nct06778382", "config_hash": "0"},
    "severity": "high",
    "effective_on": "2025-03-01",
    "detected_at": "2025-03-22T09:00:00Z",
    "evidence": [
        {
            "source": "https://lab.example/lims",
            "record_id": record,
            "record_version": 1,
            "role": "identifying",
        }
        for record in ("s1", "s2")
    ],
    "explanation": "ctDNA was detected on 2025-03-01 and again on 2025-03-21.",
    "details": {},
    "supersedes": None,
    "advisory": "Decision support for trial staff; a clinician decides.",
}

EXAMPLES: Final[Mapping[str, tuple[Example, ...]]] = {
    "ctdna.result": (_CTDNA, _cancelled("s1")),
    "imaging.read": (
        _READ,
        _record(
            "r3",
            {
                "reader": {"id": "R1", "role": "central"},
                "images": [{"modality": "PET_CT", "acquired_on": "2025-09-23"}],
                "reported": {"overall": "PD"},
            },
        ),
        _cancelled("r2"),
    ),
    "patient.enrolled": (
        _record(
            "e1",
            {
                "enrolled_on": "2025-01-02",
                "ned_on": "2025-01-10",
                "site_id": "SITE-1",
                "prior_polymetastatic": False,
            },
        ),
        _cancelled("e1"),
    ),
    "therapy.local": (
        _record(
            "lt1",
            {
                "modality": "radiotherapy",
                "started_on": "2025-01-10",
                "ended_on": "2025-01-20",
                "round": 1,
                "sites": [{"site_id": "S1", "organ": "lung", "lesion_ids": ["T1"]}],
                "total_dose_gy": 50,
                "fractions": 5,
                "bed_gy": 100,
            },
        ),
        _cancelled("lt1"),
    ),
    "day.closed": (_record("NCT06778382/P-007/2025-07-01", {"closed_on": "2025-07-01"}),),
    "notice": (_NOTICE,),
}
