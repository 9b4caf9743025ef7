"""Pictures of the user's own: one file, or folders of them, as arrays."""

import hashlib
import io
import logging
import os
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

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
        ValueError: it is no picture, or is damaged.
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
        raise ValueError("is no picture") from None
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
        raise UserError(f"the data file {path} is cut short, damaged or no zip file: replace it") from error


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

    def look(turn):
        _, label, name, read = turn
        try:
            content = read()
        except OSError as error:
            return None, f"{name} cannot be read ({error.strerror})", name
        key = f"{name} {hashlib.sha256(content).hexdigest()}"
        try:
            return read_photo(content, size), label, key
        except ValueError as error:
            return None, f"{name} {error}", key

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(look, turns))
    unread = [why for image, why, _ in looked if image is None]
    for why in unread[:5]:
        print(f"Left out: {why}")
    if len(unread) > 5:
        print(f"Left out: {len(unread) - 5} more")
    images = [image for image, _, _ in looked if image is not None]
    labels = [label for image, label, _ in looked if image is not None]
    sha256 = hashlib.sha256("\n".join(key for _, _, key in looked).encode()).hexdigest()
    return np.array(images, np.uint8).reshape(-1, size, size, 3), np.array(labels, np.uint8), sha256
