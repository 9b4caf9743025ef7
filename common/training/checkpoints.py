"""The checkpoint of a run: all its variables and its history at the end of an epoch, for --resume."""

import json
from pathlib import Path

import keras
import numpy as np

from common.files import UnexpectedArray, names_in_npz, read_npz, replacing, write_npz
from common.terminal import UserError

NAME = "checkpoint.npz"


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
        state: a dictionary with settings, history, data (the file's SHA-256) and stopping (the attributes of
            the run's early stopping, the best weights among them, or an empty dictionary).

    Raises UserError if it cannot be written.
    """
    state = state | {"stopping": dict(state["stopping"])}
    best_weights = state["stopping"].pop("best_weights", None) or []
    arrays = {f"variable_{i}": value for i, value in enumerate(variables)}
    arrays |= {f"best_{i}": value for i, value in enumerate(best_weights)}
    with replacing(Path(folder) / NAME) as new:
        write_npz(new, arrays | {"state": np.array(json.dumps(state))})


def _read(folder, expected, optional=()):
    path = Path(folder) / NAME
    if not path.is_file():
        raise UserError(f"--resume: there is no run to continue in {folder}")
    try:
        return read_npz(path, expected, optional)
    except UnexpectedArray as error:
        raise UserError(f"--resume: {folder} holds a run of another network: {path} {error}") from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        raise UserError(f"--resume: {path} is damaged, start again without --resume") from error


def read_state(folder):
    """The state that `write_checkpoint` wrote, without the best weights.

    Raises UserError if there is no checkpoint, or it is damaged.
    """
    arrays = _read(folder, {"state": (np.str_, ())})
    try:
        state = json.loads(str(arrays["state"]))
        return {name: state[name] for name in ("settings", "history", "data", "stopping")}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"--resume: {Path(folder) / NAME} is damaged") from error


def restore(folder, model):
    """Set all variables of a model and of its optimizer as the checkpoint has them.

    Returns the best weights that early stopping had kept, a list of arrays, which may be empty.

    Raises UserError if the checkpoint is missing, damaged, or of another network.
    """
    variables = {f"variable_{i}": variable for i, variable in enumerate(_variables(model))}
    best = {f"best_{i}": variable for i, variable in enumerate(model.weights)}
    expected = {
        name: (np.dtype(variable.dtype), tuple(variable.shape))
        for name, variable in (variables | best).items()
    }
    arrays = _read(folder, expected, optional=best)
    if f"variable_{len(variables)}" in names_in_npz(Path(folder) / NAME):
        raise UserError(f"--resume: {folder} holds a run of another network")
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return [arrays[name] for name in best if name in arrays]
