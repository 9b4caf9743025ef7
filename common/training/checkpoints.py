"""The checkpoint of a run: all its variables and its history at the end of an epoch, for --resume."""

import json
from pathlib import Path

import keras
import numpy as np

from common.files import (
    UnexpectedArray, names_in_npz, open_regular, parse_json, read_npz, reading, replacing, there, write_npz,
)  # fmt: skip
from common.errors import UserError

NAME = "checkpoint.npz"
STOPPING = "wait", "best", "best_epoch"  # of `keras.callbacks.EarlyStopping`
FORM = {
    "settings": {"script": str, "step": (str, None), str: object},  # the others are checked as flags
    "history": [{"epoch": int, "loss": float, "learning_rate": float, "seconds": float, str: float}],
    "data": str,
    "stopping": ({"wait": int, "best": (float, None), "best_epoch": int}, {}),
}
CURE = "this run cannot be continued; to train anew, give another --out"


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def snapshot(model):
    """The values of all variables of a model and of its optimizer, a list of arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(model)]


def write_checkpoint(folder, variables, state):
    """Write a checkpoint.

    Args:
        folder: the run's.
        variables: as `snapshot` gives them.
        state: a dictionary with settings, history, data (the file's SHA-256) and stopping (the attributes
            `STOPPING` of the run's early stopping, and its best_weights, or an empty dictionary).

    Raises UserError if it cannot be written.
    """
    state = state | {"stopping": dict(state["stopping"]), "backend": keras.config.backend()}
    best_weights = state["stopping"].pop("best_weights", None) or []
    arrays = {f"variable_{i}": value for i, value in enumerate(variables)}
    arrays |= {f"best_{i}": value for i, value in enumerate(best_weights)}
    with replacing(Path(folder) / NAME) as new:
        write_npz(new, arrays | {"state": np.array(json.dumps(state))})


def read_state(folder):
    """The state that `write_checkpoint` wrote, without the best weights.

    Raises UserError if there is no checkpoint, it cannot be read, is damaged, or was written on another
    backend.
    """
    path = Path(folder) / NAME
    if not there(path):
        raise UserError(f"--resume: there is no run to continue in {folder}")
    with reading(path, CURE), open_regular(path) as file:
        state = parse_json(str(read_npz(file, {"state": (np.str_, ())})["state"]), FORM)
        epochs = [row["epoch"] for row in state["history"]]
        if epochs != list(range(1, len(epochs) + 1)):
            raise ValueError("it has other epochs than a run writes")
    here = keras.config.backend()
    backend = state.get("backend", here)  # earlier versions did not write it
    if backend != here:
        raise UserError(
            f"--resume: the run in {folder} was trained on {backend}: set KERAS_BACKEND={backend}"
        )
    return state


def restore(folder, model):
    """Set all variables of a model and of its optimizer as the checkpoint has them.

    Returns the best weights that early stopping had kept, a list of arrays, or None.

    Raises UserError if the checkpoint cannot be read, is damaged, or of another network.
    """
    path = Path(folder) / NAME
    variables = {f"variable_{i}": variable for i, variable in enumerate(_variables(model))}
    best = {f"best_{i}": variable for i, variable in enumerate(model.weights)}
    with reading(path, CURE), open_regular(path) as file:
        names = names_in_npz(file)
        kept = best if best.keys() & names else {}
        expected = {
            name: (np.dtype(variable.dtype), tuple(variable.shape))
            for name, variable in (variables | kept).items()
        }
        try:
            arrays = read_npz(file, expected)
            if len(names) > len(expected) + 1:  # and the state
                raise UnexpectedArray("has more arrays")
        except UnexpectedArray as error:
            raise UserError(
                f"--resume: {folder} holds a run of another network, or of another backend than"
                f" {keras.config.backend()}: {path} {error}"
            ) from error
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return [arrays[name] for name in kept] or None
