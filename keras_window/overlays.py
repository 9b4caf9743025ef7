"""Other runs whose curves are drawn behind ours, and followed while they go on."""

import contextlib
import threading
from pathlib import Path

from keras_window.curves_file import read_curves

PAUSE = 0.5  # seconds between two looks at the other runs


class Overlay:
    """Another run, whose curves are drawn behind ours.

    Args:
        name: for the legend.
        folder: the run's.
        x_axis: "iterations" or "epochs".
        races: whether it runs beside ours: then what its folder holds from before is not shown, and the
            horizontal axis reaches as far as its curves.

    Attributes:
        curves: as `read_curves` returns them.
        begun: whether there are curves to show, if only empty ones.

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
        except OSError:  # not written yet, or a shared folder is away
            return None
        return known.st_mtime_ns, known.st_size, known.st_ino

    def refresh(self):
        """Read the curves again if they have changed; what cannot be read stays as it is."""
        stamp = self._stamp()
        if stamp in (None, self._seen):
            return
        with contextlib.suppress(OSError):  # next time it may be whole again
            self.curves, self.begun = read_curves(self.folder, self._x_axis), True
            self._seen = stamp

    @property
    def end(self):
        """How far the curves reach along the horizontal axis."""
        return max((x[-1] for x, _ in self.curves.values()), default=0)


class Follower:
    """Looks at the other runs every half second, in a thread: a shared folder may be slow to answer."""

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
