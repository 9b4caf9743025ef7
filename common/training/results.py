"""The result of a run, result.json."""

import contextlib
import hashlib
import json
import os
import platform
import re
import sys
from pathlib import Path

import keras
import numpy as np

from common.files import parse_json, read_whole, reading, replacing, there

NAME, VOCABULARY = "result.json", "vocabulary.json"
CURE = "--resume writes this run's own again"  # the checkpoint holds all it needs

# the form of the entries that are read back; settings are checked as flags are
FORM = {
    "script": str,
    "step": (str, None),
    "epochs": int,
    "interrupted": bool,
    "test": {str: float},
    "classes": ([str], None),
    "data": {"file": str, "sha256": str, "origin": str, str: object},
}


def is_complete(folder):
    """Whether a folder holds a run's result. Raises UserError if the folder cannot be read."""
    return there(Path(folder) / NAME)


def read_result(folder):
    """Read result.json in a run's folder: a dictionary.

    Raises UserError if the file cannot be read, is damaged or was not written by a run.
    """
    path = Path(folder) / NAME
    with reading(path, CURE):
        return parse_json(read_whole(path, 2**24), FORM)


def read_settings(folder, names):
    """Read the settings with these names from a run's result. Raises UserError as `read_result` does."""
    result = read_result(folder)
    no_epoch = {"epochs"} if result["epochs"] == 0 else set()  # stopped during the first epoch
    return {name: result[name] for name in names if name in result.keys() - no_epoch}


def device():
    """A short description of the device that the network is trained on."""
    on_gpu = False
    with contextlib.suppress(Exception):  # JAX raises where there is none
        if keras.config.backend() == "torch":
            on_gpu = keras.ops.zeros(1).device.type != "cpu"
        else:
            on_gpu = bool(keras.distribution.list_devices("gpu"))
    return "GPU" if on_gpu else f"CPU, {os.cpu_count()} cores"


def write_result(folder, result):
    """Write a dictionary, the device and the versions to result.json. Raises UserError if writing fails."""
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


def write_vocabulary(folder, words):
    """Write a list of words to vocabulary.json. Returns its SHA-256. Raises UserError if writing fails."""
    content = json.dumps({"words": words}, indent=0, ensure_ascii=False).encode()
    with replacing(Path(folder) / VOCABULARY) as new:
        new.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def read_vocabulary(folder, sha256):
    """Read vocabulary.json, a list of str. Raises UserError if it is not the file with this SHA-256."""
    path = Path(folder) / VOCABULARY
    with reading(path, CURE):
        content = read_whole(path, 2**24)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError("its SHA-256 is not the one in result.json")
        return parse_json(content, {"words": [str]})["words"]


def best_epoch(history, metric):
    """The best validation value of a metric in a history, and its epoch; None without validation.

    Of an accuracy more is better, of an error or a loss less.
    """
    rows = [row for row in history if f"val_{metric}" in row]
    if not rows:
        return None
    best = (max if "acc" in metric else min)(rows, key=lambda row: row[f"val_{metric}"])
    return {"metric": metric, "value": best[f"val_{metric}"], "epoch": best["epoch"]}


def shown(test, lecture, write):
    """The test result and the lecture's number as text, a dictionary of str."""
    return {
        "test": write(test),
        "lecture": "-" if lecture is None else re.sub(r"[.]?0+%", "%", write(lecture)),
    }
