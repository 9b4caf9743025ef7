"""MNIST and Fashion-MNIST: small grey images of ten classes, or the user's own."""

from dataclasses import replace

import numpy as np

from common.data.cut_out import as_fashion_mnist, ink_as_mnist
from common.data.dataset import Data, Examples, training_size
from common.data.folders import hold_out, say_classes
from common.data.image_arrays import Array, part_of, parts_of
from common.data.look_over import look_over
from common.data.pictures import say_left_out
from common.data.small_images import read_own_images
from common.data.sources import (
    BUNDLED_SHA256, broken, bundled_file, find_data_file, own_data, read_arrays,
)  # fmt: skip
from common.errors import UserError

DIGITS = list("0123456789")

CLOTHES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
PARTS = {f"{kind}_{split}": (np.number, None) for kind in "xy" for split in ("train", "test")}


def _read_grey_images(path, origin):
    """Read train and test `Examples`, images uint8 [n, 28, 28] and labels uint8 [n], and their `DataFile`."""
    arrays, file = read_arrays(path, origin, PARTS)
    parts = parts_of([Array(file, name, part_of(name), values) for name, values in arrays.items()], path)
    train, test = (Examples(x, y.astype(np.uint8)) for x, y in (parts["train"], parts["test"]))
    if max(train.y.max(), test.y.max()) > 9:
        raise broken(file, "has labels above 9")
    return train, test, file


def bundled_mnist():
    """MNIST as it comes with the project: train and test `Examples`, uint8 [n, 28, 28] and labels uint8 [n].

    Raises UserError if the file is missing or is not the one we made.
    """
    *parts, _ = _read_grey_images(*bundled_file("mnist.npz"))
    return parts


def _load(args, name, title, kind, prepare, classes=None):
    """Load a data set, and print lines about it. `classes` are the original's, None for digits."""
    path = own_data(args)
    if path is None:
        train, test, file = _read_grey_images(*find_data_file(name))
        data = Data(train, file, test=test, classes=classes)
    else:
        data = _load_own(path, args, name, prepare, classes)
    size = training_size(args, len(data.train.x))
    if data.own:
        title = f"Your {kind if set(data.classes) <= set(DIGITS) else 'pictures'}"
        kind = ""
    print(
        f"{title}: {size:,}{kind and f' {kind}'} to learn from, {len(data.test.x):,} to test on"
        f" ({data.file.path}){f'; {data.split}' if data.split else ''}"
    )
    data = replace(data, train=Examples(data.train.x[:size], data.train.y[:size]))
    if data.own:
        counts = np.bincount(data.train.y, minlength=len(data.classes)).tolist()
        say_classes(dict(zip(data.classes, counts, strict=True)), "pictures")
    return data.map(lambda x, y: (x[..., np.newaxis], y))


def _load_own(path, args, name, prepare, classes):
    """`Data` with the user's images, uint8 [n, 28, 28], and labels, int [n]."""
    found = read_own_images(path, name, prepare)
    say_left_out(found.left_out)
    parts, split = _divided(found, args.seed)
    names, parts = _with_classes(parts, found.file.path)
    train, test = parts
    data = Data(train, found.file, test=test, classes=names, split=split, own=True)
    if data.file.sha256 == BUNDLED_SHA256[name]:
        return replace(data, classes=classes, own=False)
    original = _read_grey_images(*bundled_file(name))[:2] if set(names) <= set(DIGITS) else [None]
    look_over(train, test, names, original[0])
    if names == DIGITS and all(map(_are_among, parts, original)):
        return replace(data, classes=classes, own=False)
    return data


def _divided(found, seed):
    """The part to learn from and the one to test on, two `Examples`, and in words how they were divided."""
    parts = dict(found.parts)
    if len(parts) == 1:
        ((x, y),) = parts.values()
        held = hold_out(y, 0.2, seed)
        if not held.any():
            raise UserError(
                f"{found.file.path} has one picture of each class: more are needed to test on some"
            )
        return (Examples(x[~held], y[~held]), Examples(x[held], y[held])), f"a fifth held out, seed {seed}"
    if "train" not in parts:
        raise UserError(f"{found.file.path} has no pictures to learn from, only others")
    if len(parts) == 3:
        print(
            f"Not used: the {len(parts['validation'].x):,} pictures to validate with (others are to test on)"
        )
    tested = "test" if "test" in parts else "validation"
    return (parts["train"], parts[tested]), None if tested == "test" else "tested on the validation part"


def _with_classes(parts, path):
    """The names of the classes, and the parts with labels from 0 on."""
    labels = [part.y for part in parts]
    if labels[0].dtype.kind != labels[1].dtype.kind:
        raise UserError(f"{path} has labels of different types: {labels[0].dtype} and {labels[1].dtype}")
    values = np.unique(np.concatenate(labels))
    if values.dtype.kind == "U":
        is_number = all(value.isdecimal() for value in values.tolist())
        values = np.array(sorted(values.tolist(), key=int if is_number else None))
    names = [str(value) for value in values.tolist()]
    if len(names) < 2:
        raise UserError(f"{path} has pictures of one class only, {names[0]}: two or more are needed")
    if len(names) > max(100, len(labels[0]) / 2):
        raise UserError(f"{path} has {len(names):,} different labels for {len(labels[0]):,} pictures")
    if not set(labels[0].tolist()) & set(labels[1].tolist()):
        raise UserError(f"{path}: the pictures to test on have none of the labels of those to learn from")
    places = {value: place for place, value in enumerate(values.tolist())}
    dtype = np.uint8 if len(names) <= 256 else np.int32
    return names, [Examples(x, np.array([places[label] for label in y.tolist()], dtype)) for x, y in parts]


def _are_among(part, known):
    """Whether more than 90% of some images are among the known ones, with the same labels; 100 are judged."""
    every = -(-len(part.x) // 100)
    labels = {picture.tobytes(): label for picture, label in zip(*known, strict=True)}
    some = [
        labels.get(picture.tobytes()) == label
        for picture, label in zip(part.x[::every], part.y[::every], strict=True)
    ]
    return np.mean(some) > 0.9


def load_mnist(args):
    """MNIST: 60,000 training and 10,000 test images of handwritten digits, or the user's own.

    With --data-dir images of two or more classes are read as `read_own_images` describes. Pictures of other
    sizes than 28 × 28 are prepared as MNIST's digits were. A fifth is held out if there is only one part. A
    warning is printed for each thing that looks wrong.

    Args:
        args: from `parse_args`; `data_dir`, `train_size`, `batch_size` and `seed` are used.

    Returns:
        `Data` with train and test: images uint8 [n, 28, 28, 1], 0 (paper) to 255 (ink); labels uint8 [n]
        from 0 on, int32 if there are more than 256 classes. `classes` are the names of the user's own
        classes, None for MNIST's digits.

    Raises:
        UserError: the data file is missing or invalid, or has fewer examples than asked for.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    return _load(args, "mnist.npz", "MNIST", "digits", ink_as_mnist)


def load_fashion_mnist(args):
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes, or the user's own.

    Args, Returns, Raises: as for `load_mnist`, but the user's photos are prepared as Fashion-MNIST's were.
    `classes` are the ten kinds of clothes, or the user's own.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    return _load(args, "fashion_mnist.npz", "Fashion-MNIST", "pictures", as_fashion_mnist, CLOTHES)
