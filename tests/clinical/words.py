"""The words of a table's middle column, each form where it is read."""

from collections.abc import Callable, Mapping, Sequence

from tests.clinical.facts import (
    Given,
    biopsy,
    cea,
    closed,
    contact,
    died,
    enrolled,
    reviewed,
    sample,
    stated,
    systemic,
    therapy,
    withdrew,
)
from tests.clinical.read_words import Fields, read_of


def fact_of(day: int, words: Sequence[str]) -> Given:
    kind, *rest = words
    if kind == "enrolled":
        return enrolled(day)
    if kind == "ctdna":
        return _sample(day, rest)
    if kind in ("base", "read"):
        return read_of(day, rest, baseline=kind == "base")
    if kind in ("surgery", "radiotherapy", "ablation"):
        return _therapy(day, kind, rest)
    if kind == "biopsy":
        return _biopsy(day, rest)
    if kind == "stated":
        return _stated(day, rest)
    return _OTHERS[kind](day, *rest)


# `closed`, `contact c`, `systemic y`, `review v`, `died d`, `withdrew SCOPE w`, `cea m 80`.
_OTHERS: Mapping[str, Callable[..., Given]] = {
    "cea": cea,
    "closed": closed,
    "contact": contact,
    "died": died,
    "review": lambda day, record_id: reviewed(day, record_id=record_id),
    "systemic": systemic,
    "withdrew": withdrew,
}


def _options(words: Sequence[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)


def _therapy(day: int, modality: str, words: Sequence[str]) -> Given:
    """`surgery t1 [until=DAY|open] [round=N] [sites=S1,S2:liver,S3:lung:L1+L2]`.

    `[bed=72]`, `[dose=60/8]`: total dose in Gy and fractions, `dose=60` without these.
    """
    record_id, *rest = words
    options = _options(rest)
    until = options.get("until", str(day))
    ended = None if until == "open" else int(until)
    number = int(options.get("round", "1"))
    sites = [_site(word) for word in options.get("sites", "").split(",") if word]
    fields = {"sites": sites, **_dose(options)}
    return therapy(day, modality, record_id, ended=ended, round_=number, **fields)


def _dose(options: Mapping[str, str]) -> Fields:
    found: Fields = {"bed_gy": options["bed"]} if "bed" in options else {}
    if "dose" in options:
        total, _, fractions = options["dose"].partition("/")
        found |= {"total_dose_gy": total} | ({"fractions": int(fractions)} if fractions else {})
    return found


def _site(word: str) -> Fields:
    site_id, organ, lesions = f"{word}::".split(":")[:3]
    names = [name for name in lesions.split("+") if name]
    return {"site_id": site_id, "organ": organ or "lung", "lesion_ids": names}


def _biopsy(day: int, words: Sequence[str]) -> Given:
    """`biopsy b1 malignant|benign site=S1|lesion=X [status=preliminary]`."""
    record_id, result, *rest = words
    names = {"site": "site_id", "lesion": "lesion_id"}
    fields: Fields = {names.get(name, name): value for name, value in _options(rest).items()}
    return biopsy(day, record_id, malignant=result == "malignant", **fields)


def _stated(day: int, words: Sequence[str]) -> Given:
    """`stated s1 yes|no|unknown [read=r1] [status=preliminary]`."""
    record_id, word, *rest = words
    options: Fields = {name.replace("read", "read_record_id"): value
                       for name, value in _options(rest).items()}  # fmt: skip
    return stated(day, word, record_id, **options)


def _sample(day: int, words: Sequence[str]) -> Given:
    """`ctdna s1 detected` and words, see the functions below.

    `lab=L`, `code=B`, `status=preliminary`, `genes=TET2,KRAS [chip=yes] [design=tumor_informed]`,
    `value=0.4`, `value=<0.4:COPIES_PER_ML`, `ci=0.3..0.5`, `lod=0.1`, `cfdna=10`, `tube=edta`,
    `spin=6`, `plasma=4`; a unit that is not named is VAF_PCT.
    """
    record_id, call, *rest = words
    options = _options(rest)
    fields: Fields = {}
    assay: Fields = {name: options[name] for name in ("lab", "code") if name in options}
    if "genes" in options:
        assay |= {
            "design": options.get("design", "tumor_naive_panel"),
            "chip_filtered": options.get("chip", "no"),
        }
        fields["variants"] = [{"gene": gene} for gene in options["genes"].split(",")]
    if "lod" in options:
        assay["lod"] = _amount(options["lod"])
    if "value" in options:
        fields["quantity"] = _amount(options["value"])
    if "ci" in options:
        fields["quantity"] = {**_amount(options["value"]), "ci95": options["ci"].split("..")}
    if "status" in options:
        fields["status"] = options["status"]
    specimen = {name: options[word] for word, name in _SPECIMEN.items() if word in options}
    return sample(day, call, record_id, assay=assay, specimen=specimen, **fields)


_SPECIMEN = {
    "cfdna": "cfdna_ng_per_ml",
    "tube": "tube",
    "spin": "draw_to_spin_h",
    "plasma": "plasma_ml",
}


def _amount(text: str) -> Fields:
    """`0.4`, `0.4:MTM_PER_ML`, and with a comparator `<0.4` or `<=0.4`."""
    number, _, unit = text.partition(":")
    value = number.lstrip("<>=")
    comparator = number.removesuffix(value)
    amount: Fields = {"value": value, "unit": unit or "VAF_PCT"}
    return {**amount, "comparator": comparator} if comparator else amount
