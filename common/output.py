"""Standard output and standard error. Importing this module makes sure that printing never fails."""

import contextlib
import ctypes
import io
import os
import sys


class _Loading:
    """A line on the terminal that says what is being loaded; it vanishes when something else is printed."""

    def __init__(self):
        self._text = ""

    def begin(self, text):
        if on_terminal():
            self._text = text
            self._write(f"{text} ...")

    def end(self):
        text, self._text = self._text, ""
        if text:
            self._write(f"\r{' ' * len(f'{text} ...')}\r")

    def _write(self, text):
        with contextlib.suppress(OSError):
            os.write(1, text.encode())


loading = _Loading()


class _Lasting(io.FileIO):
    """A file descriptor that never fails: it discards what can no longer be written.

    A pipe may be closed (`| head`), the disk full, or the terminal gone: the training goes on.
    """

    def write(self, content):
        loading.end()
        try:
            return super().write(content)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return len(content)


def lasting_output(descriptor, unbuffered=False, **options):
    """A text stream to a file descriptor. It never fails; characters it cannot encode become "?"."""
    raw = _Lasting(descriptor, "w", closefd=False)
    buffer = raw if unbuffered else io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, errors="replace", write_through=unbuffered, **options)


def _settle_output():
    """Make printing never fail. Closed streams (`>&-`) are reopened: no data file may get their number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest free number
    if os.name == "nt":  # escape sequences, for Keras' progress bar
        console, mode = ctypes.windll.kernel32, ctypes.c_uint32()
        output = console.GetStdHandle(-11)
        if console.GetConsoleMode(output, ctypes.byref(mode)):
            console.SetConsoleMode(output, mode.value | 4)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, lasting_output(descriptor, encoding="utf-8"))
        elif stream is not getattr(sys, f"__{name}__") or (os.name == "nt" and stream.isatty()):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # the encoding may lack → or ×
        else:
            stream.flush()
            options = {"encoding": stream.encoding, "line_buffering": stream.line_buffering}
            setattr(sys, name, lasting_output(descriptor, stream.write_through, **options))


def on_terminal():
    """Whether output goes to a terminal that understands escape sequences; IDLE's window does not."""
    try:
        return os.isatty(sys.stdout.fileno())
    except (OSError, ValueError):
        return False


def in_notebook():
    """Whether this program runs in the cells of a notebook."""
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)  # None during IPython's import, too
    return find is not None and hasattr(find(), "kernel")


_settle_output()
