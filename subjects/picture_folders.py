"""Reading of pictures from folders and archives; files that cannot be read are named and left out."""

import functools
import hashlib
import os
import stat
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from common.data.dataset import DataFile
from common.data.sources import broken
from common.files import read_whole
from common.errors import UserError

LITTER = {"thumbs.db", "desktop.ini", "__macosx"}  # left by operating systems, besides hidden files


def names_in(folder):
    """The sorted names in the user's folder. Raises UserError if it cannot be read."""
    try:
        return sorted(path.name for path in Path(folder).iterdir())
    except OSError as error:
        raise UserError(f"--data-dir: cannot read {folder}: {error.strerror}") from error


def list_files(path, origin, splits, depth):
    """List the files in a folder or an archive.

    Args:
        path: a folder, or a .zip or .tar.gz file, in which train/ may be inside another folder.
        origin: as in `DataFile`.
        splits: the folders to search, if `path` is a folder.
        depth: the number of names in the path of a picture. Deeper folders are not searched: the list has
            the folder in place of its files, with "" as the last name.

    Returns:
        A list of (tuple of the names in the path, function that returns the file's bytes).

    Raises:
        UserError: the folder or archive cannot be read, or the archive is damaged.
    """
    if os.path.isdir(path):
        return _files_in_folder(path, splits, depth)
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
        if is_file:  # opening a pipe would wait for a writer
            path.open("rb").close()
    except OSError as error:
        raise UserError(f"cannot read the data file {path}: {error.strerror}") from error
    if not is_file:
        raise UserError(f"cannot read the data file {path}: it is not a regular file")
    file = DataFile(path, "", origin)
    try:
        files = _files_in_zip(file) if path.suffix == ".zip" else _files_in_tar(path)
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, tarfile, gzip and zlib
        raise broken(file, f"is cut short, damaged or not a {''.join(path.suffixes)} file") from error
    top = min((parts.index("train") for parts, _ in files if "train" in parts), default=0)
    return [(parts[top:], read) for parts, read in files if len(parts) > top]


def _files_in_folder(folder, splits, depth):
    files, places = [], [(name,) for name in names_in(folder)]
    for place in places:  # the list grows in the loop
        path = Path(folder, *place)
        is_file = os.path.exists(path) and not os.path.isdir(path)
        if len(place) < depth and place[0] in splits and not is_file and not _is_litter(place[-1]):
            places += [(*place, name) for name in names_in(path)]
        else:
            parts = (*place, "") if os.path.isdir(path) else place
            files.append((parts, functools.partial(read_whole, path)))
    return files


def _files_in_zip(file):
    archive = zipfile.ZipFile(file.path)

    def read(name):
        try:
            return archive.read(name)
        except Exception as error:  # a damaged archive can fail anywhere in zipfile and zlib
            raise broken(file, f"is damaged ({name})") from error

    return [(tuple(name.split("/")), functools.partial(read, name)) for name in archive.namelist()]


def _files_in_tar(path):
    with tarfile.open(path) as archive:
        contents = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
    return [(tuple(name.split("/")), functools.partial(contents.get, name)) for name in contents]


def _is_litter(name):
    return name.startswith(".") or name.lower() in LITTER


def find_pictures(files, splits, depth):
    """Find the files that are in the right place for pictures. Hidden files and `LITTER` are skipped.

    Args:
        files: from `list_files`.
        splits: the top-level folders to search.
        depth: the number of names in the path of a picture.

    Returns:
        A dictionary with, for each folder (a tuple of names), a list of (path, function that returns the
        file's bytes); and a list of (path, why it is left out).
    """
    found, left_out = {}, {}
    for parts, read in sorted(files, key=lambda file: file[0]):
        path = "/".join(parts)
        if parts[0] not in splits or any(map(_is_litter, parts)):
            continue
        if len(parts) > depth:
            left_out["/".join(parts[:depth]) + "/"] = "is a folder: no pictures are looked for in it"
        elif parts[-1] and len(parts) < depth:
            left_out[path] = "is in no folder of a class"
        elif parts[-1]:
            found.setdefault(parts[:-1], []).append((path, read))
    return found, list(left_out.items())


def read_pictures(files, shape, read_picture):
    """Read pictures in several threads; those that cannot be read are left out.

    Args:
        files: a list of (path, function that returns the file's bytes).
        shape: the height and width of all pictures.
        read_picture: turns a file's bytes into uint8 [height, width, 3], or raises ValueError.

    Returns:
        Pictures, uint8 [n, height, width, 3]; their indices in `files`; a list of (path, SHA-256), one for
        each; and a list of (path, why it is left out).
    """
    pictures = np.empty((len(files), *shape, 3), np.uint8)  # stacking a list would copy them all

    def look(place):
        """Read one picture. Returns its file's SHA-256, and why it is left out; one of them is None."""
        try:
            content = files[place][1]()
            pictures[place] = read_picture(content)
        except OSError as error:
            return None, f"cannot be read ({error.strerror})"
        except ValueError as error:
            return None, error
        return hashlib.sha256(content).hexdigest(), None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(look, range(len(files))))
    good = [place for place, (sha256, _) in enumerate(looked) if sha256]
    contents = [(files[place][0], looked[place][0]) for place in good]
    left_out = [(path, why) for (path, _), (_, why) in zip(files, looked, strict=True) if why]
    return pictures[good] if left_out else pictures, good, contents, left_out


def sha256_of(contents):
    """The SHA-256 that stands for all paths and contents in a list of (path, SHA-256)."""
    lines = "\n".join(f"{path} {sha256}" for path, sha256 in contents)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def warn_of_copies(learned, held_out, folder):
    """Warn if pictures of `folder` are also in train/; both lists are of (path, SHA-256)."""
    known = {sha256 for _, sha256 in learned}
    copies = sum(sha256 in known for _, sha256 in held_out)
    if copies:
        print(
            f"Warning: {copies:,} of the {len(held_out):,} pictures in {folder}/ are also in train/: the"
            " network has learned them, and the result is better than it is on new pictures"
        )
