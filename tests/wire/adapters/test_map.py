"""A map is checked key by key before a row is read; what is wrong is said with the key."""

import pytest

from monitor.wire.adapters.spreadsheet import MapInvalid, read_map
from tests.wire.adapters.test_spreadsheet import MAP

DRAWN, PATIENT = 'column = "Drawn"', 'column = "Patient"'
AMOUNT = 'column = "Amount", comparator = true'
RED = 'column = "Red", words = { "yes" = true, "no" = false }'
RESULT = 'column = "Result", words = { "POS" = "detected", "NEG" = "not_detected" }'
TEST = 'column = "Test"'
COMPARED = 'quantity.comparator = { constant = "<" }'
COLLECTED = "fields.specimen.collected_at"


def problems(text: str) -> dict[str, str]:
    with pytest.raises(MapInvalid) as invalid:
        read_map(text)
    return dict(invalid.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("source =", "# ", "source", "is required"),
        ("https://lims.example/ctdna", "our lab", "source", "URI reference without spaces"),
        ("decimal =", "decimals =", "file.decimals", "there is no such key"),
        ('decimal = ","', 'decimal = ";"', "file.decimal", "input should be '.' or ','"),
        ('"+08:00"', '"8"', "file.offset", 'such as "+08:00"'),
        ('"DD.MM.YYYY hh:mm"', '"DD.MM.YY"', "file.dates", "must hold YYYY"),
        ('"DD-MON-YYYY"', '"DD-DD-YYYY"', "fields.reported_at.dates", "at most once"),
        ('"DD-MON-YYYY"', '"DD-MON-YYYY hh"', "fields.reported_at.dates", "hh:mm"),
        ("[fields]", "[field]", "fields", "is required"),
        ("call =", "cal =", "fields.cal", "did you mean call?"),
        ("call =", "# ", "fields.call", "is required"),
        ("quantity.unit =", "# ", "fields.quantity.unit", "a number needs its unit"),
        ('"detected"', '"positive"', "fields.call.words", "each word means one of detected"),
        ('"yes" = true', '"yes" = "true"', "fields.specimen.haemolysis.words", "true or false"),
        ('{ column = "Patient" }', '"Patient"', "fields.patient_id", "write a table"),
        ('{ column = "Patient" }', "{}", "fields.patient_id", "give one of column"),
        (DRAWN, f'{DRAWN}, constant = "x"', COLLECTED, "give one of"),
        (DRAWN, f'{DRAWN}, words = {{ a = "b" }}', f"{COLLECTED}.words", "no list of words"),
        (DRAWN, f"{DRAWN}, comparator = true", f"{COLLECTED}.comparator", "quantity.value only"),
        (DRAWN, 'columns = ["Drawn", "Red"]', f"{COLLECTED}.columns", "only texts"),
        (PATIENT, f'{PATIENT}, dates = "ISO"', "fields.patient_id.dates", "dates only"),
        (PATIENT, f"{PATIENT}, sheet = 1", "fields.patient_id.sheet", "no such key"),
        (AMOUNT, "constant = 0.5", "fields.quantity.value.constant", "in quotes"),
        (RED, 'constant = "yes"', "fields.specimen.haemolysis.constant", "true or false"),
        (TEST, "constant = true", "fields.assay.code.constant", "a text in quotes"),
        (RESULT, 'constant = "done"', "fields.call.constant", "must be one of detected"),
        ("[fields]", f"[fields]\n{COMPARED}", "fields.quantity.comparator", "by a column already"),
        ("[fields]", "[fields", "the map", "is not TOML: at line"),
    ],
)  # fmt: skip
def test_each_fault_is_told_by_its_key(old: str, new: str, key: str, words: str) -> None:
    assert old in MAP
    found = problems(MAP.replace(old, new, 1))
    assert words in found[key]


def test_every_fault_is_told_at_once() -> None:
    text = MAP.replace("call =", "cal =").replace('"DD-MON-YYYY"', '"x"')
    assert set(problems(text)) == {"fields.cal", "fields.call", "fields.reported_at.dates"}


@pytest.mark.parametrize("text", ["[" * 5000, "x" * 300_000, "a = " + "[" * 2000, "\x00", ""])
def test_no_text_is_an_exception(text: str) -> None:
    assert problems(text)
