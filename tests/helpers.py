"""Helpers for several tests: places, systems, results, waiting, and the flags that a loader reads."""

import contextlib
import csv
import importlib.util
import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INSTALLED = {name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)}
WINDOWS = sys.platform == "win32"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
not_on_windows = pytest.mark.skipif(WINDOWS, reason="Windows lacks what it needs")


def result_of(folder):
    return json.loads((Path(folder) / "result.json").read_text("utf-8"))


def wait_for(condition, seconds=60):
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def hold_upright(driver):
    """Make a browser that of a phone of 390 × 844, on whose screen a finger is all there is."""
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})


@contextlib.contextmanager
def as_nobody():
    """As a user whom the modes of files hold back, which those of root are not."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def data_flags(**changes):
    """What a loader reads of the command line."""
    nothing = dict.fromkeys(("data_dir", "train_size", "image_size", "pairs", "table", "target"))
    return Namespace(
        **(
            nothing
            | {"full": False, "batch_size": 1, "seed": 0, "input_half": "right", "predict": []}
            | changes
        )
    )


def dropout_of(folder):
    """The rates of the dropout layers of a run's saved model."""
    import keras

    model = keras.models.load_model(Path(folder) / "model.keras", compile=False)
    return [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]


def learning_rates(folder):
    """Those at the end of each epoch."""
    with open(Path(folder) / "history.csv") as file:
        return [float(row["learning_rate"]) for row in csv.DictReader(file)]


WAYS = ("cut", "flipped", "overwritten", "binary", "empty", "quote")  # to spoil a file of text


def spoilt(content, way, chance):
    """The bytes of a text file, spoilt in a way; `chance` is a `random.Random`."""
    place = chance.randrange(1, len(content))
    if way == "cut":
        return content[:place]
    if way == "flipped":
        return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    if way == "overwritten":
        return content[:place] + bytes(chance.randrange(1, 500)) + content[place + 500 :]
    if way == "quote":
        return content[:place] + b'"' + content[place:]
    return chance.randbytes(len(content)) if way == "binary" else b""
