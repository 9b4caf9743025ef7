"""What fails in a picture does not end a training."""

import contextlib
import sys


def one_line(text):
    """The text in one line that is not too long, whatever it names."""
    line = " ".join(str(text).split())
    return line if len(line) <= 400 else f"{line[:200]} ... {line[-190:]}"


@contextlib.contextmanager
def by_product():
    """A file that cannot be written or read here is said in one line; the program goes on."""
    try:
        yield
    except OSError as error:
        print(f"\n{one_line(error)}", file=sys.stderr)


class Guard:
    """Blocks in which pictures are made. What fails there is said in one line, once; the program goes on.

    Ctrl-C and the other signals pass.

    Args:
        what: begins the line: "The window stops here".
        stop: called when something has failed.
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
