"""Reading of pictures in the usual formats as arrays."""

import functools
import io
import logging
import re
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from common.errors import first_line
from common.files import read_whole

# a picture is read, or an error names it: hide Pillow's warnings
warnings.filterwarnings("ignore", module="PIL")
logging.getLogger("PIL").setLevel(logging.CRITICAL + 1)

# the first bytes of files that Pillow cannot read, and what such files are
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

ORIENTATION = 0x0112  # in EXIF data; from 5 on, the photo was taken on its side

# what people keep beside pictures
OTHER_FILES = {
    ".7z", ".avi", ".csv", ".db", ".doc", ".docx", ".gz", ".h5", ".hdf5", ".htm", ".html", ".ini", ".ipynb",
    ".json", ".jsonl", ".keras", ".log", ".mat", ".md", ".mov", ".mp4", ".npy", ".npz", ".pdf", ".pickle",
    ".pkl", ".pt", ".pth", ".py", ".rar", ".rtf", ".tar", ".tgz", ".toml", ".tsv", ".txt", ".url", ".xls",
    ".xlsx", ".xml", ".xz", ".yaml", ".yml", ".zip",
}  # fmt: skip


def is_picture(name):
    """Whether a file of this name may be a picture; its content decides."""
    return Path(name).suffix.lower() not in OTHER_FILES


def read_photo(file, size):
    """Read a picture in any usual format, stretched to a size; of an animation, the first frame.

    Transparent pixels become white, and photos are turned upright as their EXIF data says. For grey values of
    more than 8 bits, white is the smallest of 255, 1,023, 4,095, 16,383, 65,535, ... that no value exceeds;
    for numbers from 0 to 1 it is 1.

    Args:
        file: a path, or the bytes of a file.
        size: height and width in pixels; None keeps the picture's own size.

    Returns:
        RGB, uint8 [height, width, 3].

    Raises:
        ValueError: the file cannot be read, is not a picture, or is damaged.
    """
    try:
        content = file if isinstance(file, bytes) else read_whole(file)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    return _decoded(content, lambda: _read_pixels(content, size))


def photo_size(content):
    """The width and height of a picture, upright, from the bytes of its file.

    Raises ValueError as `read_photo` does, but not if only the pixels are damaged.
    """

    def look():
        with Image.open(io.BytesIO(content)) as picture:
            exif = Image.Image.getexif(picture)  # a PNG's own would read its pixels
            on_its_side = exif.get(ORIENTATION, 1) >= 5
            return picture.size[::-1] if on_its_side else picture.size

    return _decoded(content, look)


def _decoded(content, decode):
    if re.match(HEIC, content, re.DOTALL):
        _learn_heic()
    try:
        return decode()
    except Image.UnidentifiedImageError:
        kinds = (why for begin, why in NO_PICTURES.items() if re.match(begin, content, re.DOTALL | re.I))
        raise ValueError(next(kinds, "is not a picture")) from None
    except Exception as error:  # a damaged picture can fail anywhere in its decoder
        raise ValueError(f"cannot be read as a picture ({first_line(error)})") from error


def _read_pixels(content, size):
    with Image.open(io.BytesIO(content)) as picture:
        # Pillow reads only the upper 8 of 16 bits per colour: "RGB;16B" in PNG and TIFF, 65535 in PPM
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
    """Let Pillow read an iPhone's HEIC photos, if the package for them is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return
    register_heif_opener()


def read_each(paths, size):
    """Read pictures by their paths.

    Returns a list of (path, picture), each from `read_photo`, and a list of (path, why it cannot be read).
    """
    photos, left_out = [], []
    for path in paths:
        try:
            photos.append((path, read_photo(path, size)))
        except ValueError as error:
            left_out.append((path, error))
    return photos, left_out


def say_left_out(left_out):
    """Print the first five of a list of (path, why it is left out), and the number of the others."""
    for path, why in left_out[:5]:
        print(f"Left out: {path} {why}")
    if len(left_out) > 5:
        print(f"Left out: {len(left_out) - 5:,} more")
