"""Files that are written whole or not at all, and files that are looked at before they are believed."""

import contextlib
import errno
import json
import math
import os
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from common.errors import UserError, first_line
from keras_window import files
from keras_window.files import LARGEST, MACHINE, open_regular, read_whole  # noqa: F401  handed on

HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


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
    """What a JSON object says, a dictionary, if it has the form that is expected.

    Args:
        text: str, or bytes in UTF-8.
        form: for each name that must be there what its value is: str, int, bool; float, any number; None;
            object, anything; a tuple, one of these; [form], a list; or a dictionary of these names and no
            others, among which `str` stands for all others.

    Raises ValueError if it is not JSON, or has another form. The message says where.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("lists in lists without end") from None
    if not isinstance(content, dict):
        raise ValueError("it is not what a run writes")
    for name, wanted in form.items():
        if name not in content:
            raise ValueError(f"it has no {name!r}")
        if not _has_form(content[name], wanted):
            raise ValueError(f"{name!r} is not what a run writes")
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


def disk_full(error):
    """Whether there was no room for what was to be written."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def hold_room(folder, size):
    """Take `size` bytes of the disk that `folder` is on, so that nobody else does.

    Returns a file without a name: `truncate` gives a part of the room back; `close`, or the program's end,
    all.

    Raises UserError if there is not so much.
    """
    try:
        room = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        try:
            _fill(room, size)
        except OSError:
            room.close()
            raise
    except OSError as error:
        if not disk_full(error):
            raise UserError(f"--out: cannot write to {folder}: {error.strerror}") from error
        raise UserError(
            f"--out: {folder} has no room for what this run leaves, up to {size / 1e6:,.0f} MB"
            f" ({error.strerror}): make room there, or give another --out"
        ) from error
    return room


def _fill(room, size):
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(room.fileno(), 0, size)
            return
        except OSError as error:
            if disk_full(error):
                raise  # else this file system cannot do it
    for begin in range(0, size, 2**20):
        room.write(bytes(min(2**20, size - begin)))
    room.flush()


class UnexpectedArray(ValueError):
    """An array is missing, another than expected, or too large. The message says which."""


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
    """Arrays of an `.npz` file. Nothing is unpacked before its header has said that it is what is expected.

    Args:
        file: a path, or a binary file.
        expected: for each array its name and (dtype, shape). The dtype may be abstract, as `numpy.number` is;
            where the shape has None, any number does, and a shape of None is any shape.
        optional: the names of those that may be missing.

    Returns:
        A dictionary of arrays.

    Raises:
        UnexpectedArray: as its name says.
        Exception: the file is damaged. It can fail anywhere in zipfile, zlib or NumPy.
    """
    arrays, names = {}, names_in_npz(file)
    with zipfile.ZipFile(file) as archive:
        for key, (dtype, shape) in expected.items():
            if key not in names and key in optional:
                continue
            if key not in names:
                raise UnexpectedArray(f"has no array {key!r}")
            with archive.open(f"{key}.npy") as member:
                found, _, kind = HEADERS[np.lib.format.read_magic(member)](member)
            fits = shape is None or (
                len(found) == len(shape)
                and all(wanted in (None, size) for size, wanted in zip(found, shape, strict=True))
            )
            if not np.issubdtype(kind, dtype) or not fits:
                wanted = getattr(dtype, "__name__", dtype), *([] if shape is None else [list(shape)])
                raise UnexpectedArray(f"has a wrong array {key!r}, not {' '.join(map(str, wanted))}")
            known = kind == dtype and shape is not None and None not in shape
            if not known and kind.itemsize * math.prod(found) > LARGEST:
                raise UnexpectedArray(f"has an array {key!r} of more than {LARGEST:,} bytes")
            with archive.open(f"{key}.npy") as member:
                arrays[key] = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):  # at the end zipfile compares the checksum, too
                    raise UnexpectedArray(f"has more than one array in {key!r}")
    return arrays
