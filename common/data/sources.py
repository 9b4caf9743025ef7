"""Finding, checking and downloading data files."""

import hashlib
import io
import os
from pathlib import Path

import keras

from common.data.dataset import DataFile
from common.files import UnexpectedArray, read_npz, read_whole
from common.errors import UserError, first_line
from common.libraries import keras_home

BUNDLED = Path(__file__).parent

# SHA-256 of the bundled files, as README.md gives them
BUNDLED_SHA256 = {
    "boston_housing.npz": "0c1bbf0b79b8c2996afa31b259ca6cff56f5a6f72501358901ae5aa8fadd6e2f",
    "cats_dogs.npz": "41413c0ea585e31f496fb6fd9dd3967324a20da680ad9c8a9c7a6e4cf9a1500c",
    "fashion_mnist.npz": "5b6d2c4c694a91887af8ab7d039c04f80af3c29378d731c93a538d2e831aa469",
    "imdb.npz": "1ff170fff74968c10bedeef7fe3f2447a9bd92d7fd51c637a4b4ee955f0439dd",
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
}


def keras_cache():
    """The folder in which Keras keeps data files, a `Path`; it need not exist."""
    return keras_home() / "datasets"


def find_data_file(name, data_dir=None):
    """Find a data file in `data_dir`, or, if that is None, in Keras' cache or among the bundled files.

    Returns its path and its origin. Raises UserError if there is no such file.
    """
    if data_dir is not None:
        if not os.path.lexists(Path(data_dir) / name):
            raise nothing_to_read(data_dir, name)
        return Path(data_dir) / name, "data-dir"
    if os.path.exists(keras_cache() / name):
        return keras_cache() / name, "keras cache"
    return bundled_file(name)


def own_data(args):
    """The user's --data-dir, a `Path` of a folder or file, or None. Raises UserError if it does not exist."""
    if args.data_dir is None:
        return None
    if not os.path.lexists(args.data_dir):
        raise UserError(f"--data-dir: there is no {args.data_dir}")
    return Path(args.data_dir)


def bundled_file(name):
    """The path of a bundled data file, and its origin. Raises UserError if it is missing."""
    if not os.path.exists(BUNDLED / name):
        raise UserError(
            f"the data file {name} is missing: put it into {BUNDLED} or name its folder with --data-dir"
        )
    return BUNDLED / name, "bundled"


CURES = {
    "bundled": "download the project again",
    "data-dir": "replace it, or leave --data-dir out",
    "pairs": "replace it, or name another file",
    "table": "correct it, or name another file",
    "review": "replace it, or name another file",
}


def broken(file, why):
    """The UserError for an unusable data file (a `DataFile`): why it is unusable, and what to do."""
    cure = CURES.get(file.origin, "delete it from Keras' cache, so that it is no longer used")
    return UserError(f"the data file {file.path} {why}: {cure}")


def nothing_to_read(folder, reads, otherwise="leave --data-dir out for the bundled data"):
    """The UserError for a --data-dir that holds nothing the lesson can read.

    Args:
        folder: the user's folder.
        reads: the files that the lesson reads there.
        otherwise: what the user can do instead.
    """
    try:
        found = sorted(f"{path.name}/" if path.is_dir() else path.name for path in Path(folder).iterdir())
    except OSError as error:
        return UserError(f"--data-dir: cannot read {folder}: {error.strerror}")
    names = ", ".join(found[:5]) + (f" and {len(found) - 5:,} more" if len(found) > 5 else "")
    return UserError(
        f"--data-dir: {folder} holds {names or 'nothing'}; this lesson reads {reads} there: {otherwise}"
    )


def read_arrays(path, origin, expected, optional=()):
    """Read an `.npz` file, and check its arrays and, if it is bundled, its SHA-256.

    Args:
        path, origin: from `find_data_file`.
        expected, optional: as for `read_npz`.

    Returns:
        A dictionary of arrays, and their `DataFile`.

    Raises:
        UserError: the file cannot be read, is cut short or not a zip archive, holds other arrays than
            expected, or is a bundled file that was changed.
    """
    try:
        content = read_whole(path)
    except OSError as error:
        raise UserError(f"cannot read the data file {path}: {error.strerror}") from error
    file = DataFile(path, hashlib.sha256(content).hexdigest(), origin)
    if origin == "bundled" and file.sha256 != BUNDLED_SHA256[path.name]:
        raise broken(file, "is cut short or was changed (its SHA-256 is not the one we know)")
    try:
        return read_npz(io.BytesIO(content), expected, optional), file
    except UnexpectedArray as error:
        raise broken(file, str(error)) from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        raise broken(file, f"is cut short, damaged or not an .npz file ({first_line(error)})") from error


WITHOUT_FULL = "without --full the lesson takes the part that is here, with --data-dir DIR the class's copy"


def download(name, cure=WITHOUT_FULL, **options):
    """Download a file into Keras' cache, once. Returns its path; `options` are for `keras.utils.get_file`.

    Raises UserError, with `cure` at the end of its message, if the file cannot be downloaded.
    """
    folder = keras_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(keras.utils.get_file(name, cache_dir=folder.parent, cache_subdir=folder.name, **options))
    except Exception as error:  # Keras raises plain Exceptions
        raise UserError(f"{name} cannot be downloaded ({first_line(error)}): {cure}") from error
    except BaseException:  # Ctrl-C: Keras would later take the incomplete file as complete
        (folder / name).unlink(missing_ok=True)
        raise
