"""Error handling that keeps a failure in the window from ending the training."""

import contextlib
import sys


def one_line(text):
    """Return the text as one line, shortened in the middle if it is longer than 400 characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= 400 else f"{line[:200]} ... {line[-190:]}"


@contextlib.contextmanager
def by_product():
    """A block in which an OSError is printed as one line, and the program continues."""
    try:
        yield
    except OSError as error:
        print(f"\n{one_line(error)}", file=sys.stderr)


class Guard:
    """A context manager for drawing. The first error is printed as one line; the program continues.

    Ctrl-C and other signals are not caught.

    Args:
        what: the beginning of the line, such as "The window stops here".
        stop: called after each error.
    """

    def __init__(self, what, stop=lambda: None):
        self._what, self._stop, self._failed = what, stop, False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if not isinstance(error, Exception):
            return False
        if not self._failed:
            why = one_line(f"{kind.__name__}: {error}".rstrip(": "))
            print(f"\n{self._what} ({why}): everything else goes on", file=sys.stderr)
        self._failed = True
        self._stop()
        return True
