"""Files that are written whole or not at all, and read only if they are regular files."""

import contextlib
import errno
import os
import platform
import stat
import sys
import time
import zlib
from pathlib import Path

PATIENCE = 1.0  # seconds that another program may hold a file
LARGEST = 2**29  # bytes of a file
MACHINE = f"{zlib.crc32(platform.node().encode(errors='replace')):08x}"  # several may share a folder


@contextlib.contextmanager
def replacing(path):
    """Give the path of a new file beside `path`, which takes its place when it is complete.

    If `path` is held for longer than a second (on Windows by a virus scanner, or a spreadsheet that shows
    it), the new file stays beside it, and a line says under which name.

    Raises OSError if it cannot be written. The message says which file, and why.
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
    """Open a regular file, to read bytes. A pipe is not waited for, a device not read without end.

    Raises OSError if it cannot be read or is no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = open(path, "rb", opener=lambda path, _: os.open(path, flags))  # noqa: SIM115  the caller closes it
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.ENOTSUP, "it is not a regular file", str(path))


def read_whole(path, most=LARGEST):
    """The content of a regular file, bytes.

    Raises OSError if it cannot be read, is no regular file, or has more than `most` bytes.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content
