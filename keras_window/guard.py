"""What fails in a picture does not end a training."""

import sys

from common.errors import UserError


class Guard:
    """Blocks in which pictures are made. What fails there is said in one line, once; the program goes on.

    A `UserError` passes, and so do Ctrl-C and the other signals.

    Args:
        what: begins the line: "The window stops here".
        stop: called when something has failed.
    """

    def __init__(self, what, stop=lambda: None):
        self._what, self._stop, self._failed = what, stop, False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if not isinstance(error, Exception) or isinstance(error, UserError):
            return False
        if not self._failed:
            why = UserError(f"{kind.__name__}: {error}".rstrip(": "))  # in one line
            print(f"\n{self._what} ({why}): everything else goes on", file=sys.stderr)
        self._failed = True
        self._stop()
        return True
