"""The words of a table's middle column, each form where it is read."""

from collections.abc import Callable, Mapping, Sequence

from tests.clinical.facts import Given, enrolled, images, new_lesion, read, sample, therapy

Fields = dict[str, object]
_METHODS = {"CT", "MRI", "PET_CT", "CXR", "US", "OTHER"}


def fact_of(day: int, words: Sequence[str]) -> Given:
    kind, *rest = words
    if kind == "enrolled":
        return enrolled(day)
    if kind == "ctdna":
        return _sample(day, rest)
    if kind in ("base", "read"):
        return _read(day, rest, baseline=kind == "base")
    if kind in ("surgery", "radiotherapy", "ablation"):
        return _therapy(day, kind, rest)
    raise ValueError(kind)


def _options(words: Sequence[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)


def _therapy(day: int, modality: str, words: Sequence[str]) -> Given:
    """`surgery t1 [until=DAY|open] [round=N]`."""
    record_id, *rest = words
    options = _options(rest)
    until = options.get("until", str(day))
    ended = None if until == "open" else int(until)
    number = int(options.get("round", "1"))
    return therapy(day, modality, record_id, ended=ended, round_=number)


def _sample(day: int, words: Sequence[str]) -> Given:
    """`ctdna s1 detected [lab=L] [code=B] [genes=TET2,KRAS] [status=preliminary]`."""
    record_id, call, *rest = words
    options = _options(rest)
    fields: Fields = {}
    assay: Fields = {name: options[name] for name in ("lab", "code") if name in options}
    if "genes" in options:
        assay |= {"design": "tumor_naive_panel", "chip_filtered": options.get("chip", "no")}
        fields["variants"] = [{"gene": gene} for gene in options["genes"].split(",")]
    if "status" in options:
        fields["status"] = options["status"]
    return sample(day, call, record_id, assay=assay, **fields)


def _read(day: int, words: Sequence[str], *, baseline: bool) -> Given:
    """`read r1` and words: see the functions below for each form."""
    record_id, *rest = words
    fields: Fields = {}
    for word in rest:
        name, _, value = word.partition("=")
        if word.startswith("new:"):
            _list(fields, "new_lesions").append(_new_lesion(word.removeprefix("new:")))
        elif ":" in name:
            _non_targets(fields)["lesions"] = [*_lesions(fields), _non_target(name)]
        elif name in _READ_WORDS:
            _READ_WORDS[name](fields, value, day)
        else:
            _list(fields, "targets").append(_target(name, value))
    return read(day, record_id, baseline=baseline, **fields)


def _list(fields: Fields, name: str) -> list[object]:
    found = fields.setdefault(name, [])
    assert isinstance(found, list)
    return found


def _non_targets(fields: Fields) -> Fields:
    found = fields.setdefault("non_targets", {})
    assert isinstance(found, dict)
    return found


def _lesions(fields: Fields) -> list[object]:
    found = _non_targets(fields).get("lesions", [])
    assert isinstance(found, list)
    return found


def _target(name: str, value: str) -> Fields:
    """`T1=12.5`, `N1=9` (a node), `T1=small|absent|ne`, `T1=split:10+12`, `T1=into:T2`."""
    nodal = name.startswith("N")
    usual: Fields = {"lesion_id": name, "organ": "lymph_node" if nodal else "lung", "nodal": nodal}
    word, _, more = value.partition(":")
    states: dict[str, Fields] = {
        "small": {"state": "too_small_to_measure"},
        "absent": {"state": "absent"},
        "ne": {"state": "not_evaluable"},
        "split": {"state": "split", "fragments_mm": more.split("+")},
        "into": {"state": "merged", "merged_into": more},
    }
    return usual | states.get(word, {"state": "measured", "diameter_mm": value})


def _non_target(word: str) -> Fields:
    """`M1:present`, `M1:absent`, `M1:pd`, `M1:ne`."""
    name, state = word.split(":")
    words = {"pd": "unequivocal_progression", "ne": "not_evaluable"}
    return {"lesion_id": name, "organ": "lung", "nodal": False, "state": words.get(state, state)}


def _new_lesion(word: str) -> Fields:
    """`X1` unequivocal, `X1?` equivocal, `X1!` benign; then `/PET_CT`, `/node12`, `/liver`."""
    name, *rest = word.split("/")
    marks = {"?": "equivocal", "!": "benign"}
    certainty = marks.get(name[-1], "unequivocal")
    found = new_lesion(name.rstrip("?!"), certainty)
    for more in rest:
        if more in _METHODS:
            found["method"] = more
        elif more.startswith("node"):
            found |= {"nodal": True, "organ": "lymph_node", "size_mm": more.removeprefix("node")}
        else:
            found["organ"] = more
    return found


def _images(fields: Fields, value: str, day: int) -> None:
    """`images=CT@0,PET_CT@-2`: days counted from the row's day."""
    shots = (shot.split("@") for shot in value.split(","))
    fields["images"] = images(*((modality, day + int(after)) for modality, after in shots))


def _reported(fields: Fields, value: str, _day: int) -> None:
    """`reported=TARGET,NON_TARGET,OVERALL`, `-` for null."""
    names = ("target", "non_target", "overall")
    fields["reported"] = {
        name: None if word == "-" else word
        for name, word in zip(names, value.split(","), strict=True)
    }


def _reader(fields: Fields, value: str, _day: int) -> None:
    """`reader=R2@central`."""
    name, _, role = value.partition("@")
    fields["reader"] = {"id": name, "role": role or "investigator"}


def _group(fields: Fields, value: str, _day: int) -> None:
    _non_targets(fields)["response"] = value


_READ_WORDS: Mapping[str, Callable[[Fields, str, int], None]] = {
    "images": _images,
    "reported": _reported,
    "reader": _reader,
    "group": _group,
    "no-targets": lambda fields, _value, _day: fields.update(targets=[]),
    "sum": lambda fields, value, _day: fields.update(sum_of_diameters_mm=value),
    "survey": lambda fields, value, _day: fields.update(survey=value),
    "status": lambda fields, value, _day: fields.update(status=value),
    "signed": lambda fields, value, _day: fields.update(signed_at=value),
    "markers": lambda fields, value, _day: fields.update(tumour_markers_normal=value == "normal"),
}
