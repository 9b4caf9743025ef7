"""Tests of the IMDB reviews as the lesson loads them."""

import hashlib
import io
import tarfile

import numpy as np
import pytest
from helpers import data_flags

from common import UserError
from subjects.reviews import load_imdb
from subjects.reviews import data as reviews


def text_of(review, words):
    return " ".join(words[i] for i in review if i > 1)


def test_the_reviews_are_25_000_and_none_is_in_two_parts():
    data = load_imdb(data_flags())
    parts, words = list(data), data.words
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
        x, y = reviews._reviews(arrays, "test", None)
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
        load_imdb(data_flags(data_dir=tmp_path))
    assert str(tmp_path / "imdb.npz") in str(error.value) and "\n" not in str(error.value)


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
    monkeypatch.setattr(reviews, "IMDB_SOURCE", archive.as_uri())
    with pytest.raises(UserError, match=r"aclImdb_v1\.tar\.gz cannot be downloaded") as error:
        load_imdb(data_flags(full=True))  # it is not the one we know
    assert "\n" not in str(error.value)
    monkeypatch.setattr(reviews, "IMDB_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    path = reviews._fetch_full_imdb()
    archive.unlink()
    assert reviews._fetch_full_imdb() == path and path.parent == tmp_path / "keras" / "datasets"
    with np.load(path) as arrays:
        words = arrays["words"].tolist()
        assert words[:4] == ["<PAD>", "<START>", "<UNK>", "<UNUSED>"]
        assert sorted(words[4:6]) == ["b", "good"] and len(words) == 12  # those that occur most
        assert sorted(arrays["train_labels"]) == [0, 0, 0, 1, 1, 1]
        first = arrays["train_tokens"][: arrays["train_offsets"][1]]
        text = "good b very b good" if arrays["train_labels"][0] else "bad i can't say how bad"
        assert " ".join(words[i] for i in first) == f"<START> {text}"


def test_without_a_network_full_says_what_else_there_is(monkeypatch, tmp_path):
    monkeypatch.setattr(reviews, "IMDB_SOURCE", (tmp_path / "nowhere.tar.gz").as_uri())
    with pytest.raises(UserError, match=r"cannot be downloaded .* without --full .* with --data-dir"):
        load_imdb(data_flags(full=True))
