"""Arrays of small grey images and of their labels, as `.npz` and IDX files hold them under many names."""

import io
import re
from typing import NamedTuple

import numpy as np

from common.data.dataset import DataFile, Examples
from common.data.folders import SPLITS
from common.data.sources import broken
from common.errors import UserError, first_line
from common.files import UnexpectedArray, names_in_npz, read_npz

SHAPES = ((28, 28), (28, 28, 1), (1, 28, 28), (784,))  # of an image
TO_DO = {"train": " to learn from", "validation": " to validate with", "test": " to test on", None: ""}


class Array(NamedTuple):
    """An array of images or labels.

    Attributes:
        file: the `DataFile` it is from.
        name: its name there.
        part: "train", "validation" or "test"; None if no name says it.
        values: the array itself.
    """

    file: DataFile
    name: str
    part: str | None
    values: np.ndarray


def part_of(*names):
    """The part that names stand for: "train", "validation" or "test", as the first one says; else None."""
    for name in names:
        found = {
            part for part in SPLITS if any(re.fullmatch(_a_word_for(part), word) for word in _words(name))
        }
        if len(found) == 1:
            return found.pop()
    return None


def _words(name):
    return re.split("[^a-z0-9]+", re.sub("([a-z0-9])([A-Z])", r"\1 \2", name).lower())


def _a_word_for(part):
    names = "|".join([*SPLITS[part], *(["t10k"] if part == "test" else [])])
    return f"[xy]?({names})(set)?[xy]?[0-9]*"


def arrays_in_npz(content, file, path, several):
    """The `Array`s in an `.npz` file.

    Args:
        content: the file's bytes.
        file: its `DataFile`.
        path: its path in the user's folder, which can tell what its arrays are.
        several: whether the path belongs to the names, because there are several files.

    Raises UserError if the file is damaged.
    """
    try:
        names = sorted(names_in_npz(io.BytesIO(content)))
        arrays = read_npz(io.BytesIO(content), dict.fromkeys(names, (np.generic, None)))
    except UnexpectedArray as error:
        raise broken(file, str(error)) from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        raise broken(file, f"is cut short, damaged or not an .npz file ({first_line(error)})") from error
    return [
        Array(file, f"{path}: {name}" if several else name, part_of(name, path), values)
        for name, values in arrays.items()
    ]


def array_in_idx(content, file, names):
    """The `Array` in an IDX file. Raises UserError if it is no such file or its length is not as it says.

    Args:
        content: the file's bytes.
        file: its `DataFile`.
        names: the names in its path, of which the last is its own.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    dimensions = {b"\0\0\x08\x03": 3, b"\0\0\x08\x01": 1}.get(content[:4])
    begin = 4 + 4 * (dimensions or 0)
    if dimensions is None or len(content) < begin:
        found = f"begins with {content[:4].hex(' ')}" if content else "is empty"
        raise broken(file, f"{found}; an IDX file begins with 00 00 08 03 (images) or 00 00 08 01 (labels)")
    sizes = np.frombuffer(content, ">u4", dimensions, 4).tolist()
    length = int(np.prod(sizes, dtype=object))
    if len(content) != begin + length:
        wanted = " × ".join(f"{size:,}" for size in sizes)
        raise broken(file, f"holds {len(content) - begin:,} bytes of data, not {wanted} as it says")
    values = np.frombuffer(content, np.uint8, offset=begin).reshape(sizes)
    if dimensions == 3:
        values = upright(values, names[-1])
    return Array(file, "/".join(names), part_of(*names[::-1]), values)


def upright(images, name):
    """Images [n, 28, 28] from a published file; EMNIST's hold rows and columns exchanged."""
    if "emnist" not in name.lower():
        return images
    print(f"Turned upright: the pictures in {name}; EMNIST's files hold their rows and columns exchanged")
    return images.transpose(0, 2, 1)


def parts_of(arrays, path):
    """Sort arrays into the parts of a data set.

    Args:
        arrays: a list of `Array`s.
        path: the path they are from, for messages.

    Returns:
        A dictionary from the part, "train" if no name says it, to its `Examples`: images, uint8 [n, 28, 28],
        and labels [n], bool, int64 or str.

    Raises:
        UserError: it is doubtful what the arrays are, or they hold something else.
    """
    named = [_named_kind(array) for array in arrays]
    chosen = {"x": [], "y": []}
    for array, kind in zip(arrays, named, strict=True):
        kind = kind or _kind_of_shape(array)
        if kind and (kind in named) == (kind == _named_kind(array)):
            chosen[kind].append(array)
    if not chosen["x"]:
        found = ", ".join(f"{array.name} {list(array.values.shape)}" for array in arrays[:8]) or "no array"
        raise UserError(f"{path} holds {found}; an array of pictures is [n, 28, 28] or [n, 784]")
    parts = {}
    for part in dict.fromkeys(array.part for array in chosen["x"] + chosen["y"]):
        x = _the_only([array for array in chosen["x"] if array.part == part], "pictures", part, path)
        y = _the_only([array for array in chosen["y"] if array.part == part], "labels", part, path)
        if not 0 < len(x.values) == len(y.values):
            counts = f"{len(x.values)} pictures in {x.name} and {len(y.values)} labels in {y.name}"
            raise broken(x.file, f"has {counts}")
        parts[part] = Examples(as_bytes(x.values, x.name, x.file).reshape(-1, 28, 28), as_labels(*y))
    if None in parts and len(parts) > 1:
        names = ", ".join(array.name for kind in chosen.values() for array in kind if array.part is None)
        raise UserError(f"{path}: the names do not say whether {names} are to learn from or to test on")
    return {part or "train": examples for part, examples in parts.items()}


def _named_kind(array):
    """Whether an array's name says that it holds images ("x") or labels ("y"); None if it says neither."""
    parts = "|".join(map(_a_word_for, SPLITS))
    words, values = _words(array.name), array.values
    is_x = any(re.fullmatch(f"x|x({parts})|({parts})x|(image|img|picture|pixel)s?", word) for word in words)
    is_y = any(re.fullmatch(f"y|y({parts})|({parts})y|(label|target)s?", word) for word in words)
    kind = _kind_of_shape(array)
    if is_x and not is_y and kind != "x":
        found = f"{array.name} of {values.dtype} numbers, shape {list(values.shape)}"
        raise broken(array.file, f"has an array {found}, not [n, 28, 28]")
    if is_y and not is_x and kind != "y":
        raise broken(array.file, f"has an array {array.name} of shape {list(values.shape)}, not [n]")
    return kind if is_x != is_y else None


def holds_images(values):
    """Whether an array has the shape and type of images of 28 × 28 pixels."""
    return values.shape[1:] in SHAPES and values.dtype.kind in "biuf"


def _kind_of_shape(array):
    values = array.values
    if holds_images(values):
        return "x"
    return "y" if values.ndim == 1 or (values.ndim == 2 and _is_column_or_one_hot(values)) else None


def _is_column_or_one_hot(values):
    if values.shape[1] == 1:
        return True
    numbers = values.dtype.kind in "biuf" and values.shape[1] > 1
    return numbers and bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _the_only(arrays, kind, part, path):
    """The array among `arrays`, which may hold the same more than once. Raises UserError."""
    different = [array for array in arrays[1:] if not np.array_equal(array.values, arrays[0].values)]
    if not arrays:
        raise UserError(f"{path} has no {kind}{TO_DO[part]}")
    if different:
        names = ", ".join(array.name for array in [arrays[0], *different][:4])
        raise UserError(
            f"{path} has {kind}{TO_DO[part]} more than once: {names}; give a folder with one of them"
        )
    return arrays[0]


def as_bytes(values, name, file):
    """Convert grey values to uint8: whole numbers from 0 to 255, these divided by 255, or false and true.

    Raises UserError if they are anything else.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return np.where(values, np.uint8(255), np.uint8(0))
    if values.dtype.kind not in "iuf" or not ((values >= 0) & (values <= 255)).all():
        raise broken(file, f"has numbers in {name} that are not from 0 to 255")
    if values.dtype.kind == "f" and values.max(initial=0) <= 1:
        return np.rint(values * 255).astype(np.uint8)
    whole = np.rint(values)
    if not np.allclose(values, whole, rtol=0, atol=1e-3):
        raise broken(file, f"has numbers in {name} that are not whole")
    return whole.astype(np.uint8)


def as_labels(file, name, part, values):
    """The labels in an array, [n], [n, 1] or one-hot: bool, int64 or str [n]. Raises UserError."""
    if values.ndim == 2:
        values = values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0]
    if values.dtype.kind == "b":
        return values
    if values.dtype.kind in "US":
        return values.astype(str)
    if (
        values.dtype.kind not in "iuf"
        or not ((values >= 0) & (values < 2**31) & (values == np.rint(values))).all()
    ):
        raise broken(file, f"has labels in {name} that are neither names nor whole numbers from 0 on")
    return values.astype(np.int64)
