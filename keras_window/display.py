"""The display of a training: draws the dashboard, records a movie, saves pictures, handles keys."""

import contextlib
import copy
import time
from pathlib import Path

from keras_window.dashboard import Dashboard
from keras_window.guard import by_product, say_once
from keras_window.movie import Movie
from keras_window.screens import File, close_finished, open_screen

PICTURE = "dashboard.png"
BUTTONS = {" ": "freeze", "1": "pane 1", **{n: n for n in "23456"}, "0": "all panes"}
BUTTONS |= {"s": "save", "q": "close"}
KEYS = """space     freeze the picture, or go on
1 to 6    one pane, large
0 or Esc  all panes
s         save the picture
f         full screen
h or ?    these keys
q         close: the training goes on"""


class Display:
    """The dashboard and its screen.

    Args:
        records: the `Records` that the panes show.
        guard: the `Guard` around the handling of keys.
        plot, title: as for `open_screen`.
        out: the folder for pictures, a `Path`, or None.
        movie: the path of a movie, or None.
        said: the set of lines that have been printed.

    Attributes:
        screen: the screen that `open_screen` returned; None before `open`, or if nothing can be shown.
        dashboard: the `Dashboard`; None before `begin` and after `stop`.
        frozen: whether the picture is frozen, until the user releases it, also beyond the training's end.
        times: when each picture was shown, in seconds of `time.perf_counter`.
    """

    IN_BROWSER = 'plot="web" shows it in a browser'

    def __init__(self, records, guard, plot, title, out, movie, said):
        self._records, self._guard, self._said = records, guard, said
        self._plot, self._title, self._out, self._path = plot, title, out, movie
        self.screen = self.dashboard = self._movie = None
        self.frozen, self.times, self._shown_header = False, [], ""

    def open(self):
        """Open the screen, or use the open one again. Raises OSError or ImportError as `open_screen` does."""
        self._remove_dashboard()
        self.frozen, self.times = False, []
        if self.screen and self.screen.open and self.screen.stays:
            self.screen.finished = False
            return
        close_finished()
        self.screen, why_not = open_screen(self._plot, self._title, self._on_key, BUTTONS)
        if why_not:
            saved = f"the picture will be in {self._out / PICTURE}" if self._out else "no picture is drawn"
            print(f"No window ({why_not}; {self.IN_BROWSER}): {saved}")
        if isinstance(self.screen, File) and not (self._out or self._path or self.screen.live):
            self.screen = None

    def begin(self, panes):
        """Make the dashboard and show its first picture."""
        self._remove_dashboard()
        self.dashboard = Dashboard(self.screen.figure, panes, self._records)
        self.screen.parts = self.dashboard.parts
        if self.screen.stays and not self.screen.lists_keys:
            self.dashboard.hint("h: keys")
        if self._path and not self._movie:
            self._movie = Movie(Path(self._path))
        self.draw()

    def _remove_dashboard(self):
        if self.dashboard:
            self.dashboard.remove()
        self.dashboard = None

    def give_up(self, pane, why):
        """Show the reason in place of a pane that cannot be drawn."""
        if self.dashboard:
            self.dashboard.give_up(pane, why)

    def draw(self, note=""):
        """Update the dashboard, and draw it if somebody may be watching or a movie is recorded."""
        self._shown_header = self._header()
        changed = self.dashboard.update(self._records, self._shown_header + note)
        if self.screen.open and (self.screen.live or self._movie):
            self.dashboard.draw(changed)
            self.screen.present()
            self.times.append(time.perf_counter())
            if self._movie:
                self._movie.add(self.screen.figure.canvas)
        self._say_troubles()

    def _say_troubles(self):
        for pane, why in self.dashboard.troubles:
            say_once(f"LivePlot: no {pane.title}: {why}", self._said)

    def note(self, note):
        """Show a note in the header, after the epoch and iteration."""
        header = f"frozen at {self._shown_header}" if self.frozen else self._header()
        self.dashboard.set_header(header + note)

    def _header(self):
        records = self._records
        epoch = f"epoch {records.epoch} of {records.epochs}   ·   " if records.epochs else ""
        total = f" of {records.total_steps:,}" if records.total_steps else ""
        return f"{epoch}iteration {records.step:,}{total}"

    def save_picture(self, name=PICTURE):
        """Save a picture of all panes; without a folder for pictures, in the current one.

        Returns its path; if that fails, prints why and returns None.
        """
        path = (self._out or Path()) / name
        with by_product():
            self.dashboard.save(path)
            self._say_troubles()
            return path

    def save_latest(self):
        """Save a picture of the latest numbers, also while the one on the screen is frozen."""
        if not self.frozen:
            self.draw()
            self.save_picture()
            return
        with by_product():
            panes = [copy.copy(pane) for pane in self.dashboard.panes]
            dashboard = Dashboard(File().figure, panes, self._records)
            for number, why in self.dashboard.given_up.items():
                dashboard.give_up(panes[number], why)
            dashboard.update(self._records, self._header())
            dashboard.save(self._out / PICTURE)

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
                if self.frozen:
                    self.note("")
                else:
                    self.draw()
            elif key in ("h", "?"):
                self.dashboard.toggle_keys(KEYS)
            elif key in ("0", "escape"):
                self.dashboard.show()
            elif key in tuple("123456")[: len(self.dashboard.panes)]:
                self.dashboard.show(int(key))
            elif key == "s":
                if path := self.save_picture(f"dashboard-{self._records.step}.png"):
                    print(f"\nSaved {path}")
            elif key == "f":
                self.screen.toggle_full_screen()
            elif key == "q":
                self.screen.close()
