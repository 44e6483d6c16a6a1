"""Where blood and scans disagree, and the imaging that is asked for then (rules 4.2, 4.3)."""

import pytest

from tests.clinical.clock_table import clocked, facts_of, found
from tests.clinical.facts import Given

POSITIVE, NEGATIVE = "DISCORDANCE_CTDNA_POS_IMAGING_NEG", "DISCORDANCE_IMAGING_POS_CTDNA_NEG"
EXPEDITE, REREAD = "IMAGING_EXPEDITE_REQUESTED", "RETROSPECTIVE_READ_REQUESTED"
START = "0 enrolled; 0 base b T1=50"
CONFIRMED = "186 ctdna s1 detected; 200 ctdna s2 detected"


CLEAR_BESIDE = {  # reads beside a relapse that the sample of day 200 confirms; is it a discordance
    "too long before": ("157 read r T1=50", False),
    "at the beginning of the window": ("158 read r T1=50", True),
    "at its end": ("242 read r T1=50", True),
    "after it": ("243 read r T1=50", False),
    "a clear baseline alone": ("", False),
    "NE": ("190 read r T1=ne", False),
    "NE after a clear one": ("190 read r T1=50; 210 read r2 T1=ne", True),
    "PD before it": ("190 read r T1=60", False),
    "PD, then none": ("170 read r T1=60; 190 read r2 T1=50", True),
    "clear, then PD within the window": ("190 read r T1=50; 242 read r2 T1=60", False),
    "clear, then PD after it": ("190 read r T1=50; 400 read r2 T1=60", False),
    "PD the day before the confirming sample": ("199 read r T1=60; 210 read r2 T1=50", True),
    "PD on its day": ("200 read r T1=60; 210 read r2 T1=50", False),
    "a recurrence that a biopsy alone shows": ("190 read r T1=50; 300 biopsy x malignant site=S",
                                               False),
    "ended by a negative": ("190 read r T1=50; 210 ctdna n not_detected", True),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAR_BESIDE)
def test_ctdna_positive_and_imaging_negative(name: str) -> None:
    reads, stands = CLEAR_BESIDE[name]
    treated = "-90 surgery t sites=S; " if "biopsy" in reads else ""
    patient = clocked(f"{treated}{START}; {CONFIRMED}; {reads}")
    expected = [f"{finding} @200 s1 s2" for finding in (POSITIVE, REREAD)] * stands
    assert found(patient, POSITIVE, REREAD) == expected


def test_a_baseline_counts_as_clear() -> None:
    patient = clocked(f"0 enrolled; 190 base b T1=50; {CONFIRMED}")
    assert found(patient, POSITIVE) == [f"{POSITIVE} @200 s1 s2"]
    severities = {patient.last(name).said.severity for name in (POSITIVE, REREAD)}
    assert severities == {"medium", "low"}


def test_both_go_with_their_run() -> None:
    patient = clocked(f"{START}; 190 read r T1=50; {CONFIRMED}")
    told = patient.tell(one("195 ctdna n not_detected"))
    assert {f"withdrawn {POSITIVE}", f"withdrawn {REREAD}"} <= set(told)


def test_a_window_is_a_parameter() -> None:
    story = f"{START}; 190 read r T1=50; {CONFIRMED}"
    assert found(clocked(story, {"discordance.window": 10}), POSITIVE)
    assert found(clocked(story, {"discordance.window": 9}), POSITIVE) == []


NEAREST = {  # samples around a PD of day 200, and the sample that is discordant with it
    "too long before": ("157 ctdna n not_detected", None),
    "at the beginning of the window": ("158 ctdna n not_detected", "n"),
    "at its end": ("242 ctdna n not_detected", "n"),
    "after it": ("243 ctdna n not_detected", None),
    "the nearest is negative": ("190 ctdna n not_detected; 211 ctdna s detected", "n"),
    "the nearest is positive": ("189 ctdna n not_detected; 210 ctdna s detected", None),
    "of two the later": ("190 ctdna s detected; 210 ctdna n not_detected", "n"),
    "of two the later, positive": ("190 ctdna n not_detected; 210 ctdna s detected", None),
    "indeterminate": ("199 ctdna i indeterminate; 190 ctdna n not_detected", "n"),
    "preliminary": ("199 ctdna p detected status=preliminary; 190 ctdna n not_detected", "n"),
    "clonal haematopoiesis": ("199 ctdna c detected genes=TET2; 190 ctdna n not_detected", "n"),
    "of any assay": ("199 ctdna s detected code=B; 190 ctdna n not_detected", None),
    "in a blackout": ("199 ctdna n not_detected; 180 surgery t", None),
}


@pytest.mark.parametrize("name", NEAREST)
def test_imaging_positive_and_ctdna_negative(name: str) -> None:
    samples, negative = NEAREST[name]
    patient = clocked(f"{START}; 200 read r new:X; {samples}")
    expected = [] if negative is None else [f"{NEGATIVE} @200 r {negative}"]
    assert found(patient, NEGATIVE) == expected


def test_it_goes_with_its_pd_and_with_a_nearer_positive() -> None:
    patient = clocked(f"{START}; 200 read r T1=60; 190 ctdna n not_detected")
    assert patient.last(NEGATIVE).said.severity == "info"
    assert f"withdrawn {NEGATIVE}" in patient.tell(one("205 ctdna s detected"))
    assert f"raised {NEGATIVE}" in patient.tell(one("205 ctdna s detected").gone(2))
    assert f"withdrawn {NEGATIVE}" in patient.tell(one("200 read r T1=60").gone(2))


AT_ONCE = {  # reads before a positive of day 200, and whether imaging is asked for at once
    "none": ("0 enrolled", True),
    "29 days before": ("0 enrolled; 171 base b no-targets", True),
    "28 days before": ("0 enrolled; 172 base b no-targets", False),
    "on the day": ("0 enrolled; 200 base b no-targets", False),
    "the day after": ("0 enrolled; 201 base b no-targets", True),
    "NE": (f"{START}; 190 read r T1=ne", True),
    "PD": (f"{START}; 190 read r T1=60", False),
    "preliminary": (f"{START}; 190 read r T1=50 status=preliminary", True),
    "of another reader": (f"{START}; 190 read r T1=50 reader=C@central", True),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_imaging_is_asked_for_at_once(name: str) -> None:
    reads, asked = AT_ONCE[name]
    suspected = clocked(f"{reads}; 200 ctdna s detected")
    assert [row.split(" answered")[0] for row in found(suspected, EXPEDITE)] == (
        [f"{EXPEDITE} @200 s"] * asked
    )
    confirmed = found(clocked(f"{reads}; {CONFIRMED}"), EXPEDITE)
    assert any(row.startswith(f"{EXPEDITE} @200 s1 s2") for row in confirmed) == asked


def test_how_recent_is_a_parameter() -> None:
    story = f"{START}; 190 read r T1=50; 200 ctdna s detected"
    assert found(clocked(story, {"expedite.recent_days": 10}), EXPEDITE) == []
    assert found(clocked(story, {"expedite.recent_days": 9}), EXPEDITE) == [f"{EXPEDITE} @200 s"]


def test_the_suspected_and_the_confirmed_relapse_ask_each_for_itself() -> None:
    patient = clocked(f"{START}; {CONFIRMED}; 199 read n T1=ne; 205 read r T1=50; 250 read q T1=50")
    assert found(patient, EXPEDITE) == [
        f"{EXPEDITE} @186 s1 answered @205 r",
        f"{EXPEDITE} @200 s1 s2 answered @205 r",
    ]
    assert found(clocked(f"{START}; {CONFIRMED}", {"ctdna.confirm.n": 1}), EXPEDITE) == [
        f"{EXPEDITE} @186 s1"
    ]
    told = patient.tell(one("200 ctdna s2 detected").gone(2))
    assert f"withdrawn {EXPEDITE}" in told


def one(story: str) -> Given:
    (given,) = facts_of(story)
    return given
