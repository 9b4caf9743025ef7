"""Overlays: other runs, whose curves are drawn behind this run's and updated while they train."""

import contextlib
import threading
from pathlib import Path

import numpy as np

from keras_window.curves_file import read_curves

PAUSE = 0.5  # seconds between two checks of the other runs


class Overlay:
    """Another run, whose curves are drawn behind this run's.

    Args:
        name: the name in the legend.
        folder: the folder of the run.
        x_axis: "iterations" or "epochs".
        races: whether it trains at the same time as this run. If so, older curves in its folder are not
            shown, and the horizontal axis is long enough for its curves.

    Attributes:
        curves: as `read_curves` returns them.
        begun: whether curves have been read; they may still be empty.

    Raises:
        OSError: as `read_curves`.
    """

    def __init__(self, name, folder, x_axis="iterations", races=False):
        self.name, self.races = name, races
        self.folder, self._x_axis = Path(folder), x_axis
        self._seen = self._stamp()
        self.curves = {} if races else read_curves(folder, x_axis)
        self.begun = not races

    def _stamp(self):
        try:
            known = (self.folder / "curves.csv").stat()
        except OSError:  # not written yet, or the shared folder is unreachable
            return None
        return known.st_mtime_ns, known.st_size, known.st_ino

    def refresh(self):
        """Read the curves again if the file has changed; if that fails, keep the ones from before."""
        stamp = self._stamp()
        if stamp in (None, self._seen):
            return
        with contextlib.suppress(OSError):  # the file may be complete next time
            self.curves, self.begun = read_curves(self.folder, self._x_axis), True
            self._seen = stamp

    @property
    def end(self):
        """The largest x of all the curves, 0 if there are none."""
        return max((x[-1] for x, _ in self.curves.values()), default=0)


class EarlierFit:
    """The curves of an earlier `fit` with the same callback, drawn like those of an `Overlay`."""

    name, races = "earlier fits", True

    def __init__(self, records):
        self.curves = {
            name: (records.along(curve.steps), np.array(curve.values))
            for name, curve in records.curves.items()
            if curve.values and not np.ndim(curve.latest)
        }
        self.end = max((x[-1] for x, _ in self.curves.values()), default=0)


class Follower:
    """Refreshes the overlays every half second, in a thread because a shared folder may be slow."""

    def __init__(self, overlays):
        self._overlays, self._ended = overlays, threading.Event()
        if overlays:
            threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        while not self._ended.wait(PAUSE):
            for overlay in self._overlays:
                overlay.refresh()

    def end(self):
        self._ended.set()
