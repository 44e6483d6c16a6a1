"""Draws small worlds of records whose values collide with every threshold of the rules.

No two versions of a record have the same number: such histories are decided by arrival.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.clinical.facts import (
    SOURCE,
    Given,
    biopsy,
    contact,
    died,
    enrolled,
    images,
    new_lesion,
    read,
    reviewed,
    sample,
    stated,
    systemic,
    target,
    therapy,
    treated_site,
    withdrew,
)

Draw = Any
SAMPLE_DAYS = (-5, 0, 27, 28, 33, 100, 113, 114, 120, 128, 220, 221, 234, 241)
READ_DAYS = (-20, 0, 1, 29, 84, 111, 112, 168, 252, 260)
OTHER_DAYS = st.sampled_from((-5, 0, 84, 99, 100, 101, 114, 130, 260, 300))
SIZES_MM = ("0", "4.9", "5", "9.9", "10", "24.9", "30", "35", "35.1", "50", "59.9", "60")
SETTLED = ("final", "amended", "corrected")
SITES = [[treated_site("S", word)] for word in ("no_change", "enlarging", "progressed")]
STATUSES = (*SETTLED, *SETTLED, "registered", "preliminary", "cancelled", "entered_in_error")
PATIENTS = ("P-1", "P-1", "P-1", "P-2")
SOURCES = (SOURCE, "https://core.example")

# Without these almost nothing would be told; now and then one of them is left out.
USUAL = (
    enrolled(),
    enrolled(record_id="enrol-2").but(patient_id="P-2"),
    read(0, "base", baseline=True, targets=[target("T1", "50"), target("N1", "10", nodal=True)]),
    sample(100, "detected", "positive"),
)


@dataclass(frozen=True)
class World:
    """Every version of every record, each an event; and one order of arrival with doubles."""

    givens: tuple[Given, ...]
    arrivals: tuple[int, ...]
    batch_sizes: tuple[int, ...]


@st.composite
def worlds(draw: Draw) -> World:
    records = draw(st.lists(st.sampled_from("ettsssssrrrrrvvyaabcdw"), min_size=1, max_size=9))
    givens = [given for given in USUAL if draw(st.integers(0, 5)) > 0]
    givens += [
        given
        for number, letter in enumerate(sorted(records))
        for given in draw(versions(letter, f"{letter}{number}"))
    ]
    doubled = draw(st.lists(st.sampled_from(range(len(givens))), max_size=3))
    arrivals = draw(st.permutations([*range(len(givens)), *doubled]))
    sizes = draw(st.lists(st.integers(1, 7), min_size=1, max_size=6))
    return World(tuple(givens), tuple(arrivals), tuple(sizes))


@st.composite
def versions(draw: Draw, letter: str, record_id: str) -> list[Given]:
    """One to three versions of a record; most name the same patient."""
    numbers = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True))
    source = draw(st.sampled_from(SOURCES))
    patient = draw(st.sampled_from(PATIENTS))
    found = []
    for number in numbers:
        status = draw(st.sampled_from(STATUSES))
        names = draw(st.sampled_from((patient, patient, patient, "P-2")))
        given: Given = draw(CONTENTS[letter](record_id))
        given = given.but(version=number, status=status, patient_id=names).sent_by(source)
        bare = status in ("cancelled", "entered_in_error") and draw(st.booleans())
        found.append(given.gone(number, status) if bare else given)
    return found


@st.composite
def enrolments(draw: Draw, record_id: str) -> Given:
    return enrolled(draw(st.sampled_from((-30, 0, 50))), record_id)


@st.composite
def therapies(draw: Draw, record_id: str) -> Given:
    day = draw(st.sampled_from((0, 1, 100, 101, 221)))
    ended = draw(st.sampled_from((day, day, day + 5, None)))
    modality = draw(st.sampled_from(("surgery", "radiotherapy", "ablation")))
    sites = [{"site_id": "S", "organ": "lung", "lesion_ids": []}]
    fields: dict[str, object] = {"sites": draw(st.sampled_from(([], sites)))}
    if draw(st.integers(0, 3)) == 0:
        fields["bed_gy"] = draw(st.sampled_from(("71.9", "72", "100", "100.1")))
    round_ = draw(st.integers(1, 2))
    return therapy(day, modality, record_id, ended=ended, round_=round_, **fields)


@st.composite
def samples(draw: Draw, record_id: str) -> Given:
    calls = ("detected", "detected", "detected", "not_detected", "indeterminate", "qc_failed")
    assay: dict[str, object] = {"code": draw(st.sampled_from("AAB"))}
    fields: dict[str, object] = {}
    if draw(st.integers(0, 4)) == 0:
        assay["design"] = "tumor_naive_panel"
        fields["variants"] = [{"gene": "TET2"}]
    day = draw(st.sampled_from(SAMPLE_DAYS))
    return sample(day, draw(st.sampled_from(calls)), record_id, assay=assay, **fields)


@st.composite
def reads(draw: Draw, record_id: str) -> Given:
    day = draw(st.sampled_from(READ_DAYS))
    readers = (("R1", "investigator"),) * 4 + (("R2", "investigator"), ("C1", "central"))
    name, role = draw(st.sampled_from(readers))
    pet = draw(st.sampled_from(([], [], [("PET_CT", day)], [("PET_CT", day + 2)])))
    fields: dict[str, object] = {
        "reader": {"id": name, "role": role},
        "images": images(("CT", day), *pet),
        "survey": draw(st.sampled_from((None, None, "incomplete"))),
        "new_lesions": draw(st.lists(lesions(), max_size=2)),
        "signed_at": draw(st.sampled_from((None, "2026-01-01", "2026-01-02"))),
        "treated_sites": draw(st.sampled_from(([], *SITES))),
        **draw(depths()),
    }
    return read(day, record_id, baseline=draw(st.integers(0, 2)) == 0, **fields)


@st.composite
def lesions(draw: Draw) -> dict[str, object]:
    fields: dict[str, object] = {"method": draw(st.sampled_from(("CT", "CT", "PET_CT")))}
    if draw(st.integers(0, 3)) == 0:
        fields |= {"nodal": True, "size_mm": draw(st.sampled_from(("9.9", "10", "14.9", "15")))}
    certainty = draw(st.sampled_from(("equivocal", "unequivocal", "benign")))
    return new_lesion(draw(st.sampled_from("XY")), certainty, **fields)


@st.composite
def depths(draw: Draw) -> dict[str, object]:
    depth = draw(st.sampled_from(("lesions", "lesions", "lesions", "sum", "responses", "none")))
    if depth == "sum":
        return {"sum_of_diameters_mm": draw(st.sampled_from(SIZES_MM))}
    if depth == "responses":
        words = st.sampled_from((None, "CR", "PR", "SD", "PD", "NE"))
        return {"reported": {name: draw(words) for name in ("target", "non_target", "overall")}}
    if depth == "none":
        return {"targets": []}
    found = [target("T1", draw(st.sampled_from(SIZES_MM)))]
    if draw(st.booleans()):
        found.append(target("N1", draw(st.sampled_from(SIZES_MM)), nodal=True))
    states = st.sampled_from(("present", "absent", "unequivocal_progression", "not_evaluable"))
    groups = [{"lesion_id": "M1", "organ": "lung", "nodal": False, "state": draw(states)}]
    return {"targets": found, "non_targets": draw(st.sampled_from((None, {"lesions": groups})))}


@st.composite
def reviews(draw: Draw, record_id: str) -> Given:
    return reviewed(draw(OTHER_DAYS), record_id=record_id)


@st.composite
def systemics(draw: Draw, record_id: str) -> Given:
    return systemic(draw(OTHER_DAYS), record_id)


@st.composite
def statements(draw: Draw, record_id: str) -> Given:
    return stated(draw(OTHER_DAYS), draw(st.sampled_from(("yes", "no", "unknown"))), record_id)


@st.composite
def biopsies(draw: Draw, record_id: str) -> Given:
    return biopsy(draw(OTHER_DAYS), record_id, malignant=draw(st.booleans()), site_id="S")


@st.composite
def contacts(draw: Draw, record_id: str) -> Given:
    return contact(draw(OTHER_DAYS), record_id)


@st.composite
def deaths(draw: Draw, record_id: str) -> Given:
    return died(draw(OTHER_DAYS), record_id)


@st.composite
def withdrawals(draw: Draw, record_id: str) -> Given:
    scope = draw(st.sampled_from(("treatment", "follow_up", "consent")))
    return withdrew(draw(OTHER_DAYS), scope, record_id)


CONTENTS = {
    "e": enrolments, "t": therapies, "s": samples, "r": reads, "v": reviews, "y": systemics,
    "a": statements, "b": biopsies, "c": contacts, "d": deaths, "w": withdrawals,
}  # fmt: skip
