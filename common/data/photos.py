"""Pictures: of cats and dogs, and of the user's own; one file, or folders of them, as arrays."""

import hashlib
import io
import logging
import os
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.sources import broken, download, find_data_file, read_arrays
from common.terminal import UserError

# a picture is read, or named: nothing in between
warnings.filterwarnings("ignore", module="PIL")
logging.getLogger("PIL").setLevel(logging.CRITICAL + 1)
SUFFIXES = (
    ".jpg", ".jpeg", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif"
)  # fmt: skip


def read_photo(file, size):
    """A picture in any of the usual formats, stretched to a size; of an animation the first frame.

    What is transparent becomes white, and a photo that was taken on its side is turned upright.

    Args:
        file: a path, or the bytes of a file.
        size: height and width in pixels, or (width, height); None leaves it as it is.

    Returns:
        RGB, uint8 [height, width, 3].

    Raises:
        ValueError: it is not a picture, or is damaged.
    """
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as picture:
            if picture.mode.startswith("I"):  # 16 bits a pixel
                picture = Image.fromarray((np.asarray(picture) / 256).clip(0, 255).astype(np.uint8))
            picture = ImageOps.exif_transpose(picture)
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            picture = picture.convert("RGB")
            wanted = size if isinstance(size, tuple) or size is None else (size, size)
            return np.asarray(picture.resize(wanted, Image.Resampling.BILINEAR) if wanted else picture)
    except Image.UnidentifiedImageError:
        raise ValueError("is not a picture") from None
    except Exception as error:  # a damaged picture can fail anywhere in its decoder
        first_line = str(error).partition("\n")[0].rstrip(".")
        raise ValueError(f"cannot be read as a picture ({first_line})") from error


def find_photos(folder):
    """The pictures below a folder with train/<class>/ and validation/<class>/, or in a zip file of one.

    Returns a dictionary: split to class to a list of (name, function that returns the file's bytes). Other
    files than pictures, and hidden ones, are left out. Raises UserError if the zip file is damaged.
    """
    folder = Path(folder)
    if folder.is_dir():
        files = [(path.relative_to(folder).parts, path.read_bytes) for path in sorted(folder.glob("*/*/*"))]
    else:
        archive = _open_zip(folder)
        files = [(tuple(name.split("/")), _reader(archive, name)) for name in sorted(archive.namelist())]
    found = {}
    for parts, read in files:
        *_, split, kind, name = "", "", *parts
        hidden = name.startswith(".") or kind.startswith(".")
        if name.lower().endswith(SUFFIXES) and not hidden and split in ("train", "validation"):
            found.setdefault(split, {}).setdefault(kind, []).append((f"{split}/{kind}/{name}", read))
    return found


def _open_zip(path):
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(
            f"the data file {path} is cut short, damaged or not a zip file: replace it"
        ) from error


def _reader(archive, name):
    def read():
        try:
            return archive.read(name)
        except Exception as error:  # a damaged archive can fail anywhere in zipfile and zlib
            raise UserError(
                f"the data file {archive.filename} is damaged ({name}): delete or replace it"
            ) from error

    return read


def read_photos(kinds, size):
    """Read the pictures of several classes; one that cannot be read is named, and left out.

    Args:
        kinds: as `find_photos` gives them for one split.
        size: height and width in pixels.

    Returns:
        images uint8 [n, size, size, 3], the classes taking turns; labels uint8 [n], the number of the class
        in alphabetical order; and the SHA-256 of all files' names and contents.
    """
    turns = sorted(
        (i, label, name, read)
        for label, kind in enumerate(sorted(kinds))
        for i, (name, read) in enumerate(kinds[kind])
    )

    images = np.empty((len(turns), size, size, 3), np.uint8)  # no list of them, which would be a copy

    def look(place):
        """Returns why the picture cannot be read, or None; and what its SHA-256 is taken of."""
        _, _, name, read = turns[place]
        try:
            content = read()
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})", name
        key = f"{name} {hashlib.sha256(content).hexdigest()}"
        try:
            images[place] = read_photo(content, size)
        except ValueError as error:
            return f"{name} {error}", key
        return None, key

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(look, range(len(turns))))
    unread = [why for why, _ in looked if why]
    for why in unread[:5]:
        print(f"Left out: {why}")
    if len(unread) > 5:
        print(f"Left out: {len(unread) - 5} more")
    good = [place for place, (why, _) in enumerate(looked) if not why]
    labels = np.array([turns[place][1] for place in good], np.uint8)
    sha256 = hashlib.sha256("\n".join(key for _, key in looked).encode()).hexdigest()
    return images[good] if unread else images, labels, sha256


PHOTOS = "cats_and_dogs_filtered"
PHOTOS_SOURCE = f"https://storage.googleapis.com/mledu-datasets/{PHOTOS}.zip"


def load_cats_dogs(args):
    """Pictures of cats and dogs, or of any two classes.

    With --data-dir: `cats_and_dogs_filtered.zip` there, the folder it unpacks to, or a folder of one's own
    with train/<class>/ and validation/<class>/; with --full the zip file, downloaded once; else the bundled
    part, 4,000 and 1,000 pictures of 32 × 32 from CIFAR-10.

    Args:
        args: from `parse_args`; `data_dir`, `full`, `image_size` (150, or 32 for the bundled ones, if
            None), `train_size` and `batch_size` are used.

    Returns:
        `Data` with train and validation: RGB, uint8 [n, image_size, image_size, 3]; labels uint8 [n], 1 is
        the second class (dog). `classes` are the two names.

    Raises:
        UserError: there are no good data, not two classes, fewer examples than asked for, or the download
            fails.

    Source: Elson et al., "Asirra: a CAPTCHA that exploits interest-aligned manual image categorization",
    2007; bundled: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
    """
    source = _photo_source(args)
    data = _load_photos(*source, args.image_size or 150) if source else _load_small_photos(args)
    size = training_size(args, len(data.train.y))
    data = replace(data, train=Examples(data.train.x[:size], data.train.y[:size]))
    pixels = data.train.x.shape[1]
    print(
        f"{data.classes[0].capitalize()} and {data.classes[1]}: {size:,} pictures to learn from,"
        f" {len(data.validation.y):,} to validate with, {pixels} × {pixels} ({data.file.path})"
    )
    return data


def _photo_source(args):
    if args.data_dir:
        for path in (args.data_dir / f"{PHOTOS}.zip", args.data_dir / PHOTOS, args.data_dir):
            if (path.suffix == ".zip" and path.is_file()) or (path / "train").is_dir():
                return path, "data-dir"
        print(f"There is no train/ and no {PHOTOS}.zip in {args.data_dir}")
    if args.full:
        return download(f"{PHOTOS}.zip", origin=PHOTOS_SOURCE), "full"
    return None


def _load_photos(path, origin, image_size):
    found = find_photos(path)
    kinds = sorted(found.get("train", {}))
    if len(kinds) != 2 or kinds != sorted(found.get("validation", {})):
        raise UserError(
            f"{path} needs pictures of two classes, in train/<class>/ and in validation/<class>/, not of"
            f" {', '.join(kinds) or 'none'} and of {', '.join(sorted(found.get('validation', {}))) or 'none'}"
        )
    classes = [{"cats": "cat", "dogs": "dog"}.get(kind, kind) for kind in kinds]
    count = sum(len(files) for split in found.values() for files in split.values())
    print(f"Reading {count:,} pictures ...", flush=True)
    parts, keys = {}, ""
    for split in ("train", "validation"):
        images, labels, sha256 = read_photos(found[split], image_size)
        if len(set(labels.tolist())) < 2:
            raise UserError(f"{path}: {split}/ has no readable pictures of one of the classes")
        parts[split], keys = Examples(images, labels), keys + sha256
    file = DataFile(path, hashlib.sha256(keys.encode()).hexdigest(), origin)
    return Data(file=file, classes=classes, **parts)


def _load_small_photos(args):
    size = args.image_size or 32
    arrays, file = read_arrays(
        *find_data_file("cats_dogs.npz", args.data_dir),
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
