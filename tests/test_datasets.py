import io
import random
from argparse import Namespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError, datasets, load_mnist

MNIST = datasets.BUNDLED / "mnist.npz"


@pytest.fixture(autouse=True)
def empty_keras_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def flags(**changes):
    return Namespace(**({"data_dir": None, "train_size": None, "batch_size": 100} | changes))


@pytest.fixture(scope="session")
def arrays():
    with np.load(MNIST) as archive:
        return dict(archive)


def packed(arrays, **options):
    content = io.BytesIO()
    np.savez(content, **arrays, **options)
    return content.getvalue()


def test_mnist_is_whole_and_the_known_one():
    (x_train, y_train), (x_test, y_test) = load_mnist(flags())
    assert (x_train.shape, x_train.dtype) == ((60_000, 28, 28, 1), np.uint8)
    assert (x_test.shape, x_test.dtype) == ((10_000, 28, 28, 1), np.uint8)
    assert (round(x_train.mean(), 3), round(x_train.std(), 3)) == (33.318, 78.567)
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_train_size_takes_the_first_digits(arrays):
    (x_train, y_train), (x_test, _) = load_mnist(flags(train_size=500))
    assert np.array_equal(x_train[..., 0], arrays["x_train"][:500])
    assert np.array_equal(y_train, arrays["y_train"][:500])
    assert len(x_test) == 10_000


def test_a_file_is_looked_for_in_the_class_folder_then_in_the_cache(tmp_path, arrays):
    cache, class_folder = tmp_path / "keras" / "datasets", tmp_path / "class"
    places = [(class_folder, "data-dir"), (cache, "keras cache")]
    for folder, _ in places:
        folder.mkdir(parents=True)
        (folder / "mnist.npz").write_bytes(packed(arrays))
    for folder, origin in places:
        args = flags(data_dir=class_folder)
        load_mnist(args)
        assert (args.data_file.path, args.data_file.origin) == (folder / "mnist.npz", origin)
        (folder / "mnist.npz").unlink()
    load_mnist(args)
    assert (args.data_file.path, args.data_file.origin) == (MNIST, "bundled")


class Trap:
    """Shows that a pickle was loaded: it must not be."""

    def __reduce__(self):
        return pytest.fail, ("a pickled object was loaded",)


WAYS_TO_SPOIL = ("cut", "flipped", "overwritten", "other", "missing", "dtype", "short", "flat", "objects",
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
        spoilt[name] = arrays[name].astype(chance.choice(["int8", "uint16", "float32"]))
    elif way == "short":
        spoilt[name] = arrays[name][: chance.randrange(len(arrays[name]))]
    elif way == "flat":
        spoilt[name] = arrays[name].reshape(-1, 1)
    elif way == "objects":
        spoilt[name] = np.array([Trap()], dtype=object)
    elif way == "swapped":
        other = chance.choice(sorted(set(arrays) - {name}))
        spoilt[name], spoilt[other] = arrays[other], arrays[name]
    elif way == "labels":
        spoilt["y_test"] = arrays["y_test"] + np.uint8(chance.randrange(10, 200))
    return packed(spoilt)


QUICKLY = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICKLY
@given(way=st.sampled_from(WAYS_TO_SPOIL), chance=st.integers(0, 10**9).map(random.Random))
def test_300_spoilt_bundled_files_are_named(way, chance, tmp_path, monkeypatch, arrays):
    monkeypatch.setattr(datasets, "BUNDLED", tmp_path)
    path = tmp_path / "mnist.npz"
    path.write_bytes(spoilt_file(way, chance, MNIST.read_bytes(), arrays))
    with pytest.raises(UserError) as error:
        load_mnist(flags())
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@settings(QUICKLY, max_examples=100)
@given(way=st.sampled_from(WAYS_TO_SPOIL), chance=st.integers(0, 10**9).map(random.Random))
def test_100_spoilt_class_files_are_named_or_hold_the_same_digits(way, chance, tmp_path, arrays):
    """Here any packing is allowed, so a change that spoils nothing, as in a time stamp, is no error."""
    path = tmp_path / "mnist.npz"
    path.write_bytes(spoilt_file(way, chance, MNIST.read_bytes(), arrays))
    try:
        (x_train, y_train), (x_test, y_test) = load_mnist(flags(data_dir=tmp_path))
    except UserError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert way in ("flipped", "overwritten")
        assert np.array_equal(x_train[..., 0], arrays["x_train"])
        assert np.array_equal(x_test[..., 0], arrays["x_test"])
        assert np.array_equal(y_train, arrays["y_train"])
        assert np.array_equal(y_test, arrays["y_test"])


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_what_is_no_archive_is_named(content, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"mnist\.npz is cut short, damaged or no \.npz file"):
        load_mnist(flags(data_dir=tmp_path))


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "mnist.npz").mkdir()
    with pytest.raises(UserError, match=r"cannot read the data file .*mnist\.npz"):
        load_mnist(flags(data_dir=tmp_path))


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "BUNDLED", tmp_path)
    with pytest.raises(UserError, match=r"mnist\.npz is missing"):
        load_mnist(flags())


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"train_size": 60_001}, "--train-size 60001 is more than the 60000"),
        ({"batch_size": 60_001}, "--batch-size 60001 is more than the 60000"),
        ({"train_size": 50}, "--batch-size 100 is more than the 50"),
    ],
)
def test_more_than_there_is_cannot_be_asked_for(changes, message):
    with pytest.raises(UserError, match=message):
        load_mnist(flags(**changes))
