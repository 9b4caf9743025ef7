"""Images of cats and dogs, or of any two classes: bundled, downloaded or in the user's folder."""

import functools
import hashlib
from dataclasses import replace

import numpy as np
from PIL import Image

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.pictures import read_photo, say_left_out
from common.data.sources import broken, download, find_data_file, nothing_to_read, read_arrays
from common.errors import UserError
from subjects.picture_folders import (
    find_pictures, list_files, names_in, read_pictures, sha256_of, warn_of_copies,
)  # fmt: skip

PHOTOS = "cats_and_dogs_filtered"
SMALL_PHOTOS = "cats_dogs.npz"
PHOTOS_SOURCE = f"https://storage.googleapis.com/mledu-datasets/{PHOTOS}.zip"


def load_cats_dogs(args):
    """Images of cats and dogs, or of any two classes.

    With --data-dir: `cats_and_dogs_filtered.zip` there, the folder it unpacks to, the user's folder with
    train/<class>/ and validation/<class>/, or `cats_dogs.npz`; with --full the zip file, downloaded once;
    else the bundled part, 4,000 and 1,000 pictures of 32 × 32 from CIFAR-10.

    Args:
        args: from `parse_args`; `data_dir`, `full`, `image_size` (150, or 32 for the bundled ones, if
            None), `train_size` and `batch_size` are used.

    Returns:
        `Data` with train and validation: RGB, uint8 [n, image_size, image_size, 3]; labels uint8 [n], 1 is
        the second class (dog). `classes` are the two names.

    Raises:
        UserError: the data are missing or damaged, do not have two classes, or have fewer examples than asked
            for, or the download fails.

    Source: Elson et al., "Asirra: a CAPTCHA that exploits interest-aligned manual image categorization",
    2007; bundled: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    path, origin = _photo_source(args)
    if path.name == SMALL_PHOTOS:
        data = _load_small_photos(path, origin, args.image_size or 32)
    else:
        data = _load_photos(path, origin, args.image_size or 150)
    size = training_size(args, len(data.train.y))
    data = replace(data, train=Examples(data.train.x[:size], data.train.y[:size]))
    pixels = data.train.x.shape[1]
    print(
        f"{data.classes[0].capitalize()} and {data.classes[1]}: {size:,} pictures to learn from,"
        f" {len(data.validation.y):,} to validate with, {pixels} × {pixels} ({data.file.path})"
    )
    return data


def _photo_source(args):
    if args.data_dir is None:
        if args.full:
            return download(f"{PHOTOS}.zip", origin=PHOTOS_SOURCE), "full"
        return find_data_file(SMALL_PHOTOS)
    names = names_in(args.data_dir)
    if f"{PHOTOS}.zip" in names:
        return args.data_dir / f"{PHOTOS}.zip", "data-dir"
    for folder in (PHOTOS, "."):
        if folder in (*names, ".") and {"train", "validation"} <= set(names_in(args.data_dir / folder)):
            return args.data_dir / folder, "data-dir"
    if SMALL_PHOTOS in names:
        return args.data_dir / SMALL_PHOTOS, "data-dir"
    reads = f"{PHOTOS}.zip, {PHOTOS}/, {SMALL_PHOTOS}, or train/<class>/ and validation/<class>/"
    raise nothing_to_read(args.data_dir, reads)


def _load_photos(path, origin, image_size):
    splits = ("train", "validation")
    files = list_files(path, origin, splits, 3)
    found, left_out = find_pictures(files, splits, 3)
    kinds, other = ([kind for top, kind in found if top == split] for split in splits)
    if len(kinds) != 2 or kinds != other:
        raise UserError(
            f"{path} needs pictures of two classes, in train/<class>/ and in validation/<class>/, not of"
            f" {', '.join(kinds) or 'none'} and of {', '.join(other) or 'none'}"
        )
    print(f"Reading {sum(map(len, found.values())):,} pictures ...", flush=True)
    read_picture = functools.partial(read_photo, size=image_size)
    parts, contents = {}, {}
    for split in splits:
        turns = sorted(
            (i, label, file) for label, kind in enumerate(kinds) for i, file in enumerate(found[split, kind])
        )
        images, good, contents[split], unread = read_pictures(
            [file for *_, file in turns], (image_size, image_size), read_picture
        )
        parts[split] = Examples(images, np.array([turns[place][1] for place in good], np.uint8))
        left_out += unread
    say_left_out(left_out)
    for split, (_, labels) in parts.items():
        for label in {0, 1} - set(labels.tolist()):
            raise UserError(f"{path}: there is no picture that can be read in {split}/{kinds[label]}/")
    if any(parts[0] == "test" for parts, _ in files):
        print("Not used: test/ (this lesson measures the accuracy on validation/)")
    warn_of_copies(contents["train"], contents["validation"], "validation")
    sha256 = hashlib.sha256("".join(map(sha256_of, contents.values())).encode()).hexdigest()
    classes = [{"cats": "cat", "dogs": "dog"}.get(kind, kind) for kind in kinds]
    return Data(file=DataFile(path, sha256, origin), classes=classes, **parts)


def _load_small_photos(path, origin, size):
    arrays, file = read_arrays(
        path,
        origin,
        {
            "x_train": (np.uint8, (4000, 32, 32, 3)),
            "y_train": (np.uint8, (4000,)),
            "x_validation": (np.uint8, (1000, 32, 32, 3)),
            "y_validation": (np.uint8, (1000,)),
        },
    )
    parts = {}
    for split in ("train", "validation"):
        x, y = arrays[f"x_{split}"], arrays[f"y_{split}"]
        if y.max() > 1:
            raise broken(file, "has labels above 1")
        if size != 32:
            x = np.stack([Image.fromarray(image).resize((size, size)) for image in x])
        parts[split] = Examples(x, y)
    return Data(file=file, classes=["cat", "dog"], **parts)
