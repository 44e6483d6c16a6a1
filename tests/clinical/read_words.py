"""The words of a read in a table's middle column, each form where it is read."""

from collections.abc import Callable, Mapping, Sequence

from tests.clinical.facts import Given, images, new_lesion, read, treated_site

Fields = dict[str, object]
_METHODS = {"CT", "MRI", "PET_CT", "CXR", "US", "OTHER"}


def read_of(day: int, words: Sequence[str], *, baseline: bool) -> Given:
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
    """`X1` unequivocal, `X?` equivocal, `X!` benign; then `/PET_CT`, `/node12`, `/liver`, `/@S`."""
    name, *rest = word.split("/")
    marks = {"?": "equivocal", "!": "benign"}
    certainty = marks.get(name[-1], "unequivocal")
    found = new_lesion(name.rstrip("?!"), certainty)
    for more in rest:
        if more in _METHODS:
            found["method"] = more
        elif more.startswith("node"):
            found |= {"nodal": True, "organ": "lymph_node", "size_mm": more.removeprefix("node")}
        elif more.startswith("@"):
            found["treated_site_id"] = more.removeprefix("@")
        else:
            found["organ"] = more
    return found


def _treated_site(fields: Fields, value: str, _day: int) -> None:
    """`site=S1:progressed:2`: the site, what the read says of it, how many high-risk signs."""
    site_id, finding, signs = f"{value}:0".split(":")[:3]
    _list(fields, "treated_sites").append(treated_site(site_id, finding, int(signs)))


def _active(fields: Fields, value: str, _day: int) -> None:
    """`active=LUNG,ELSEWHERE`, `-` for null."""
    counts = [None if word == "-" else int(word) for word in value.split(",")]
    fields["active_lesions"] = dict(zip(("lung", "elsewhere"), counts, strict=True))


def _slices(fields: Fields, value: str, day: int) -> None:
    """`slices=6,2`: CT images of these slice thicknesses in mm."""
    thick = value.split(",")
    shots = images(*(("CT", day) for _ in thick))
    fields["images"] = [
        {**shot, "slice_thickness_mm": mm} for shot, mm in zip(shots, thick, strict=True)
    ]


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
    "site": _treated_site,
    "active": _active,
    "slices": _slices,
    "no-targets": lambda fields, _value, _day: fields.update(targets=[]),
    "sum": lambda fields, value, _day: fields.update(sum_of_diameters_mm=value),
    "survey": lambda fields, value, _day: fields.update(survey=value),
    "status": lambda fields, value, _day: fields.update(status=value),
    "signed": lambda fields, value, _day: fields.update(signed_at=value),
    "markers": lambda fields, value, _day: fields.update(tumour_markers_normal=value == "normal"),
}
