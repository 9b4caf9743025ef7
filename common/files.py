"""Files that are written whole or not at all, and .npz files that are looked at before they are unpacked."""

import contextlib
import errno
import math
import os
import stat
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from common.terminal import UserError

PATIENCE = 1.0  # seconds that another program may hold a file
LARGEST = 2**28  # bytes of an array whose shape or length of text is not known before
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@contextlib.contextmanager
def replacing(path):
    """Give the path of a new file beside `path`, which takes its place when it is complete.

    If `path` is held for longer than a second (on Windows by a virus scanner, or a spreadsheet that shows
    it), the new file stays beside it, and a line says under which name.

    Raises UserError if it cannot be written.
    """
    path = Path(path)
    new = path.with_name(f".new-{os.getpid()}{path.suffix}")
    try:
        yield new
        _put_in_place(new, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink()


def _put_in_place(new, path):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            new.replace(path)
            return
        except OSError as error:
            if isinstance(error, PermissionError) and time.monotonic() < end:
                time.sleep(0.1)
                continue
            beside = path.with_name(f"{path.stem}-new{path.suffix}")
            new.replace(beside)
            print(f"\ncannot write {path} ({error.strerror}): it is in {beside}", file=sys.stderr)
            return


@contextlib.contextmanager
def by_product():
    """What fails to be written here is said, and the training goes on."""
    try:
        yield
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)


def read_whole(path, most=LARGEST):
    """The content of a regular file, bytes. A pipe is not waited for, a device not read without end.

    Raises OSError if it cannot be read, is no regular file, or has more than `most` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


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
        expected: for each array its name and (dtype, shape); where the shape has None, any number does.
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
            fits = len(found) == len(shape) and all(
                wanted in (None, size) for size, wanted in zip(found, shape, strict=True)
            )
            if kind.type != np.dtype(dtype).type or not fits:
                raise UnexpectedArray(f"has a wrong array {key!r}, not {np.dtype(dtype).name} {list(shape)}")
            known = kind == np.dtype(dtype) and None not in shape
            if not known and kind.itemsize * math.prod(found) > LARGEST:
                raise UnexpectedArray(f"has an array {key!r} of more than {LARGEST:,} bytes")
            with archive.open(f"{key}.npy") as member:
                arrays[key] = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):  # at the end zipfile compares the checksum, too
                    raise UnexpectedArray(f"has more than one array in {key!r}")
    return arrays
