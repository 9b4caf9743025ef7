"""Tests of folders and archives of the user's: which files are found, of which part and class."""

import io
import os
import random
import tarfile
import zipfile

import numpy as np
import pytest
from helpers import as_nobody, not_on_windows, on_linux
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from common import UserError
from common.data import folders
from common.data.folders import (
    files_in,
    files_of_user,
    hold_out,
    read_pictures,
    say_classes,
    sort_into_classes,
)
from common.data.pictures import is_picture, photo_size, read_photo

KINDS = ("ants", "bees")


def sorted_paths(paths):
    """What becomes of files with these paths: the number of each part and class, and what is left out."""
    files = [folders.File(path, tuple(path.split("/")), None) for path in sorted(paths)]
    parts, _, left_out = sort_into_classes(files, is_picture, "a picture")
    return {
        split: {kind: len(found) for kind, found in classes.items()} for split, classes in parts.items()
    }, left_out


def of_each(template, count=3):
    return [template.format(kind=kind, i=i) for kind in KINDS for i in range(1, count + 1)]


@pytest.mark.parametrize("train, other, part", [
    ("train/{kind}/{i}.jpg", "validation/{kind}/{i}.jpg", "validation"),
    ("Training_Set/{kind}/{i}.jpg", "Test_Set/{kind}/{i}.jpg", "test"),
    ("training_set/training_set/{kind}/{kind}.{i}.jpg", "test_set/test_set/{kind}/{kind}.{i}.jpg", "test"),
    ("TRAIN/{kind}/{i}.JPG", "VAL/{kind}/{i}.JPG", "validation"),
    ("archive/seg_train/seg_train/{kind}/{i}.jpg", "archive/seg_test/seg_test/{kind}/{i}.jpg", "test"),
    ("pets/train/{kind}/more/{i}.jpg", "pets/valid/{kind}/{i}.jpg", "validation"),
    ("{kind}/train/{i}.jpg", "{kind}/val/{i}.jpg", "validation"),
    ("train/{kind}.{i}.jpg", "test/{kind}.{i}.jpg", "test"),
])  # fmt: skip
def test_parts_in_all_spellings(train, other, part):
    parts, left_out = sorted_paths(of_each(train) + of_each(other, 2))
    assert parts == {"train": dict.fromkeys(KINDS, 3), part: dict.fromkeys(KINDS, 2)} and not left_out


@pytest.mark.parametrize("template", [
    "{kind}/{i}.jpg", "my photos/{kind}/{i}.jpg", "a/b/{kind}/c/{i}.jpg", "{kind}.{i}.jpg", "{kind}_{i}.jpg",
    "{kind} ({i}).jpg", "photos/{kind}-{i}.png", "train/{kind}.{i}.jpg", "train/{kind}/{i}.jpg",
])  # fmt: skip
def test_classes_without_a_part_to_test_on(template):
    parts, left_out = sorted_paths(of_each(template))
    assert parts == {"train": dict.fromkeys(KINDS, 3)} and not left_out


def test_a_picture_beside_the_folder_around_does_not_hide_the_classes():
    parts, left_out = sorted_paths([*of_each("photos/{kind}/{i}.jpg"), "cover.jpg"])
    assert parts == {"train": dict.fromkeys(KINDS, 3)}
    assert left_out == [("cover.jpg", "is in no folder of a class")]


def test_a_train_may_be_a_class_among_others():
    parts, _ = sorted_paths([f"{kind}/{i}.jpg" for kind in ("bus", "car", "train") for i in range(2)])
    assert parts == {"train": {"bus": 2, "car": 2, "train": 2}}


@pytest.mark.parametrize("test", ["test1/{i}.jpg", "test/test/{i}.jpg", "test/unknown/{i}.jpg"])
def test_a_part_without_labels_is_left_out_as_one(test):
    parts, left_out = sorted_paths(of_each("train/{kind}.{i}.jpg") + [test.format(i=i) for i in range(7)])
    assert parts == {"train": dict.fromkeys(KINDS, 3)}
    assert [why for _, why in left_out] == ["is not used: its 7 files have no labels"]


def make(folder, paths):
    for i, path in enumerate(paths):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9), (i, 99, 9)).save(place, "png")


@not_on_windows
def test_links_are_followed_but_not_in_circles(tmp_path):
    make(tmp_path, ["one/a.png", "two/b.png"])
    (tmp_path / "one" / "upwards").symlink_to(tmp_path)
    (tmp_path / "one" / "two").symlink_to(tmp_path / "two")
    (tmp_path / "two" / "one").symlink_to(tmp_path / "one")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    (tmp_path / "above").symlink_to(tmp_path.parent)
    paths = [file.path for file in files_in(tmp_path, "data-dir")]
    assert paths == ["itself", "one/a.png", "one/two/b.png", "two/b.png", "two/one/a.png"]
    with pytest.raises(OSError, match="symbolic links"):
        files_in(tmp_path, "data-dir")[0].read()


@on_linux
def test_any_name_is_one_line_and_can_be_read(tmp_path):
    names = [b"new\nline.png", b"caf\xe9.png", b"bell\x07.png", "女.png".encode(), b"a\\b.png"]
    for name in names:
        Image.new("RGB", (9, 9)).save(os.fsencode(tmp_path) + b"/" + name, "png")
    files = files_in(tmp_path, "data-dir")
    assert len(files) == 5 and not any("\n" in file.path or "\x07" in file.path for file in files)
    assert all(file.path.encode() for file in files)
    assert all(photo_size(file.read()) == (9, 9) for file in files)


@not_on_windows
def test_a_folder_that_is_closed_is_named(tmp_path):
    tmp_path.chmod(0o755)
    for above in tmp_path.parents[:3]:
        above.chmod(0o755)
    make(tmp_path, ["ants/1.png"])
    (tmp_path / "bees").mkdir(mode=0)
    with as_nobody(), pytest.raises(UserError, match=r"cannot read .*bees: Permission denied"):
        files_in(tmp_path, "data-dir")


def test_a_folder_of_too_many_files_is_not_searched(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST", 10)
    make(tmp_path, [f"{i}.png" for i in range(11)])
    with pytest.raises(UserError, match="holds more than 10 files"):
        files_in(tmp_path, "data-dir")


def zipped(folder, path, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))


def tarred(folder, path, mode="w"):
    with tarfile.open(path, mode) as archive:
        archive.add(folder, ".")


ARCHIVES = {
    "a.zip": zipped, "no suffix": zipped, "a.v2.jpg": zipped, "a.tar": tarred,
    "a.tar.gz": lambda folder, path: tarred(folder, path, "w:gz"),
    "a.tgz": lambda folder, path: tarred(folder, path, "w:gz"),
    "a.tar.bz2": lambda folder, path: tarred(folder, path, "w:bz2"),
    "a.tar.xz": lambda folder, path: tarred(folder, path, "w:xz"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_like_its_folder(name, tmp_path):
    make(tmp_path / "mine", [*of_each("{kind}/{i}.png"), ".hidden/1.png", "__MACOSX/ants/._1.png"])
    ARCHIVES[name](tmp_path / "mine", tmp_path / name)
    ours, same = (files_in(path, "data-dir") for path in (tmp_path / "mine", tmp_path / name))
    assert [file.path for file in ours] == [file.path for file in same] == of_each("{kind}/{i}.png")
    assert [file.read() for file in ours] == [file.read() for file in same]


def test_the_one_archive_in_a_folder_is_read_and_of_several_the_user_chooses(tmp_path):
    make(tmp_path / "mine", of_each("{kind}/{i}.png"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "readme.txt").write_text("")
    zipped(tmp_path / "mine", tmp_path / "in" / "train.zip")
    path, files = files_of_user(tmp_path / "in", is_picture)
    assert path == tmp_path / "in" / "train.zip" and len(files) == 6
    zipped(tmp_path / "mine", tmp_path / "in" / "test1.zip")
    with pytest.raises(UserError, match=r"holds 2 archives, test1\.zip and train\.zip: name one of them"):
        files_of_user(tmp_path / "in", is_picture)
    zipped(tmp_path / "in", tmp_path / "dogs-vs-cats.zip")
    with pytest.raises(UserError, match=r"dogs-vs-cats\.zip holds other archives, .*: unpack it"):
        files_of_user(tmp_path / "dogs-vs-cats.zip", is_picture)


def test_what_windows_packs_has_folders_too(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("ants/1.png"), b"")
        archive.filelist[0].filename = "ants\\1.png"
    assert files_in(tmp_path / "a.zip", "data-dir")[0].path == "ants/1.png"


def test_a_password_is_said(tmp_path):
    make(tmp_path / "mine", ["1.png"])
    zipped(tmp_path / "mine", tmp_path / "a.zip")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match="is protected by a password: unpack it"):
        files_in(tmp_path / "a.zip", "data-dir")


@settings(
    max_examples=120, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    name=st.sampled_from(["a.zip", "a.tar", "a.tar.gz"]),
    is_cut=st.booleans(),
    chance=st.integers(0, 10**9).map(random.Random),
)
def test_a_damaged_archive_is_named_or_its_pictures_are_whole(name, is_cut, chance, tmp_path):
    if not (tmp_path / name).exists():
        paths = [f"{kind}/{i}.png" for kind in KINDS for i in range(3)]
        make(tmp_path / name.replace(".", "-"), paths)
        ARCHIVES[name](tmp_path / name.replace(".", "-"), tmp_path / name)
    content = bytearray((tmp_path / name).read_bytes())
    if is_cut:
        content = content[: chance.randrange(int(0.98 * len(content)))]
        if name == "a.tar":  # the end is filled up with zeros
            content = content[: chance.randrange(len(content.rstrip(b"\0")))]
    else:
        content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    (tmp_path / "damaged").write_bytes(content)
    try:
        files = files_in(tmp_path / "damaged", "data-dir")
        contents = {file.path: file.read() for file in files}
    except UserError as error:
        assert str(tmp_path / "damaged") in str(error) and "\n" not in str(error)
    else:
        assert not is_cut and len(contents) == 6  # but for a plain tar file nothing tells of a changed byte
        whole = {file.path: file.read() for file in files_in(tmp_path / name, "data-dir")}
        changed = [path for path in whole if contents.get(path) != whole[path]]
        assert len(changed) <= (name == "a.tar") or (name == "a.zip" and whole.keys() != contents.keys())


@not_on_windows
@pytest.mark.parametrize("name", ["pipe", "gone", "text", "empty"])
def test_what_is_no_archive_is_named(name, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "empty").touch()
    with pytest.raises(UserError, match=str(tmp_path / name)):
        files_in(tmp_path / name, "data-dir")


def files_of(pictures):
    """`File`s of pictures or of bytes."""
    files = []
    for i, picture in enumerate(pictures):
        content = io.BytesIO()
        if isinstance(picture, bytes):
            content.write(picture)
        else:
            picture.save(content, "png")
        files.append(folders.File(f"{i}.png", (f"{i}.png",), content.getvalue))
    return files


def test_pictures_keep_their_order_when_some_are_left_out():
    pictures = [Image.new("RGB", (5, 5), (i, 0, 0)) for i in range(8)]
    pictures[0], pictures[3], pictures[7] = b"", b"no picture", b"\x89PNG\r\n\x1a\n"
    x, good, contents, left_out = read_pictures(
        files_of(pictures), (16, 16, 3), lambda content: read_photo(content, 16)
    )
    assert x[:, 0, 0, 0].tolist() == good == [1, 2, 4, 5, 6] and x.shape == (5, 16, 16, 3)
    assert [path for path, _ in contents] == [f"{i}.png" for i in good]
    assert [path for path, _ in left_out] == ["0.png", "3.png", "7.png"]


def test_pictures_that_need_more_memory_than_there_is_are_refused(monkeypatch):
    monkeypatch.setattr(folders, "memory_size", lambda: 2_000_000_000)
    with pytest.raises(
        UserError, match=r"30,000 pictures of 150 × 150 need 2\.0 GB of memory: .*--image-size"
    ):
        read_pictures([None] * 30_000, (150, 150, 3), None)


def test_a_fifth_of_each_class_is_held_out_and_copies_stay_together():
    labels = np.array([0] * 50 + [1] * 10 + [2] * 2 + [3])
    for seed in range(5):
        held = hold_out(labels, 0.2, seed)
        assert [held[labels == label].sum() for label in range(4)] == [10, 2, 1, 0]
        different = [str(i) for i in range(63)]
        assert hold_out(labels, 0.2, seed, different).sum() == 13
        copies = [str(i // 5 if i < 50 else i) for i in range(63)]  # ten pictures, five times each
        held = hold_out(labels, 0.2, seed, copies)
        assert not set(np.array(copies)[held]) & set(np.array(copies)[~held])
        assert [held[labels == label].sum() for label in range(4)] == [10, 2, 1, 0]
    assert (hold_out(labels, 0.2, 0) != hold_out(labels, 0.2, 1)).any()


def test_classes_are_counted_and_a_rare_one_is_warned_of(capsys):
    say_classes({"ants": 100, "bees": 9}, "pictures")
    assert capsys.readouterr().out.splitlines() == [
        "2 classes of pictures: ants (100), bees (9)",
        "Warning: ants has 100 training examples, bees only 9: always answering ants would be right 92% of"
        " the time",
    ]
    say_classes({f"c{i}": 5 for i in range(30)}, "pictures")
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.endswith("c11 (5) and 18 more\n")
