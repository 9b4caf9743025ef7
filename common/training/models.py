"""The trained model of a run, model.keras."""

import contextlib
import errno
import zipfile
from pathlib import Path
from typing import NamedTuple

import keras

from common.files import open_regular, reading, replacing
from common.errors import UserError, first_line
from common.training import checkpoints
from common.training.results import CURE, is_complete, read_result, read_vocabulary

MODEL = "model.keras"


class SaveModel(keras.callbacks.Callback):
    """Saves the model when training ends; if the disk is full, the checkpoint is deleted to make room.

    Args:
        folder: the run's folder.
        model: the `keras.Model` to save.

    Attributes:
        trouble: the UserError if the model could not be saved, or None.
    """

    def __init__(self, folder, model):
        super().__init__()
        self._folder, self._saved, self.trouble = folder, model, None

    def on_train_end(self, logs=None):
        self.trouble = self._save()
        if self.trouble and self.trouble.__cause__.errno in (errno.ENOSPC, errno.EDQUOT):
            with contextlib.suppress(OSError):
                (self._folder / checkpoints.NAME).unlink()
            self.trouble = self._save()

    def _save(self):
        try:
            with replacing(self._folder / MODEL) as new:
                self._saved.save(new)
        except UserError as error:
            return error
        return None


def load_model(path, cure):
    """Load the `keras.Model` in a .keras file, not compiled.

    Args:
        path: the path of the file.
        cure: what the user can do if the file cannot be used; ends the message.

    Raises UserError if the file cannot be read, is damaged, or holds something that Keras refuses to load:
    layers of unknown classes, or a `Lambda` layer, which could run arbitrary code.
    """
    with reading(path, cure):
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            if archive.testzip():
                raise zipfile.BadZipFile("a checksum is wrong")
        try:
            return keras.models.load_model(path, compile=False)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # Keras may wrap the first error in others
            first = error
            while first.__context__:
                first = first.__context__
            why = first_line(first).partition(". ")[0]
            raise UserError(f"{path} is not a model that can be loaded here ({why}): {cure}") from error


class Trained(NamedTuple):
    """A trained network and what its data were like: as in `Data`, or None."""

    model: keras.Model
    classes: list | None
    words: list | None
    preparation: dict | None


def trained_model(args):
    """Load the model that an earlier run of this lesson saved in its folder.

    Args:
        args: from `parse_args`; `out` and `resume` are used.

    Returns:
        `Trained`, or None if there is no model yet or --resume asks for more training.

    Raises:
        UserError: the model has another architecture than the run, or a file cannot be read or is damaged.
    """
    folder = Path(args.out)
    if args.resume:
        return None
    if not is_complete(folder):
        print(f"There is no trained model in {folder} yet: training one first.")
        return None
    result = read_result(folder)
    known, classes = result["data"], result["classes"]
    words = read_vocabulary(folder, known["vocabulary"]) if known.get("vocabulary") else None
    model = load_model(folder / MODEL, CURE)
    x, y = known.get("x"), known.get("y")
    if x is None or y is None:
        raise UserError(f"{folder} holds a run of an earlier version of this lesson: train it again")
    # two classes have one output, the probability of the second, or two
    outputs = [None] if not classes else [1, 2] if len(classes) == 2 else [len(classes)]
    if not any(takes_and_gives(model, x, (*y, count)) for count in outputs):
        raise UserError(f"{folder / MODEL} is of another network: {CURE}")
    stopped = f", stopped after {result['epochs']} epochs" if result["interrupted"] else ""
    print(f"Using the model in {folder}{stopped}")
    return Trained(model, classes, words, known.get("preparation"))


def takes_and_gives(model, inputs, outputs):
    """Whether a model has one input of shape `inputs` and one output of shape `outputs`.

    Shapes are tuples without the batch dimension; None matches any size.
    """
    return _fits(getattr(model, "inputs", None), inputs) and _fits(getattr(model, "outputs", None), outputs)


def _fits(tensors, shape):
    found = [tensor.shape[1:] for tensor in tensors or ()]
    return [len(sizes) for sizes in found] == [len(shape)] and all(
        None in (size, wanted) or size == wanted for size, wanted in zip(found[0], shape, strict=True)
    )
