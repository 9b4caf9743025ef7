"""What several tests ask for: places, results, waiting, and the flags that a loader reads."""

import csv
import importlib.util
import json
import time
from argparse import Namespace
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLED = {name for name in ("jax", "torch") if importlib.util.find_spec(name)}


def result_of(folder):
    return json.loads((Path(folder) / "result.json").read_text())


def wait_for(condition, seconds=60):
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def data_flags(**changes):
    """What a loader reads of the command line."""
    nothing = dict.fromkeys(("data_dir", "train_size", "image_size", "pairs"))
    return Namespace(**(nothing | {"full": False, "batch_size": 1, "input_half": "right"} | changes))


def learning_rates(folder):
    """Those at the end of each epoch."""
    with open(Path(folder) / "history.csv") as file:
        return [float(row["learning_rate"]) for row in csv.DictReader(file)]
