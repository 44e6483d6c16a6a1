"""What is no table, or too large a one, is refused as a whole, with its place."""

import json

import pytest

from monitor.wire.adapters.conversion import MESSAGE_LIMITS, Conversion
from monitor.wire.adapters.sdtm import SdtmSettings, convert, made_on
from tests.wire.adapters.tables import as_csv, as_dataset_json, refused, rs, sample, tr

HEADER = b"STUDYID,USUBJID,TRLNKID,TRTESTCD,TREVAL\n"
VERSION = "tr.json, datasetJSONVersion"
LONG = b"x" * 5000
ROW = b"S,P,T1,LDIAM,INVESTIGATOR\n"


def read(name: str, content: bytes) -> Conversion:
    return convert({name: content}, SdtmSettings())


def dataset(**changes: object) -> bytes:
    whole = json.loads(as_dataset_json(as_csv([tr("T1", 1, "2")]), "TR"))
    return json.dumps({**whole, **changes}).encode()


@pytest.mark.parametrize(
    ("name", "content", "reason", "place"),
    [
        ("tr.csv", b"", "schema_invalid", "tr.csv"),
        ("tr.csv", b"\xff\xfe,", "undecodable", "tr.csv"),
        ("tr.csv", b"PK\x03\x04...", "undecodable", "tr.csv"),
        ("tr.csv", b"\x1f\x8b...", "undecodable", "tr.csv"),
        ("tr.csv", HEADER + b'"S,P,T1', "undecodable", "tr.csv"),
        ("tr.csv", HEADER + b'S,"P"x,T1,LDIAM,I\n', "undecodable", "tr.csv"),
        ("tr.csv", HEADER + ROW + b"S,P,T1\n", "schema_invalid", "tr.csv row 3"),
        ("tr.csv", HEADER + b"S,P\x00,T1,LDIAM,I\n", "schema_invalid", "tr.csv row 2, USUBJID"),
        ("tr.csv", HEADER + b"S,P,%b,L,I\n" % LONG, "too_large", "tr.csv row 2, TRLNKID"),
        ("tr.csv", b"STUDYID,USUBJID,USUBJID\n", "schema_invalid", "tr.csv"),
        ("tr.csv", b"STUDYID;USUBJID\n", "schema_invalid", "tr.csv, STUDYID"),
        ("tr.csv", HEADER.replace(b"TREVAL", b"X"), "schema_invalid", "tr.csv, TREVAL"),
        ("tr.csv", b"A," * 300 + b"B\n", "too_large", "tr.csv"),
        ("tr.csv", HEADER + ROW * (MESSAGE_LIMITS.rows + 1), "too_large", "tr.csv"),
        ("tr.csv", b"x" * (MESSAGE_LIMITS.bytes + 1), "too_large", "tr.csv"),
        ("tr.json", b"{", "undecodable", "tr.json"),
        ("tr.json", b"[]", "undecodable", "tr.json"),
        ("tr.json", b"\xff", "undecodable", "tr.json"),
        ("tr.json", b"[" * 10**6, "too_large", "tr.json"),
        ("tr.json", b"[" * 2000, "undecodable", "tr.json"),
        ("tr.json", b'{"a":' + b"9" * 10**5 + b"}", "undecodable", "tr.json"),
        ("tr.json", b'{"a":NaN}', "undecodable", "tr.json"),
        ("tr.json", dataset(datasetJSONVersion="1.0"), "schema_invalid", VERSION),
        ("tr.json", dataset(columns=[{}]), "schema_invalid", "tr.json, columns"),
        ("tr.json", dataset(columns=None), "schema_invalid", "tr.json, columns"),
        ("tr.json", dataset(rows={}), "schema_invalid", "tr.json, rows"),
        ("tr.json", dataset(rows=["x"]), "schema_invalid", "tr.json row 1"),
        ("tr.json", dataset(rows=[[[]]]), "schema_invalid", "tr.json row 1"),
        ("tr.json", dataset(rows=[["S"]]), "schema_invalid", "tr.json row 1"),
        ("tr.ndjson", b"", "undecodable", "tr.ndjson"),
        ("tr.ndjson", b"{}\n[1,]\n", "undecodable", "tr.ndjson row 1"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(name: str, content: bytes, reason: str, place: str) -> None:
    found = read(name, content)
    assert [(one, where) for one, where, _ in refused(found)] == [(reason, place)]
    assert (found.events, found.readable) == ((), False)


def test_two_tables_of_one_domain_are_refused() -> None:
    tables = {"rs.csv": as_csv([rs("OVRLRESP", 1, "NED")]), "RS.json": b"{}"}
    assert [place for _, place, _ in refused(convert(tables, SdtmSettings()))] == ["rs.csv"]


def test_files_of_other_names_are_no_tables() -> None:
    found = convert({"suppdm.csv": b"?", "tr.xpt": b"?", "notes.txt": b"?"}, SdtmSettings())
    assert found == Conversion()


def test_a_table_of_a_header_alone_is_empty() -> None:
    assert read("tr.csv", b"\xef\xbb\xbf" + HEADER + b"\r\n,,,,\n") == Conversion()


def test_a_row_of_another_domain_is_refused() -> None:
    found = read("tr.csv", as_csv([{**tr("T1", 1, "2"), "DOMAIN": "TU"}]))
    assert [place for _, place, _ in refused(found)] == ["tr.csv row 2, DOMAIN"]


def test_dataset_json_says_of_which_day_it_is() -> None:
    content = as_dataset_json(sample()["dm.csv"], "DM")
    assert made_on({"dm.json": content}, MESSAGE_LIMITS) == "2026-01-31"
    assert made_on(sample(), MESSAGE_LIMITS) is None
    wrong = content.replace(b"2026-01-31", b"2026-01-32")
    assert made_on({"dm.json": wrong}, MESSAGE_LIMITS) is None
    assert made_on({"dm.json": b"?"}, MESSAGE_LIMITS) is None
