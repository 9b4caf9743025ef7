"""The display of a training: draws the dashboard, records a movie, saves pictures, handles keys."""

import contextlib
import math
import time
from pathlib import Path

from keras_window.dashboard import Dashboard
from keras_window.guard import by_product
from keras_window.movie import Movie
from keras_window.screens import close_finished, open_screen

BUTTONS = {" ": "freeze", **{n: n for n in "123456"}, "0": "all", "s": "save", "q": "close"}


class Display:
    """The dashboard and its screen.

    Args:
        panes: one to six `Pane`s.
        records: the `Records` that the panes show.
        guard: the `Guard` around the handling of keys.
        plot, title: as for `open_screen`.
        out: the folder for pictures.
        movie: the path of a movie, or None.

    Attributes:
        screen: the screen that `open_screen` returned; None before `open`.
        dashboard: the `Dashboard`; None before `begin` and after `stop`.
        frozen: whether the picture is frozen.
        times: when each picture was shown, in seconds of `time.perf_counter`.
    """

    def __init__(self, panes, records, guard, plot, title, out, movie):
        self._panes, self._records, self._guard = panes, records, guard
        self._plot, self._title, self._out, self._path = plot, title, Path(out), movie
        self.screen = self.dashboard = self._movie = None

    def open(self):
        """Open the screen. Raises OSError or ImportError as `open_screen` does."""
        self.dashboard, self.frozen, self.times = None, False, []
        close_finished()
        self.screen, why_not = open_screen(self._plot, self._title, self._on_key, BUTTONS)
        if why_not:
            hint = "--plot web shows it in a browser"
            print(f"No window ({why_not}; {hint}): the picture will be in {self._out / 'dashboard.png'}")

    def begin(self):
        """Make the dashboard and show the first picture."""
        self.dashboard = Dashboard(self.screen.figure, self._panes, self._records)
        self._movie = self._path and Movie(Path(self._path))
        self.draw()

    def draw(self, note=""):
        """Update the dashboard, and draw it if somebody may be watching or a movie is recorded."""
        changed = self.dashboard.update(self._records, self._header() + note)
        if self.screen.open and (self.screen.live or self._movie):
            self.dashboard.draw(changed)
            self.screen.present()
            self.times.append(time.perf_counter())
            if self._movie:
                self._movie.add(self.screen.figure.canvas)

    def note(self, note):
        """Show a note in the header, after the epoch and iteration."""
        self.dashboard.set_header(self._header() + note)

    def _header(self):
        records = self._records
        if not records.total_steps:  # data of unknown length
            return f"iteration {records.step:,}"
        epochs = records.total_steps // records.steps_per_epoch
        epoch = max(1, math.ceil(records.step / records.steps_per_epoch))
        return f"epoch {epoch} of {epochs}   ·   iteration {records.step:,} of {records.total_steps:,}"

    def save_picture(self, name="dashboard.png"):
        """Save a picture of all panes. Returns its path; if that fails, prints why and returns None."""
        with by_product():
            self.dashboard.save(self._out / name)
            return self._out / name

    def save_movie(self):
        if self._movie:
            with by_product():
                self._movie.save()

    def stop(self):
        """Stop drawing and close the screen. The movie keeps its frames."""
        self.dashboard = None
        if self.screen:
            with contextlib.suppress(Exception):  # the screen itself may have failed
                self.screen.close()

    def _on_key(self, key):
        if not self.dashboard:
            return
        with self._guard:
            if key == " ":
                self.frozen = not self.frozen
                self.note("   ·   frozen" * self.frozen)
            elif key in ("0", "escape"):
                self.dashboard.show()
            elif key in tuple("123456")[: len(self._panes)]:
                self.dashboard.show(int(key))
            elif key == "s":
                if path := self.save_picture(f"dashboard-{self._records.step}.png"):
                    print(f"\nSaved {path}")
            elif key == "f":
                self.screen.toggle_full_screen()
            elif key == "q":
                self.screen.close()
