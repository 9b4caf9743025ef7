"""The user's own grey images of 28 × 28 pixels, in the files that people have, also packed."""

import contextlib
import functools
import gzip
import hashlib
import io
import os
import re
from typing import NamedTuple

import numpy as np

from common.data.cut_out import as_small_image, has_light_ground
from common.data.dataset import DataFile, Examples
from common.data.folders import (
    ARCHIVES, File, files_of_user, nothing_in, read_pictures, sha256_of, sort_into_classes,
)  # fmt: skip
from common.data.image_arrays import TO_DO, array_in_idx, arrays_in_npz, holds_images, part_of, parts_of
from common.data.image_tables import layout_of, read_table
from common.data.pictures import is_picture, photo_size, read_photo
from common.data.sources import broken
from common.errors import UserError, first_line
from common.files import LARGEST, read_whole

READS = (
    "{name} or another .npz file, train-images-idx3-ubyte and the three files that belong to it, CSV tables"
    " of a label and 784 pixels, or pictures in a folder for each class"
)
TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


class Found(NamedTuple):
    """What the user's files hold.

    Attributes:
        parts: "train", and "validation" and "test" if there are such parts: `Examples` of images, uint8
            [n, 28, 28], and labels [n], bool, int64 or str.
        file: the `DataFile` they were read from.
        left_out: a list of (path, why it is left out).
    """

    parts: dict
    file: DataFile
    left_out: list


def read_own_images(path, name, prepare):
    """Read the user's images.

    Args:
        path: the `Path` of a folder or file.
        name: that of the lesson's own file, which is read first.
        prepare: makes an image of a photo, uint8 [h, w, 3] to uint8 [28, 28, 1]; it may raise ValueError.

    Returns:
        `Found`.

    Raises:
        UserError: there are no such images, a file is damaged, or it is doubtful what the files hold.
    """
    files = _Files(path, name)
    for is_wanted, read in (
        (_is_npz, _read_npz_files),
        (_is_idx, _read_idx_files),
        (_is_table, _read_tables),
        (is_picture, functools.partial(_read_folders, prepare=prepare)),
    ):
        wanted = [file for file in files.every if is_wanted(file.names[-1])]
        if wanted and (found := read(files, wanted)):
            return found
    raise files.nothing(READS.format(name=name))


def _is_npz(name):
    return name.lower().endswith(".npz")


def _is_idx(name):
    return bool(re.search("idx|ubyte", name.lower())) and not name.lower().endswith(ARCHIVES)


def _is_table(name):
    return name.lower().endswith(TABLES)


def _is_readable(name):
    return _is_npz(name) or _is_idx(name) or _is_table(name) or is_picture(name)


class _Files:
    """The files at a path: in a folder, in an archive, or a single one.

    Attributes:
        path: where they are.
        every: a list of `File`s.
    """

    def __init__(self, path, name):
        if path.is_dir() and os.path.lexists(path / name):
            path = path / name
        elif path.is_dir() or path.name.lower().endswith(ARCHIVES):
            self.path, self.every = files_of_user(path, _is_readable)
            return
        self.path, self.every = path, [File(path.name, (path.name,), functools.partial(read_whole, path))]

    def nothing(self, reads):
        """The UserError if there is nothing to read."""
        if self.every and self.every[0].path == self.path.name:
            return UserError(f"--data-dir: {self.path} is nothing that this lesson reads: it reads {reads}")
        return nothing_in(self.path, self.every, reads, "leave --data-dir out for the bundled data")

    def read(self, file):
        """A file's bytes, unpacked if it is a .gz file, and its `DataFile`. Raises UserError."""
        path = self.path if file.path == self.path.name else self.path / file.path
        try:
            content = file.read()
        except OSError as error:
            raise UserError(f"cannot read the data file {path}: {error.strerror}") from error
        known = DataFile(path, hashlib.sha256(content).hexdigest(), "data-dir")
        if content.startswith(b"\x1f\x8b"):
            try:
                with gzip.open(io.BytesIO(content)) as archive:
                    content = archive.read(LARGEST + 1)
            except Exception as error:  # gzip and zlib raise many kinds
                raise broken(known, f"is cut short or damaged ({first_line(error)})") from error
        if len(content) > LARGEST:
            raise broken(known, f"holds more than {LARGEST:,} bytes")
        return content, known

    def found(self, parts, known, left_out=()):
        """`Found`, whose `DataFile` stands for several: `known` is a dictionary of them by `File`."""
        if len(known) == 1:
            return Found(parts, *known.values(), list(left_out))
        sums = [("/".join(file.names), one.sha256) for file, one in known.items()]
        return Found(parts, DataFile(self.path, sha256_of(sums), "data-dir"), list(left_out))


def _read_npz_files(files, wanted):
    arrays, known = [], {}
    for file in wanted:
        content, known[file] = files.read(file)
        arrays += arrays_in_npz(content, known[file], file.path, len(wanted) > 1)
    others = any(_is_readable(file.names[-1]) for file in files.every if file not in wanted)
    if others and not any(holds_images(array.values) for array in arrays):
        return None
    return files.found(parts_of(arrays, files.path), known)


def _read_idx_files(files, wanted):
    arrays, known = [], {}
    for file in wanted:
        content, known[file] = files.read(file)
        arrays.append(array_in_idx(content, known[file], file.names))
    return files.found(parts_of(arrays, files.path), known)


def _read_tables(files, wanted):
    tables, left_out, others = {}, [], []
    for file in wanted:
        content, known = files.read(file)
        layout = layout_of(content, known)
        if layout.labelled:
            tables.setdefault(part_of(*file.names[::-1]), []).append((file, content, layout, known))
        elif layout.width - layout.numbered == 784:
            left_out.append((file.path, "is not used: it has pictures without labels"))
        else:
            others.append((file.path, f"has {layout.width:,} columns, not a label and 784 pixels"))
    left_out += others
    if not tables:
        if any(is_picture(file.names[-1]) for file in files.every):
            return None
        path, why = left_out[0]
        raise UserError(f"--data-dir: {files.path}: {path} {why}")
    for part, same in tables.items():
        if len(same) > 1 or (part is None and len(tables) > 1):
            names = " and ".join(file.path for file, *_ in same[:5])
            doubt = (
                f"which of {names} is{TO_DO[part]}"
                if part
                else f"what {names} {'is' if len(same) == 1 else 'are'} for, learning or testing"
            )
            raise UserError(f"--data-dir: {files.path} does not say {doubt}: name one file")
    parts = {part or "train": read_table(*table[1:]) for part, (table,) in tables.items()}
    return files.found(parts, {file: known for ((file, *_, known),) in tables.values()}, left_out)


def _read_folders(files, wanted, prepare):
    found = sort_into_classes(files.every, is_picture, "a picture")
    if not found.parts.get("train"):
        return None
    parts, known, left_out = {}, [], list(found.left_out)
    count = sum(len(each) for classes in found.parts.values() for each in classes.values())
    print(f"Reading {count:,} pictures ...", flush=True)
    light = _are_light([file for each in found.parts["train"].values() for file in each])
    for part, classes in found.parts.items():
        turns = [(i, name) for name, each in classes.items() for i in range(len(each))]
        turns.sort(key=lambda turn: turn[0])  # so that the first ones are of all classes
        images, good, contents, unread = read_pictures(
            [classes[name][i] for i, name in turns],
            (28, 28, 1),
            lambda content: as_small_image(read_photo(content, None), prepare, light),
        )
        labels = np.array([turns[place][1] for place in good])
        for name in classes:
            if name not in labels:
                raise UserError(
                    f"{files.path}: no picture of {name} can be used: {' '.join(map(str, unread[0]))}"
                )
        parts[part] = Examples(images[..., 0], labels)
        known += contents
        left_out += unread
    return Found(parts, DataFile(files.path, sha256_of(known), "data-dir"), left_out)


def _are_light(files):
    """Whether the pictures of 28 × 28 pixels have a light ground, judged by 50; None if there are none."""
    grounds = []
    for file in files[:: max(len(files) // 50, 1)]:
        with contextlib.suppress(OSError, ValueError):
            content = file.read()
            if photo_size(content) == (28, 28):
                grounds.append(has_light_ground(read_photo(content, None)))
    return float(np.mean(grounds)) > 0.5 if grounds else None
