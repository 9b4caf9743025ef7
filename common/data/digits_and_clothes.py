"""MNIST and Fashion-MNIST: small grey pictures of ten classes."""

import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.sources import broken, find_data_file, read_arrays

CLOTHES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip


def _load_grey_images(args, name, classes=None):
    pictures, labels = (np.uint8, (None, 28, 28)), (np.uint8, (None,))
    arrays, file = read_arrays(
        *find_data_file(name, args.data_dir),
        {"x_train": pictures, "y_train": labels, "x_test": pictures, "y_test": labels},
    )
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if not 0 < len(x) == len(y):
            raise broken(file, f"has {len(x)} pictures in x_{part} and {len(y)} labels in y_{part}")
        if y.max() > 9:
            raise broken(file, "has labels above 9")
    size = training_size(args, len(arrays["x_train"]))
    train = Examples(arrays["x_train"][:size, ..., np.newaxis], arrays["y_train"][:size])
    test = Examples(arrays["x_test"][..., np.newaxis], arrays["y_test"])
    return Data(train, file, test=test, classes=classes)


def load_mnist(args):
    """MNIST: 60,000 handwritten digits to learn from and 10,000 to test on, or what the user's file holds.

    Args:
        args: from `parse_args`; `data_dir`, `train_size` and `batch_size` are used.

    Returns:
        `Data` with train and test: images uint8 [n, 28, 28, 1], 0 (paper) to 255 (ink); labels uint8 [n],
        0 to 9.

    Raises:
        UserError: there is no good data file, or it has fewer examples than asked for.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    data = _load_grey_images(args, "mnist.npz")
    train, test = (f"{len(part.x):,}" for part in data)
    print(f"MNIST: {train} digits to learn from, {test} to test on ({data.file.path})")
    return data


def load_fashion_mnist(args):
    """Fashion-MNIST: 60,000 pictures of clothes to learn from and 10,000 to test on, or the user's.

    Args, Returns, Raises: as `load_mnist`; `classes` are the ten names.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    data = _load_grey_images(args, "fashion_mnist.npz", CLOTHES)
    train, test = (f"{len(part.x):,}" for part in data)
    print(f"Fashion-MNIST: {train} pictures to learn from, {test} to test on ({data.file.path})")
    return data
