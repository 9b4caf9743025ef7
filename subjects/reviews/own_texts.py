"""Texts of the user's own with their classes: in folders, archives or tables."""

import functools
import hashlib
import re
import tarfile
import zipfile
from typing import NamedTuple

from common.data.dataset import DataFile
from common.data.folders import File, files_in, sha256_of, sort_into_classes, split_of
from common.data.pictures import say_left_out
from common.data.sources import broken, nothing_to_read
from common.data.tables import MARKS, NUMBER, decode, parse_table, text_column, unpacked
from common.errors import UserError
from common.files import read_whole

READS = "imdb.npz, train/<class>/*.txt, <class>/*.txt, or one table (.csv, .tsv, .txt) of texts and labels"
TABLES = re.compile(r"(?!readme|_about|licen[cs]e).*[.](csv|tsv|txt)([.]gz)?", re.IGNORECASE)
ARCHIVES = re.compile(r".*[.](zip|tar|tgz|tar[.]gz)", re.IGNORECASE)
LABELS = (  # the names of columns that hold them, the best first
    "label", "labels", "sentiment", "class", "target", "category", "polarity", "stars", "rating", "score",
    "overall", "emotion", "topic",
)  # fmt: skip
MOST = 200  # different labels
OTHERWISE = "cp1252"  # the encoding of texts that are not UTF-8
_CONTROLS = map(chr, range(128, 160))  # of a text that was read in a wrong encoding
_SIGNS = str.maketrans(dict.fromkeys([*_CONTROLS, *"“”„«»…–—¿¡•"], " ") | dict.fromkeys("’‘\x91\x92", "'"))


class OwnTexts(NamedTuple):
    """Texts as they were read.

    Attributes:
        parts: "train", and "validation" and "test" if there are such parts, each two lists of str, the texts
            and the names of their classes.
        classes: the names of the classes, list of str.
        file: their `DataFile`.
    """

    parts: dict
    classes: list
    file: DataFile


def clean_text(text):
    """The text without HTML's line breaks and typographic marks, which would stick to words.

    Each Chinese or Japanese character becomes a word.
    """
    text = re.sub(r"<(?:br|BR)\s*/?>|\\n(?![a-z])", " ", text).translate(_SIGNS)
    return re.sub("([\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])", r" \1 ", text)


def read_texts(path):
    """Read the user's texts, and print where they were found and what is left out.

    Args:
        path: a `Path` of a folder with texts in folders of their classes, as Keras'
            `text_dataset_from_directory` reads them, or with one table or train.csv and test.csv; of an
            archive (.zip, .tar, .tar.gz) of such files; or of one table. A table is CSV or TSV, also .gz.

    Returns:
        `OwnTexts`.

    Raises:
        UserError: there are no such files, they are damaged, or they have no two classes.
    """
    if not path.is_dir() and not _is_archive(path):
        file = File(path.name, (path.name,), functools.partial(read_whole, path))
        return _from_tables(path.parent, {"train": file})
    files = files_in(path, "data-dir")
    without_label = sum("unsup" in file.names[:-1] for file in files)
    if without_label:
        print(f"Not used: unsup/ ({without_label:,} texts without a label)")
        files = [file for file in files if "unsup" not in file.names[:-1]]
    found = sort_into_classes(files, _is_text, "a text (.txt)")
    classes = found.parts.get("train", {})
    tables = {} if len(classes) > 1 else _tables(path, files)
    if tables:
        return _from_tables(path, tables)
    if classes:
        return _from_folders(path, found)
    archives = [file for file in files if ARCHIVES.fullmatch(file.path)]
    if path.is_dir() and len(archives) == 1:
        return read_texts(path / archives[0].path)
    if path.is_dir():
        raise nothing_to_read(path, READS)
    names = ", ".join(file.path for file in files[:5]) + (f" and {len(files) - 5:,} more" * (len(files) > 5))
    raise UserError(f"--data-dir: {path} holds {names or 'nothing'}; this lesson reads {READS} there")


def _is_archive(path):
    try:
        return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))
    except Exception:  # a damaged or unreadable file: reading it says why
        return False


def _is_text(name):
    return name.lower().endswith(".txt")


def _from_folders(path, found):
    known, contents, left_out, others = list(found.parts["train"]), [], list(found.left_out), []
    parts = {}
    for split, classes in found.parts.items():
        texts, labels = parts[split] = [], []
        for label, files in classes.items():
            for file in files if label in known else ():
                try:
                    content = file.read()
                except OSError as error:
                    left_out.append((file.path, f"cannot be read ({error.strerror})"))
                    continue
                text, is_utf_8 = _decoded(content)
                contents.append((file.path, hashlib.sha256(content).hexdigest()))
                if "\0" in text or not text.strip():
                    left_out.append((file.path, "is not text" if text.strip() else "is empty"))
                    continue
                others += [] if is_utf_8 else [file.path]
                texts.append(text)
                labels.append(label)
        for label in classes.keys() - set(known):
            left_out.append((found.folders[split] + label, "is no class that is learned"))
    if others:
        print(f"Not UTF-8 text, read as {OTHERWISE}: {others[0]} and {len(others) - 1:,} more files")
    say_left_out(left_out)
    return _checked(parts, known, DataFile(path, sha256_of(contents), "data-dir"))


def _decoded(content):
    """A file's text, and whether its encoding is UTF-8 or its mark says it."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding), True
    except UnicodeDecodeError:
        return content.decode(OTHERWISE, errors="replace"), False


def _checked(parts, classes, file):
    """Return `OwnTexts`. Raises UserError if there are no two classes, or a class has no text."""
    classes = [label for label in classes if label in set(parts["train"][1])]
    if len(classes) < 2:
        found = f"only texts of the class {classes[0]!r}" if classes else "no text that can be read"
        raise UserError(f"--data-dir: {file.path} holds {found}: at least two classes are needed")
    return OwnTexts({split: part for split, part in parts.items() if part[0]}, classes, file)


def _tables(path, files):
    """The table of each part, a dictionary of `File`s; {} if there is none."""
    tables = [file for file in files if TABLES.fullmatch(file.names[-1])]
    tables = [file for file in tables if not _is_text(file.path)] or tables
    highest = min((len(file.names) for file in tables), default=0)
    tables = [file for file in tables if len(file.names) == highest]
    if len(tables) < 2:
        return dict(zip(["train"], tables, strict=False))
    parts, others = {}, []
    for table in tables:
        words = re.findall("[a-z]+", table.names[-1].lower().partition(".")[0])
        splits = {split_of(word) for word in words} - {None}
        if len(splits) != 1:
            others.append(table.path)
            continue
        if (split := splits.pop()) in parts:
            both = f"{parts[split].path} and {table.path}"
            raise UserError(f"--data-dir: {path}: {both} are both for {split}: name one file")
        parts[split] = table
    if "train" not in parts and all(_is_text(table.path) for table in tables):
        return {}
    if "train" not in parts:
        found = f"{tables[0].path}, {tables[1].path}" + (", ..." if len(tables) > 2 else "")
        raise UserError(f"--data-dir: {path} holds several tables, {found}: name one of them")
    for name in others:
        print(f"Not used: {name}")
    return {split: parts[split] for split in ("train", "validation", "test") if split in parts}


def _from_tables(path, tables):
    read, contents, left_out, unended = {}, [], [], []
    for split, table in tables.items():
        place = path / table.path
        try:
            content = table.read()
        except OSError as error:
            raise UserError(f"cannot read the data file {place}: {error.strerror}") from error
        contents.append((table.path, hashlib.sha256(content).hexdigest()))
        file = DataFile(place, contents[-1][1], "data-dir")
        text = decode(unpacked(content, file), place, OTHERWISE)
        read[split] = parse_table(text, file), file
        if not text.endswith(("\n", "\r")):
            unended.append(split)
    table, file = read["train"]
    if not table.rows:
        raise broken(file, "has only a header")
    text = text_column(table, file)
    label = _label_column(table, text, file)
    others = [_name(table, place) for place in range(len(table.rows[0])) if place not in (text, label)]
    more = f" and {len(others) - 5:,} more" if len(others) > 5 else ""
    unused = f"; not used: {', '.join(others[:5])}{more}" if others else ""
    print(f"Texts: {_name(table, text)}; labels: {_name(table, label)}{unused}")
    parts, spelled = {}, {}
    for split, (part, of) in read.items():
        columns = _same_columns(table, part, text, label)
        if columns is None:
            print(f"Not used: {of.path} (it has no {_name(table, label)} with labels)")
            continue
        if split in unended:
            _look_at_end(part, columns[1], of)
        parts[split] = _texts_and_labels(part, *columns, of, spelled, left_out, split != "train")
    say_left_out(left_out)
    numbers = all(map(NUMBER.fullmatch, spelled.values()))
    classes = sorted(spelled.values(), key=float if numbers else None)
    return _checked(
        parts, classes, file if len(tables) == 1 else DataFile(path, sha256_of(contents), "data-dir")
    )


def _name(table, place):
    """A column's name for messages."""
    name = table.header[place] if table.header else ""
    return f"column {name!r}" if name else f"column {place + 1}"


def _label_column(table, text, file):
    """The index of the column of labels: the one so named, or else that with the fewest different values."""
    different = {}
    for place, column in enumerate(zip(*table.rows, strict=True)):
        filled = [cell.strip().lower() for cell in column if cell.strip()]
        few = 2 <= len(set(filled)) <= max(2, min(MOST, len(column) // 3))
        if place != text and few and len(filled) > len(column) / 2:
            different[place] = len(set(filled))
    if not different:
        why = "of labels: two or more different values, each of them several times"
        raise UserError(f"{file.path} has, beside its {_name(table, text)}, no column {why}")
    names = {place: name.lower() for place, name in enumerate(table.header or []) if place in different}
    for label in LABELS:
        if label in names.values():
            return next(place for place, name in names.items() if name == label)
    for place, name in names.items():
        if set(re.findall("[a-z]+", name)) & set(LABELS):
            return place
    return min(different, key=different.get)


def _same_columns(table, other, text, label):
    """The indices, in another table, of the columns of texts and labels; None if they are not there."""
    if table.header and other.header:
        names = [name.lower() for name in other.header]
        wanted = [table.header[place].lower() for place in (text, label)]
        return tuple(map(names.index, wanted)) if set(wanted) <= set(names) else None
    return (text, label) if other.rows and len(other.rows[0]) == len(table.rows[0]) else None


def _look_at_end(table, label, file):
    """Warn of a table whose last line has no end. Raises UserError if its label is cut."""
    labels = [row[label].strip() for row in table.rows]
    if labels[-1] not in labels[:-1] and any(other.startswith(labels[-1]) for other in labels[:-1]):
        raise broken(file, f"is cut short in its last line, {table.lines[-1]:,}")
    print(f"{file.path} does not end with a new line: if it was cut short, its last row is wrong")


def _texts_and_labels(table, text, label, file, spelled, left_out, only_known):
    """Two lists of str. `spelled` has the name of each class by its lower-case spelling; it may grow."""
    texts, labels = [], []
    for row, line in zip(table.rows, table.lines, strict=True):
        name = _class_name(row[label].strip())
        why = None
        if not row[text].strip() or not name:
            why = "has no label" if row[text].strip() else "has no text"
        elif only_known and name.lower() not in spelled:
            why = f"is of the class {name!r}, which is not learned"
        if why:
            left_out.append((f"{file.path}, line {line:,},", why))
        else:
            texts.append(row[text])
            labels.append(spelled.setdefault(name.lower(), name))
    return texts, labels


def _class_name(label):
    """The label; a whole number without decimals."""
    if not NUMBER.fullmatch(label):
        return label
    return str(int(float(label))) if float(label).is_integer() else str(float(label))
