"""Reading of folders and archives whose files are sorted into classes, as people keep pictures and texts."""

import errno
import functools
import hashlib
import math
import os
import posixpath
import re
import stat
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.data.dataset import DataFile
from common.data.sources import broken, nothing_to_read
from common.errors import UserError
from common.files import LARGEST, read_whole

LITTER = {"thumbs.db", "desktop.ini", "__macosx"}  # left by operating systems, besides hidden files
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
MOST = 500_000  # files in a folder: with more it is somebody's home, and looking through it takes minutes
SPLITS = {
    "train": {"train", "training", "learn"},
    "validation": {"validation", "valid", "val", "dev"},
    "test": {"test", "testing", "evaluation"},
}
# the beginnings of names that cameras and programs give
CAMERA = {
    "", "dsc", "dscf", "dscn", "frame", "gopr", "image", "img", "mvimg", "p", "photo", "pic", "picture",
    "pxl", "scan", "screenshot", "whatsapp image",
}  # fmt: skip


class File(NamedTuple):
    """A file in a folder or an archive: its path there, the names in the path, and a function that reads it.

    `read` returns bytes. It raises OSError if the file cannot be read, UserError if the archive is damaged.
    `path` is for messages: what is no character or would break the line is "?" there.
    """

    path: str
    names: tuple
    read: object


class ClassFolders(NamedTuple):
    """The files of each class.

    Attributes:
        parts: "train", and "validation" and "test" if there are such folders, each a dictionary from the
            class to its list of `File`s. If there is only "train", the files are not split yet.
        folders: the path of the folder of each part, str; "" if the files are not split.
        left_out: a list of (path, why it is left out).
    """

    parts: dict
    folders: dict
    left_out: list


def names_in(folder):
    """The sorted names in the user's folder. Raises UserError if it cannot be read."""
    try:
        return sorted(path.name for path in Path(folder).iterdir())
    except OSError as error:
        raise UserError(f"--data-dir: cannot read {folder}: {error.strerror}") from error


def split_of(name):
    """The part that a folder's name stands for: "train", "validation" or "test"; None if it is none of them.

    "Training_set", "seg_train" and "test1" are recognized, too.
    """
    words = re.sub("[^a-z]+", " ", name.lower()).split()
    words = [word.removesuffix("set") for word in words if word not in ("set", "seg", "data", "images")]
    return next((split for split, known in SPLITS.items() if len(words) == 1 and words[0] in known), None)


def files_in(path, origin):
    """List all files in a folder, or in a .zip, .tar or .tar.gz file; hidden ones and `LITTER` are skipped.

    Args:
        path: a `Path`.
        origin: as in `DataFile`.

    Returns:
        A list of `File`s, sorted by path.

    Raises:
        UserError: the folder or archive cannot be read, or the archive is damaged.
    """
    found = _files_in_folder(path) if os.path.isdir(path) else _files_in_archive(path, origin)
    files = [
        File(one_line("/".join(names)), names, read)
        for names, read in found
        if names and not any(map(_is_litter, names))
    ]
    return sorted(files, key=lambda file: file.names)


def one_line(name):
    """A file's name with "?" for what is no character or would break the line, for messages and captions."""
    return re.sub(r"[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", "?", name)


def files_of_user(path, is_wanted, known=()):
    """List the files in the user's folder or archive, or in the one archive that the folder holds.

    Args:
        path: a `Path`.
        is_wanted: a function that tells from a file's name whether it is one of the examples.
        known: names of archives and folders; if `path` holds one of them, the files are looked for there.

    Returns:
        The `Path` of the folder or archive, and its files as from `files_in`. No file is wanted if there is
        nothing to read.

    Raises UserError as `files_in`, or if there are several archives and nothing else to read.
    """
    if os.path.isdir(path):
        names = names_in(path)
        path = path / next((name for name in known if name in names), "")
    files = files_in(path, "data-dir")
    archives = [file for file in files if file.names[-1].lower().endswith(ARCHIVES)]
    if archives and not any(is_wanted(file.names[-1]) for file in files):
        found = " and ".join(file.path for file in archives[:3])
        if not os.path.isdir(path):
            raise UserError(f"{path} holds other archives, {found}: unpack it first")
        if len(archives) > 1:
            raise UserError(f"--data-dir: {path} holds {len(archives)} archives, {found}: name one of them")
        path = path.joinpath(*archives[0].names)
        return path, files_in(path, "data-dir")
    return path, files


def nothing_in(path, files, reads, otherwise):
    """The UserError for data of the user's in which there is nothing to read; as `nothing_to_read`."""
    if os.path.isdir(path):
        return nothing_to_read(path, reads, otherwise)
    names = list(dict.fromkeys(one_line(file.names[0]) for file in files))
    found = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    return UserError(f"{path} holds {found or 'nothing'}; this lesson reads {reads}: {otherwise}")


def _files_in_folder(folder):
    places = [((), ())]
    for place, above in places:  # the list grows in the loop
        path = Path(folder, *place)
        if os.path.isdir(path):
            real = os.path.realpath(path)
            if not any(f"{one}{os.sep}".startswith(f"{real}{os.sep}") for one in above):  # a link upwards
                above = (*above, real)
                places += [((*place, name), above) for name in names_in(path) if not _is_litter(name)]
                if len(places) > MOST:
                    raise UserError(f"--data-dir: {folder} holds more than {MOST:,} files: too many")
        else:  # a broken link and a pipe, too: reading them raises OSError
            yield place, functools.partial(read_whole, path)


def _files_in_archive(path, origin):
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
        return _files_in_zip(file) if zipfile.is_zipfile(path) else _files_in_tar(path)
    except UserError:
        raise
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, tarfile, gzip and zlib
        raise broken(file, "is cut short, damaged or neither a zip nor a tar file") from error


def _files_in_zip(file):
    archive = zipfile.ZipFile(file.path)

    def read(member):
        if member.file_size > LARGEST:
            raise OSError(errno.EFBIG, f"it has more than {LARGEST:,} bytes")
        try:
            return archive.read(member)
        except Exception as error:  # a damaged archive can fail anywhere in zipfile and zlib
            raise broken(file, f"is damaged ({one_line(member.filename)})") from error

    members = {_names(member.filename): member for member in archive.infolist() if not member.is_dir()}
    if any(member.flag_bits & 1 for member in members.values()):
        raise UserError(f"the data file {file.path} is protected by a password: unpack it")
    return [(names, functools.partial(read, member)) for names, member in members.items()]


class _Header(tarfile.TarInfo):
    """The header of a file in a tar archive; `tarfile` would take a damaged one for the archive's end."""

    @classmethod
    def fromtarfile(cls, archive):
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError("a header is damaged") from error


def _files_in_tar(path):
    contents, size, memory = {}, 0, memory_size()
    with tarfile.open(path, tarinfo=_Header) as archive:
        for member in archive:
            size += member.size
            if size > memory:
                raise UserError(f"{path} needs more than the {in_gb(memory)} of memory there are: unpack it")
            if member.isfile():
                contents[_names(member.name)] = archive.extractfile(member).read()
        while archive.fileobj.read(2**20):  # only at the end gzip checks the checksum
            pass
    return [(names, functools.partial(contents.get, names)) for names in contents]


def _names(path):
    return tuple(name for name in re.split(r"[/\\]", path) if name not in ("", "."))


def memory_size():
    """The computer's memory in bytes; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf


def in_gb(size):
    """A number of bytes as text, such as "1.7 GB"."""
    return f"{size / 1e9:,.1f} GB"


def _is_litter(name):
    return name.startswith(".") or name.lower() in LITTER


def sort_into_classes(files, is_wanted, kind):
    """Find out from their paths to which part and class files belong.

    Understood are train/<class>/…, with the names in `SPLITS` and some others; <class>/<part>/…; <class>/…
    without parts; and files named after their class, such as cat.0.jpg. Subfolders of a class belong to it,
    and any of these may be inside other folders.

    Args:
        files: a list of `File`s.
        is_wanted: a function that tells from a file's name whether it is one of the examples.
        kind: what the examples are, such as "a picture", for messages.

    Returns:
        `ClassFolders`. Classes are sorted by name, or by number if all are numbers; those of the other parts
        are spelled as in "train".
    """
    left_out = [
        (file.path, f"is not {kind}")
        for file in files
        if len(file.names) > 1 and not is_wanted(file.names[-1])
    ]
    places = {file: file.names for file in files if is_wanted(file.names[-1])}
    around = _strip_folders_around(places)
    if places and all(len(names) > 2 and split_of(names[1]) for names in places.values()):
        places = {file: (names[1], names[0], *names[2:]) for file, names in places.items()}
    splits = {file: split_of(names[0]) if len(names) > 1 else None for file, names in places.items()}
    if "train" not in splits.values() or _train_is_a_class(places, splits):
        parts, folders = {"train": places}, {"train": ""}
    else:
        parts, folders = {}, {}
        for file, names in places.items():
            if splits[file] is None:
                left_out.append((file.path, "is in none of the folders for training and testing"))
            else:
                parts.setdefault(splits[file], {})[file] = names[1:]
                folder = "/".join((*around, names[0])) + "/"
                if folders.setdefault(splits[file], folder).lower() != folder.lower():
                    both = f"{folders[splits[file]]} and {folder}"
                    raise UserError(f"{both} are both for {splits[file]}: put them together")
    classes = {}
    for split in sorted(parts, key=list(SPLITS).index):
        _strip_folders_around(parts[split], split)
        found, rest = _classes(parts[split], classes.get("train"))
        if split != "train" and len(found) < 2 and not found.keys() & classes["train"].keys():
            rest = [(folders.pop(split), f"is not used: its {len(parts[split]):,} files have no labels")]
        else:
            classes[split] = found
        left_out += rest
    return ClassFolders(classes, folders, left_out)


def _train_is_a_class(places, splits):
    """Whether train/ is one of several classes: of vehicles, say."""
    others = {split for file, split in splits.items() if len(places[file]) > 1} - {"train"}
    inside = [places[file][1:] for file, split in splits.items() if split == "train"]
    return others == {None} and all(len(names) == 1 and not _class_in_name(names[0]) for names in inside)


def _strip_folders_around(places, split=None):
    """Strip, in place, folders that hold everything but single files. Returns their names."""
    around = []
    while deep := {file: names for file, names in places.items() if len(names) > 1}:
        tops = {names[0] for names in deep.values()}
        shallow = min(map(len, deep.values() if split is None else places.values()))
        top = next(iter(tops))
        if len(tops) > 1 or (split_of(top) if split is None else shallow < 3 and not split_of(top)):
            break
        around.append(top)
        places.update({file: names[1:] for file, names in deep.items()})
    return around


def _classes(places, known):
    """The files of each class, a dictionary, and a list of (path, why it is left out)."""
    found, left_out = {}, []
    in_folders = any(len(names) > 1 for names in places.values())
    spelled = {name.lower(): name for name in known or ()}
    for file, names in places.items():
        name = names[0] if len(names) > 1 else None if in_folders else _class_in_name(names[0])
        if name:
            found.setdefault(spelled.setdefault(name.lower(), name), []).append(file)
        else:
            left_out.append((file.path, "is in no folder of a class"))
    by_number = all(name.isdecimal() for name in found)
    return {name: found[name] for name in sorted(found, key=int if by_number else None)}, left_out


def _class_in_name(name):
    """The class in a file's name, such as "cat" in cat.0.jpg and in Cat (12).png; None if there is none."""
    before = re.fullmatch(r"(.*?)[\W_]*[0-9]+\)?", name.rpartition(".")[0] or name)
    return before[1] if before and before[1].lower() not in CAMERA else None


def say_classes(counts, kind):
    """Print how many examples there are of each class, and warn if one has ten times as many as another.

    Args:
        counts: a dictionary from the class's name to the number of its training examples.
        kind: the examples, in the plural.
    """
    named = [f"{name} ({count:,})" for name, count in counts.items()]
    more = f" and {len(named) - 12} more" if len(named) > 12 else ""
    print(f"{len(named)} classes of {kind}: {', '.join(named[:12])}{more}")
    most, fewest = max(counts, key=counts.get), min(counts, key=counts.get)
    if counts[most] >= 10 * counts[fewest]:
        print(
            f"Warning: {most} has {counts[most]:,} training examples, {fewest} only {counts[fewest]:,}:"
            f" always answering {most} would be right {counts[most] / sum(counts.values()):.0%} of the time"
        )


def hold_out(labels, share, seed, contents=None):
    """Choose examples that are not learned from: the same share of each class, at least one.

    Args:
        labels: int [n].
        share: from 0 to 1.
        seed: of the choice.
        contents: the SHA-256 of each example, or None; of equal ones all are held out, or none.

    Returns:
        bool [n], True for those held out. A class of one example is learned from.
    """
    if contents is not None:
        _, first, place = np.unique(np.array(contents), return_index=True, return_inverse=True)
        originals = np.sort(first)
        held = np.zeros(len(labels), bool)
        held[originals] = hold_out(labels[originals], share, seed)
        return held[first][place]
    random, held = np.random.default_rng(seed), np.zeros(len(labels), bool)
    for label in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == label))
        count = min(max(1, round(share * len(places))), len(places) - 1)
        held[places[:count]] = True
    return held


def read_pictures(files, shape, read_picture):
    """Read pictures in several threads; those that cannot be read are left out.

    Args:
        files: a list of `File`s.
        shape: that of a picture, (height, width) or (height, width, channels).
        read_picture: turns a file's bytes into uint8 of this shape, or raises ValueError.

    Returns:
        Pictures, uint8 [n, *shape]; their indices in `files`; a list of (path, SHA-256), one for each; and a
        list of (path, why it is left out).

    Raises UserError if they need more memory than there is.
    """
    need, memory = len(files) * math.prod(shape), memory_size()
    too_much = UserError(
        f"{len(files):,} pictures of {shape[1]} × {shape[0]} need {in_gb(need)} of memory: try a smaller"
        " --image-size, or fewer pictures"
    )
    if need > memory:
        raise too_much
    try:
        pictures = np.empty((len(files), *shape), np.uint8)  # stacking a list would copy them all
    except MemoryError as error:
        raise too_much from error

    def look(place):
        """Read one picture. Returns its file's SHA-256, and why it is left out; one of them is None."""
        try:
            content = files[place].read()
            pictures[place] = read_picture(content)
        except OSError as error:
            return None, f"cannot be read ({error.strerror})"
        except ValueError as error:
            return None, error
        return hashlib.sha256(content).hexdigest(), None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(look, range(len(files))))
    good = [place for place, (sha256, _) in enumerate(looked) if sha256]
    contents = [(files[place].path, looked[place][0]) for place in good]
    left_out = [(file.path, why) for file, (_, why) in zip(files, looked, strict=True) if why]
    return take(pictures, good), good, contents, left_out


def take(examples, places):
    """The examples at these places, in ascending order, moved to the front of the array and not copied."""
    for new, place in enumerate(places):
        if new != place:
            examples[new] = examples[place]
    return examples[: len(places)]


def sha256_of(contents):
    """The SHA-256 that stands for all paths and contents in a list of (path, SHA-256)."""
    lines = "\n".join(f"{path} {sha256}" for path, sha256 in contents)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def without_folders_around(contents):
    """A list of (path, SHA-256) in which the paths are without the folders that hold everything."""
    common = posixpath.commonpath([posixpath.dirname(path) for path, _ in contents])
    return [(path.removeprefix(f"{common}/"), sha256) for path, sha256 in contents]


def warn_of_copies(learned, held_out, kind="pictures"):
    """Warn if examples that measure the network are also learned from; both lists are of (path, SHA-256)."""
    known = {sha256 for _, sha256 in learned}
    copies = sum(sha256 in known for _, sha256 in held_out)
    if copies:
        print(
            f"Warning: {copies:,} of the {len(held_out):,} held-out {kind} are also among those to learn"
            " from: the result is better than it is on new ones"
        )
