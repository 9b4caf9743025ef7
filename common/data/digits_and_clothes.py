"""MNIST and Fashion-MNIST: small grey pictures of ten classes."""

import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.sources import broken, find_data_file, read_arrays

CLOTHES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip


def _load_grey_images(args, name, classes=None):
    arrays, file = read_arrays(
        *find_data_file(name, args.data_dir),
        {
            "x_train": (np.uint8, (60_000, 28, 28)),
            "y_train": (np.uint8, (60_000,)),
            "x_test": (np.uint8, (10_000, 28, 28)),
            "y_test": (np.uint8, (10_000,)),
        },
    )
    for key in ("y_train", "y_test"):
        if arrays[key].max() > 9:
            raise broken(file, "has labels above 9")
    size = training_size(args, 60_000)
    train = Examples(arrays["x_train"][:size, ..., np.newaxis], arrays["y_train"][:size])
    test = Examples(arrays["x_test"][..., np.newaxis], arrays["y_test"])
    return Data(train, file, test=test, classes=classes)


def load_mnist(args):
    """MNIST: 60,000 handwritten digits to learn from and 10,000 to test on.

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
    print(f"MNIST: {len(data.train.x):,} digits to learn from, 10,000 to test on ({data.file.path})")
    return data


def load_fashion_mnist(args):
    """Fashion-MNIST: 60,000 pictures of clothes to learn from and 10,000 to test on.

    Args, Returns, Raises: as `load_mnist`; `classes` are the ten names.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    data = _load_grey_images(args, "fashion_mnist.npz", CLOTHES)
    count = len(data.train.x)
    print(f"Fashion-MNIST: {count:,} pictures to learn from, 10,000 to test on ({data.file.path})")
    return data
