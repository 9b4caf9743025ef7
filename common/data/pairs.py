"""Pairs of pictures, a drawing and the real thing: edges and clothes, facades, any folder of pairs."""

import hashlib
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.digits_and_clothes import load_fashion_mnist
from common.data.photos import SUFFIXES, read_photo
from common.data.sources import broken, download
from common.terminal import UserError

FACADES = "facades"
FACADES_SOURCE = f"http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/{FACADES}.tar.gz"
WEAKEST = 30  # change of brightness from one pixel to the next, of 255, that is an edge


def edges_of(images):
    """Black lines on white where the brightness changes most.

    Args:
        images: uint8 [n, height, width].

    Returns:
        uint8 of the same shape, 0 on an edge, else 255.

    Source: Sobel's operator, and of neighbours across an edge only the strongest, as in Canny, "A
    computational approach to edge detection", 1986.
    """
    some = range(0, len(images), 1000)  # at a time: all of them would take 2 GB
    return np.concatenate([_edges_of(images[first : first + 1000]) for first in some])


def _edges_of(images):
    images = np.pad(images.astype(np.float32), ((0, 0), (1, 1), (1, 1)), "edge")
    height, width = images.shape[1] - 2, images.shape[2] - 2

    def moved(values, down, right):
        return values[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    def change(down, right):
        """The mean change of brightness in a direction."""
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
    """The edges of Fashion-MNIST's clothes, and the clothes: edges2shoes in small.

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
    """Photos of house fronts and their plans, or other pairs, side by side in one picture.

    With --data-dir: `facades.tar.gz` there, the folder it unpacks to, or a folder of one's own with train/
    and test/; else the archive, downloaded once.

    Args:
        args: from `parse_args`; `image_size`, `input_half`, `data_dir`, `train_size` and `batch_size` are
            used.

    Returns:
        `Data` with train and test: drawings and pictures, uint8 [n, size, size, 3]; for testing size is
        image_size, for training 1/8 more, so that `jitter` can choose a part.

    Raises:
        UserError: there are no pairs, fewer than asked for, or the download fails.

    Source: Tyleček and Šára, "Spatial pattern templates for recognition of objects with regular structure",
    2013 (the CMP facades).
    """
    if args.image_size not in (32, 64, 128, 256):
        raise UserError(f"--image-size: must be 32, 64, 128 or 256, not {args.image_size}")
    path, origin = _facades_source(args)
    found = _find_pairs(path, origin)
    tested = "test" if found.get("test") else "val"
    if not found.get("train") or not found.get(tested):
        raise UserError(f"{path} needs pictures in train/, and in test/ or val/")
    print(f"Reading {len(found['train']) + len(found[tested]):,} pairs ...", flush=True)
    sizes = {"train": args.image_size * 9 // 8, tested: args.image_size}
    parts, keys = [], []
    for split, size in sizes.items():
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            read = list(pool.map(lambda pair, size=size: _read_pair(*pair, size), found[split]))
        keys += [key for _, key in read]
        pairs = [pair for pair, _ in read if pair is not None]
        if not pairs:
            raise UserError(f"{path}: {split}/ has no readable pictures")
        left, right = np.array(pairs)[:, :, :size], np.array(pairs)[:, :, size:]
        parts.append(Examples(right, left) if args.input_half == "right" else Examples(left, right))
    file = DataFile(path, hashlib.sha256("\n".join(keys).encode()).hexdigest(), origin)
    (x, y), test = parts
    size = training_size(args, len(x))
    print(f"Pairs: {size:,} to learn from, {len(test.x):,} to test on ({path})")
    return Data(Examples(x[:size], y[:size]), file, test=test)


def _facades_source(args):
    if args.data_dir:
        for path in (args.data_dir / f"{FACADES}.tar.gz", args.data_dir / FACADES, args.data_dir):
            if path.is_file() or (path / "train").is_dir():
                return path, "data-dir"
        raise UserError(f"there is no train/ and no {FACADES}.tar.gz in {args.data_dir}")
    cure = "name the class's folder with --data-dir DIR, or take --step edges"
    return download(f"{FACADES}.tar.gz", cure, origin=FACADES_SOURCE), "full"


def _find_pairs(path, origin):
    """For each split a list of (name, bytes)."""
    found = {}
    if path.is_dir():
        files = [file for file in sorted(path.glob("*/*")) if file.name.lower().endswith(SUFFIXES)]
        try:
            files = [(file.parts, file.read_bytes()) for file in files if file.is_file()]
        except OSError as error:
            raise UserError(f"cannot read {error.filename}: {error.strerror}") from error
    else:
        try:
            with tarfile.open(path) as archive:
                members = sorted((m for m in archive if m.isfile()), key=lambda member: member.name)
                files = [(Path(m.name).parts, archive.extractfile(m).read()) for m in members]
        except Exception as error:  # a damaged archive can fail anywhere in tarfile, gzip and zlib
            file = DataFile(path, "", origin)
            raise broken(file, "is cut short, damaged or not a .tar.gz file") from error
    for (*_, split, name), content in files:
        if split in ("train", "val", "test") and not name.startswith(".") and name.lower().endswith(SUFFIXES):
            found.setdefault(split, []).append((f"{split}/{name}", content))
    return found


def _read_pair(name, content, size):
    key = f"{name} {hashlib.sha256(content).hexdigest()}"
    try:
        return read_photo(content, (2 * size, size)), key
    except ValueError as error:
        print(f"Left out: {name} {error}")
        return None, key


def jitter(size):
    """How training pairs are changed a little every time: mirrored, and a part of them cut out.

    Returns:
        a function for `ShuffledBatches`: of x, y, both uint8 [batch, height, width, channels], and a
        `numpy.random.Generator`. It returns both changed alike, [batch, size, size, channels].

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
