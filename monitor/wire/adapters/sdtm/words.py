"""The words of CDISC terminology that imaging tables use, and what the contract calls them."""

import re
from collections.abc import Mapping
from typing import Final, Literal

from monitor.clinical.terms import (
    Certainty,
    Modality,
    NonTargetState,
    Organ,
    ReaderRole,
    Response,
)

Group = Literal["target", "non_target", "new", "other"]
NewLesionAnswer = Literal["equivocal", "unequivocal", "none", "incomplete"]
SizeWord = Literal["too_small_to_measure", "absent", "not_evaluable", "merged"]

NOT_DONE: Final = "NOT DONE"
GROUPS: Final[Mapping[str, Group]] = {
    "TARGET": "target",
    "NON-TARGET": "non_target",
    "NONTARGET": "non_target",
    "NON TARGET": "non_target",
    "NEW": "new",
    "BENIGN ABNORMALITY": "other",
}
EVALUATORS: Final[Mapping[str, ReaderRole]] = {
    "INVESTIGATOR": "investigator",
    "INDEPENDENT ASSESSOR": "central",
    "ADJUDICATOR": "adjudicator",
}
NO_READERS: Final = frozenset({"SPONSOR", "VENDOR"})  # who derive responses and sums, not read
ADJUDICATOR: Final = "ADJUDICATOR"  # also an evaluator identifier, with or without a number
ACCEPTED_FLAGS: Final = frozenset({"", "Y", "N"})

# Tests of TR, by what they measure. RECIST wants the longest diameter, of nodes the short axis.
DIAMETER: Final = "DIAMETER"
LONGEST: Final = "LDIAM"
PERPENDICULAR: Final = "LPERP"
SUM: Final = "SUMDIAM"
STATES: Final = ("TUMSTATE", "LNSTATE")
DIAMETERS: Final = (DIAMETER, LONGEST, PERPENDICULAR)
TR_TESTS: Final = frozenset({*DIAMETERS, *STATES, SUM})
TU_TESTS: Final = frozenset({"TUMIDENT", "TUSPLIT", "TUMERGE", "LESIDENT", ""})

TARGET_RESPONSE: Final = "TRGRESP"
NON_TARGET_RESPONSE: Final = "NTRGRESP"
OVERALL_RESPONSE: Final = "OVRLRESP"
NEW_LESION: Final = "NEWLPROG"
REPORTED: Final[Mapping[str, str]] = {
    TARGET_RESPONSE: "target",
    NON_TARGET_RESPONSE: "non_target",
    OVERALL_RESPONSE: "overall",
}
RS_TESTS: Final = frozenset({*REPORTED, NEW_LESION})
CRITERIA: Final = "RECIST"

RESPONSES: Final[Mapping[str, Response | None]] = {
    "CR": "CR",
    "PR": "PR",
    "SD": "SD",
    "PD": "PD",
    "NE": "NE",
    "NON-CR/NON-PD": "NON-CR/NON-PD",
    "NON CR/NON PD": "NON-CR/NON-PD",
    "NED": "NED",
    "NA": None,
    "NOT APPLICABLE": None,
}
SIZE_WORDS: Final[Mapping[str, SizeWord]] = {
    "TOO SMALL TO MEASURE": "too_small_to_measure",
    "ABSENT": "absent",
    "NE": "not_evaluable",
    "NOT EVALUABLE": "not_evaluable",
    "NOT ASSESSABLE": "not_evaluable",
    "UNEVALUABLE": "not_evaluable",
    "TUMOR MERGED": "merged",
}
NON_TARGET_STATES: Final[Mapping[str, NonTargetState]] = {
    "PRESENT": "present",
    "PATHOLOGICAL": "present",
    "EQUIVOCAL": "present",
    "EQUIVOCAL INCREASE": "present",
    "ABSENT": "absent",
    "NON-PATHOLOGICAL": "absent",
    "NONPATHOLOGICAL": "absent",
    "UNEQUIVOCAL": "unequivocal_progression",
    "UNEQUIVOCAL INCREASE": "unequivocal_progression",
    "UNEQUIVOCAL PROGRESSION": "unequivocal_progression",
    "NE": "not_evaluable",
    "NOT EVALUABLE": "not_evaluable",
    "NOT ASSESSABLE": "not_evaluable",
}
# What a read says of a new lesion; None: it does not list it.
CERTAINTIES: Final[Mapping[str, Certainty | None]] = {
    "EQUIVOCAL": "equivocal",
    "UNEQUIVOCAL": "unequivocal",
    "BENIGN": "benign",
    "ABSENT": None,
    "NE": None,
    "NOT EVALUABLE": None,
}
PRESENT: Final = "PRESENT"  # of a new lesion: there, and RS says how certain
NEW_LESION_ANSWERS: Final[Mapping[str, NewLesionAnswer]] = {
    "EQUIVOCAL": "equivocal",
    "UNEQUIVOCAL": "unequivocal",
    "Y": "unequivocal",
    "YES": "unequivocal",
    "PD": "unequivocal",
    "N": "none",
    "NO": "none",
    "NONE": "none",
    "ABSENT": "none",
    "NE": "incomplete",
    "NOT EVALUABLE": "incomplete",
}
MODALITIES: Final[Mapping[str, Modality]] = {
    "CT SCAN": "CT",
    "CT": "CT",
    "SPIRAL CT": "CT",
    "CT SCAN WITH CONTRAST": "CT",
    "CT SCAN WITHOUT CONTRAST": "CT",
    "CONTRAST ENHANCED CT SCAN": "CT",
    "MULTISLICE CT": "CT",
    "MRI": "MRI",
    "CONTRAST ENHANCED MRI": "MRI",
    "PET/CT SCAN": "PET_CT",
    "PET-CT": "PET_CT",
    "PET/CT": "PET_CT",
    "PET SCAN": "PET_CT",
    "FDG PET/CT": "PET_CT",
    "X-RAY": "CXR",
    "CHEST X-RAY": "CXR",
    "ULTRASOUND": "US",
}
# The first line of which a word stands in the location decides: a node of the lung is a node.
_ORGANS: Final[tuple[tuple[Organ, str], ...]] = (
    ("lymph_node", r"LYMPH NODES?"),
    ("pleura", r"PLEURA|PLEURAL"),
    ("lung", r"LUNGS?|PULMONARY"),
    ("liver", r"LIVER|HEPATIC"),
    ("adrenal", r"ADRENAL"),
    (
        "bone",
        r"BONES?|VERTEBRAE?|VERTEBRAL|RIBS?|SACRUM|STERNUM|SKULL|FEMUR|HUMERUS|ILIUM|SCAPULA",
    ),
    ("brain", r"BRAIN|CEREBELLUM|CEREBRUM|CEREBRAL|CEREBELLAR"),
    ("peritoneum", r"PERITONEUM|PERITONEAL|OMENTUM|MESENTERY|RETROPERITONEUM"),
    ("colorectum", r"COLON|RECTUM|CECUM|COLORECTUM|RECTOSIGMOID|SIGMOID"),
)
_WORDS: Final = tuple((organ, re.compile(rf"\b(?:{words})\b")) for organ, words in _ORGANS)
NODE: Final = "lymph_node"


def said(text: str) -> str:
    """A word as the tables of this module spell it."""
    return " ".join(text.upper().split())


def organ_of(location: str) -> Organ:
    """The organ of a location's words; a place that has no word of its own is `other`."""
    if not location:
        return "unspecified"
    words = said(location)
    return next((organ for organ, pattern in _WORDS if pattern.search(words)), "other")
