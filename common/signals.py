"""Signals and exit statuses. Once this module is imported, a `UserError` is one line and exit status 2.

Ctrl-C then ends a lesson with status 130 (SIGTERM 143, SIGHUP 129). In any other program it raises
KeyboardInterrupt, as usual in Python.
"""

import _thread
import contextlib
import os
import signal
import sys
import threading
import warnings
from pathlib import Path

from common.errors import UserError
from common.output import in_notebook, loading


def _show_exception(kind, error, where):
    if issubclass(kind, KeyboardInterrupt) and _before_a_lesson():
        raise SystemExit(128 + signal.SIGINT)
    if not issubclass(kind, UserError):
        sys.__excepthook__(kind, error, where)
        return
    print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
    raise SystemExit(2)


def _before_a_lesson():
    """Whether the script is one of ours, even if it has not read its command line yet."""
    script = sys.modules["__main__"]
    ours = "common.command_line", "common.values"
    return hasattr(script, "__file__") and any(
        getattr(value, "__module__", None) in ours for value in [*vars(script).values()]
    )


def _show_unraisable(trouble):
    """Python swallows exceptions raised in finalizers; our SystemExit is raised again a little later."""
    if not (interrupt.requested and isinstance(trouble.exc_value, SystemExit)):
        sys.__unraisablehook__(trouble)
        return
    again = threading.Timer(0.1, _thread.interrupt_main, [interrupt.status - 128])
    again.daemon = True
    again.start()


class _Interrupt:
    """Ends a lesson on Ctrl-C, SIGTERM or SIGHUP, and a notebook's cell on its stop button.

    If a training is running, it is saved first.

    Attributes:
        requested: whether a signal has arrived.
        status: the exit status for that signal, or None.
        importing: whether `common` and the libraries are still being imported.
        lesson: whether the program is a lesson: it has begun to read its command line.
        saving: whether a training is running, which stops after the current batch and saves.
    """

    SIGNALS = tuple(
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    )

    def __init__(self):
        self.importing, self.lesson = True, False
        self.requested = self.saving = False
        self.status = None

    def __call__(self, number=signal.SIGINT, frame=None):
        if in_notebook() and (self.requested or not self.saving):
            raise KeyboardInterrupt
        if self.saving and not self.requested:
            with contextlib.suppress(RuntimeError):  # the signal interrupted a print
                print("\nStopping after this batch, and saving ...", file=sys.stderr)
        if not self.requested:
            self.requested, self.status = True, 128 + number
        if self.importing:
            loading.end()
            os._exit(self.status)  # some libraries catch SystemExit while they are imported
        if not self.saving:
            self._end()

    def _end(self):
        if self.lesson or self.status != 128 + signal.SIGINT:
            raise SystemExit(self.status)
        self.requested = False  # the program may catch the exception and go on
        raise KeyboardInterrupt

    def listen(self):
        """Handle these signals, except those that the parent process ignores, as `nohup` does."""
        for number in self.SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self)


interrupt = _Interrupt()


def imported():
    """Mark `common` as imported; in a notebook, let the stop button and SystemExit end a cell quietly."""
    interrupt.importing = False
    if not in_notebook():
        return
    shell = sys.modules["IPython"].get_ipython()

    def before_cell(info=None):
        interrupt.requested = False  # by an earlier cell
        sys.modules["keras"].config.enable_interactive_logging()  # a failed training leaves it disabled
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupt)  # the kernel resets it for each cell

    def show_traceback(*args, exception_only=False, **options):
        if not exception_only:  # for a SystemExit it is True
            shown(*args, **options)

    shown, shell.showtraceback = shell.showtraceback, show_traceback
    warnings.filterwarnings("ignore", "To exit: use 'exit'")
    shell.events.register("pre_run_cell", before_cell)


sys.excepthook = _show_exception
sys.unraisablehook = _show_unraisable
if threading.current_thread() is threading.main_thread() and not in_notebook():
    interrupt.listen()
