"""Atomic writing of files, and reading of `.npz` and JSON files with checks."""

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
from keras_window.files import LARGEST, MACHINE, open_regular, read_whole  # noqa: F401  re-exported


@contextlib.contextmanager
def user_errors():
    """Convert an error of `keras_window` about a file or a package to a `UserError`, which names the flag."""
    try:
        yield
    except (OSError, ImportError) as error:
        raise UserError(str(error).replace('plot="web"', "--plot web")) from error.__cause__


@contextlib.contextmanager
def replacing(path):
    """Like `keras_window.files.replacing`, but raises UserError if the file cannot be written."""
    with user_errors(), files.replacing(path) as new:
        yield new


def remove_leftovers(folder):
    """Remove the unfinished files that killed processes of this computer left in a folder."""
    if os.name == "nt":
        return  # there `os.kill(process, 0)` ends the process
    for path in Path(folder).glob(f".new-{MACHINE}-*"):
        if process := re.fullmatch(r"\.new-[0-9a-f]+-([0-9]{1,9})(\..*)?", path.name):
            with contextlib.suppress(OSError):  # another user's process or file
                try:
                    os.kill(int(process[1]), 0)
                except ProcessLookupError:
                    path.unlink()


@contextlib.contextmanager
def by_product():
    """Print a `UserError` raised in this block, and go on: the file is not essential to the training."""
    try:
        yield
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)


def there(path):
    """Whether a path is a file, a folder or a link, even a broken link.

    Raises UserError if the folder that holds it cannot be accessed.
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
    """Convert an error in this block, which reads a file of an earlier run, to a `UserError`.

    The message says whether the file cannot be read, and may still be good, or is damaged.

    Args:
        path: the path of the file.
        cure: what the user can do about a damaged file.
    """
    try:
        yield
    except UserError:
        raise
    except MemoryError as error:
        raise UserError(f"{path} cannot be read: there is not enough memory") from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        # an OSError without a number comes from a library; EINVAL: a damaged file led to a bad offset
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise _unreadable(path, error) from error
        raise UserError(f"{path} is damaged ({first_line(error)}): {cure}") from error


def parse_json(text, form):
    """Parse a JSON object and check its form. Returns a dictionary.

    Args:
        text: str, or bytes in UTF-8.
        form: a dictionary with the form of each name's value. A form is str, int, bool or None; float for any
            number; object for anything; a tuple of alternatives; [form] for a list; or a dictionary of names,
            in which the key `str` stands for all other names. At the top level, other names may be anything.

    Raises ValueError if the text is not JSON or has another form.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("lists in lists without end") from None
    if not has_form(content, {str: object} | form):
        raise ValueError("it is not what a run writes")
    return content


def has_form(value, form):
    """Whether a value from JSON has a form, as described in `parse_json`."""
    kind = type(value)  # isinstance(True, int) is true
    if isinstance(form, tuple):
        return any(has_form(value, one) for one in form)
    if isinstance(form, list):
        return kind is list and all(has_form(item, form[0]) for item in value)
    if isinstance(form, dict):
        others = form.get(str, ())  # no value has this form
        return (
            kind is dict
            and form.keys() - {str} <= value.keys()
            and all(has_form(inner, form.get(name, others)) for name, inner in value.items())
        )
    if form is str:
        return kind is str and not re.search("[\0\ud800-\udc7f\udd00-\udfff]", value)  # not in file names
    if form in (int, float):
        return (kind is int and abs(value) < 2**63) or kind is form is float
    return form is object or kind is (form or type(None))


class UnexpectedArray(ValueError):
    """An array is missing, too large or of another type or shape; the message says which."""


def names_in_npz(file):
    """The names of the arrays in an `.npz` file, a set of str."""
    with zipfile.ZipFile(file) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist()}


def write_npz(path, arrays):
    """Write a dictionary of arrays as an `.npz` file.

    Raises OSError if it cannot be written, and closes the file: `np.savez` before NumPy 2.2 leaves that to
    Python, which prints a traceback.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_npz(file, expected, optional=()):
    """Read and check arrays of an `.npz` file.

    Args:
        file: a path, or a binary file.
        expected: a dictionary of (dtype, shape) by name. The dtype may be abstract, such as `numpy.number`;
            None in a shape matches any size, and None as the shape any shape.
        optional: the names of arrays that may be missing.

    Returns:
        A dictionary of arrays.

    Raises:
        UnexpectedArray: an array is missing, too large or of another type or shape.
        Exception: the file is damaged: zipfile, zlib and NumPy raise many kinds.
    """
    arrays = {}
    with zipfile.ZipFile(file) as archive:
        sizes = {member.filename.removesuffix(".npy"): member.file_size for member in archive.infolist()}
        for key, (dtype, shape) in expected.items():
            if key not in sizes and key in optional:
                continue
            if key not in sizes:
                raise UnexpectedArray(f"has no array {key!r}")
            if sizes[key] > LARGEST:  # zipfile unpacks at most this many bytes
                raise UnexpectedArray(f"has an array {key!r} of more than {LARGEST:,} bytes")
            with archive.open(f"{key}.npy") as member:
                array = arrays[key] = np.lib.format.read_array(member, allow_pickle=False)
                rest = member.read(1)  # at the end zipfile also checks the checksum
            fits = shape is None or (
                array.ndim == len(shape)
                and all(wanted in (None, size) for size, wanted in zip(array.shape, shape, strict=True))
            )
            if rest or not fits or not np.issubdtype(array.dtype, dtype):
                wanted = getattr(dtype, "__name__", dtype), *([] if shape is None else [list(shape)])
                raise UnexpectedArray(f"has a wrong array {key!r}, not {' '.join(map(str, wanted))}")
    return arrays
