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
DELIMITERS = "\t;|,"  # those that are rarer in texts first
ESCAPED = {"escapechar": "\\", "doublequote": False}  # as Spark and MySQL write quotation marks
IN_QUOTES = re.compile(r'"([^"]|"")*"')
# names of columns that hold texts
TEXTS = {
    "review", "reviews", "reviewtext", "text", "sentence", "comment", "content", "body", "phrase", "tweet",
    "message", "headline", "article",
}  # fmt: skip
NUMBER = re.compile(r"\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\s*")
csv.field_size_limit(LARGEST)


class Table(NamedTuple):
    """A table of text.

    Attributes:
        header: the names of the columns, list of str, or None if the first row holds values.
        rows: list of lists of str, all of the same length.
        lines: the number of the line in which each row ends, from 1.
    """

    header: list | None
    rows: list
    lines: list


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
    return unpacked(content, file, suffixes), file


def unpacked(content, file, suffixes=(".txt", ".csv", ".tsv")):
    """Unpack the bytes of a .gz or .zip file; others are returned as they are. See `read_content`."""
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
    return content


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
        otherwise: the encoding of bytes that are not UTF-8, which is said; None if there is none.

    Raises UserError, which names the line, if the file is not such text.
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    wrong = content.find(b"\0") if encoding.startswith("utf-8") else -1
    readable = False
    if wrong < 0:
        try:
            text = content.decode(encoding)
            if "\0" not in text:
                return text
            wrong = len(text[: text.index("\0")].encode(encoding))
        except UnicodeDecodeError as error:
            wrong = error.start
            cut = error.reason == "unexpected end of data" and not content[:wrong].isascii()
            readable = otherwise and encoding.startswith("utf-8") and not cut
    number = content.count(b"\n", 0, wrong) + 1
    if readable:
        print(f"{path} is not UTF-8 text (line {number:,}): read as {otherwise}")
        codecs.register_error("otherwise", lambda error: (_wrong_bytes(error, otherwise), error.end))
        return content.decode(encoding, errors="otherwise")
    cure = "save it as UTF-8, or replace it if it is damaged"
    raise UserError(f"{path}, line {number:,}, is not {encoding.removesuffix('-sig').upper()} text: {cure}")


def _wrong_bytes(error, encoding):
    return error.object[error.start : error.end].decode(encoding, errors="replace")


def parse_table(text, file):
    """Parse a text with columns parted by commas, tabs, semicolons or |.

    Cells may be in quotation marks; these may also be parts of cells, but not of those parted by commas.

    Args:
        text: str.
        file: the `DataFile` it is from.

    Returns:
        A `Table`. Its first row is the header if it holds no number and a column of numbers is below it, or
        if it holds short names that do not occur again in their columns.

    Raises UserError if the file has one column, is cut short, or has rows of different lengths.
    """
    delimiter = _delimiter(text)
    ways = [{}]
    if '\\"' in text:
        ways = [{}, ESCAPED] if '""' in text else [ESCAPED, {}]
    if delimiter != "," and not has_cells_in_quotes(text, delimiter):
        ways.insert(0, {"quoting": csv.QUOTE_NONE})
    troubles = []
    for way in ways:
        try:
            rows, lines = _rows(text, file, delimiter, way)
            break
        except UserError as error:
            troubles.append(error)
    else:
        raise troubles[0]
    header = None
    if _is_header(rows):
        header, rows, lines = [name.strip() for name in rows[0]], rows[1:], lines[1:]
    return Table(header, rows, lines)


def _rows(text, file, delimiter, way):
    rows, lines = [], []
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True, **way
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
    if width == 1:
        raise broken(file, f"has only one column, such as {rows[0][0][:40]!r}")
    return rows, lines


def has_cells_in_quotes(text, delimiter="\t"):
    """Whether nearly all cells with quotation marks are whole cells in them."""
    lines = text.splitlines()[:-1]  # the last one may be cut
    cells = [cell.strip() for line in lines if '"' in line for cell in line.split(delimiter) if '"' in cell]
    whole = sum(IN_QUOTES.fullmatch(cell) is not None for cell in cells)
    return whole > 0.9 * len(cells)


def _delimiter(text):
    """The delimiter that gives the first rows the same number of columns, more than one."""
    sample = text[:200_000]

    def regularity(delimiter):
        found = []
        for way in ({}, {"quoting": csv.QUOTE_NONE}) if delimiter != "," else ({},):
            try:
                reader = csv.reader(io.StringIO(sample), delimiter=delimiter, **way)
                rows = list(itertools.islice(reader, 100))
            except csv.Error:
                continue
            widths = [len(row) for row in (rows[:-1] if len(text) > len(sample) else rows) if row]
            often = max(set(widths), key=widths.count, default=1)
            share = widths.count(often) / len(widths) if often > 1 else 0
            found.append((round(share, 1), often))  # a few rows may be damaged
        return max(found, default=(0, 0))

    best = max(DELIMITERS, key=regularity)
    return best if regularity(best)[0] else ","


def _is_header(rows):
    first, others = rows[0], rows[1:201]
    named = [cell for cell in first if cell.strip()]  # a table's index and empty columns have no name
    if not others or len(named) < 2 or any(map(NUMBER.fullmatch, named)):
        return False
    if any(are_numbers(column) for column in zip(*others, strict=True)):
        return True
    return all(
        len(cell) <= 30 and cell.lower() not in {row[place].lower() for row in others}
        for place, cell in enumerate(first)
        if cell.strip()
    )


def are_numbers(cells):
    """Whether most of these cells (str), without the empty ones, hold a number."""
    filled = [cell for cell in cells if cell.strip()]
    return 2 * sum(NUMBER.fullmatch(cell) is not None for cell in filled) > len(filled)


def text_column(table, file):
    """The index of the column that holds texts: of those named so, or else of all, the one of longest cells.

    Args:
        table: a `Table`.
        file: the `DataFile` it is from.

    Raises UserError if there is none.
    """
    lengths = {
        place: sum(map(len, column)) / len(column)
        for place, column in enumerate(zip(*table.rows, strict=True))
        if not are_numbers(column[:1000]) and len(set(column)) > 1
    }
    names = {place: name.lower() for place, name in enumerate(table.header or [])}
    named = [
        place
        for place in lengths.keys() & names.keys()
        if TEXTS & {*re.findall("[a-z]+", names[place]), re.sub("[^a-z]", "", names[place])}
    ]
    if not lengths:
        raise UserError(f"{file.path} has no column of texts")
    return max(named or lengths, key=lengths.get)
