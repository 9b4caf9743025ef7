"""Reading of text files and tables: CSV and TSV in the encodings and dialects that people have."""

import codecs
import csv
import gzip
import hashlib
import io
import itertools
import re
import zipfile
from typing import NamedTuple

from common.data.dataset import DataFile
from common.data.sources import broken
from common.errors import UserError, first_line
from common.files import LARGEST, read_whole

MARKS = {  # the longer mark of UTF-32 first
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
DELIMITERS = ",\t;|"
NUMBER = re.compile(r"\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\s*")
csv.field_size_limit(LARGEST)


class Table(NamedTuple):
    """A table of text.

    Attributes:
        header: the names of the columns, list of str, or None if the first row holds values.
        rows: list of lists of str, all of the same length.
        lines: the number of the line in which each row ends, from 1.
        left_out: descriptions of rows that were left out, list of str.
    """

    header: list | None
    rows: list
    lines: list
    left_out: list


def read_content(path, origin, suffixes=(".txt", ".csv", ".tsv")):
    """Read a file, and unpack it if it is a .gz file, or a .zip file with one file of these suffixes in it.

    Returns its bytes and its `DataFile`. Raises UserError if it cannot be read, is damaged, or is a zip file
    with no or several such files.
    """
    try:
        content = read_whole(path)
    except OSError as error:
        raise UserError(f"cannot read the data file {path}: {error.strerror}") from error
    file = DataFile(path, hashlib.sha256(content).hexdigest(), origin)
    try:
        if content.startswith((b"PK\3\4", b"PK\5\6")):
            content = _from_zip(content, file, suffixes)
        elif content.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(content)) as archive:
                content = archive.read(LARGEST + 1)
    except UserError:
        raise
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, gzip and zlib
        raise broken(file, f"is cut short or damaged ({first_line(error)})") from error
    if len(content) > LARGEST:
        raise broken(file, f"holds more than {LARGEST:,} bytes")
    return content, file


def _from_zip(content, file, suffixes):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(suffixes)]
        names = [name for name in names if "_about" not in name and "__MACOSX" not in name]
        if len(names) != 1:
            found = ", ".join((names or archive.namelist())[:5]) or "nothing"
            raise UserError(f"{file.path} holds {found}, not one {' or '.join(suffixes)} file: unpack it")
        with archive.open(names[0]) as member:
            return member.read(LARGEST + 1)


def decode(content, path, otherwise=None):
    """Decode the bytes of a text file: UTF-8, or what its byte order mark says.

    Args:
        content: bytes.
        path: the file's path, for messages.
        otherwise: the encoding of a text that is not UTF-8, which is said; None if there is none.

    Raises UserError, which names the line, if the file is not such text.
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    wrong = content.find(b"\0") if encoding.startswith("utf-8") else -1
    if wrong < 0:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            wrong = error.start
        if otherwise and encoding == "utf-8":
            print(f"{path} is not UTF-8 text: read as {otherwise}")
            return content.decode(otherwise, errors="replace")
    number = content.count(b"\n", 0, wrong) + 1
    cure = "save it as UTF-8, or replace it if it is damaged"
    raise UserError(f"{path}, line {number:,}, is not {encoding.removesuffix('-sig').upper()} text: {cure}")


def parse_table(text, file):
    """Parse a text with columns parted by commas, tabs, semicolons or |.

    Args:
        text: str.
        file: the `DataFile` it is from.

    Returns:
        A `Table`. Its first row is the header if it holds no number and another row does, or if it holds
        short names that do not occur again in their columns.

    Raises UserError if the file has one column, is cut short, or has rows of different lengths.
    """
    rows, lines = [], []
    delimiter = _delimiter(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise broken(file, f"cannot be read from line {reader.line_num:,} on ({error})") from error
    if not rows:
        raise broken(file, "is empty")
    width = len(rows[0])
    odd = [place for place, row in enumerate(rows) if len(row) != width]
    if odd:
        place = odd[0]
        if place == len(rows) - 1 and len(rows[place]) < width and not text.endswith(("\n", "\r")):
            raise broken(file, f"is cut short in its last line, {lines[place]:,}")
        more = f", and so have {len(odd) - 1:,} other rows" if len(odd) > 1 else ""
        found = f"{len(rows[place])} columns in line {lines[place]:,}"
        raise broken(file, f"has {found}, not {width} as in line {lines[0]:,}{more}")
    header = None
    if _is_header(rows):
        header, rows, lines = [name.strip() for name in rows[0]], rows[1:], lines[1:]
    return Table(header, rows, lines, [])


def _delimiter(text):
    """The delimiter that gives the first rows the same number of columns, more than one."""
    sample = text[:200_000]

    def regularity(delimiter):
        try:
            rows = list(itertools.islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 100))
        except csv.Error:
            return 0, 0
        widths = [len(row) for row in (rows[:-1] if len(text) > len(sample) else rows) if row]
        often = max(set(widths), key=widths.count, default=1)
        return (widths.count(often) / len(widths) if often > 1 else 0), often

    return max(DELIMITERS, key=regularity)


def _is_header(rows):
    first, others = rows[0], rows[1:201]
    if not others or any(map(NUMBER.fullmatch, first)):
        return False
    if not all(cell.strip() for cell in first[1:]):  # that of row numbers may have no name
        return False
    if any(NUMBER.fullmatch(cell) for row in others for cell in row):
        return True
    return all(
        len(cell) <= 30 and cell.lower() not in {row[place].lower() for row in others}
        for place, cell in enumerate(first)
    )
