"""`curves.csv`: the points of a run's curves, as a file for other programs and for resuming."""

import csv
import io
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from keras_window.files import read_whole, replacing

COLUMNS = ["step", "epoch", "name", "value"]
CHECKSUM = b"0,0,checksum,"  # the first row begins so and ends with the CRC-32 of all later rows


def read_curves(folder, x_axis="iterations"):
    """Read the curves of a run, which may still be training.

    Args:
        folder: the folder of the run.
        x_axis: "iterations" or "epochs".

    Returns:
        A dictionary from name to (x [n], values [n]), float64; empty if the training has just begun.

    Raises:
        OSError: the folder is not a run, or its file cannot be read or is damaged; the message says which.
    """
    path = Path(folder) / "curves.csv"
    try:
        content = read_whole(path, 2**24)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise OSError(f"{folder} is not a run: it has no curves.csv") from error
    except OSError as error:
        raise OSError(f"{path} cannot be read: {error.strerror}") from error
    points = defaultdict(list)
    try:
        for step, epoch, name, value in _rows(content):
            points[name].append((float(step), float(epoch), float(value)))
        curves = {name: tuple(np.array(rows).T) for name, rows in points.items()}
        axes = [x for *both, _ in curves.values() for x in both]
        if not all(np.isfinite(x).all() and (np.diff(x) >= 0).all() for x in axes):
            raise ValueError("its iterations are out of order")
    except (ValueError, csv.Error) as error:
        raise OSError(f"{path} is damaged ({error}): its curves cannot be shown") from error
    kept = 0 if x_axis == "iterations" else 1
    return {name: (columns[kept], columns[-1]) for name, columns in curves.items()}


def _rows(content):
    """Return the rows of a file. Raises ValueError if the file is incomplete or changed."""
    header, _, rest = content.partition(b"\n")
    first, _, points = rest.partition(b"\n")
    if header.decode().rstrip() != ",".join(COLUMNS) or not first or not content.endswith(b"\n"):
        raise ValueError("its columns are wrong, or it is cut short")
    if first.startswith(CHECKSUM):  # earlier versions wrote none
        if first != CHECKSUM + str(zlib.crc32(points)).encode():
            raise ValueError("its checksum is wrong")
        rest = points
    return csv.reader(io.StringIO(rest.decode(), newline=""))


def write_curves(folder, curves, steps_per_epoch):
    """Write `curves.csv`: a checksum, then one row per point. Raises OSError if it cannot be written.

    Args:
        folder: the folder of the run.
        curves: a dictionary from name to `Curve`; curves of arrays are left out.
        steps_per_epoch: iterations in an epoch.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for name, curve in curves.items():
        if np.ndim(curve.latest):
            continue
        table.writerows(
            (step, f"{step / steps_per_epoch:.6g}", name, f"{value:.6g}")
            for step, value in zip(curve.steps, curve.values, strict=True)
        )
    points = text.getvalue().encode()
    checksum = CHECKSUM + str(zlib.crc32(points)).encode()
    with replacing(Path(folder) / "curves.csv") as new:
        new.write_bytes(b"\n".join([",".join(COLUMNS).encode(), checksum, points]))
