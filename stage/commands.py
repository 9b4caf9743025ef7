"""Checks the commands of the page, starts them without a shell, and follows what they print."""

import collections
import itertools
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from typing import NamedTuple

from stage.settings import is_lesson

LONGEST = 1000  # characters of a command
TRAININGS = 3  # at once: each one slows down the others
OPEN = 4  # slide shows and finished trainings whose pictures stay open: each holds half a gigabyte
QUESTIONS = {"--review", "--translate"}  # the answer is printed: there is no picture
PATIENCE = 600  # seconds for stopping, evaluating and saving

ADDRESS = re.compile(r"at (http://127\.0\.0\.1:\d+/[\w-]+/)$")
CLASS_ADDRESS = re.compile(r"^The class can watch at (http://[\d.]+:\d+/\w+/)$")
EPOCH = re.compile(r"^epoch +(\d+)/(\d+) ")
RESULT = re.compile(r"^(Test|Validation) .+ after \d+")


class Refused(Exception):
    """A command that is not started. The message says why, in one line."""


class Command(NamedTuple):
    """A command line that may be started: as typed, its script's name, and its flags, a list of str."""

    line: str
    script: str
    flags: list


def read_command(line, scripts):
    """Read a command line. No character means what it means to a shell, but for quotation marks.

    The script itself checks the flags' values when it starts.

    Args:
        line: the text, str.
        scripts: the names of the scripts that may be started, a set.

    Returns:
        A `Command`, whose flags are without those about the screen, which the page adds itself.

    Raises:
        Refused: it is not `python3`, the name of one of these scripts, and flags.
    """
    if len(line) > LONGEST or not line.isprintable():
        raise Refused(f"a command is one line of at most {LONGEST} characters")
    try:
        program, script, *words = split(line)
    except ValueError as error:
        raise Refused(f"a command is python3, a script and its flags ({error})") from error
    if program not in ("python3", "python", "py"):
        raise Refused(f"only python3 can be started here, not {program[:40]}")
    if script not in scripts:
        raise Refused(f"{script[:40]} is no script of the lecture (there are {', '.join(sorted(scripts))})")
    if words and not words[0].startswith("-"):
        raise Refused(f"a flag begins with --, and {words[0][:40]} does not")
    return Command(line.strip(), script, list(_without_screen(words)))


def split(line):
    """Split a command line into words, as the lessons split --against: a backslash is part of a path."""
    words = shlex.shlex(line, posix=True, punctuation_chars="")
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    return list(words)


def asks(words):
    """Whether a command's words ask a trained network, which then draws nothing."""
    return any(word.partition("=")[0] in QUESTIONS for word in words)


def _without_screen(words):
    words = iter(words)
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--plot":
            if (value if equals else next(words, "")) != "web":
                raise Refused("the picture appears on this page: leave out --plot")
        elif name == "--share":
            raise Refused("python3 lecture.py --share lets the class look on: leave out --share here")
        else:
            yield word


class Program:
    """A command that has been started.

    Args:
        command: a `Command`.
        place: the topic and the command in it that started it, two numbers.
        root: the folder of the scripts, a `Path`.
        share: whether the class may look on.
        changed: called without arguments, from another thread, when it has printed something or has ended.

    Attributes:
        began: when it was started, in seconds.
        lines: the last lines that it has printed, without addresses.
        address: the page of its picture, None as long as there is none; `class_address` likewise.
        epochs: [epochs done, epochs in all], None before the first one is complete.
        result: the line with the result of its training, None before.
        status: its exit status, None while it runs.
        stopping: whether it has been told to stop.
    """

    def __init__(self, command, place, root, share, changed):
        self.command, self.place, self._changed, self.began = command, place, changed, time.time()
        self.trains = is_lesson(root / command.script)
        self.lines = collections.deque(maxlen=200)
        self.address = self.class_address = self.epochs = self.result = self.status = None
        self.stopping = False
        screen = ["--plot", "none"] if asks(command.flags) else ["--share"] if share else ["--plot", "web"]
        # a browser that does not exist: the address is printed, but nothing opens it
        own = {"BROWSER": "nobody", "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(root / command.script), *command.flags, *screen],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=os.environ | own,
            start_new_session=True,  # Ctrl-C reaches this process only, which stops the others
        )
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        for line in self._process.stdout:
            self._read(line.rstrip())
            self._changed()
        self.status = self._process.wait()
        self._changed()

    def _read(self, line):
        if found := CLASS_ADDRESS.match(line):
            self.class_address = found[1]
        elif found := ADDRESS.search(line):
            self.address = found[1]
        elif line:
            self.lines.append(line)
        if found := EPOCH.match(line):
            self.epochs = [int(found[1]), int(found[2])]
        elif RESULT.match(line):
            self.result = line

    @property
    def state(self):
        """ "working", "stopping" (it saves), "open" (nothing left to do, its picture stays) or "ended"."""
        if self.status is not None:
            return "ended"
        if self.result or not self.trains:
            return "open"
        return "stopping" if self.stopping else "working"

    def about(self):
        """What the page shows of it, a dictionary."""
        last = self.lines[-1] if self.lines else f"it ended with status {self.status}"
        return {
            "line": self.command.line,
            "place": self.place,
            "state": self.state,
            "trains": self.trains,
            "address": self.address,
            "epochs": self.epochs,
            "result": self.result,
            "status": self.status,
            "trouble": last if self.status not in (None, 0, -15, 130, 143) else None,
            "lines": list(self.lines)[-60:],
        }

    def stop(self):
        """Ask it to stop after the current batch, and to save; on Windows it ends at once."""
        self.stopping = True
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self):
        self._process.kill()

    def wait(self, seconds):
        """Wait for its end. Raises subprocess.TimeoutExpired after so many seconds."""
        self._process.wait(seconds)


class Programs:
    """All that the page has started.

    Args:
        root: the folder of the scripts, a `Path`.
        scripts: the names of the scripts that may be started, a set.
        share: whether the class may look on.
        changed: as for `Program`.
    """

    def __init__(self, root, scripts, share, changed):
        self._root, self.scripts, self._share, self._changed = root, scripts, share, changed
        self._numbers, self.started, self._closed = itertools.count(1), {}, False
        self._lock = threading.Lock()  # the page starts programs in the server's thread

    def start(self, line, place):
        """Start a command; returns its number.

        A slide show or a finished training with the same command is closed first, and the oldest of them if
        many are open.

        Raises:
            Refused: the command cannot be started, or too much is running already.
        """
        command = read_command(line, self.scripts)
        with self._lock:
            self._make_room(command, place)
            number = next(self._numbers)
            self.started[number] = Program(command, place, self._root, self._share, self._changed)
            return number

    def _make_room(self, command, place):
        idle, busy = self._those("open"), self._those("working", "stopping")
        if self._closed:
            raise Refused("the lecture is ending")
        if any(program.command == command or program.place == place for program in busy):
            raise Refused("this command is running already: stop it, or wait until it has ended")
        if is_lesson(self._root / command.script) and len(busy) >= TRAININGS:
            raise Refused(f"{len(busy)} trainings are running: wait for one of them, or stop it")
        again = [program for program in idle if program.command == command or program.place == place]
        others = [program for program in idle if program not in again]
        for program in again + others[: max(0, len(others) + 1 - OPEN)]:
            program.stop()
        self.started = {  # of those that have ended, only the last one of each place
            number: program
            for number, program in self.started.items()
            if program.status is None or program.place != place
        }

    def _those(self, *states):
        return [program for program in self.started.values() if program.state in states]

    def working_since(self, command):
        """When a `Command` that still works was started, in seconds; 0 if none does."""
        return max(
            (one.began for one in self._those("working", "stopping") if one.command == command), default=0
        )

    def stop(self, number):
        """Stop a program; one that has ended already, or never was, is ignored."""
        if number in self.started:
            self.started[number].stop()

    def stop_all(self):
        """Stop all programs, and start no more."""
        with self._lock:
            self._closed = True
        for program in list(self.started.values()):
            program.stop()

    def wait(self):
        """Wait until all programs have ended; after `PATIENCE` seconds, kill them."""
        end = time.monotonic() + PATIENCE
        for program in list(self.started.values()):
            try:
                program.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait(None)

    def kill_all(self):
        for program in list(self.started.values()):
            program.kill()
