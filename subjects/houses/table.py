"""A table of the user's own: its columns as numbers, in the same way for every row to come."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.tables import NUMBER, decode, parse_table, read_content
from common.errors import UserError

MISSING = {"", "-", "?", "n/a", "na", "nan", "none", "null"}
MOST_VALUES = 10  # of a column of words that becomes a column for each word
COPIED = 0.9999  # correlation of a column that is the target in other units
TARGETS = ("target", "price", "medv", "y", "value", "label", "score", "outcome")  # that people predict
LARGEST = 1e30  # float32 holds 3e38, and sums must fit
NUMBERING = {"#", "column 1", "id", "index", "no", "nr", "row"}
THOUSANDS = re.compile(r"\s*[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?\s*")
DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+\s*")
NUMBERS = re.compile(f"({NUMBER.pattern})|({THOUSANDS.pattern})|({DECIMAL_COMMA.pattern})")


class Column(NamedTuple):
    """An input: a column of numbers, with the median that stands for a missing one, or a word's own column.

    `name` is that of the table's column, `word` the word for which the input is 1, else 0; or it is None.
    """

    name: str
    median: float
    word: str | None = None


def load_table(args):
    """The user's own table, in which one column of numbers is predicted from the others.

    Columns of words become a column for each word if they have at most ten different ones, else they are not
    used. A missing number is replaced by the median of the training rows. A fifth of the rows is for testing,
    and a fifth of the others for validation; the seed decides which.

    Args:
        args: from `parse_args`; `table`, `target`, `train_size`, `batch_size` and `seed` are used.

    Returns:
        `Data` with train, validation and test: inputs float32 [n, columns]; the target float32 [n]. For
        `preparation` see `load_houses`.

    Raises:
        UserError: the file cannot be read, is damaged, has too few rows, or has no such target.
    """
    names, rows, lines, file = _read(args.table)
    target = _target(args, names, rows)
    values = _numbers([row[target] for row in rows], names[target], lines)
    known = np.isfinite(values)
    if not known.any() or np.ptp(values[known]) == 0:
        raise UserError(f"{args.table}: there is nothing to predict in column {names[target]!r}")
    if not known.all():
        print(f"Left out: {(~known).sum():,} of {len(known):,} rows, which have no {names[target]}")
    rows = [row for row, good in zip(rows, known, strict=True) if good]
    lines = [line for line, good in zip(lines, known, strict=True) if good]
    unit = 1
    while np.abs(values[known]).max() >= 10_000 * unit:
        unit *= 1000
    y = (values[known] / unit).astype(np.float32)
    order = np.random.default_rng(args.seed).permutation(len(y))
    tests = round(len(y) / 5)
    validated = round((len(y) - tests) / 5)
    if min(tests, validated) < 1:
        raise UserError(f"{args.table} has {len(y)} rows with {names[target]}: too few to learn from")
    test, validation, train = np.split(order, [tests, tests + validated])
    columns = _columns(names, rows, lines, target, y, train)
    x, missing = _inputs(columns, names, rows, lines)
    print(*missing, sep="\n", end="\n" * bool(missing))
    if not columns:
        raise UserError(f"{args.table} has no column of numbers but {names[target]!r}")
    _warn_of_equal_rows(np.c_[x, y], train, test)
    size = training_size(args, len(train))
    print(
        f"Your table: {size:,} rows to learn from, {validated:,} to validate with, {tests:,} to test on"
        f" ({args.table})\n{names[target]} from {len(columns)} numbers:"
        f" {', '.join(f'{column.name} {column.word}' if column.word else column.name for column in columns)}"
    )
    train = train[:size]
    learnt, *others = (Examples(x[part], y[part]) for part in (train, validation, test))
    split = f"a fifth for testing, a fifth of the rest for validation, seed {args.seed}"
    label = names[target] if unit == 1 else f"{names[target]} in {unit:,}s"
    layer = float(learnt.y.std()), float(learnt.y.mean())
    preparation = describe(learnt, columns, names[target], label, unit, *layer)
    return Data(learnt, file, *others, split=split, preparation=preparation, own=True)


def describe(train, columns, target, label, unit, scale=1.0, offset=0.0):
    """What a trained network needs for new rows, a dictionary that JSON can hold.

    Args:
        train: the training `Examples`.
        columns: a list of `Column`s.
        target: the name of what is predicted.
        label: the same with its unit.
        unit: the number that is 1 for the network, such as 1,000.
        scale, offset: the network's last layer multiplies by one and adds the other.
    """
    return {
        "columns": [column._asdict() for column in columns],
        "mean": train.x.mean(axis=0).tolist(),
        "std": train.x.std(axis=0).clip(1e-7).tolist(),
        "target": target,
        "label": label,
        "unit": unit,
        "scale": scale,
        "offset": offset,
    }


def read_rows(path, columns):
    """Read the rows of a table as inputs for a trained network.

    Returns float32 [rows, columns], and lines that say which numbers were missing, list of str.

    Args:
        path: a file with the names of the columns in its first line.
        columns: a list of `Column`s.

    Raises UserError if the file cannot be read, is damaged, or lacks a column.
    """
    names, rows, lines, _ = _read(path)
    lacking = [column.name for column in columns if column.name.lower() not in map(str.lower, names)]
    if lacking:
        raise UserError(f"--predict: {path} has no column {lacking[0]!r}; it has {_listed(names)}")
    return _inputs(columns, names, rows, lines)


def _read(path):
    """The names of the columns, the rows, the numbers of their lines, and the `DataFile`."""
    content, file = read_content(Path(path), "table")
    table = parse_table(decode(content, path, "cp1252"), file)
    if not table.header:
        raise UserError(
            f"{path} needs the names of its columns in the first line, not {_listed(table.rows[0])}"
        )
    names = [name or f"column {place}" for place, name in enumerate(table.header, start=1)]
    twice = [name for name, times in Counter(map(str.lower, names)).items() if times > 1]
    if twice:
        raise UserError(f"{path} has two columns named {twice[0]!r}: rename one")
    if not table.rows:
        raise UserError(f"{path} has no rows but the names of its columns")
    return names, table.rows, table.lines, file


def _listed(names):
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _target(args, names, rows):
    """The place of the column to be predicted."""
    for place, name in enumerate(names):
        if args.target is not None and name.lower() == args.target.strip().lower():
            return place
    numbers = [place for place in range(len(names)) if _is_number_column([row[place] for row in rows])]
    if not numbers:
        raise UserError(f"{args.table} has no column of numbers to predict; it has {_listed(names)}")
    likely = [place for word in TARGETS for place in numbers if word in names[place].lower().split("_")]
    suggested = names[(likely or [numbers[-1]])[0]]
    missing = "--target is missing" if args.target is None else f"there is no column {args.target!r}"
    raise UserError(f"{missing}: {args.table} has {_listed(names)}. For example: --target {suggested!r}")


def _is_missing(cell):
    return cell.strip().lower() in MISSING


def _is_number_column(cells):
    """Whether most of the cells that hold something hold a number."""
    there = [cell for cell in cells if not _is_missing(cell)]
    return sum(map(bool, map(NUMBERS.fullmatch, there))) > len(there) / 2


def _numbers(cells, name, lines):
    """The numbers in a column, float64 [rows], NaN where one is missing.

    Commas are decimal points, or stand between thousands. Raises UserError if it is not clear which, and at
    any other text.
    """
    commas = [cell for cell in cells if "," in cell and NUMBERS.fullmatch(cell)]
    thousands, decimal = (all(map(form.fullmatch, commas)) for form in (THOUSANDS, DECIMAL_COMMA))
    if commas and thousands == decimal:
        cure = "write such a number as 1234 or as 1.234"
        raise UserError(f"column {name!r}: what does the comma in {commas[0].strip()!r} mean? Please {cure}")
    values = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if not _is_missing(cell):
            number = (
                float(cell.strip().replace(",", "" if thousands else "."))
                if NUMBERS.fullmatch(cell)
                else np.inf
            )
            if abs(number) > LARGEST:
                raise UserError(f"column {name!r}, line {lines[i]:,}: {cell.strip()[:40]!r} is not a number")
            values[i] = number
    return values


def _columns(names, rows, lines, target, y, train):
    """The inputs, a list of `Column`s; a line is printed for each column that is not used."""
    columns = []
    for place, name in enumerate(names):
        cells = [row[place] for row in rows]
        if place == target:
            continue
        why, found = None, []
        words = sorted({cell.strip() for cell in cells if not _is_missing(cell)})
        if len(words) < 2:
            why = "is the same in every row"
        elif _is_number_column(cells):
            values = _numbers(cells, name, lines)
            learnt = values[train]
            if (np.diff(values) == 1).mean() > 0.9 and (values[0] in (0, 1) or name.lower() in NUMBERING):
                why = "counts the rows"
            elif np.isnan(learnt).all() or np.nanstd(learnt) == 0:
                why = "is the same in every row to learn from"
            else:
                found = [Column(name, float(np.nanmedian(learnt)))]
                _warn_of_copy(name, learnt, y[train], names[target])
        elif len(words) <= MOST_VALUES:
            found = [Column(name, 0.0, word) for word in words]
        else:
            why = f"holds words, {len(words):,} different ones"
        if why:
            print(f"Not used: column {name}, which {why}")
        columns += found
    return columns


def _warn_of_copy(name, values, y, target):
    good = np.isfinite(values)
    if good.sum() > 2 and np.std(values[good]) and np.std(y[good]):
        alike = abs(np.corrcoef(values[good], y[good])[0, 1])
        if alike > COPIED:
            print(f"Warning: column {name} says almost the same as {target}: the network need only copy it")


def _inputs(columns, names, rows, lines):
    """The rows as numbers, float32 [rows, columns], and lines that say how many were missing."""
    x, missing = np.zeros((len(rows), len(columns)), np.float32), []
    places = {name.lower(): place for place, name in enumerate(names)}
    for i, column in enumerate(columns):
        place = places[column.name.lower()]
        cells = [row[place] for row in rows]
        if column.word is not None:
            x[:, i] = [cell.strip() == column.word for cell in cells]
            continue
        values = _numbers(cells, column.name, lines)
        if np.isnan(values).any():
            count = np.isnan(values).sum()
            missing.append(
                f"Missing: {column.name} in {count:,} of {len(rows):,} rows, replaced by the median,"
                f" {column.median:g}"
            )
        x[:, i] = np.where(np.isnan(values), column.median, values)
    return x, missing


def _warn_of_equal_rows(rows, train, test):
    learnt = {row.tobytes() for row in rows[train]}
    copies = sum(row.tobytes() in learnt for row in rows[test])
    if copies:
        print(f"Warning: {copies:,} of the {len(test):,} rows to test on are also among those to learn from")
