"""The data set that a loader returns: examples, their file, and the names of classes or words."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.errors import UserError


class Examples(NamedTuple):
    """Examples for `model.fit` or `model.evaluate`: (x, y)."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class DataFile:
    """Where a data set came from.

    Attributes:
        path: the path of the file or folder.
        sha256: the SHA-256 of the file; of photos, that of all names and contents.
        origin: "data-dir", "pairs", "keras cache", "full" or "bundled", or "made" if the data is computed.
    """

    path: Path
    sha256: str
    origin: str


@dataclass(frozen=True)
class Data:
    """A data set. It unpacks into its parts, without those that are None:

        (x_train, y_train), (x_test, y_test) = load_mnist(args)

    Attributes:
        train, validation, test: `Examples` each; validation or test may be None.
        file: the `DataFile` they were read from.
        classes: the names of the classes, list of str, or None.
        words: the vocabulary of texts, list of str, or None.
        split: how the examples were divided into parts, str; None if the file says it.
        preparation: what was measured on the training examples to prepare all others, such as means; a
            dictionary that JSON can hold, or None. A trained network needs it for new examples.
        own: whether they are the user's own examples, not those of the lecture.
    """

    train: Examples
    file: DataFile
    validation: Examples | None = None
    test: Examples | None = None
    classes: list | None = None
    words: list | None = None
    split: str | None = None
    preparation: dict | None = None
    own: bool = False

    @property
    def class_count(self):
        """The number of classes, from their names or else from the labels."""
        return len(self.classes) if self.classes else 1 + max(int(y.max()) for _, y in self)

    def __iter__(self):
        return (part for part in (self.train, self.validation, self.test) if part is not None)

    def map(self, change):
        """A copy of the data in which each part's x and y are replaced by the result of `change(x, y)`."""
        names = [name for name in ("train", "validation", "test") if getattr(self, name) is not None]
        return replace(self, **{name: Examples(*change(*getattr(self, name))) for name in names})


def training_size(args, available):
    """The number of training examples to use, as `--train-size` says. Raises UserError if there are fewer."""
    size = available if args.train_size is None else args.train_size
    if size > available:
        raise UserError(f"--train-size {size} is more than the {available} training examples there are")
    if args.batch_size > size:
        fitting = 2 ** max(0, (size // 10).bit_length() - 1)  # ten batches an epoch
        examples = f"the {size} training examples: try --batch-size {fitting}"
        raise UserError(f"--batch-size {args.batch_size} is more than {examples}")
    return size
