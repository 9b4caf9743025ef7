"""The data sets: plain functions that return plain arrays, read from files that were checked first."""

import hashlib
import io
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from common.photos import find_photos, read_photos
from common.reviews import encode_reviews, first_words, pad_reviews, words_of
from common.files import LARGEST, UnexpectedArray, read_npz, replacing
from common.terminal import UserError

BUNDLED = Path(__file__).parent / "data"

# SHA-256 of the bundled files, as common/data/README.md gives them
BUNDLED_SHA256 = {
    "boston_housing.npz": "0c1bbf0b79b8c2996afa31b259ca6cff56f5a6f72501358901ae5aa8fadd6e2f",
    "cats_dogs.npz": "41413c0ea585e31f496fb6fd9dd3967324a20da680ad9c8a9c7a6e4cf9a1500c",
    "fashion_mnist.npz": "5b6d2c4c694a91887af8ab7d039c04f80af3c29378d731c93a538d2e831aa469",
    "imdb.npz": "1ff170fff74968c10bedeef7fe3f2447a9bd92d7fd51c637a4b4ee955f0439dd",
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
}


@dataclass(frozen=True)
class DataFile:
    """Where a data set came from.

    The path; its SHA-256, of photos that of all names and contents; and "data-dir", "keras cache", "full" or
    "bundled".
    """

    path: Path
    sha256: str
    origin: str


def _keras_cache():
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets"


def find_data_file(name, data_dir=None):
    """The path of a data file and its origin: the class's folder, then Keras' cache, then our own.

    Raises UserError if there is none.
    """
    places = [(data_dir, "data-dir"), (_keras_cache(), "keras cache"), (BUNDLED, "bundled")]
    for folder, origin in places:
        if folder is not None and os.path.exists(Path(folder) / name):
            return Path(folder) / name, origin
    raise UserError(f"the data file {name} is missing: put it into {BUNDLED} or name its --data-dir")


def broken(file, why):
    """The UserError that a data file (a `DataFile`) deserves."""
    cure = "fetch the project again" if file.origin == "bundled" else "delete or replace it"
    return UserError(f"the data file {file.path} {why}: {cure}")


def read_arrays(path, origin, expected, optional=()):
    """Read a checked `.npz` file, all of it or nothing.

    Args:
        path, origin: as `find_data_file` gives them.
        expected, optional: as for `read_npz`.

    Returns:
        A dictionary of arrays, and the `DataFile` they were read from.

    Raises:
        UserError: the file cannot be read, is cut short, is not a zip archive, holds other arrays than
            expected, or is a bundled file that is not the one we made.
    """
    try:
        with path.open("rb") as data:
            content = data.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"cannot read the data file {path}: {error.strerror}") from error
    file = DataFile(path, hashlib.sha256(content).hexdigest(), origin)
    if len(content) > LARGEST:
        raise broken(file, f"has more than {LARGEST:,} bytes")
    if origin == "bundled" and file.sha256 != BUNDLED_SHA256[path.name]:
        raise broken(file, "is cut short or was changed (its SHA-256 is not the one we know)")
    try:
        return read_npz(io.BytesIO(content), expected, optional), file
    except UnexpectedArray as error:
        raise broken(file, str(error)) from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        first_line = str(error).partition("\n")[0].rstrip(".")
        raise broken(file, f"is cut short, damaged or no .npz file ({first_line})") from error


def _load_grey_images(args, name):
    arrays, args.data_file = read_arrays(
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
            raise broken(args.data_file, "has labels above 9")
    size = args.train_size = training_size(args, 60_000)
    train = arrays["x_train"][:size, ..., np.newaxis], arrays["y_train"][:size]
    return train, (arrays["x_test"][..., np.newaxis], arrays["y_test"])


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
    train, test = _load_grey_images(args, "mnist.npz")
    print(f"MNIST: {len(train[0]):,} digits to learn from, 10,000 to be tested on ({args.data_file.path})")
    return train, test


def load_fashion_mnist(args):
    """Fashion-MNIST: 60,000 pictures of clothes to learn from and 10,000 to be tested on.

    Args, Returns, Raises: as `load_mnist`; `classes`, the ten names, is set, too.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017.
    """
    train, test = _load_grey_images(args, "fashion_mnist.npz")
    args.classes = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    ]  # fmt: skip
    count = len(train[0])
    print(f"Fashion-MNIST: {count:,} pictures to learn from, 10,000 to be tested on ({args.data_file.path})")
    return train, test


def load_boston_housing(args):
    """Prices of houses in 506 parts of Boston, 1970: 323 to learn from, 81 to validate with, 102 to test.

    Args:
        args: from `parse_args`; `data_dir` and `train_size` are used, `data_file` is set.

    Returns:
        (x_train, y_train), (x_validation, y_validation), (x_test, y_test): 13 features float32 [n, 13];
        median prices in thousands of dollars, float32 [n]. The parts are those of
        `keras.datasets.boston_housing` and of `validation_split=0.2`.

    Raises:
        UserError: there is no good data file, or it has fewer examples than asked for.

    Source: Harrison and Rubinfeld, "Hedonic housing prices and the demand for clean air", 1978.
    """
    arrays, args.data_file = read_arrays(
        *find_data_file("boston_housing.npz", args.data_dir),
        {"x": (np.float64, (506, 13)), "y": (np.float64, (506,))},
    )
    order = np.arange(506)
    np.random.RandomState(113).shuffle(order)  # as keras.datasets.boston_housing does
    x, y = (arrays[key][order].astype(np.float32) for key in "xy")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise broken(args.data_file, "has numbers that are not finite")
    size = args.train_size = training_size(args, 323)
    print(
        f"Boston: {size} parts of the town to learn from, 81 to validate, 102 to test ({args.data_file.path})"
    )
    return (x[:size], y[:size]), (x[323:404], y[323:404]), (x[404:], y[404:])


IMDB_SOURCE = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
IMDB_SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"


def load_imdb(args):
    """Film reviews from IMDB, half of them positive, as ids of the 10,000 most frequent words.

    Args:
        args: from `parse_args`; `data_dir`, `full` and `train_size` are used, `data_file` is set.

    Returns:
        (x_train, y_train), (x_validation, y_validation), (x_test, y_test), words. x: int32 [n, 256], of a
        longer review the last 256 words, of a shorter one the rest is 0; y: uint8 [n], 1 is positive. words:
        list of 10,000 str, by id; 0 to 3 stand for no word. The bundled part is 15,000, 5,000 and 5,000
        reviews; of the full set's 25,000 training reviews the first 10,000 are for validation, as in the
        tutorial.

    Raises:
        UserError: there is no good data file, or it has fewer examples than asked for, or the download fails.

    Source: Maas et al., "Learning word vectors for sentiment analysis", 2011.
    """
    if args.data_dir and os.path.exists(args.data_dir / "imdb.npz"):
        place = args.data_dir / "imdb.npz", "data-dir"
    elif args.full:
        place = _fetch_full_imdb(), "full"
    else:  # not Keras' cache: Keras' own imdb.npz there is packed otherwise, with pickles
        place = BUNDLED / "imdb.npz", "bundled"
    kinds = {"tokens": np.uint16, "offsets": np.int64, "labels": np.uint8}
    parts = {
        split: {f"{split}_{name}": (kind, (None,)) for name, kind in kinds.items()}
        for split in ("train", "validation", "test")
    }
    expected = {"words": (np.str_, (10_000,))} | parts["train"] | parts["test"]
    arrays, file = read_arrays(*place, expected | parts["validation"], optional=parts["validation"])
    args.data_file = file
    (x, y), test = _reviews(arrays, "train", file), _reviews(arrays, "test", file)
    if "validation_labels" in arrays:
        validation = _reviews(arrays, "validation", file)
    else:
        validation, (x, y) = (x[:10_000], y[:10_000]), (x[10_000:], y[10_000:])
    size = args.train_size = training_size(args, len(x))
    print(
        f"IMDB: {size:,} reviews to learn from, {len(validation[0]):,} to validate, {len(test[0]):,} to test"
        f" ({file.path})"
    )
    return (x[:size], y[:size]), validation, test, arrays["words"].tolist()


def _reviews(arrays, split, file):
    tokens, offsets, labels = (arrays.get(f"{split}_{kind}") for kind in ("tokens", "offsets", "labels"))
    good = (
        tokens is not None and offsets is not None and len(offsets) > 1
        and labels is not None and labels.shape == (len(offsets) - 1,)
        and offsets[0] == 0 and offsets[-1] == len(tokens) and (np.diff(offsets) >= 0).all()
        and tokens.max(initial=0) < 10_000 and labels.max() <= 1
    )  # fmt: skip
    if not good:
        raise broken(file, f"has wrong arrays {split}_tokens, {split}_offsets, {split}_labels")
    return pad_reviews(np.split(tokens, offsets[1:-1])), labels


WITHOUT_FULL = "without --full the lesson takes the part that is here, with --data-dir DIR the class's copy"


def download(name, cure=WITHOUT_FULL, **options):
    """Fetch a file into Keras' cache, once; `options` are those of `keras.utils.get_file`. Returns its path.

    Raises UserError if it cannot be fetched, which ends with the `cure`.
    """
    folder = _keras_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(keras.utils.get_file(name, cache_dir=folder.parent, cache_subdir=folder.name, **options))
    except Exception as error:  # Keras raises plain Exceptions
        reason = str(error).partition("\n")[0]
        raise UserError(f"{name} cannot be downloaded ({reason}): {cure}") from error
    except BaseException:  # Ctrl-C: Keras would take the half of a file for the whole
        (folder / name).unlink(missing_ok=True)
        raise


def _fetch_full_imdb():
    path = _keras_cache() / "imdb_full.npz"
    if path.exists():
        return path
    archive = download("aclImdb_v1.tar.gz", origin=IMDB_SOURCE, file_hash=IMDB_SHA256)
    print("Counting words ...", flush=True)
    reviews = {"train": [], "test": []}
    with tarfile.open(archive) as files:
        for member in files:
            _, split, kind, *_ = [*Path(member.name).parts, "", "", ""]
            if member.isfile() and split in reviews and kind in ("neg", "pos"):
                reviews[split].append((words_of(files.extractfile(member).read().decode()), kind == "pos"))
    vocabulary = first_words([words for words, _ in reviews["train"]])
    arrays = {"words": np.array(vocabulary)}
    for split, part in reviews.items():
        order = np.random.default_rng(0).permutation(len(part))  # the archive has all the bad ones first
        tokens, offsets = encode_reviews([part[i][0] for i in order], vocabulary)
        labels = np.array([part[i][1] for i in order], np.uint8)
        arrays |= {f"{split}_tokens": tokens, f"{split}_offsets": offsets, f"{split}_labels": labels}
    with replacing(path) as new:
        np.savez(new, **arrays)
    return path


PHOTOS = "cats_and_dogs_filtered"
PHOTOS_SOURCE = f"https://storage.googleapis.com/mledu-datasets/{PHOTOS}.zip"


def load_cats_dogs(args):
    """Pictures of cats and dogs, or of any two classes.

    With --data-dir: `cats_and_dogs_filtered.zip` there, the folder it unpacks to, or a folder of one's own
    with train/<class>/ and validation/<class>/; with --full the zip file, downloaded once; else the bundled
    part, 4,000 and 1,000 pictures of 32 × 32 from CIFAR-10.

    Args:
        args: from `parse_args`; `data_dir`, `full`, `image_size` and `train_size` are used; `data_file`,
            `classes` (two names) and `image_size` are set.

    Returns:
        (x_train, y_train), (x_validation, y_validation): RGB, uint8 [n, image_size, image_size, 3]; labels
        uint8 [n], 1 is the second class (dog).

    Raises:
        UserError: there are no good data, not two classes, fewer examples than asked for, or the download
            fails.

    Source: Elson et al., "Asirra: a CAPTCHA that exploits interest-aligned manual image categorization",
    2007; bundled: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    source = _photo_source(args)
    if source:
        train, validation = _load_photos(args, *source)
    else:
        train, validation = _load_small_photos(args)
    size = args.train_size = training_size(args, len(train[1]))
    print(
        f"{args.classes[0].capitalize()} and {args.classes[1]}: {size:,} pictures to learn from,"
        f" {len(validation[1]):,} to validate, {args.image_size} × {args.image_size} ({args.data_file.path})"
    )
    return (train[0][:size], train[1][:size]), validation


def _photo_source(args):
    if args.data_dir:
        for path in (args.data_dir / f"{PHOTOS}.zip", args.data_dir / PHOTOS, args.data_dir):
            if (path.suffix == ".zip" and path.is_file()) or (path / "train").is_dir():
                return path, "data-dir"
        print(f"There is no train/ and no {PHOTOS}.zip in {args.data_dir}")
    if args.full:
        return download(f"{PHOTOS}.zip", origin=PHOTOS_SOURCE), "full"
    return None


def _load_photos(args, path, origin):
    args.image_size = args.image_size or 150
    found = find_photos(path)
    kinds = sorted(found.get("train", {}))
    if len(kinds) != 2 or kinds != sorted(found.get("validation", {})):
        raise UserError(
            f"{path} needs pictures of two classes, in train/<class>/ and in validation/<class>/, not of"
            f" {', '.join(kinds) or 'none'} and of {', '.join(sorted(found.get('validation', {}))) or 'none'}"
        )
    args.classes = [{"cats": "cat", "dogs": "dog"}.get(kind, kind) for kind in kinds]
    count = sum(len(files) for split in found.values() for files in split.values())
    print(f"Reading {count:,} pictures ...", flush=True)
    *train, train_sha256 = read_photos(found["train"], args.image_size)
    *validation, validation_sha256 = read_photos(found["validation"], args.image_size)
    for split, (_, labels) in (("train", train), ("validation", validation)):
        if len(set(labels.tolist())) < 2:
            raise UserError(f"{path}: {split}/ has no readable pictures of one of the classes")
    sha256 = hashlib.sha256((train_sha256 + validation_sha256).encode()).hexdigest()
    args.data_file = DataFile(path, sha256, origin)
    return train, validation


def _load_small_photos(args):
    args.image_size = args.image_size or 32
    arrays, args.data_file = read_arrays(
        *find_data_file("cats_dogs.npz", args.data_dir),
        {
            "x_train": (np.uint8, (4000, 32, 32, 3)),
            "y_train": (np.uint8, (4000,)),
            "x_validation": (np.uint8, (1000, 32, 32, 3)),
            "y_validation": (np.uint8, (1000,)),
        },
    )
    args.classes = ["cat", "dog"]
    parts = []
    for split in ("train", "validation"):
        x, y = arrays[f"x_{split}"], arrays[f"y_{split}"]
        if y.max() > 1:
            raise broken(args.data_file, "has labels above 1")
        if args.image_size != 32:
            x = np.stack([Image.fromarray(image).resize((args.image_size,) * 2) for image in x])
        parts.append((x, y))
    return parts


def training_size(args, available):
    """How many training examples to use, by `--train-size`. Raises UserError if it cannot be."""
    size = available if args.train_size is None else args.train_size
    if size > available:
        raise UserError(f"--train-size {size} is more than the {available} training examples there are")
    if args.batch_size > size:
        raise UserError(f"--batch-size {args.batch_size} is more than the {size} training examples")
    return size
