"""Images of cats and dogs, or of any classes: bundled, downloaded or in the user's folder or archive."""

import functools
import hashlib
import os
from dataclasses import replace

import numpy as np
from PIL import Image

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.folders import (
    files_in, files_of_user, hold_out, names_in, nothing_in, one_line, read_pictures, say_classes, sha256_of,
    sort_into_classes, take, warn_of_copies, without_folders_around,
)  # fmt: skip
from common.data.pictures import is_picture, read_photo, say_left_out
from common.data.sources import broken, download, find_data_file, own_data, read_arrays
from common.errors import UserError

PHOTOS = "cats_and_dogs_filtered"
SMALL_PHOTOS = "cats_dogs.npz"
PHOTOS_SOURCE = f"https://storage.googleapis.com/mledu-datasets/{PHOTOS}.zip"
READS = (
    f"{PHOTOS}.zip, {SMALL_PHOTOS}, or pictures in train/<class>/ and validation/<class>/, in <class>/ or"
    " named cat.1.jpg and dog.1.jpg"
)


def load_cats_dogs(args):
    """Images of cats and dogs, or of any two or more classes.

    With --data-dir: a folder, or a zip or tar file, which may also be alone in the folder. It holds
    train/<class>/, and validation/<class>/ or test/<class>/ (also spelled training_set, valid, val, ...);
    or <class>/, of which a fifth is held out; or files named cat.1.jpg, also in train/. Or `cats_dogs.npz`.
    With --full `cats_and_dogs_filtered.zip`, downloaded once; else the bundled part, 4,000 and 1,000 pictures
    of 32 × 32 from CIFAR-10.

    Args:
        args: from `parse_args`; `data_dir`, `full`, `image_size` (150, or 32 for the bundled ones, if
            None), `train_size`, `batch_size` and `seed` (of what is held out) are used.

    Returns:
        `Data` with train and validation: RGB, uint8 [n, image_size, image_size, 3]; labels uint8 [n] (int32
        if there are more than 256 classes). `classes` are their names; of cats and dogs, 1 is the dog.

    Raises:
        UserError: the data are missing or damaged, lack a class in one part, need more memory than there is
            or have fewer examples than asked for, or the download fails.

    Source: Elson et al., "Asirra: a CAPTCHA that exploits interest-aligned manual image categorization",
    2007; bundled: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    path, origin, files = _photo_source(args)
    if files is None:
        data = _load_small_photos(path, origin, args.image_size or 32)
    else:
        data = _load_photos(path, origin, files, args.image_size or 150, args.seed)
    size = training_size(args, len(data.train.y))
    data = replace(data, train=Examples(data.train.x[:size], data.train.y[:size]))
    pixels, classes = data.train.x.shape[1], data.classes
    print(
        f"{classes[0].capitalize()} and {classes[1]}" if len(classes) == 2 else f"{len(classes)} classes",
        f"{size:,} pictures to learn from, {len(data.validation.y):,} to validate with, {pixels} × {pixels}"
        f" ({data.file.path})",
        sep=": ",
    )
    return data


def _photo_source(args):
    """The path of the data, their origin and their files; None instead of files for `cats_dogs.npz`."""
    path = own_data(args)
    if path is None and args.full:
        path = download(f"{PHOTOS}.zip", origin=PHOTOS_SOURCE)
        return path, "full", files_in(path, "full")
    if path is None:
        return *find_data_file(SMALL_PHOTOS), None
    names = names_in(path) if os.path.isdir(path) else []
    known = (f"{PHOTOS}.zip", PHOTOS)
    if SMALL_PHOTOS in names and not set(known) & set(names):
        path /= SMALL_PHOTOS
    if path.suffix == ".npz":
        return path, "data-dir", None
    found, files = files_of_user(path, is_picture, known)
    if not any(is_picture(file.names[-1]) for file in files):
        raise nothing_in(path, files, READS, "leave --data-dir out for the bundled data")
    return found, "data-dir", files


def _load_photos(path, origin, files, image_size, seed):
    parts, folders, left_out = sort_into_classes(files, is_picture, "a picture")
    measured = next((split for split in ("validation", "test") if split in parts), None)
    _check_classes(path, parts, folders, measured)
    learned = _in_turn(parts["train"])
    turns = learned + (_in_turn(parts[measured]) if measured else [])
    kinds = list(parts["train"])
    print(f"Reading {len(turns):,} pictures ...", flush=True)
    pictures, good, contents, unread = read_pictures(
        [file for _, file in turns],
        (image_size, image_size, 3),
        functools.partial(read_photo, size=image_size),
    )
    labels = np.array([turns[place][0] for place in good], np.uint8 if len(kinds) <= 256 else np.int32)
    say_left_out(left_out + unread)
    if measured:
        held, split = np.array(good, int) >= len(learned), None
        if measured == "test":
            print(f"There is no validation/: {folders['test']} is used to validate with")
        elif "test" in parts:
            print(f"Not used: {folders['test']} (the accuracy is measured on {folders['validation']})")
    else:
        held = hold_out(labels, 0.2, seed, [sha256 for _, sha256 in contents])
        split = f"a fifth held out, seed {seed}"
        print(f"There is no validation/: a fifth of each class is held out to validate with (seed {seed})")
    for chosen, part in ((~held, "train"), (held, measured)):
        counts = np.bincount(labels[chosen], minlength=len(kinds))
        if not counts.all():
            kind = one_line(kinds[counts.argmin()])
            raise UserError(
                f"{path}: no picture of {kind} in {folders[part]} can be read"
                if measured
                else f"{path}: {kind} needs two different pictures that can be read, one to validate with"
            )
        if part == "train":
            classes = [{"cats": "cat", "dogs": "dog"}.get(kind, one_line(kind)) for kind in kinds]
            say_classes(dict(zip(classes, counts.tolist(), strict=True)), "pictures to learn from")
    in_parts = [[contents[place] for place in np.flatnonzero(chosen)] for chosen in (~held, held)]
    warn_of_copies(*in_parts)
    _warn_of_two_labels(contents, labels)
    validation = Examples(pictures[held], labels[held])
    train = Examples(take(pictures, np.flatnonzero(~held)), labels[~held])
    names = without_folders_around(contents)
    in_file = [names[: len(in_parts[0])], names[len(in_parts[0]) :]] if measured else [names]
    sha256 = hashlib.sha256("".join(map(sha256_of, in_file)).encode()).hexdigest()
    file = DataFile(path, sha256, origin)
    return Data(train, file, validation, classes=classes, split=split, own=classes != ["cat", "dog"])


def _check_classes(path, parts, folders, measured):
    """Raise UserError if there are no two classes, or not the same ones in both parts."""
    kinds = parts["train"]
    if len(kinds) < 2:
        found = f"of one class, {one_line(next(iter(kinds)))}" if kinds else "of no class"
        raise UserError(f"{path} holds pictures {found}: this lesson reads {READS}, of two classes or more")
    for kind in sorted(kinds.keys() ^ parts[measured].keys() if measured else ()):
        there, not_there = ("train", measured) if kind in kinds else (measured, "train")
        raise UserError(
            f"{path}: there are pictures of {one_line(kind)} in {folders[there]}, but not in"
            f" {folders[not_there]}: both need the same classes"
        )


def _in_turn(classes):
    """The label and the file of each picture: the first of each class, the second of each, and so on."""
    kinds = list(classes.values())
    turns = sorted((i, label) for label, files in enumerate(kinds) for i in range(len(files)))
    return [(label, kinds[label][i]) for i, label in turns]


def _warn_of_two_labels(contents, labels):
    first = {}
    for (path, sha256), label in zip(contents, labels.tolist(), strict=True):
        other, known = first.setdefault(sha256, (path, label))
        if known != label:
            print(f"Warning: {path} is the same picture as {other}, in another class")
            return


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
