"""Tables of small grey images: CSV files with a label and 784 pixels in each row."""

import contextlib
import io
import re
import warnings
from typing import NamedTuple

import numpy as np

from common.data.dataset import Examples
from common.data.image_arrays import as_bytes, as_labels, upright
from common.data.sources import broken
from common.data.tables import DELIMITERS, MARKS, NUMBER

LABELS = {"category", "character", "class", "digit", "label", "labels", "letter", "target", "y"}
ROW_NUMBERS = {"", "id", "index", "unnamed: 0"}


class Layout(NamedTuple):
    """The columns of a table.

    Attributes:
        width: the number of columns.
        encoding, delimiter: of the text.
        header: whether the first row is a header.
        numbered: whether the first column has the numbers of the rows.
        label: 0 if the first of the other columns has the label, -1 if the last; None if no name says it.
        order: the places of the pixels among the other columns but the label; None if they are in order.
    """

    width: int
    encoding: str
    delimiter: str
    header: bool
    numbered: bool = False
    label: int | None = None
    order: list | None = None

    @property
    def labelled(self):
        """Whether each row has a label and 784 pixels."""
        return self.width - self.numbered == 785


def layout_of(content, file):
    """Find the `Layout` of a table by its first row.

    Args:
        content: the file's bytes.
        file: its `DataFile`.

    Raises UserError if it is empty, no text, or has its label between the pixels.
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    _, first = next(_lines(content, encoding, file), (0, ""))
    delimiter = max(DELIMITERS, key=first.count)
    names = [cell.strip(' "').lower() for cell in first.split(delimiter)]
    width = len(names)
    if not first:
        raise broken(file, "is empty")
    if all(map(NUMBER.fullmatch, names[1:-1])):
        header = any(cells == [str(int(cells[0]) + i) for i in range(len(cells))]
                     for cells in (names[1:], names[:-1]) if cells and cells[0].isdecimal())  # fmt: skip
        if not header or all(map(NUMBER.fullmatch, names)):
            return Layout(width, encoding, delimiter, header and width > 700)
    numbered = names[0] in ROW_NUMBERS
    names = names[numbered:]
    labels = [place for place, name in enumerate(names) if name in LABELS]
    if len(names) != 785 or not labels:
        return Layout(width, encoding, delimiter, True, numbered)
    if labels not in ([0], [784]):
        raise broken(file, f"has its label in column {labels[0] + 1}: put it into the first or the last one")
    label = -labels[0] // 784
    places = [
        [int(number) for number in re.findall("[0-9]+", name)]
        for name in (names[1:] if not label else names[:-1])
    ]
    order = sorted(range(784), key=places.__getitem__)
    known = len({len(place) for place in places}) == 1 and len(set(map(tuple, places))) == 784
    return Layout(width, encoding, delimiter, True, numbered, label, order if known else None)


def read_table(content, layout, file):
    """Read a table.

    Args:
        content: the file's bytes.
        layout: from `layout_of`; it has labels.
        file: its `DataFile`.

    Returns:
        `Examples` of images, uint8 [n, 28, 28], and labels [n], int64 or str.

    Raises:
        UserError: a row is cut short or holds something else, or it is doubtful where the label is.
    """
    numbers, first, last = [], [], []

    def inner():
        for cells in (numbers, first, last):
            cells.clear()
        lines = _lines(content, layout.encoding, file)
        if layout.header:
            next(lines)
        for number, line in lines:
            columns = line.count(layout.delimiter) + 1
            if columns != layout.width:
                raise broken(
                    file, f"has {columns} columns in line {number:,}, not {layout.width}, as if cut short"
                )
            if layout.numbered:
                line = line.partition(layout.delimiter)[2]
            left, _, line = line.partition(layout.delimiter)
            line, _, right = line.rpartition(layout.delimiter)
            numbers.append(number)
            first.append(left.strip(' "'))
            last.append(right.strip(' "'))
            yield line

    pixels = _numbers_in(inner, layout.delimiter, numbers, file)
    if not len(pixels):
        raise broken(file, "has no rows")
    label_is_first = _label_is_first(first, last, file) if layout.label is None else layout.label == 0
    labels, corner = (list(first), last) if label_is_first else (list(last), first)
    corner = _numbers_in(lambda: list(corner), layout.delimiter, numbers, file)
    pixels = np.concatenate([pixels, corner] if label_is_first else [corner, pixels], axis=1)
    if layout.order:
        pixels = pixels[:, layout.order]
    images = upright(as_bytes(pixels, "its pixels", file).reshape(-1, 28, 28), file.path.name)
    if "" in labels:
        raise broken(file, f"has no label in line {numbers[labels.index('')]:,}")
    values = np.array(labels, float) if all(map(NUMBER.fullmatch, labels)) else np.array(labels)
    return Examples(images, as_labels(file, "its rows", None, values))


def _lines(content, encoding, file):
    """Yield the lines that are not empty, with their numbers. Raises UserError if they are no such text."""
    number = 0
    try:
        for number, line in enumerate(io.TextIOWrapper(io.BytesIO(content), encoding), start=1):
            if "\0" in line:
                raise UnicodeError
            if line.strip():
                yield number, line.rstrip("\n")
    except UnicodeError as error:
        raise broken(
            file, f"is not {encoding.removesuffix('-sig').upper()} text after line {number:,}"
        ) from error


def _numbers_in(rows, delimiter, numbers, file):
    """The numbers in rows of text, uint8 or float32 [n, columns].

    Args:
        rows: a function that gives the rows anew.
        delimiter: between two numbers.
        numbers: the rows' numbers in the file.
        file: the `DataFile`.

    Raises UserError if a cell is no number.
    """
    for dtype in (np.uint8, np.float32):  # the first takes a tenth of the time
        with warnings.catch_warnings(), contextlib.suppress(ValueError, DeprecationWarning):
            warnings.simplefilter("ignore")  # no rows
            warnings.simplefilter("error", DeprecationWarning)  # older versions of NumPy cut off decimals
            return np.loadtxt(rows(), dtype, comments=None, delimiter=delimiter, quotechar='"', ndmin=2)
    for place, row in enumerate(rows()):
        for cell in row.split(delimiter):
            if not NUMBER.fullmatch(cell.strip(' "')):
                raise broken(file, f"has {cell.strip()[:20]!r} for a pixel in line {numbers[place]:,}")
    raise broken(file, "has pixels that are no numbers")


def _label_is_first(first, last, file):
    """Whether the first column has the labels and the last a pixel in a corner, which hardly changes."""
    often = []
    for column in (first, last):
        _, counts = np.unique(column, return_counts=True)
        often.append(max(counts) / len(column) if all(map(NUMBER.fullmatch, column)) else 0)
    if min(often) > 0.7 * max(often) and (max(often) < 1 or min(often) == 1):
        raise broken(file, "does not show which column is the label, the first or the last: name it 'label'")
    return often[0] < often[1]
