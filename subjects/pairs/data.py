"""Pairs of a drawing and a real image: edges and clothes, facades, pairs of the user's."""

import functools
import hashlib
import posixpath
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.digits_and_clothes import load_fashion_mnist
from common.data.folders import (
    files_in, files_of_user, hold_out, nothing_in, read_pictures, sha256_of, split_of, take, warn_of_copies,
    without_folders_around,
)  # fmt: skip
from common.data.pictures import is_picture, photo_size, read_photo, say_left_out
from common.data.sources import download, own_data
from common.errors import UserError

FACADES = "facades"
FACADES_SOURCE = f"http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/{FACADES}.tar.gz"
READS = (
    f"{FACADES}.tar.gz; pictures of two halves, side by side or one above the other; or pictures of the same"
    " name in A/ and B/"
)
LONGEST = 1.9  # long side / short side of a pair: two squares have 2, a single 16:9 image has 1.78
WEAKEST = 30  # an edge is at least this change of brightness between pixels, of 255


def edges_of(images):
    """The edges of images, drawn as black lines on white.

    Args:
        images: uint8 [n, height, width].

    Returns:
        uint8 of the same shape, 0 on an edge, else 255.

    Source: Sobel's operator with non-maximum suppression across edges, as in Canny, "A computational
    approach to edge detection", 1986.
    """
    some = range(0, len(images), 1000)  # at a time: all of them would take 2 GB
    return np.concatenate([_edges_of(images[first : first + 1000]) for first in some])


def _edges_of(images):
    images = np.pad(images.astype(np.float32), ((0, 0), (1, 1), (1, 1)), "edge")
    height, width = images.shape[1] - 2, images.shape[2] - 2

    def moved(values, down, right):
        return values[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    def change(down, right):
        """The mean change of brightness in one direction."""
        along = [moved(images, down * n + right * m, right * n + down * m) for n, m in _BESIDE]
        back = [moved(images, right * m - down * n, down * m - right * n) for n, m in _BESIDE]
        return sum(w * (a - b) for w, a, b in zip((1, 2, 1), along, back, strict=True)) / 4

    rows, columns = change(1, 0), change(0, 1)
    strength = np.hypot(rows, columns)
    padded = np.pad(strength, ((0, 0), (1, 1), (1, 1)))
    across = np.abs(columns) >= np.abs(rows)
    before = np.where(across, moved(padded, 0, -1), moved(padded, -1, 0))
    after = np.where(across, moved(padded, 0, 1), moved(padded, 1, 0))
    is_edge = (strength > WEAKEST) & (strength >= before) & (strength > after)
    return np.where(is_edge, np.uint8(0), np.uint8(255))


_BESIDE = ((1, -1), (1, 0), (1, 1))  # a step ahead, and one to the left, none, one to the right


def load_edges(args):
    """The edges of Fashion-MNIST's clothes, and the clothes: a small version of edges2shoes.

    Args:
        args: from `parse_args`; `data_dir`, `train_size` and `batch_size` are used.

    Returns:
        `Data` with train and test: drawings and pictures, uint8 [n, 32, 32, 1], lines and clothes dark on
        white.

    Raises:
        UserError: as `load_fashion_mnist`.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017.
    """

    def pair(images, labels):
        clothes = np.pad(images[..., 0], ((0, 0), (2, 2), (2, 2)))
        return edges_of(clothes)[..., np.newaxis], 255 - clothes[..., np.newaxis]

    return load_fashion_mnist(args).map(pair)


class Pair(NamedTuple):
    """A drawing and a picture: one `File` that shows both, or two, A and B.

    `split` is "train", "validation" or "test".
    """

    split: str
    files: tuple


class Looked(NamedTuple):
    """A pair's SHA-256, and the width and height of each of its files."""

    sha256: str
    sizes: list


def load_facades(args):
    """Photos of facades and their plans, or other pairs.

    With --data-dir: a folder, or a zip or tar file, which may also be alone in the folder. In it are pictures
    that show both, side by side or one above the other, or pictures of the same name in folders A and B; in
    train/, and test/ or val/ (also trainA/, A/train/, ...), or without these: a fifth is then held out. Else
    `facades.tar.gz`, downloaded once. What is not a pair is named and left out.

    Args:
        args: from `parse_args`; `image_size`, `input_half`, `data_dir`, `train_size`, `batch_size` and `seed`
            (of what is held out) are used.

    Returns:
        `Data` with train and test: drawings and pictures, uint8 [n, size, size, 3]; for testing size is
        image_size, for training 1/8 more, so that `jitter` can choose a part.

    Raises:
        UserError: there are no pairs, more single pictures than pairs, fewer than asked for, or the download
            fails.

    Source: Tyleček and Šára, "Spatial pattern templates for recognition of objects with regular structure",
    2013 (the CMP facades).
    """
    if args.image_size not in (32, 64, 128, 256):
        raise UserError(f"--image-size: must be 32, 64, 128 or 256, not {args.image_size}")
    path, origin, files = _facades_source(args)
    pairs, left_out = _find_pairs(files)
    pairs, tested = _choose_parts(pairs)
    if not pairs:
        say_left_out(left_out)
        raise UserError(f"{path} holds no pairs to learn from: this lesson reads {READS}")
    print(f"Reading {len(pairs):,} pairs ...", flush=True)
    looked, unread = _look_at(pairs)
    above, singles = _lie_above(looked, path)
    left_out += unread + singles
    singles = {name for name, _ in singles}
    pairs = [pair for pair in pairs if pair in looked and pair.files[0].path not in singles]
    if tested:
        held = np.array([pair.split == tested for pair in pairs], bool)
    else:
        held = hold_out(np.zeros(len(pairs)), 0.2, args.seed, [looked[pair].sha256 for pair in pairs])
    parts, contents = [], []
    for is_held, size in ((False, args.image_size * 9 // 8), (True, args.image_size)):
        chosen = [pairs[place] for place in np.flatnonzero(held == is_held)]
        *halves, good, unread = _read_pairs(chosen, size, above)
        parts.append(Examples(*(halves if args.input_half == "left" else reversed(halves))))
        contents.append([(chosen[place].files[0].path, looked[chosen[place]].sha256) for place in good])
        left_out += unread
    say_left_out(left_out)
    for part, to_do in zip(contents, ("learn from", "test on"), strict=True):
        if not part:
            raise UserError(f"{path}: there is no pair that can be read to {to_do}")
    warn_of_copies(*contents, "pairs")
    everything = without_folders_around([*contents[0], *contents[1]])
    file = DataFile(path, sha256_of(everything if tested else sorted(everything)), origin)
    (x, y), test = parts
    size = training_size(args, len(x))
    if not tested:
        print(f"There is no test/: a fifth of the pairs is held out to test on (seed {args.seed})")
    if origin == "data-dir":
        halves = {None: ("in A", "in B"), True: ("the upper half", "the lower half")}
        names = dict(
            zip(("left", "right"), halves.get(above, ("the left half", "the right half")), strict=True)
        )
        drawing, other = names.pop(args.input_half), names.popitem()
        print(f"The drawing is {drawing} (--input-half {other[0]}: {other[1]})")
    print(f"Pairs: {size:,} to learn from, {len(test.x):,} to test on ({path})")
    split = None if tested else f"a fifth held out, seed {args.seed}"
    return Data(Examples(x[:size], y[:size]), file, test=test, split=split)


def _facades_source(args):
    """The path of the pairs, their origin and their files."""
    path = own_data(args)
    if path is None:
        cure = "name the class's folder with --data-dir DIR, or take --step edges"
        path = download(f"{FACADES}.tar.gz", cure, origin=FACADES_SOURCE)
        return path, "full", files_in(path, "full")
    found, files = files_of_user(path, is_picture, (f"{FACADES}.tar.gz", FACADES))
    if not any(is_picture(file.names[-1]) for file in files):
        otherwise = "leave --data-dir out to download the facades, or take --step edges"
        raise nothing_in(path, files, READS, otherwise)
    return found, "data-dir", files


def _find_pairs(files):
    """A list of `Pair`s, and of (path, why it is left out)."""
    places, left_out = {}, []
    for file in files:
        if is_picture(file.names[-1]):
            places[file] = _place(file.names)
        elif len(file.names) > 1:
            left_out.append((file.path, "is not a picture"))
    if any(split == "train" for split, *_ in places.values()):
        for file in [file for file, (split, *_) in places.items() if split is None]:
            left_out.append((file.path, "is in none of the folders for training and testing"))
            del places[file]
    if {"A", "B"} - {side for _, side, _ in places.values()}:
        return [Pair(split or "train", (file,)) for file, (split, *_) in places.items()], left_out
    sides = {"A": {}, "B": {}}
    for file, (split, side, names) in places.items():
        key = (split or "train", *names)
        if side is None:
            left_out.append((file.path, "is neither in A nor in B"))
        elif sides[side].setdefault(key, file) is not file:
            left_out.append((file.path, f"has the same name as {sides[side][key].path}"))
    both = sides["A"].keys() & sides["B"].keys()
    for side, other in ("AB", "BA"):
        alone = [file.path for key, file in sides[side].items() if key not in both]
        left_out += [(path, f"has no partner of the same name in {other}") for path in alone]
    return [
        Pair(key[0], (file, sides["B"][key])) for key, file in sides["A"].items() if key in both
    ], left_out


def _place(names):
    """The part, the side and the remaining names of a picture's path, from the names of its folders.

    trainA, train/A and A/train all mean "train" and "A"; part and side may be None.
    """
    split, side, rest = None, None, []
    for name in names[:-1]:
        word, letter = re.fullmatch(r"(.*?)[ _.-]*([AB]?)", name, re.I | re.S).groups()
        if letter and (not word or split_of(word)):
            split, side = split_of(word) or split, letter.upper()
        elif split_of(name):
            split = split_of(name)
        else:
            rest.append(name)
    return split, side, (*rest, Path(names[-1]).stem.lower())


def _choose_parts(pairs):
    """The pairs for training and for testing, and the part to test on: "test", else "validation", or None."""
    splits = {pair.split for pair in pairs}
    if "train" not in splits:
        return [], None
    tested = next((split for split in ("test", "validation") if split in splits), None)
    folders = {pair.split: posixpath.dirname(pair.files[0].path) for pair in pairs}
    unused = folders.keys() - {"train", tested}
    if unused:
        print(f"Not used: {folders[unused.pop()]}/ (the network is tested on {folders[tested]}/)")
    return [pair for pair in pairs if pair.split in ("train", tested)], tested


def _look_at(pairs):
    """A dictionary from a `Pair` to `Looked`, and a list of (path, why it is left out)."""
    looked, left_out = {}, []
    for pair in pairs:
        contents, sizes = [], []
        try:
            for file in pair.files:
                contents.append(file.read())
                sizes.append(photo_size(contents[-1]))
        except OSError as error:
            left_out.append((file.path, f"cannot be read ({error.strerror})"))
        except ValueError as error:
            left_out.append((file.path, error))
        else:
            looked[pair] = Looked(hashlib.sha256(b"".join(contents)).hexdigest(), sizes)
    return looked, left_out


def _lie_above(looked, path):
    """Whether the halves of most pairs lie one above the other; None if pairs are two files.

    Also returns a list of (path, why it is left out), of those that are no such pairs. Raises UserError if
    these are the most.
    """
    if any(len(sizes) == 2 for _, sizes in looked.values()):
        _warn_of_shapes(looked)
        return None, []
    shapes = [sizes[0] for _, sizes in looked.values()]
    above = sum(h >= LONGEST * w for w, h in shapes) > sum(w >= LONGEST * h for w, h in shapes)
    lie, long, short = ("one above the other", "high", "wide") if above else ("side by side", "wide", "high")
    singles = [
        (
            pair.files[0].path,
            f"is {w} × {h}: not two pictures {lie}, which are about twice as {long} as {short}",
        )
        for pair, (_, ((w, h),)) in looked.items()
        if (h / w if above else w / h) < LONGEST
    ]
    if len(singles) > len(looked) - len(singles):
        first = " ".join(singles[0])
        found = f"{len(singles):,} of the {len(looked):,}"
        raise UserError(f"{path} needs pairs of pictures: {found} are none; {first}")
    return above, singles


def _warn_of_shapes(looked):
    """Warn of pairs of two files that are not equally wide and high, but for their size."""
    odd = []
    for pair, (_, ((w, h), (other_w, other_h))) in looked.items():
        if not 0.98 < w * other_h / (h * other_w) < 1.02:
            a, b = pair.files
            odd.append(f"{a.path} is {w} × {h}, {b.path} {other_w} × {other_h}")
    if odd:
        print(
            f"Warning: {len(odd):,} of the {len(looked):,} pairs have pictures of different shapes, which are"
            f" stretched to squares; {odd[0]}"
        )


def _read_pairs(pairs, size, above):
    """Read pairs, each half stretched to a square.

    Returns two arrays, uint8 [n, size, size, 3]: left, upper or A, and right, lower or B; the indices in
    `pairs`; and a list of (path, why it is left out).
    """
    if above is None:
        read = functools.partial(read_photo, size=size)
        sides = [read_pictures([pair.files[i] for pair in pairs], (size, size, 3), read) for i in (0, 1)]
        good = sorted(set(sides[0][1]) & set(sides[1][1]))
        a, b = (take(pictures, np.searchsorted(known, good)) for pictures, known, *_ in sides)
        return a, b, good, sides[0][3] + sides[1][3]
    read = functools.partial(_read_halves, size=size, above=above)
    pictures, good, _, left_out = read_pictures([pair.files[0] for pair in pairs], (size, 2 * size, 3), read)
    return pictures[:, :, :size], pictures[:, :, size:], good, left_out


def _read_halves(content, size, above):
    """The halves of a picture, side by side: uint8 [size, 2 size, 3]. Raises ValueError."""
    shape = (size, 2 * size) if above else (2 * size, size)
    picture = Image.fromarray(read_photo(content, None)).resize(shape, Image.Resampling.BILINEAR)
    pixels = np.asarray(picture)
    return np.concatenate([pixels[:size], pixels[size:]], axis=1) if above else pixels


def jitter(size):
    """The augmentation of training pairs: random mirroring and cropping.

    Returns:
        a function for `in_batches` of x, y, both uint8 [batch, height, width, channels], and a
        `numpy.random.Generator`. It changes both in the same way, and returns [batch, size, size, channels].

    Source: "random jitter" in Isola et al. 2017, section 6.2.
    """

    def change(x, y, random):
        x, y = x.copy(), y.copy()
        mirrored = random.random(len(x)) < 0.5
        top, left = random.integers(0, x.shape[1] - size + 1, 2)
        for pixels in (x, y):
            pixels[mirrored] = pixels[mirrored, :, ::-1]
        return tuple(pixels[:, top : top + size, left : left + size] for pixels in (x, y))

    return change
