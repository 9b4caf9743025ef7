"""A race: a second run of the same lesson with other flags, in a separate process."""

import atexit
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from common.errors import UserError

TIED = "ENDS_WITH_STDIN"  # environment variable of the other run's process
PATIENCE = 600  # seconds allowed to stop, evaluate and save; a second Ctrl-C ends the wait


class Rival(NamedTuple):
    """The other run of a race: the flags of --against, its whole command line and its folder."""

    flags: str
    words: list
    out: Path


def end_with_parent():
    """In the other run of a race: stop and save, as on SIGTERM, when the run that started it has exited."""
    if os.environ.pop(TIED, None):
        threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent():
    os.read(0, 1)  # returns only when the parent has exited: nothing is ever written there
    signal.raise_signal(signal.SIGTERM)


def _script():
    """The lesson's file; for a notebook, the script of the same name beside `common/`."""
    beside = Path(__file__).parents[2] / f"{Path(sys.argv[0]).stem}.py"
    found = next((path for path in (Path(sys.argv[0]), beside) if path.is_file()), None)
    if found is None:
        raise UserError(f"--against needs the lesson as a file, and there is no {beside}")
    return str(found)


class Race:
    """Starts the other run of a race, and stops it when this program ends.

    Args:
        rival: a `Rival`.

    Raises:
        UserError: the lesson is not a file.
    """

    def __init__(self, rival):
        self._rival = rival
        self._said = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115  what it prints
        self._process = subprocess.Popen(
            [sys.executable, _script(), *rival.words],
            stdin=subprocess.PIPE,
            stdout=self._said[0],
            stderr=self._said[1],
            env=os.environ | {TIED: "1", "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,  # Ctrl-C reaches this process only, which stops the other
        )
        self._reported = False
        atexit.register(self.end)

    def running(self):
        """Whether the other run is still running. If it failed, print why, in one line, once."""
        status = self._process.poll()
        if status not in (None, 0) and not self._process.stdin.closed:
            self.report()
        return status is None

    def stop(self):
        """Ask the other run to stop after the current batch and to save."""
        if not self._process.stdin.closed:
            self._process.stdin.close()

    def end(self):
        """Stop the other run, wait until it has saved, and print its result."""
        self.stop()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.report()

    def report(self):
        """Print the other run's result, or why it failed, in one line, once."""
        if self._reported:
            return
        self._reported = True
        printed, troubles = map(_lines, self._said)
        status = self._process.returncode
        if status in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM):
            result = next(
                (line for line in printed if line.startswith(("Test ", "Validation "))),
                "stopped before its training",
            )
            print(f"Beside it, {self._rival.flags}: {result}", flush=True)
            return
        why = (
            troubles[-1].partition(": ")[2] if status == 2 and troubles else f"it ended with status {status}"
        )
        if status < 0:
            why = f"it was ended by signal {-status}"
        print(f"\n{Path(sys.argv[0]).name}: --against {self._rival.flags!r}: {why}", file=sys.stderr)


def _lines(file):
    file.seek(0)
    return file.read().decode(errors="replace").splitlines()
