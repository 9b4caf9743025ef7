"""The checkpoint of a run: all its variables and its history at the end of an epoch, for --resume."""

import json
from pathlib import Path

import keras
import numpy as np

from common.files import (
    UnexpectedArray, by_product, names_in_npz, open_regular, parse_json, read_npz, reading, replacing, there,
    write_npz,
)  # fmt: skip
from common.errors import UserError

NAME = "checkpoint.npz"
STOPPING = "wait", "best", "best_epoch"  # of `keras.callbacks.EarlyStopping`
FORM = {
    "settings": {"script": str, "step": (str, None), str: object},  # the others are checked as flags are
    "history": [{"epoch": int, "loss": float, "learning_rate": float, "seconds": float, str: float}],
    "data": str,
    "stopping": ({"wait": int, "best": (float, None), "best_epoch": int}, {}),
}
SPARE = np.zeros(200_000, np.uint8)  # room for the model, which replaces the checkpoint if the disk is full
CURE = "this run cannot be continued; to train anew, give another --out"


class Checkpoints(keras.callbacks.Callback):
    """Writes a checkpoint at the end of each complete epoch, and restores the one of an interrupted run.

    Args:
        folder: the run's folder.
        state: as for `write_checkpoint`. Its history is the list that the training appends to.
        stopping: the lesson's `keras.callbacks.EarlyStopping`, or None.
    """

    def __init__(self, folder, state, stopping=None):
        super().__init__()
        self._folder, self._state, self._stopping = folder, state, stopping

    def write(self, model):
        """Write a checkpoint now. Raises UserError if it cannot be written."""
        write_checkpoint(self._folder, snapshot(model), self._state)

    def bring_back(self, model):
        """Restore the model's and the optimizer's variables and the state from the run's checkpoint.

        Raises UserError if the checkpoint cannot be used, or the run was trained on other data.
        """
        state = read_state(self._folder)
        if state["data"] != self._state["data"]:
            flags = "give its --full, --data-dir or --pairs"
            raise UserError(f"--resume: the run in {self._folder} was trained on other data: {flags}")
        best_weights = restore(self._folder, model)
        self._state["history"][:] = state["history"]
        if state["stopping"]:
            self._state["stopping"] = state["stopping"] | {"best_weights": best_weights}

    def stopped_early(self):
        """Whether early stopping ended the restored run."""
        return bool(self._stopping) and self._state["stopping"].get("wait", 0) >= self._stopping.patience

    def on_train_begin(self, logs=None):
        if self._stopping:
            vars(self._stopping).update(self._state["stopping"])

    def on_epoch_end(self, epoch, logs=None):
        if len(self._state["history"]) <= epoch:
            return  # the epoch is not complete
        if self._stopping:
            names = (*STOPPING, "best_weights")
            self._state["stopping"] = {name: getattr(self._stopping, name) for name in names}
        with by_product():
            self.write(self.model)


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def snapshot(model):
    """The values of all variables of a model and of its optimizer, a list of arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(model)]


def write_checkpoint(folder, variables, state):
    """Write a checkpoint.

    Args:
        folder: the run's folder.
        variables: from `snapshot`.
        state: a dictionary with settings, history, data (the file's SHA-256) and stopping (the attributes
            `STOPPING` of the run's early stopping, and its best_weights, or an empty dictionary).

    Raises UserError if it cannot be written.
    """
    state = state | {"stopping": dict(state["stopping"]), "backend": keras.config.backend()}
    best_weights = state["stopping"].pop("best_weights", None) or []
    arrays = {f"variable_{i}": value for i, value in enumerate(variables)}
    arrays |= {f"best_{i}": value for i, value in enumerate(best_weights)}
    with replacing(Path(folder) / NAME) as new:
        write_npz(new, arrays | {"state": np.array(json.dumps(state)), "spare": SPARE})


def read_state(folder):
    """Read the state that `write_checkpoint` wrote, without the best weights.

    Raises UserError if the checkpoint is missing, cannot be read, is damaged, or was written on another
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
    """Set all variables of a model and of its optimizer from the checkpoint.

    Returns the best weights that early stopping had kept, a list of arrays, or None.

    Raises UserError if the checkpoint cannot be read, is damaged, or belongs to another network.
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
        } | {"spare": (SPARE.dtype, SPARE.shape)}
        try:
            arrays = read_npz(file, expected, optional=["spare"])  # earlier versions did not write it
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
