"""What a loader returns: the examples, and what else it knows of them."""

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

    The path; its SHA-256, of photos that of all names and contents; and "data-dir", "pairs", "keras cache",
    "full" or "bundled", or "made" if it is computed.
    """

    path: Path
    sha256: str
    origin: str


@dataclass(frozen=True)
class Data:
    """A data set. It unpacks into those of its parts that there are:

        (x_train, y_train), (x_test, y_test) = load_mnist(args)

    Attributes:
        train, validation, test: `Examples` each; validation or test may be None.
        file: the `DataFile` they were read from.
        classes: the names of the classes, list of str, if the labels stand for something with a name.
        words: of texts the vocabulary, list of str.
    """

    train: Examples
    file: DataFile
    validation: Examples | None = None
    test: Examples | None = None
    classes: list | None = None
    words: list | None = None

    def __iter__(self):
        return (part for part in (self.train, self.validation, self.test) if part is not None)

    def map(self, change):
        """The same data with `change(x, y)`, which returns x and y, in place of each part's x and y."""
        names = [name for name in ("train", "validation", "test") if getattr(self, name) is not None]
        return replace(self, **{name: Examples(*change(*getattr(self, name))) for name in names})


def training_size(args, available):
    """How many training examples to use, by `--train-size`. Raises UserError if there are not so many."""
    size = available if args.train_size is None else args.train_size
    if size > available:
        raise UserError(f"--train-size {size} is more than the {available} training examples there are")
    if args.batch_size > size:
        raise UserError(f"--batch-size {args.batch_size} is more than the {size} training examples")
    return size
