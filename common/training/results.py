"""The result of a run, result.json."""

import contextlib
import json
import os
import platform
import re
import sys
from pathlib import Path

import keras
import numpy as np

from common.files import parse_json, read_whole, reading, replacing, there

NAME = "result.json"
CURE = "--resume writes this run's own again"  # it has all in its checkpoint

# what result.json holds, of what is asked for again; the settings are checked as flags
FORM = {
    "script": str,
    "step": (str, None),
    "epochs": int,
    "interrupted": bool,
    "test": {str: float},
    "classes": ([str], None),
    "data": {"file": str, "sha256": str, "origin": str},
}


def is_complete(folder):
    """Whether a run has left its result in a folder. Raises UserError if nobody can tell."""
    return there(Path(folder) / NAME)


def read_result(folder):
    """What result.json in a run's folder says, a dictionary.

    Raises UserError if it cannot be read, is damaged or not a run's.
    """
    path = Path(folder) / NAME
    with reading(path, CURE):
        return parse_json(read_whole(path, 2**24), FORM)


def read_settings(folder, names):
    """Those settings of the run in a folder that have these names. Raises UserError as `read_result`."""
    result = read_result(folder)
    no_epoch = {"epochs"} if result["epochs"] == 0 else set()  # stopped in the first one
    return {name: result[name] for name in names if name in result.keys() - no_epoch}


def device():
    """What the network is trained on, in a few words."""
    on_gpu = False
    with contextlib.suppress(Exception):  # JAX raises where there is none
        if keras.config.backend() == "torch":
            on_gpu = keras.ops.zeros(1).device.type != "cpu"
        else:
            on_gpu = bool(keras.distribution.list_devices("gpu"))
    return "GPU" if on_gpu else f"CPU, {os.cpu_count()} cores"


def write_result(folder, result):
    """Write result.json: a dictionary, and the device and versions. Raises UserError if it cannot be."""
    backend = keras.config.backend()
    versions = {
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend: sys.modules[backend].__version__,
        "numpy": np.__version__,
    }
    result = result | {"backend": backend, "device": device(), "versions": versions}
    with replacing(Path(folder) / NAME) as new:
        new.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def best_epoch(history, metric):
    """The best value of a metric in the validations of a history, and its epoch; None if there were none.

    Of an accuracy more is better, of an error or a loss less.
    """
    rows = [row for row in history if f"val_{metric}" in row]
    if not rows:
        return None
    best = (max if "acc" in metric else min)(rows, key=lambda row: row[f"val_{metric}"])
    return {"metric": metric, "value": best[f"val_{metric}"], "epoch": best["epoch"]}


def shown(test, lecture, write):
    """How a test result and the lecture's number are written, a dictionary of str."""
    return {
        "test": write(test),
        "lecture": "-" if lecture is None else re.sub(r"[.]?0+%", "%", write(lecture)),
    }
