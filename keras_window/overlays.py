"""Other runs whose curves are drawn behind ours: read from their folders, and followed while they go on."""

import contextlib
import csv
import io
import threading
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from common.files import read_whole, reading, replacing, there
from common.errors import UserError

PAUSE = 0.5  # seconds between two looks at the other runs
COLUMNS = ["step", "epoch", "name", "value"]
CHECKSUM = b"0,0,checksum,"  # so begins the first row, which ends with the CRC-32 of all behind it


def read_curves(folder, x_axis="iterations"):
    """The curves of a run, which may still be going on.

    Args:
        folder: the run's.
        x_axis: "iterations" or "epochs".

    Returns:
        A dictionary: name to (x [n], values [n]), float64. It is empty if the training has just begun.

    Raises:
        UserError: there is no run, or its file cannot be read or is not whole.
    """
    path = Path(folder) / "curves.csv"
    if not there(path):
        raise UserError(f"{folder} is not a run: it has no curves.csv")
    points = defaultdict(list)
    with reading(path, "its curves cannot be shown"):
        for step, epoch, name, value in _rows(read_whole(path, 2**24)):
            points[name].append((float(step), float(epoch), float(value)))
        curves = {name: tuple(np.array(rows).T) for name, rows in points.items()}
        axes = [x for *both, _ in curves.values() for x in both]
        if not all(np.isfinite(x).all() and (np.diff(x) >= 0).all() for x in axes):
            raise ValueError("its iterations are out of order")
    kept = 0 if x_axis == "iterations" else 1
    return {name: (columns[kept], columns[-1]) for name, columns in curves.items()}


def _rows(content):
    """The rows of a file. Raises ValueError if it is not whole."""
    header, _, rest = content.partition(b"\n")
    first, _, points = rest.partition(b"\n")
    if header.decode().rstrip() != ",".join(COLUMNS) or not first or not content.endswith(b"\n"):
        raise ValueError("it has other columns or is cut")
    if first.startswith(CHECKSUM):  # earlier versions wrote none
        if first != CHECKSUM + str(zlib.crc32(points)).encode():
            raise ValueError("its checksum is wrong")
        rest = points
    return csv.reader(io.StringIO(rest.decode(), newline=""))


def write_curves(folder, curves, steps_per_epoch):
    """Write `curves.csv`: a checksum, and one row a point. Raises UserError if it cannot be written.

    Args:
        folder: the run's.
        curves: a dictionary, name to `Curve` of numbers.
        steps_per_epoch: iterations in an epoch.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for name, curve in curves.items():
        table.writerows(
            (step, f"{step / steps_per_epoch:.6g}", name, f"{value:.6g}")
            for step, value in zip(curve.steps, curve.values, strict=True)
        )
    points = text.getvalue().encode()
    checksum = CHECKSUM + str(zlib.crc32(points)).encode()
    with replacing(Path(folder) / "curves.csv") as new:
        new.write_bytes(b"\n".join([",".join(COLUMNS).encode(), checksum, points]))


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
        UserError: there is no run, or its file is damaged.
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
        with contextlib.suppress(UserError):  # next time it may be whole again
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
