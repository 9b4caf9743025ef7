"""MNIST and Fashion-MNIST: small grey images of ten classes, or the user's own data in the same form."""

import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.look_over import look_over
from common.data.sources import BUNDLED_SHA256, broken, bundled_file, find_data_file, read_arrays

CLOTHES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
PARTS = {f"{kind}_{split}": (np.number, None) for kind in "xy" for split in ("train", "test")}


def _as_bytes(values, name, file):
    """Convert numbers to uint8. Raises UserError if one of them is not a whole number from 0 to 255."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "iuf" or not ((values >= 0) & (values <= 255)).all():
        raise broken(file, f"has numbers in {name} that are not from 0 to 255")
    if values.dtype.kind == "f" and name.startswith("x") and values.max(initial=0) <= 1:
        values = values * 255
    whole = np.rint(values)
    if not np.allclose(values, whole, rtol=0, atol=1e-3):
        raise broken(file, f"has numbers in {name} that are not whole")
    return whole.astype(np.uint8)


def _read_grey_images(path, origin):
    """Read train and test `Examples`, images uint8 [n, 28, 28] and labels uint8 [n], and their `DataFile`."""
    arrays, file = read_arrays(path, origin, PARTS)
    parts = []
    for split in ("train", "test"):
        x, y = arrays[f"x_{split}"], arrays[f"y_{split}"]
        if x.shape[1:] not in ((28, 28), (28, 28, 1), (784,)):
            raise broken(file, f"has an array x_{split} of shape {list(x.shape)}, not [n, 28, 28]")
        if y.shape[1:] not in ((), (1,)):
            raise broken(file, f"has an array y_{split} of shape {list(y.shape)}, not [n]")
        if not 0 < len(x) == len(y):
            raise broken(file, f"has {len(x)} pictures in x_{split} and {len(y)} labels in y_{split}")
        x = _as_bytes(x, f"x_{split}", file).reshape(-1, 28, 28)
        y = _as_bytes(y, f"y_{split}", file).reshape(-1)
        if y.max() > 9:
            raise broken(file, f"has labels above 9 in y_{split}")
        parts.append(Examples(x, y))
    return *parts, file


def bundled_mnist():
    """MNIST as it comes with the project: train and test `Examples`, uint8 [n, 28, 28] and labels uint8 [n].

    Raises UserError if the file is missing or is not the one we made.
    """
    *parts, _ = _read_grey_images(*bundled_file("mnist.npz"))
    return parts


def _are_among(pictures, known):
    """Whether more than 90% of some images are among the known ones, judged by 100 of them."""
    some = {picture.tobytes() for picture in pictures[:: -(-len(pictures) // 100)]}
    return len(some & {picture.tobytes() for picture in known}) > 0.9 * len(some)


def _load_grey_images(args, name, title, kind, classes=None):
    """Load a data set, and print a line about it. Other images in its file have the classes "0" to "9"."""
    train, test, file = _read_grey_images(*find_data_file(name, args.data_dir))
    count = f"{{:,}} {kind}"
    if file.origin == "data-dir" and file.sha256 != BUNDLED_SHA256[name]:
        *original, _ = _read_grey_images(*bundled_file(name))
        look_over(train, test, original[0])
        if not all(map(_are_among, (train.x, test.x), (original[0].x, original[1].x))):
            title, count = f"Your {kind}", "{:,}"
            classes = classes and [str(label) for label in range(10)]
    size = training_size(args, len(train.x))
    print(f"{title}: {count.format(size)} to learn from, {len(test.x):,} to test on ({file.path})")
    train = Examples(train.x[:size, ..., np.newaxis], train.y[:size])
    return Data(train, file, test=Examples(test.x[..., np.newaxis], test.y), classes=classes)


def load_mnist(args):
    """MNIST: 60,000 training and 10,000 test images of handwritten digits, or the user's own.

    The user's `mnist.npz` in --data-dir holds x_train, y_train, x_test, y_test: images [n, 28, 28],
    [n, 28, 28, 1] or [n, 784], whole numbers from 0 (paper) to 255 (ink), or these divided by 255; labels
    [n], whole numbers from 0 to 9. A warning is printed for each thing that looks wrong in them.

    Args:
        args: from `parse_args`; `data_dir`, `train_size` and `batch_size` are used.

    Returns:
        `Data` with train and test: images uint8 [n, 28, 28, 1], 0 (paper) to 255 (ink); labels uint8 [n],
        0 to 9.

    Raises:
        UserError: the data file is missing or invalid, or has fewer examples than asked for.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    return _load_grey_images(args, "mnist.npz", "MNIST", "digits")


def load_fashion_mnist(args):
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes, or the user's own.

    Args, Returns, Raises: as for `load_mnist`, with `fashion_mnist.npz`. `classes` are the ten kinds of
    clothes, or "0" to "9" for images of something else.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    return _load_grey_images(args, "fashion_mnist.npz", "Fashion-MNIST", "pictures", CLOTHES)
