"""The result of a run, result.json, and the trained model beside it."""

import contextlib
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from common.files import replacing
from common.terminal import UserError

# what makes a run what it is, where the lesson has it
SETTINGS = (
    "script", "step", "seed", "epochs", "batch_size", "learning_rate", "decay", "dropout", "pooling",
    "batch_norm", "augment", "image_size", "input_half", "l1", "pairs", "train_size", "threads",
    "mixed_precision",
)  # fmt: skip


def is_complete(folder):
    """Whether a run has left its result and its model in a folder."""
    return (Path(folder) / "result.json").is_file()


def _read_result(folder):
    try:
        return json.loads((Path(folder) / "result.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{Path(folder) / 'result.json'} is damaged: train again into another --out"
        ) from error


def read_settings(folder):
    """The settings of the run in a folder, to ask its model. Raises UserError if they cannot be read."""
    result = _read_result(folder)
    return {name: result[name] for name in SETTINGS if name in result}


class Trained(NamedTuple):
    """A `keras.Model` that a run has left, and the names of its classes, or None."""

    model: keras.Model
    classes: list | None


def trained_model(args, data=None):
    """The model that an earlier run of this lesson left in its folder.

    Args:
        args: from `parse_args`; `out`, `resume`, `data_dir` and `full` are used.
        data: the `Data` that it must have been trained on, if they are read already.

    Returns:
        `Trained`, or None if there is none yet, or --resume asks for more training.

    Raises:
        UserError: the model was trained on other data, or a file is damaged.
    """
    folder = Path(args.out)
    if args.resume:
        return None
    if not is_complete(folder):
        print(f"There is no trained model in {folder} yet: training one first.")
        return None
    result = _read_result(folder)
    known = result["data"]
    if data:
        same = data.file.sha256 == known["sha256"]
    else:
        path = Path(known["file"]).resolve()
        same = not args.data_dir or args.data_dir.resolve() in (path, *path.parents)
        same = same and not (args.full and known["origin"] == "bundled")
    if not same:
        raise UserError(
            f"the model in {folder} was trained on {known['file']}: use that data, or another --out"
        )
    try:
        model = keras.models.load_model(folder / "model.keras", compile=False)
    except Exception as error:  # a damaged archive can fail anywhere
        raise UserError(f"{folder / 'model.keras'} is damaged: train again into another --out") from error
    stopped = f", stopped after {result['epochs']} epochs" if result["interrupted"] else ""
    print(f"Using the model in {folder}{stopped}")
    return Trained(model, result["classes"])


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
    with replacing(Path(folder) / "result.json") as new:
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
