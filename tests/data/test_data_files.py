"""Tests that data files are found, and that the message names a damaged one."""

import io
import os
import random

import numpy as np
import pytest
from helpers import ROOT, data_flags, not_on_windows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError, load_fashion_mnist
from subjects.houses import load_houses
from subjects.pairs import load_facades
from subjects.photos import load_cats_dogs
from subjects.reviews import load_imdb
from subjects.translation import load_sentences
from common import load_mnist
from common.data import sources

MNIST = sources.BUNDLED / "mnist.npz"


def packed(arrays, **options):
    content = io.BytesIO()
    np.savez(content, **arrays, **options)
    return content.getvalue()


@pytest.mark.parametrize("load, name", [
    (load_fashion_mnist, "fashion_mnist"), (load_imdb, "imdb"), (load_houses, "boston_housing"),
    (load_cats_dogs, "cats_dogs"),
])  # fmt: skip
def test_a_bundled_file_that_was_cut_or_changed_is_named(load, name, tmp_path, monkeypatch):
    whole = (sources.BUNDLED / f"{name}.npz").read_bytes()
    monkeypatch.setattr(sources, "BUNDLED", tmp_path)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for content in (whole[: len(whole) // 2], bytes(changed), b""):
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}\.npz is cut short or was changed"):
            load(data_flags(image_size=None))


def test_without_a_folder_of_the_user_s_a_file_is_looked_for_in_the_cache(tmp_path, mnist):
    cache = tmp_path / "keras" / "datasets"
    cache.mkdir(parents=True)
    (cache / "mnist.npz").write_bytes(packed(mnist))
    file = load_mnist(data_flags()).file
    assert (file.path, file.origin) == (cache / "mnist.npz", "keras cache")
    (cache / "mnist.npz").unlink()
    file = load_mnist(data_flags()).file
    assert (file.path, file.origin) == (MNIST, "bundled")


LOADERS = {
    "mnist.npz": load_mnist, "fashion_mnist.npz": load_fashion_mnist, "imdb.npz": load_imdb,
    "boston_housing.npz": load_houses,
}  # fmt: skip


IMAGES = "mnist.npz", "fashion_mnist.npz"  # their lessons read other files, too, in test_own_digits.py


@pytest.mark.parametrize("name, load", LOADERS.items())
@pytest.mark.parametrize("held", ["nothing", "strangers", "another lesson's", "a dangling link"])
def test_a_folder_without_the_lesson_s_file_is_refused(name, load, held, tmp_path, mnist):
    folder = tmp_path / "own"
    folder.mkdir()
    if held == "strangers":
        (folder / "notes.md").write_bytes(b"")
        (folder / "things").mkdir()
    if held == "another lesson's":
        other, arrays = ("imdb.npz", {"ids": np.arange(9)}) if name in IMAGES else ("mnist.npz", mnist)
        (folder / other).write_bytes(packed(arrays))
    if held == "a dangling link":
        (folder / name).symlink_to("gone")
    with pytest.raises(UserError) as error:
        load(data_flags(data_dir=folder))
    found = {
        "nothing": "holds nothing",
        "strangers": "holds notes.md, things/",
        "another lesson's": "holds ids [9]; an array of pictures is" if name in IMAGES else "holds mnist.npz",
        "a dangling link": "No such file",
    }
    assert found[held] in str(error.value) and str(folder) in str(error.value)
    assert name in str(error.value) or "ids [9]" in str(error.value)


@pytest.mark.parametrize("load", [*LOADERS.values(), load_cats_dogs, load_facades, load_sentences])
def test_a_folder_that_does_not_exist_is_named(load, tmp_path):
    with pytest.raises(UserError, match=r"--data-dir: there is no .*gone"):
        load(data_flags(data_dir=str(tmp_path / "gone"), image_size=64))


@not_on_windows
def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "mnist.npz")
    with pytest.raises(UserError, match=r"cannot read the data file .*mnist\.npz: it is not a regular file"):
        load_mnist(data_flags(data_dir=tmp_path))


class Trap:
    """Shows that a pickle was loaded: it must not be."""

    def __reduce__(self):
        return pytest.fail, ("a pickled object was loaded",)


WAYS_TO_SPOIL = ("cut", "flipped", "overwritten", "other", "missing", "dtype", "short", "objects",
                 "swapped", "labels")  # fmt: skip


def spoilt_file(way, chance, whole, arrays):
    """The content of a data file that was cut, changed, or made with wrong arrays."""
    if way == "cut":
        return whole[: chance.randrange(len(whole))]
    if way == "other":
        return chance.randbytes(chance.randrange(200))
    if way in ("flipped", "overwritten"):
        content = bytearray(whole)
        at = chance.randrange(len(content))
        length = 1 if way == "flipped" else chance.randrange(1, 1000)
        content[at : at + length] = bytes(byte ^ 0x55 for byte in content[at : at + length])
        return bytes(content)
    spoilt = dict(arrays)
    name = chance.choice(sorted(arrays))
    if way == "missing":
        del spoilt[name]
    elif way == "dtype":
        spoilt[name] = arrays[name].astype(chance.choice(["str", "complex64"]))
    elif way == "short":
        spoilt[name] = arrays[name][: chance.randrange(len(arrays[name]))]
    elif way == "objects":
        spoilt[name] = np.array([Trap()], dtype=object)
    elif way == "swapped":
        other = chance.choice(sorted(set(arrays) - {name}))
        spoilt[name], spoilt[other] = arrays[other], arrays[name]
    elif way == "labels":
        spoilt["y_test"] = arrays["y_test"] + np.uint8(chance.randrange(10, 200))
    return packed(spoilt)


QUICKLY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICKLY
@given(way=st.sampled_from(WAYS_TO_SPOIL[:4]), chance=st.integers(0, 10**9).map(random.Random))
def test_150_spoilt_bundled_files_are_named(way, chance, tmp_path, monkeypatch, mnist):
    monkeypatch.setattr(sources, "BUNDLED", tmp_path)
    path = tmp_path / "mnist.npz"
    path.write_bytes(spoilt_file(way, chance, MNIST.read_bytes(), mnist))
    with pytest.raises(UserError) as error:
        load_mnist(data_flags())
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@QUICKLY
@given(way=st.sampled_from(WAYS_TO_SPOIL), chance=st.integers(0, 10**9).map(random.Random))
def test_150_spoilt_class_files_are_named_or_hold_the_same_digits(way, chance, tmp_path, mnist):
    """Here any packing is allowed, so a change that spoils nothing, as in a time stamp, is no error."""
    path = tmp_path / "mnist.npz"
    mnist = {name: array[: len(array) // 100] for name, array in mnist.items()}
    path.write_bytes(spoilt_file(way, chance, packed(mnist), mnist))
    try:
        (x_train, y_train), (x_test, y_test) = load_mnist(data_flags(data_dir=tmp_path))
    except UserError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert way in ("flipped", "overwritten")
        assert np.array_equal(x_train[..., 0], mnist["x_train"])
        assert np.array_equal(x_test[..., 0], mnist["x_test"])
        assert np.array_equal(y_train, mnist["y_train"])
        assert np.array_equal(y_test, mnist["y_test"])


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_what_is_no_archive_is_named(content, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"mnist\.npz is cut short, damaged or not an \.npz file"):
        load_mnist(data_flags(data_dir=tmp_path))


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "mnist.npz").mkdir()
    with pytest.raises(UserError, match=r"cannot read the data file .*mnist\.npz"):
        load_mnist(data_flags(data_dir=tmp_path))


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BUNDLED", tmp_path)
    with pytest.raises(UserError, match=r"mnist\.npz is missing"):
        load_mnist(data_flags())


def test_the_readme_of_the_data_has_each_file_and_its_sha256():
    from common.data.sources import BUNDLED_SHA256

    text = (ROOT / "common" / "data" / "README.md").read_text("utf-8")
    for name, sha256 in BUNDLED_SHA256.items():
        assert f"## {name}" in text and sha256 in text
    assert sum(path.stat().st_size for path in (ROOT / "common" / "data").glob("*.npz")) < 65_000_000
