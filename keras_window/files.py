"""Files: written completely or not at all, and read only if they are regular files."""

import contextlib
import errno
import os
import platform
import stat
import sys
import time
import zlib
from pathlib import Path

PATIENCE = 1.0  # seconds to wait for a file that another program has open
LARGEST = 2**29  # bytes
MACHINE = f"{zlib.crc32(platform.node().encode(errors='replace')):08x}"  # several machines may share a folder


@contextlib.contextmanager
def replacing(path):
    """A context manager that yields the path of a new file and moves it to `path` when the block ends.

    If another program has `path` open for longer than a second (on Windows a virus scanner or a spreadsheet),
    the new file is kept beside it, and one line prints its name.

    Raises OSError if the file cannot be written. The message names the file and the reason.
    """
    path = Path(path)
    new = path.with_name(f".new-{MACHINE}-{os.getpid()}{path.suffix}")
    try:
        yield new
        _put_in_place(new, path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror or error}") from error
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


def open_regular(path):
    """Open a regular file to read bytes, without waiting for a pipe or reading a device.

    Raises OSError if it cannot be read or is not a regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = open(path, "rb", opener=lambda path, _: os.open(path, flags))  # noqa: SIM115  the caller closes it
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.ENOTSUP, "it is not a regular file", str(path))


def read_whole(path, most=LARGEST):
    """Return the content of a regular file, bytes.

    Raises OSError if it cannot be read, is not a regular file, or has more than `most` bytes.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content
