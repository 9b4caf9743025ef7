"""Error handling that keeps a failure in the window from ending the training."""

import contextlib
import sys


def one_line(text):
    """Return the text as one line, shortened in the middle if it is longer than 400 characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= 400 else f"{line[:200]} ... {line[-190:]}"


class NotShown(Exception):
    """An error that says, in a few words, why something cannot be measured or drawn."""


def reason(error):
    """Return why something failed, in one line: the words of a `NotShown`, else class and message."""
    text = str(error) if isinstance(error, NotShown) else f"{type(error).__name__}: {error}".rstrip(": ")
    return one_line(text)


@contextlib.contextmanager
def by_product():
    """A block in which an OSError is printed as one line, and the program continues."""
    try:
        yield
    except OSError as error:
        print(f"\n{one_line(error)}", file=sys.stderr)


def say_once(line, said):
    """Print a line to stderr, unless it is in the set `said`."""
    if line not in said:
        said.add(line)
        print(f"\n{line}", file=sys.stderr)


def _another_process_has_ended(error):
    """Whether JAX cannot compute any more because one of several processes of the training has ended."""
    jax = sys.modules.get("jax")
    return jax and isinstance(error, jax.errors.JaxRuntimeError) and jax.process_count() > 1


class Guard:
    """A context manager for drawing. The first error is printed as one line; the program continues.

    Ctrl-C and other signals are not caught, nor are errors that the training has, too.

    Args:
        what: the beginning of the line, such as "The window stops here"; or a whole line with {why} where
            the reason belongs.
        stop: called with the reason after each error.
        said: a set of the lines that have been printed; they are not printed again.

    Attributes:
        failed: whether there has been an error.
    """

    def __init__(self, what, stop=lambda why: None, said=None):
        self._line = what if "{why}" in what else what + " ({why}): everything else goes on"
        self._stop, self.failed = stop, False
        self._said = set() if said is None else said

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if not isinstance(error, Exception) or _another_process_has_ended(error):
            return False
        why = reason(error)
        if not self.failed:
            say_once(self._line.replace("{why}", why), self._said)
        self.failed = True
        self._stop(why)
        return True
