"""Files that are written whole or not at all; `.npz` and JSON files that are checked as they are read."""

import contextlib
import errno
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import numpy as np

from common.errors import UserError, first_line
from keras_window import files
from keras_window.files import LARGEST, MACHINE, open_regular, read_whole  # noqa: F401  handed on


@contextlib.contextmanager
def user_errors():
    """An error of `keras_window` about a file or a package, a line for the user, becomes a `UserError`."""
    try:
        yield
    except (OSError, ImportError) as error:
        raise UserError(str(error)) from error.__cause__


@contextlib.contextmanager
def replacing(path):
    """As `keras_window.files.replacing`. Raises UserError if the file cannot be written."""
    with user_errors(), files.replacing(path) as new:
        yield new


def remove_leftovers(folder):
    """Remove what processes of this machine had half written into a folder when they were killed."""
    if os.name == "nt":
        return  # there `os.kill` would end the process that it asks for
    for path in Path(folder).glob(f".new-{MACHINE}-*"):
        process = re.fullmatch(r"\.new-[0-9a-f]+-([0-9]{1,9})(\..*)?", path.name)
        if process and not _lives(int(process[1])):
            with contextlib.suppress(OSError):
                path.unlink()


def _lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


@contextlib.contextmanager
def by_product():
    """What fails to be written here is said, and the training goes on."""
    try:
        yield
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)


def there(path):
    """Whether there is a file or folder of this name, or a link that leads nowhere.

    Raises UserError if nobody can tell: the folder above cannot be entered.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(path, error) from error
    return True


def _unreadable(path, error):
    return UserError(f"{path} cannot be read: {error.strerror}")


@contextlib.contextmanager
def reading(path, cure):
    """What goes wrong in this block, which reads a file that an earlier run has left, becomes a `UserError`.

    It says whether the file cannot be read now, and may be whole, or was read and is damaged.

    Args:
        path: the file's.
        cure: what to do about a damaged one.
    """
    try:
        yield
    except UserError:
        raise
    except MemoryError as error:
        raise UserError(f"{path} cannot be read: there is not enough memory") from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        # an OSError without a number is a library's; EINVAL: a damaged file has sent it to no place
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise _unreadable(path, error) from error
        why = first_line(error) or type(error).__name__
        raise UserError(f"{path} is damaged ({why}): {cure}") from error


def parse_json(text, form):
    """The dictionary that a JSON object stands for.

    Args:
        text: str, or bytes in UTF-8.
        form: what the value of each name must be: str, int, bool; float, any number; None; object, anything;
            a tuple, one of these; [form], a list; or a dictionary of such names, in which `str` stands for
            all others. Of the object itself, names that are not in it may be anything.

    Raises ValueError if it is not JSON, or has another form.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("lists in lists without end") from None
    if not _has_form(content, {str: object} | form):
        raise ValueError("it is not what a run writes")
    return content


def _has_form(value, form):
    kind = type(value)  # True is an int, but not meant
    if isinstance(form, tuple):
        return any(_has_form(value, one) for one in form)
    if isinstance(form, list):
        return kind is list and all(_has_form(item, form[0]) for item in value)
    if isinstance(form, dict):
        others = form.get(str, ())  # none has this form
        return (
            kind is dict
            and form.keys() - {str} <= value.keys()
            and all(_has_form(inner, form.get(name, others)) for name, inner in value.items())
        )
    if form is str:
        return kind is str and not re.search("[\0\ud800-\udc7f\udd00-\udfff]", value)  # not in a file's name
    if form in (int, float):
        return (kind is int and abs(value) < 2**63) or kind is form is float
    return form is object or kind is (form or type(None))


class UnexpectedArray(ValueError):
    """An array is missing, too large or not what is expected. The message says which."""


def names_in_npz(file):
    """The names of the arrays in an `.npz` file, a set."""
    with zipfile.ZipFile(file) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def write_npz(path, arrays):
    """Write a dictionary of arrays as an `.npz` file.

    Raises OSError if it cannot be written. The file is closed then, too: before NumPy 2.2 `np.savez` leaves
    that to Python, which shows a traceback.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_npz(file, expected, optional=()):
    """Arrays of an `.npz` file.

    Args:
        file: a path, or a binary file.
        expected: for each array its name and (dtype, shape). The dtype may be abstract, as `numpy.number` is;
            where the shape has None, any number does, and a shape of None is any shape.
        optional: the names of those that may be missing.

    Returns:
        A dictionary of arrays.

    Raises:
        UnexpectedArray: an array is missing, too large or not what is expected.
        Exception: the file is damaged. It can fail anywhere in zipfile, zlib or NumPy.
    """
    arrays = {}
    with zipfile.ZipFile(file) as archive:
        sizes = {member.filename.removesuffix(".npy"): member.file_size for member in archive.infolist()}
        for key, (dtype, shape) in expected.items():
            if key not in sizes and key in optional:
                continue
            if key not in sizes:
                raise UnexpectedArray(f"has no array {key!r}")
            if sizes[key] > LARGEST:  # zipfile unpacks no more than this size
                raise UnexpectedArray(f"has an array {key!r} of more than {LARGEST:,} bytes")
            with archive.open(f"{key}.npy") as member:
                array = arrays[key] = np.lib.format.read_array(member, allow_pickle=False)
                rest = member.read(1)  # at the end zipfile compares the checksum, too
            fits = shape is None or (
                array.ndim == len(shape)
                and all(wanted in (None, size) for size, wanted in zip(array.shape, shape, strict=True))
            )
            if rest or not fits or not np.issubdtype(array.dtype, dtype):
                wanted = getattr(dtype, "__name__", dtype), *([] if shape is None else [list(shape)])
                raise UnexpectedArray(f"has a wrong array {key!r}, not {' '.join(map(str, wanted))}")
    return arrays
