"""Pictures: of cats and dogs, and of the user's own; one file, or folders of them, as arrays."""

import functools
import hashlib
import io
import logging
import re
import warnings
from dataclasses import replace

import numpy as np
from PIL import Image, ImageOps

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.picture_folders import (
    find_pictures, list_files, names_in, read_pictures, say_left_out, sha256_of, warn_of_copies
)  # fmt: skip
from common.data.sources import broken, download, find_data_file, nothing_to_read, read_arrays
from common.files import read_whole
from common.terminal import UserError

# a picture is read, or named: nothing in between
warnings.filterwarnings("ignore", module="PIL")
logging.getLogger("PIL").setLevel(logging.CRITICAL + 1)

# how files begin that people take for pictures and Pillow does not, and what they are
HEIC = rb".{4}ftyp(.{4}){0,16}?(heic|heix|heim|heis|hevc|hevx|mif1|msf1)"
NO_PICTURES = {
    rb".{4}ftyp(.{4}){0,16}?(avif|avis)": "is an AVIF picture, which this Pillow cannot read:"
    " pip install --upgrade pillow, or save it as JPEG",
    HEIC: "is a HEIC photo, which Pillow cannot read: pip install pillow-heif, or save it as JPEG (so does an"
    " iPhone with Settings, Camera, Formats, Most Compatible)",
    rb"(\xef\xbb\xbf)?\s*<(svg|(\?xml|!--|!doctype svg).{0,4000}<svg)": "is an SVG drawing, not a picture of"
    " pixels: save it as PNG",
    rb".{0,1000}?%PDF-": "is a PDF document, not a picture: save the page as PNG",
    rb"II\*\0|MM\0\*": "is a TIFF picture of a kind that Pillow cannot read: save it as PNG",
    rb"\Z": "is an empty file, not a picture",
}


def read_photo(file, size):
    """A picture in any of the usual formats, stretched to a size; of an animation the first frame.

    What is transparent becomes white, and a photo that was taken on its side is turned upright. Of grey
    values with more than 8 bits, white is 255, 1,023, 4,095, 16,383, 65,535, ...: the least of these that
    none is above; of numbers from 0 to 1 it is 1.

    Args:
        file: a path, or the bytes of a file.
        size: height and width in pixels; None leaves it as it is.

    Returns:
        RGB, uint8 [height, width, 3].

    Raises:
        ValueError: it cannot be read, is not a picture, or is damaged.
    """
    try:
        content = file if isinstance(file, bytes) else read_whole(file)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    if re.match(HEIC, content, re.DOTALL):
        _learn_heic()
    try:
        return _read_pixels(content, size)
    except Image.UnidentifiedImageError:
        kinds = (why for begin, why in NO_PICTURES.items() if re.match(begin, content, re.DOTALL | re.I))
        raise ValueError(next(kinds, "is not a picture")) from None
    except Exception as error:  # a damaged picture can fail anywhere in its decoder
        first_line = str(error).partition("\n")[0].rstrip(".")
        raise ValueError(f"cannot be read as a picture ({first_line})") from error


def _read_pixels(content, size):
    with Image.open(io.BytesIO(content)) as picture:
        # of colours with 16 bits Pillow reads only the upper 8: "RGB;16B" in PNG and TIFF, 65535 in PPM
        upper_bits = re.search("(RGB|CMYK|LA)[A-Za-z]*(;16|', [0-9]{4})", str(picture.tile))
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith(("I", "F")):  # grey values of 16 or 32 bits
            picture = Image.fromarray(_in_8_bits(np.asarray(picture)))
        if upper_bits and _has_low_values(picture):
            raise ValueError("it has 16 bits a colour, and the upper 8 are nearly 0: save it with 8 bits")
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        picture = picture.convert("RGB")
        return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR) if size else picture)


def _has_low_values(picture):
    bands = zip(picture.getbands(), picture.getextrema(), strict=True)
    return max(high for band, (_, high) in bands if band != "A") < 16


def _in_8_bits(values):
    low, high = values.min(), values.max()
    is_float = values.dtype.kind == "f"
    if is_float and low >= 0 and high <= 1:
        white = 1
    elif low >= 0 and high < 2**32 and not (is_float and high < 64):
        bits = max(8, int(high).bit_length())
        white = 2 ** (bits + bits % 2) - 1
    else:
        raise ValueError(f"its values are from {low:g} to {high:g}: save it with 8 bits, from 0 to 255")
    return np.rint(values * np.float32(255 / white)).clip(0, 255).astype(np.uint8)


@functools.cache
def _learn_heic():
    """Let Pillow read what an iPhone makes, if the package for it is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return
    register_heif_opener()


def read_each(paths, size):
    """Read pictures by their paths.

    Returns a list of (path, picture), as `read_photo` reads it, and a list of (path, why it cannot be read).
    """
    photos, left_out = [], []
    for path in paths:
        try:
            photos.append((path, read_photo(path, size)))
        except ValueError as error:
            left_out.append((path, error))
    return photos, left_out


PHOTOS = "cats_and_dogs_filtered"
SMALL_PHOTOS = "cats_dogs.npz"
PHOTOS_SOURCE = f"https://storage.googleapis.com/mledu-datasets/{PHOTOS}.zip"


def load_cats_dogs(args):
    """Pictures of cats and dogs, or of any two classes.

    With --data-dir: `cats_and_dogs_filtered.zip` there, the folder it unpacks to, a folder of one's own with
    train/<class>/ and validation/<class>/, or `cats_dogs.npz`; with --full the zip file, downloaded once;
    else the bundled part, 4,000 and 1,000 pictures of 32 × 32 from CIFAR-10.

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
