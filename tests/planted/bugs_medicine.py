"""Bugs of the medicine: thresholds, sums of diameters, samples and their runs, treated sites."""

from tests.planted.bug import bug

THRESHOLDS = (
    bug(
        "> for >= at recist.pd_rel",
        "Growth of exactly the relative limit over the nadir is no PD.",
        (
            "clinical/recist.py",
            "growth >= nadir_mm * rules.pd_rel",
            "growth > nadir_mm * rules.pd_rel",
        ),
    ),
    bug(
        "> for >= at recist.pd_abs",
        "Growth of exactly the absolute limit over the nadir is no PD.",
        (
            "clinical/recist.py",
            "growth >= rules.pd_abs",
            "growth > rules.pd_abs",
        ),
    ),
    bug(
        "> for >= at recist.pr_rel",
        "Shrinkage of exactly the limit below the baseline is no PR.",
        (
            "clinical/recist.py",
            "baseline_mm - found.sum_mm >= baseline_mm * rules.pr_rel",
            "baseline_mm - found.sum_mm > baseline_mm * rules.pr_rel",
        ),
    ),
    bug(
        "> for >= at ctdna.confirm.min_gap",
        "A second positive after exactly the least gap confirms nothing.",
        (
            "clinical/ctdna.py",
            "gap >= rules.confirm.min_gap",
            "gap > rules.confirm.min_gap",
        ),
    ),
    bug(
        "> for >= at ctdna.rise.fold",
        "Exactly so many times the lowest value is no rise.",
        (
            "clinical/kinetics.py",
            "values[-1] >= rules.fold * values[lowest]",
            "values[-1] > rules.fold * values[lowest]",
        ),
    ),
    bug(
        "> for >= at ctdna.clearance.min_span",
        "Negatives over exactly the least span sustain no clearance.",
        (
            "clinical/clearance.py",
            "(sample.day - found.provisional.day).days >= rules.min_span",
            "(sample.day - found.provisional.day).days > rules.min_span",
        ),
    ),
    bug(
        ">= for > at ctdna.confirm.max_gap",
        "A positive after exactly the longest gap begins a run of its own.",
        (
            "clinical/ctdna.py",
            "gap > rules.confirm.max_gap",
            "gap >= rules.confirm.max_gap",
        ),
    ),
    bug(
        "<= for < at the guards of a treated site",
        "The guard of a treated site lasts a day longer.",
        (
            "clinical/sites.py",
            "if days < row[0])",
            "if days <= row[0])",
        ),
    ),
    bug(
        "shares as binary floats",
        "Growth over the nadir is divided in floats, which miss exactly the relative limit.",
        (
            "clinical/recist.py",
            "growth >= nadir_mm * rules.pd_rel",
            "float(growth) / float(nadir_mm or 1) >= float(rules.pd_rel)",
        ),
        (
            "clinical/recist.py",
            "    return growth > 0 and ",
            "    large = growth >= rules.pd_abs\n    return growth > 0 and ",
        ),
        (
            "clinical/recist.py",
            " and growth >= rules.pd_abs\n",
            " and large\n",
        ),
    ),
)

RULES = (
    bug(
        "nadir without baseline",
        "The smallest sum is looked for among the follow-up reads alone.",
        (
            "clinical/memory.py",
            "            self.baseline_mm = self.nadir_mm = visit.found.sum_mm\n",
            "            self.baseline_mm = visit.found.sum_mm\n",
        ),
    ),
    bug(
        "partial sum sets nadir",
        "A sum that lacks a target can become the smallest one.",
        (
            "clinical/memory.py",
            "        if self.has_baseline and found and found.complete:\n",
            "        if self.has_baseline and found:\n",
        ),
    ),
    bug(
        "missing target counts nothing",
        "A target that a read does not list does not make its sum incomplete.",
        (
            "clinical/recist.py",
            """\
        if found is None or value is None:
            complete = False
""",
            """\
        if found is None or value is None:
            complete = complete and found is None
""",
        ),
    ),
    bug(
        "blackout off by one",
        "A therapy's blackout lasts a day longer.",
        (
            "clinical/sample.py",
            "max(day_of(therapy.ended_on) + lasts, started_on + ONE_DAY))\n",
            "max(day_of(therapy.ended_on) + lasts, started_on) + ONE_DAY)\n",
        ),
    ),
    bug(
        "run through a local therapy",
        "A local therapy does not end a run of positives.",
        (
            "clinical/ctdna.py",
            """\
        self.close_by_therapy(sample.day)
        if sample.detected:
""",
            "        if sample.detected:\n",
        ),
    ),
    bug(
        "clonal haematopoiesis confirms",
        "A positive that rests on clonal haematopoiesis alone can confirm a relapse.",
        (
            "clinical/ctdna.py",
            """\
    if run.confirmation or sample.not_counted_because:
        return
    first = next(member for member in run.members if not member.not_counted_because)
""",
            """\
    if run.confirmation:
        return
    first = run.members[0]
""",
        ),
    ),
    bug(
        "incomplete survey ignored",
        "A read that did not look everywhere can be CR where there were targets.",
        (
            "clinical/recist.py",
            " in NEEDS_FULL_SURVEY:\n",
            ' in NEEDS_FULL_SURVEY - {("CR", "CR")}:\n',
        ),
    ),
)

BUGS = (*THRESHOLDS, *RULES)
