"""The result of a run, result.json, and the trained model beside it."""

import contextlib
import json
import os
import platform
import re
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from common.files import open_regular, parse_json, read_whole, reading, replacing, there
from common.errors import UserError, first_line

NAME, MODEL = "result.json", "model.keras"
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


def load_model(path, cure):
    """The `keras.Model` in a .keras file, not compiled.

    Args:
        path: the file's.
        cure: what to do if it is damaged or no such model.

    Raises UserError if it cannot be read, is damaged, or holds what Keras does not load, such as layers of
    classes that are not known here, or a `Lambda` layer, which might run any program.
    """
    with reading(path, cure):
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if archive.testzip():
                raise zipfile.BadZipFile("a checksum is wrong")
        try:
            return keras.models.load_model(path, compile=False)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # whatever Keras makes of it; it began with
            first = error
            while first.__context__:
                first = first.__context__
            why = first_line(first).partition(". ")[0]
            raise UserError(f"{path} is not a model that can be loaded here ({why}): {cure}") from error


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
        UserError: the model was trained on other data or is of another network, or a file cannot be read or
            is damaged.
    """
    folder = Path(args.out)
    if args.resume:
        return None
    if not is_complete(folder):
        print(f"There is no trained model in {folder} yet: training one first.")
        return None
    result = read_result(folder)
    known = result["data"]
    if data:
        same = data.file.sha256 == known["sha256"]
    else:
        path = Path(os.path.realpath(known["file"]))
        same = not args.data_dir or args.data_dir.resolve() in (path, *path.parents)
        same = same and not (args.full and known["origin"] == "bundled")
    if not same:
        raise UserError(
            f"the model in {folder} was trained on {known['file']}: use that data, or another --out"
        )
    model, classes = load_model(folder / MODEL, CURE), result["classes"]
    if data:
        fits = takes_and_gives(model, data.train.x.shape[1:], (*data.train.y.shape[1:], None))
    else:  # pictures of two classes, which are read later
        size = result.get("image_size")
        fits = takes_and_gives(model, (size, size, 3), (1,)) and len(classes or ()) == 2
    if not fits:
        raise UserError(f"{folder / MODEL} is of another network: {CURE}")
    stopped = f", stopped after {result['epochs']} epochs" if result["interrupted"] else ""
    print(f"Using the model in {folder}{stopped}")
    return Trained(model, classes)


def takes_and_gives(model, inputs, outputs):
    """Whether a model makes from examples of the shape `inputs` answers of the shape `outputs`.

    Shapes are tuples without the batch; None fits any number.
    """
    return _fits(getattr(model, "inputs", None), inputs) and _fits(getattr(model, "outputs", None), outputs)


def _fits(tensors, shape):
    found = [tensor.shape[1:] for tensor in tensors or ()]
    return [len(sizes) for sizes in found] == [len(shape)] and all(
        None in (size, wanted) or size == wanted for size, wanted in zip(found[0], shape, strict=True)
    )


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
