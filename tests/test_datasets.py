import hashlib
import io
import random
import tarfile
from argparse import Namespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError, datasets, load_boston_housing, load_cats_dogs, load_fashion_mnist, load_imdb
from common import load_mnist

MNIST = datasets.BUNDLED / "mnist.npz"


@pytest.fixture(autouse=True)
def empty_keras_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def flags(**changes):
    return Namespace(**({"data_dir": None, "full": False, "train_size": None, "batch_size": 100} | changes))


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


def test_fashion_mnist_is_whole():
    args = flags()
    (x_train, y_train), (x_test, y_test) = load_fashion_mnist(args)
    assert x_train.shape == (60_000, 28, 28, 1) and x_test.shape == (10_000, 28, 28, 1)
    assert (round(x_train.mean(), 3), round(x_train.std(), 3)) == (72.94, 90.021)
    assert np.bincount(y_train).tolist() == [6000] * 10 and np.bincount(y_test).tolist() == [1000] * 10
    assert [args.classes[label] for label in y_train[:3]] == ["Ankle boot", "T-shirt/top", "T-shirt/top"]


def test_the_houses_of_boston_are_those_of_keras():
    (x_train, y_train), (x_validation, y_validation), (x_test, y_test) = load_boston_housing(flags())
    assert (len(x_train), len(x_validation), len(x_test)) == (323, 81, 102)
    np.testing.assert_allclose(x_train[0, :3], [1.23247, 0, 8.14], rtol=1e-6)
    assert (y_train[0], y_test[0]) == (np.float32(15.2), np.float32(7.2))
    prices = np.concatenate([y_train, y_validation, y_test])
    assert (prices.min(), prices.max(), (prices == 50).sum()) == (5, 50, 16)


def text_of(review, words):
    return " ".join(words[i] for i in review if i > 1)


def test_the_reviews_are_25_000_and_none_is_in_two_parts():
    *parts, words = load_imdb(flags())
    assert [x.shape for x, _ in parts] == [(15_000, 256), (5000, 256), (5000, 256)]
    assert sum(int(y.sum()) for _, y in parts) == 12_500
    assert len(words) == 10_000 and words[:7] == ["<PAD>", "<START>", "<UNK>", "<UNUSED>", "the", "and", "a"]
    x, _ = parts[0]
    short = x[(x[:, -1] == 0) & (x[:, 0] == 1)][0]
    assert short.max() < 10_000 and set(short[np.argmin(short) :]) == {0}
    learnt = {bytes(review) for review in x}
    assert not any(bytes(review) in learnt for x, _ in parts[1:] for review in x if 2 not in review)


def imdb_file(path, **changes):
    """A small data file with two reviews in each half."""
    arrays = {"words": np.array([f"word{i}" for i in range(10_000)])}
    for split in ("train", "test"):
        arrays |= {
            f"{split}_tokens": np.arange(300, dtype=np.uint16),
            f"{split}_offsets": np.array([0, 290, 300]),
            f"{split}_labels": np.array([1, 0], np.uint8),
        }
    np.savez(path, **(arrays | changes))


def test_long_reviews_lose_their_beginning_and_short_ones_get_zeros(tmp_path):
    imdb_file(tmp_path / "imdb.npz")
    with np.load(tmp_path / "imdb.npz") as arrays:
        x, y = datasets._reviews(arrays, "test", None)
    assert x[0].tolist() == list(range(34, 290)) and y.tolist() == [1, 0]
    assert x[1].tolist() == [*range(290, 300), *[0] * 246]


@pytest.mark.parametrize(
    "changes",
    [
        {"test_offsets": np.array([0, 290, 301])},
        {"test_offsets": np.array([0, 310, 300])},
        {"test_offsets": np.array([5, 290, 300])},
        {"test_offsets": np.array([0.0, 290, 300])},
        {"test_tokens": np.full(300, 10_000, np.uint16)},
        {"test_labels": np.array([1, 2], np.uint8)},
        {"test_labels": np.array([1], np.uint8)},
        {"words": np.array(["few"])},
        {"words": np.array(["few"], dtype=object)},
    ],
)
def test_a_spoilt_file_of_reviews_is_named(changes, tmp_path):
    imdb_file(tmp_path / "imdb.npz", **changes)
    with pytest.raises(UserError) as error:
        load_imdb(flags(data_dir=tmp_path))
    assert str(tmp_path / "imdb.npz") in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("load, name", [
    (load_fashion_mnist, "fashion_mnist"), (load_imdb, "imdb"), (load_boston_housing, "boston_housing"),
    (load_cats_dogs, "cats_dogs"),
])  # fmt: skip
def test_a_bundled_file_that_was_cut_or_changed_is_named(load, name, tmp_path, monkeypatch):
    whole = (datasets.BUNDLED / f"{name}.npz").read_bytes()
    monkeypatch.setattr(datasets, "BUNDLED", tmp_path)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for content in (whole[: len(whole) // 2], bytes(changed), b""):
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}\.npz is cut short or was changed"):
            load(flags(image_size=None))


def test_full_reads_the_archive_once_and_then_from_the_cache(tmp_path, monkeypatch):
    texts = {"pos": "Good, <b>very</b> good!", "neg": "Bad. I can't say how bad"}
    archive = tmp_path / "aclImdb_v1.tar.gz"
    with tarfile.open(archive, "w:gz") as files:
        for split in ("train", "test"):
            for kind, text in texts.items():
                for i in range(3):
                    info = tarfile.TarInfo(f"aclImdb/{split}/{kind}/{i}_9.txt")
                    info.size = len(text)
                    files.addfile(info, io.BytesIO(text.encode()))
        files.addfile(tarfile.TarInfo("aclImdb/train/unsup/0_0.txt"))
    monkeypatch.setattr(datasets, "IMDB_SOURCE", archive.as_uri())
    with pytest.raises(UserError, match=r"aclImdb_v1\.tar\.gz cannot be downloaded") as error:
        load_imdb(flags(full=True))  # it is not the one we know
    assert "\n" not in str(error.value)
    monkeypatch.setattr(datasets, "IMDB_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    path = datasets._fetch_full_imdb()
    archive.unlink()
    assert datasets._fetch_full_imdb() == path and path.parent == tmp_path / "keras" / "datasets"
    with np.load(path) as arrays:
        words = arrays["words"].tolist()
        assert words[:4] == ["<PAD>", "<START>", "<UNK>", "<UNUSED>"]
        assert sorted(words[4:6]) == ["b", "good"] and len(words) == 12  # those that occur most
        assert sorted(arrays["train_labels"]) == [0, 0, 0, 1, 1, 1]
        first = arrays["train_tokens"][: arrays["train_offsets"][1]]
        text = "good b very b good" if arrays["train_labels"][0] else "bad i can't say how bad"
        assert " ".join(words[i] for i in first) == f"<START> {text}"


def test_without_a_network_full_says_what_else_there_is(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "IMDB_SOURCE", (tmp_path / "nowhere.tar.gz").as_uri())
    with pytest.raises(UserError, match=r"cannot be downloaded .* without --full .* with --data-dir"):
        load_imdb(flags(full=True))


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
@given(way=st.sampled_from(WAYS_TO_SPOIL[:4]), chance=st.integers(0, 10**9).map(random.Random))
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
