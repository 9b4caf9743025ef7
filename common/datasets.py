"""The data sets: plain functions that return plain arrays, read from files that were checked first."""

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.terminal import UserError

BUNDLED = Path(__file__).parent / "data"

# SHA-256 of the bundled files, as common/data/README.md gives them
BUNDLED_SHA256 = {
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
}


@dataclass(frozen=True)
class DataFile:
    """Where a data set came from: the path, its SHA-256, and "data-dir", "keras cache" or "bundled"."""

    path: Path
    sha256: str
    origin: str


def find_data_file(name, data_dir=None):
    """The path of a data file and its origin: the class's folder, then Keras' cache, then our own.

    Raises UserError if there is none.
    """
    keras_home = Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"))
    places = [
        (data_dir, "data-dir"),
        (keras_home / "datasets", "keras cache"),
        (BUNDLED, "bundled"),
    ]
    for folder, origin in places:
        if folder is not None and os.path.exists(Path(folder) / name):
            return Path(folder) / name, origin
    raise UserError(f"the data file {name} is missing: put it into {BUNDLED} or name its --data-dir")


def read_arrays(name, expected, data_dir=None):
    """Read a checked `.npz` file, all of it or nothing.

    Args:
        name: the file's name, looked for as in `find_data_file`.
        expected: for each array its name and (dtype, shape).
        data_dir: the class's folder, or None.

    Returns:
        A dictionary of arrays, and the `DataFile` they were read from.

    Raises:
        UserError: the file is missing or cannot be read, is cut short, is not a zip archive, holds
            other arrays than expected, or is a bundled file that is not the one we made.
    """
    path, origin = find_data_file(name, data_dir)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the data file {path}: {error.strerror}") from error
    sha256 = hashlib.sha256(content).hexdigest()

    def broken(why):
        cure = "fetch the project again" if origin == "bundled" else "delete or replace it"
        return UserError(f"the data file {path} {why}: {cure}")

    if origin == "bundled" and sha256 != BUNDLED_SHA256[name]:
        raise broken("is cut short or was changed (its SHA-256 is not the one we know)")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        first_line = str(error).partition("\n")[0].rstrip(".")
        raise broken(f"is cut short, damaged or no .npz file ({first_line})") from error

    for key, (dtype, shape) in expected.items():
        if key not in arrays:
            raise broken(f"has no array {key!r}")
        found = arrays[key]
        if not isinstance(found, np.ndarray) or found.dtype != dtype or found.shape != shape:
            raise broken(f"has a wrong array {key!r}, not {np.dtype(dtype)} {list(shape)}")
    return arrays, DataFile(path, sha256, origin)


def load_mnist(args):
    """MNIST: 60,000 handwritten digits to learn from and 10,000 to be tested on.

    Args:
        args: from `parse_args`; `data_dir` and `train_size` are used, `data_file` is set.

    Returns:
        (x_train, y_train), (x_test, y_test): images uint8 [n, 28, 28, 1], 0 (paper) to 255 (ink);
        labels uint8 [n], 0 to 9.

    Raises:
        UserError: there is no good data file, or it has fewer examples than asked for.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    arrays, args.data_file = read_arrays(
        "mnist.npz",
        {
            "x_train": (np.uint8, (60_000, 28, 28)),
            "y_train": (np.uint8, (60_000,)),
            "x_test": (np.uint8, (10_000, 28, 28)),
            "y_test": (np.uint8, (10_000,)),
        },
        args.data_dir,
    )
    for key in ("y_train", "y_test"):
        if arrays[key].max() > 9:
            raise UserError(f"the data file {args.data_file.path} has labels that are no digits")
    size = args.train_size = training_size(args, 60_000)
    print(f"MNIST: {size:,} digits to learn from, 10,000 to be tested on ({args.data_file.path})")
    train = arrays["x_train"][:size, ..., np.newaxis], arrays["y_train"][:size]
    return train, (arrays["x_test"][..., np.newaxis], arrays["y_test"])


def training_size(args, available):
    """How many training examples to use, by `--train-size`. Raises UserError if it cannot be."""
    size = available if args.train_size is None else args.train_size
    if size > available:
        raise UserError(f"--train-size {size} is more than the {available} training examples there are")
    if args.batch_size > size:
        raise UserError(f"--batch-size {args.batch_size} is more than the {size} training examples")
    return size
