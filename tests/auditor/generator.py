"""Plausible patient histories from a seed, dense in what the rules distinguish."""

from tests.auditor.arrivals import Post
from tests.auditor.draw_reads import Reads
from tests.auditor.draw_records import Clinic, Draft, closed_days
from tests.auditor.draw_rules import Rules, draw_rules
from tests.auditor.draw_samples import Samples
from tests.auditor.drawing import Pen
from tests.auditor.history import History
from tests.auditor.plan import draw_plan

THEMES = {
    "imaging": 20,
    "ctdna": 18,
    "everything": 26,
    "sites": 12,
    "review": 10,
    "schedule": 8,
    "eligibility": 6,
}


def draw_history(seed: int) -> History:
    """The history of this seed: one patient, or two between whom records move."""
    pen = Pen(seed)
    rules = draw_rules(pen)
    theme = pen.weighed(THEMES)
    patients = ["P-1", "P-2"] if pen.chance(14) else ["P-1"]
    post = Post(pen, patients, pen.weighed({0: 30, 8: 45, 25: 25}))
    for patient in patients:
        draw_patient(pen, rules, theme if patient == "P-1" else "small", patient, post)
    return History(seed, rules, tuple(post.arrivals()), theme, post.conflicting)


def draw_patient(pen: Pen, rules: Rules, theme: str, patient: str, post: Post) -> None:
    plan = draw_plan(pen, rules, theme)
    names = pen.weighed({"r": 70, "R0": 15, "é": 15})
    reads = [
        Draft("imaging.read", f"{names}{patient[-1]}{pen.pick('abc')}{number}", read)
        for number, read in enumerate(Reads(pen, rules, plan, theme).drawn())
    ]
    samples = [
        Draft("ctdna.result", f"s{patient[-1]}{pen.pick('ABc')}{number}", sample)
        for number, sample in enumerate(Samples(pen, rules, plan, theme).drawn())
    ]
    clinic = Clinic(pen, rules, plan, theme, [read.record_id for read in reads]).drawn()
    others = [Draft(one.kind, f"{one.record_id}-{patient[-1]}", one.given) for one in clinic]
    for draft in (*others, *reads, *samples):
        post.post(patient, draft)
    for day in sorted(set(closed_days(pen, rules, plan, theme))):
        post.close(patient, day)
