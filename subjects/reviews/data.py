"""Film reviews as numbers: tokenizing reviews into words, and words into ids.

The rules are those of Keras' former `Tokenizer`, which made Keras' own IMDB data: lower case; punctuation
except the apostrophe separates words; ids by frequency.
"""

import tarfile
from collections import Counter
from pathlib import Path

import keras
import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.sources import (
    BUNDLED_SHA256, broken, bundled_file, download, file_of_user, keras_cache, read_arrays,
)  # fmt: skip
from common.files import replacing, write_npz

IMDB_SOURCE = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
IMDB_SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"

WORDS, LENGTH = 10_000, 256  # of the vocabulary, of a review
SPECIAL = ("<PAD>", "<START>", "<UNK>", "<UNUSED>")  # ids 0 to 3
START, UNKNOWN = 1, 2
_PARTS_WORDS = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))


def words_of(text):
    """The words of a text, a list of str."""
    return text.lower().translate(_PARTS_WORDS).split()


def first_words(reviews):
    """Four special tokens and the most frequent words of reviews (lists of words): list of 10,000 str."""
    frequent = Counter(word for review in reviews for word in review).most_common(WORDS - len(SPECIAL))
    return [*SPECIAL, *(word for word, _ in frequent)]


def encode_reviews(reviews, vocabulary):
    """Ids of all words, one review after another, each starting with <START>.

    Args:
        reviews: lists of words.
        vocabulary: list of str, the word of each id.

    Returns:
        tokens uint16 [all words], and offsets int64 [reviews + 1], where each review begins.
    """
    ids = {word: i for i, word in enumerate(vocabulary) if i >= len(SPECIAL)}
    encoded = [[START, *(ids.get(word, UNKNOWN) for word in review)] for review in reviews]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return np.array([i for review in encoded for i in review], np.uint16), offsets


def pad_reviews(reviews):
    """Reviews of equal length, int32 [n, 256]: the last ids of longer ones, zeros after shorter ones."""
    return keras.utils.pad_sequences(reviews, maxlen=LENGTH, padding="post", truncating="pre")


def load_imdb(args):
    """Film reviews from IMDB, half of them positive, as ids of the 10,000 most frequent words.

    Args:
        args: from `parse_args`; `data_dir`, `full`, `train_size` and `batch_size` are used.

    Returns:
        `Data` with train, validation and test, and `words`. x: int32 [n, 256], the last 256 words of a longer
        review, zeros after a shorter one; y: uint8 [n], 1 is positive. words: list of 10,000 str, by id; ids
        0 to 3 are special tokens. The bundled part has 15,000, 5,000 and 5,000 reviews; of the full set's
        25,000 training reviews the first 10,000 are for validation, as in the tutorial.

    Raises:
        UserError: the data file is missing or damaged, has fewer examples than asked for, or the download
            fails.

    Source: Maas et al., "Learning word vectors for sentiment analysis", 2011.
    """
    if args.data_dir:
        place = file_of_user("imdb.npz", args.data_dir)
    elif args.full:
        place = _fetch_full_imdb(), "full"
    else:  # not from Keras' cache, whose imdb.npz has another format, with pickles
        place = bundled_file("imdb.npz")
    kinds = {"tokens": np.uint16, "offsets": np.int64, "labels": np.uint8}
    parts = {
        split: {f"{split}_{name}": (kind, (None,)) for name, kind in kinds.items()}
        for split in ("train", "validation", "test")
    }
    expected = {"words": (np.str_, (10_000,))} | parts["train"] | parts["test"]
    arrays, file = read_arrays(*place, expected | parts["validation"], optional=parts["validation"])
    (x, y), test = _reviews(arrays, "train", file), _reviews(arrays, "test", file)
    if "validation_labels" in arrays:
        validation = _reviews(arrays, "validation", file)
    else:
        validation, (x, y) = Examples(x[:10_000], y[:10_000]), (x[10_000:], y[10_000:])
    size = training_size(args, len(x))
    own = file.origin == "data-dir" and file.sha256 != BUNDLED_SHA256["imdb.npz"]
    name = "Your reviews" if own else "IMDB"
    print(
        f"{name}: {size:,} to learn from, {len(validation.x):,} to validate with, {len(test.x):,} to test on"
        f" ({file.path})"
    )
    return Data(Examples(x[:size], y[:size]), file, validation, test, words=arrays["words"].tolist())


def _reviews(arrays, split, file):
    tokens, offsets, labels = (arrays.get(f"{split}_{kind}") for kind in ("tokens", "offsets", "labels"))
    good = (
        tokens is not None and offsets is not None and len(offsets) > 1
        and labels is not None and labels.shape == (len(offsets) - 1,)
        and offsets[0] == 0 and offsets[-1] == len(tokens) and (np.diff(offsets) >= 0).all()
        and tokens.max(initial=0) < 10_000 and labels.max() <= 1
    )  # fmt: skip
    if not good:
        raise broken(file, f"has wrong arrays {split}_tokens, {split}_offsets, {split}_labels")
    return Examples(pad_reviews(np.split(tokens, offsets[1:-1])), labels)


def _fetch_full_imdb():
    path = keras_cache() / "imdb_full.npz"
    if path.exists():
        return path
    archive = download("aclImdb_v1.tar.gz", origin=IMDB_SOURCE, file_hash=IMDB_SHA256)
    print("Counting words ...", flush=True)
    reviews = {"train": [], "test": []}
    with tarfile.open(archive) as files:
        for member in files:
            _, split, kind, *_ = [*Path(member.name).parts, "", "", ""]
            if member.isfile() and split in reviews and kind in ("neg", "pos"):
                reviews[split].append((words_of(files.extractfile(member).read().decode()), kind == "pos"))
    vocabulary = first_words([words for words, _ in reviews["train"]])
    arrays = {"words": np.array(vocabulary)}
    for split, part in reviews.items():
        order = np.random.default_rng(0).permutation(len(part))  # the archive has the negative ones first
        tokens, offsets = encode_reviews([part[i][0] for i in order], vocabulary)
        labels = np.array([part[i][1] for i in order], np.uint8)
        arrays |= {f"{split}_tokens": tokens, f"{split}_offsets": offsets, f"{split}_labels": labels}
    with replacing(path) as new:
        write_npz(new, arrays)
    return path
