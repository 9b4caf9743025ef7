"""Pairs of a drawing and a real image: edges and clothes, facades, any folder of pairs."""

import functools

import numpy as np
from PIL import Image

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.digits_and_clothes import load_fashion_mnist
from common.data.pictures import read_photo, say_left_out
from common.data.sources import download, nothing_to_read
from common.errors import UserError
from subjects.picture_folders import (
    find_pictures, list_files, names_in, read_pictures, sha256_of, warn_of_copies,
)  # fmt: skip

FACADES = "facades"
FACADES_SOURCE = f"http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/{FACADES}.tar.gz"
SPLITS = ("train", "test", "val")
NARROWEST = 1.9  # width / height of a pair: two squares have 2, a single 16:9 image has 1.78
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


def load_facades(args):
    """Photos of facades and their plans, or other pairs, each side by side in one image.

    With --data-dir: `facades.tar.gz` there, the folder it unpacks to, or the user's own folder with train/,
    and test/ or val/; else the archive, downloaded once. An image that is not a pair is named and left out.

    Args:
        args: from `parse_args`; `image_size`, `input_half`, `data_dir`, `train_size` and `batch_size` are
            used.

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
    path, origin = _facades_source(args)
    found, left_out = find_pictures(list_files(path, origin, SPLITS, 2), SPLITS, 2)
    tested = "test" if ("test",) in found else "val"
    if ("train",) not in found or (tested,) not in found:
        raise UserError(f"{path} needs pictures in train/, and in test/ or val/")
    print(f"Reading {len(found['train',]) + len(found[tested,]):,} pairs ...", flush=True)
    parts, contents = [], {}
    for split, size in (("train", args.image_size * 9 // 8), (tested, args.image_size)):
        read_pair = functools.partial(_read_pair, size=size)
        pairs, _, contents[split], unread = read_pictures(found[split,], (size, 2 * size), read_pair)
        single = [f"{name} {why}" for name, why in unread if isinstance(why, SinglePicture)]
        if len(single) > len(pairs):
            raise UserError(
                f"{path} needs pairs of pictures: {len(single):,} of the {len(single) + len(pairs):,} in"
                f" {split}/ are none; {single[0]}"
            )
        left, right = pairs[:, :, :size], pairs[:, :, size:]
        parts.append(Examples(right, left) if args.input_half == "right" else Examples(left, right))
        left_out += unread
    say_left_out(left_out)
    for split, part in zip(("train", tested), parts, strict=True):
        if not len(part.x):
            raise UserError(f"{path}: there is no picture that can be read in {split}/")
    warn_of_copies(*contents.values(), tested)
    file = DataFile(path, sha256_of([*contents["train"], *contents[tested]]), origin)
    (x, y), test = parts
    size = training_size(args, len(x))
    print(f"Pairs: {size:,} to learn from, {len(test.x):,} to test on ({path})")
    return Data(Examples(x[:size], y[:size]), file, test=test)


def _facades_source(args):
    if args.data_dir is None:
        cure = "name the class's folder with --data-dir DIR, or take --step edges"
        return download(f"{FACADES}.tar.gz", cure, origin=FACADES_SOURCE), "full"
    names = names_in(args.data_dir)
    if f"{FACADES}.tar.gz" in names:
        return args.data_dir / f"{FACADES}.tar.gz", "data-dir"
    for folder in (FACADES, "."):
        inside = set(names_in(args.data_dir / folder)) if folder in (*names, ".") else set()
        if "train" in inside and inside & {"test", "val"}:
            return args.data_dir / folder, "data-dir"
    reads = f"{FACADES}.tar.gz, {FACADES}/, or train/ and test/ or val/"
    otherwise = "leave --data-dir out to download the facades, or take --step edges"
    raise nothing_to_read(args.data_dir, reads, otherwise)


class SinglePicture(ValueError):
    """Raised for an image that is not two images side by side."""


def _read_pair(content, size):
    """A pair, each half stretched to a square: uint8 [size, 2 size, 3]. Raises ValueError."""
    picture = read_photo(content, None)
    height, width, _ = picture.shape
    if width < NARROWEST * height:
        raise SinglePicture(
            f"is {width} × {height}: not two pictures side by side, which are about twice as wide as high"
        )
    return np.asarray(Image.fromarray(picture).resize((2 * size, size), Image.Resampling.BILINEAR))


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
