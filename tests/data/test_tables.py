"""Tests of tables as people have them; pandas, which writes and reads them, is the second opinion."""

import csv
import gzip
import io
import random
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from helpers import WAYS, spoilt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError
from common.data.dataset import DataFile
from common.data.tables import are_numbers, decode, parse_table, read_content, text_column

FILE = DataFile(Path("mine.csv"), "", "data-dir")
FRAME = pd.DataFrame(
    {
        "number": [1, -2, 3, 40, 5],
        "share": [0.5, 1e-7, None, 3.0, 2.25],
        "words": ["plain", 'with "marks"', "commas, ; | and\ttabs", "two\nlines", "é 好 😀"],
        "kind": ["a", "b", "a", "b", "a"],
    }
)


def parse(content, otherwise=None):
    return parse_table(decode(content, "mine.csv", otherwise), FILE)


def as_text(frame):
    return [["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.itertuples(index=False)]


@pytest.mark.parametrize("sep", [",", "\t", ";", "|"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quoting": csv.QUOTE_ALL},
        {"quoting": csv.QUOTE_NONNUMERIC},
        {"lineterminator": "\r\n"},
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16"},
        {"encoding": "utf-32"},
        {"escapechar": "\\", "doublequote": False},
    ],
    ids=str,
)
def test_what_pandas_writes_is_read(sep, header, options):
    written = FRAME.to_csv(sep=sep, header=header, index=False, **options)
    table = parse(written.encode(options.get("encoding", "utf-8")))
    assert table.header == (list(FRAME.columns) if header else None)
    assert table.rows == as_text(FRAME)
    reader = {"sep": sep, "escapechar": options.get("escapechar")}
    again = pd.read_csv(io.StringIO(written), header=0 if header else None, **reader)
    assert again.iloc[:, 2].tolist() == [row[2] for row in table.rows]


def test_an_index_without_a_name_and_empty_columns_have_a_header():
    table = parse(FRAME.assign(empty=None).rename(columns={"empty": ""}).to_csv().encode())
    assert table.header == ["", *FRAME.columns, ""] and len(table.rows) == 5
    assert parse(b"v1,v2,,\nham,Good film,,\nspam,Buy it,,x\n").header == ["v1", "v2", "", ""]


@pytest.mark.parametrize(
    "text, header",
    [
        ("ham\tSee you\nham\t645\nspam\tBuy\n", None),  # one text is a number
        ("label,text\nham,See you\nham,645\nspam,Buy\n", ["label", "text"]),
        ("a,b\n1,2\n3,4\n", ["a", "b"]),
        ("1,2\n3,4\n", None),
        ("good,1\nbad,0\n", None),
        ("word,mark\ngood,NA\nbad,2\nso so,3\n", ["word", "mark"]),
        ("x;y\n1,5;2,5\n2,5;3\n", ["x", "y"]),
        ("A sentence that is long enough for a text,a\nAnother,b\n", None),
    ],
)
def test_a_header_is_told_from_a_row(text, header):
    table = parse_table(text, FILE)
    assert table.header == header and len(table.rows) == text.count("\n") - (header is not None)


def test_between_tabs_quotation_marks_may_be_parts_of_a_text():
    rows = [["ham", '"Well," he said.'], ["spam", 'Buy 5" pipes'], ["ham", '"Never'], ["spam", 'a "b"']]
    table = parse("".join("\t".join(row) + "\n" for row in rows).encode())
    assert table.rows == rows
    frame = pd.DataFrame(rows)
    assert parse(frame.to_csv(sep="\t", header=False, index=False).encode()).rows == rows


@pytest.mark.parametrize(
    "content, text",
    [
        ("naïve – “café”".encode("cp1252"), "naïve – “café”"),
        ("über".encode() + " naïve".encode("cp1252") + " café".encode(), "über naïve café"),  # both, mixed
        ("caf\xe9".encode("latin-1"), "café"),
    ],
)
def test_bytes_that_are_not_utf_8_are_read_otherwise_and_that_is_said(content, text, capsys):
    assert decode(b"one\n" + content, "mine.csv", "cp1252") == "one\n" + text
    assert capsys.readouterr().out == "mine.csv is not UTF-8 text (line 2): read as cp1252\n"
    with pytest.raises(UserError, match=r"mine.csv, line 2, is not UTF-8 text"):
        decode(b"one\n" + content, "mine.csv")


@pytest.mark.parametrize(
    "content",
    [
        "café, naïve, caf".encode() + b"\xc3",  # cut within a letter
        b"a\0b",
        b"\xff\xfea\0b",
        "a\0b".encode("utf-16"),
        b"\x89PNG\r\n\x1a\n\0\0",
    ],
)
def test_what_is_no_text_or_cut_is_refused(content):
    with pytest.raises(UserError, match=r"mine.csv, line \d+, is not UTF-(8|16) text"):
        decode(content, "mine.csv", "cp1252")


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("one\ntwo\n", "has only one column, such as 'one'"),
        ("a,b\n1,2\n3\n4,5\n6\n", "has 1 columns in line 3, not 2 as in line 1, and so have 1 other rows"),
        ("a,b\n1,2\n3", "is cut short in its last line, 3"),
        ('a,b\n1,"x\n2,y\n', r"cannot be read from line 3 on \(unexpected end of data\)"),
        ('a,b\n1,"x"y\n2,z\n', "cannot be read from line 2 on"),
    ],
)
def test_a_table_that_is_none_is_named(text, message):
    with pytest.raises(UserError, match=f"the data file mine.csv {message}"):
        parse_table(text, FILE)


@pytest.mark.parametrize(
    "header, row, column",
    [
        ("text,a_much_longer_link", "good {i},http://example.org/{i}/and/so/on", 0),
        ("id,title,Review Text", "{i},A title that is not the text {i},good {i}", 2),
        ("text,selected_text", "good film {i},good", 0),
        (None, "1,user{i},a tweet of some length {i}", 2),
        ("review_id,review_body,product", "R{i},good film {i},A very long name of a product {i}", 1),
    ],
)
def test_the_column_of_texts_is_found(header, row, column):
    rows = [row.replace("{i}", str(i)) for i in range(9)]
    table = parse_table("\n".join([*([header] if header else []), *rows, ""]), FILE)
    assert text_column(table, FILE) == column


def test_a_table_of_numbers_has_no_texts():
    with pytest.raises(UserError, match="has no column of texts"):
        text_column(parse_table("a,b\n1,2\n3,4\n", FILE), FILE)
    assert (
        are_numbers(["1", "", "-2.5e3", "+.5", "NA"])
        and not are_numbers(["1", "x"])
        and not are_numbers([""])
    )


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_packed_files_are_unpacked(tmp_path):
    plain, path = FRAME.to_csv().encode(), tmp_path / "mine"
    beside = {"photo.jpg": b"x", "__MACOSX/._a.csv": b"x"}
    for content in (plain, gzip.compress(plain), zipped(**{"sub/a.CSV": plain}, **beside)):
        path.write_bytes(content)
        assert read_content(path, "data-dir")[0] == plain
    for members in (beside, {"a.csv": plain, "b.txt": plain}):
        path.write_bytes(zipped(**members))
        with pytest.raises(UserError, match=r"mine holds .*, not one .txt or .csv or .tsv file: unpack it"):
            read_content(path, "data-dir")
    for content in (gzip.compress(plain)[:-9], zipped(**{"a.csv": plain})[:-9], b"\x1f\x8bno", b"PK\3\4no"):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"mine is cut short or damaged \(.*: replace it"):
            read_content(path, "data-dir")
    with pytest.raises(UserError, match=r"cannot read the data file .*: No such file"):
        read_content(tmp_path / "nowhere", "data-dir")


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    options=st.sampled_from([{}, {"sep": "\t"}, {"quoting": csv.QUOTE_ALL}, {"sep": ";", "header": False}]),
    way=st.sampled_from(WAYS),
    packed=st.booleans(),
    chance=st.integers(0, 10**9),
)
def test_60_spoilt_tables_are_named_or_have_the_same_rows_but_for_two(options, way, packed, chance, tmp_path):
    frame = pd.DataFrame({"id": range(50), "text": [f'Film{i}, "so, so" é' for i in range(50)], "mark": 1.5})
    content, path = frame.to_csv(index=False, **options).encode(), tmp_path / "mine.csv"
    path.write_bytes(spoilt(gzip.compress(content) if packed else content, way, random.Random(chance)))
    try:
        content, file = read_content(path, "data-dir")
        table = parse_table(decode(content, path), file)
    except UserError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        return
    assert way not in ("binary", "empty") and sum(row not in as_text(frame) for row in table.rows) <= 2
    assert way == "cut" or len(table.rows) in (49, 50, 51)
