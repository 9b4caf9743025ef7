"""Film reviews, or the user's own texts, as numbers: tokenizing into words, and words into ids.

The rules are those of Keras' former `Tokenizer`, which made Keras' own IMDB data: lower case; punctuation
except the apostrophe separates words; ids by frequency.
"""

import os
import tarfile
from collections import Counter
from pathlib import Path

import keras
import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.folders import hold_out, say_classes, warn_of_copies
from common.data.sources import (
    BUNDLED_SHA256, broken, bundled_file, download, keras_cache, own_data, read_arrays,
)  # fmt: skip
from common.errors import UserError
from common.files import replacing, write_npz
from subjects.reviews.own_texts import clean_text, read_texts

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
    """Four special tokens and the most frequent words of reviews (lists of words): list of 10,000 str.

    If there are fewer words, the list is shorter.
    """
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
    """Film reviews from IMDB, half of them positive, or the user's own texts, as ids of the frequent words.

    Args:
        args: from `parse_args`; `data_dir` (an imdb.npz, or what `read_texts` reads), `full`, `train_size`,
            `batch_size` and `seed` are used.

    Returns:
        `Data` with train, validation and test, `classes` and `words`. x: int32 [n, 256], the last 256 words
        of a longer review, zeros after a shorter one; own texts may be shorter, as `preparation` says.
        y: uint8 [n], the class; of IMDB, 1 is positive. words: list of 10,000 str, by id, fewer if own texts
        have fewer; ids 0 to 3 are special tokens. The bundled part has 15,000, 5,000 and 5,000 reviews; of
        the full set's 25,000 training reviews the first 10,000 are for validation, as in the tutorial.

    Raises:
        UserError: the data are missing or damaged, have fewer examples than asked for, or the download fails.

    Source: Maas et al., "Learning word vectors for sentiment analysis", 2011.
    """
    own = own_data(args)
    if own:
        if os.path.lexists(own / "imdb.npz"):
            own = own / "imdb.npz"
        if own.suffix != ".npz":
            return _load_own_texts(own, args)
        place = own, "data-dir"
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
    changed = file.origin == "data-dir" and file.sha256 != BUNDLED_SHA256["imdb.npz"]
    name = "Your reviews" if changed else "IMDB"
    print(
        f"{name}: {size:,} to learn from, {len(validation.x):,} to validate with, {len(test.x):,} to test on"
        f" ({file.path})"
    )
    parts = Examples(x[:size], y[:size]), file, validation, test
    return Data(*parts, classes=["negative", "positive"], words=arrays["words"].tolist())


def encode_text(words, ids, length):
    """The ids of a text's last words, and zeros: int32 [length]. `ids`: the id of each word, a dictionary."""
    found = [START, *(ids.get(word, UNKNOWN) for word in words)][-length:]
    return np.array(found + [0] * (length - len(found)), np.int32)


def _load_own_texts(path, args):
    parts, classes, file = read_texts(path)
    parts = {split: _as_arrays(*part, classes) for split, part in parts.items()}
    split = _hold_out(parts, args.seed, file)
    random = np.random.default_rng(args.seed)
    for name, (texts, labels) in parts.items():
        order = random.permutation(len(labels))
        parts[name] = [texts[i] for i in order], labels[order]
    size = training_size(args, len(parts["train"][1]))
    parts["train"] = [part[:size] for part in parts["train"]]
    texts, labels = parts["train"]
    say_classes({name: int((labels == i).sum()) for i, name in enumerate(classes)}, "texts")
    print(f"Split: {split}")
    _warn_of_labels(texts, [classes[label] for label in labels])
    for name in ("validation", "test"):
        warn_of_copies(*([(text, text) for text in parts[of][0]] for of in ("train", name)), f"{name} texts")
    words = first_words(map(words_of, texts))
    lengths = [len(words_of(text)) + 1 for text in texts]
    length = min(
        LENGTH, int(np.quantile(lengths, 0.95, method="higher"))
    )  # few zeros, which weigh in the mean
    ids = {word: i for i, word in enumerate(words) if i >= len(SPECIAL)}
    examples = {
        name: Examples(np.stack([encode_text(words_of(text), ids, length) for text in texts]), labels)
        for name, (texts, labels) in parts.items()
    }
    print(
        f"Your texts: {size:,} to learn from, {len(examples['validation'].y):,} to validate with,"
        f" {len(examples['test'].y):,} to test on; of each the last {length - 1} words, {len(ids):,} known"
        f" words in all ({file.path})"
    )
    options = {"classes": classes, "words": words, "split": split, "preparation": {"length": length}}
    return Data(file=file, own=True, **examples, **options)


def _as_arrays(texts, labels, classes):
    places, kind = (
        {label: i for i, label in enumerate(classes)},
        np.uint8 if len(classes) <= 256 else np.int32,
    )
    return [clean_text(text) for text in texts], np.array([places[label] for label in labels], kind)


def _hold_out(parts, seed, file):
    """Take a fifth for each missing part from the training part, equal texts together. Returns how, a str."""
    missing = [name for name in ("test", "validation") if name not in parts]
    groups = {}
    for i, text in enumerate(parts["train"][0]):
        groups.setdefault(" ".join(text.lower().split()), []).append(i)
    groups = list(groups.values())
    for number, name in enumerate(missing):
        texts, labels = parts["train"]
        held = hold_out(labels[[group[0] for group in groups]], 1 / (5 - number), seed)
        chosen = [i for group, out in zip(groups, held, strict=True) if out for i in group]
        parts[name] = [texts[i] for i in chosen], labels[chosen]
        groups = [group for group, out in zip(groups, held, strict=True) if not out]
    texts, labels = parts["train"]
    kept = [i for group in groups for i in group]
    parts["train"] = [texts[i] for i in kept], labels[kept]
    for name, (texts, _) in parts.items():
        if not texts:
            raise UserError(f"--data-dir: {file.path} has too few different texts: none is left for {name}")
    if not missing:
        return "as the folders or files say"
    uses = {"test": "for testing", "validation": "for validation"}
    return f"a fifth held out {', a fifth '.join(uses[name] for name in missing)}, seed {seed}"


def _warn_of_labels(texts, labels):
    """Warn if most texts begin with their label."""
    given = sum(
        label.lower() in words_of(text[: len(label) + 20])[:1]
        for text, label in zip(texts, labels, strict=True)
    )
    if given > 0.5 * len(texts):
        print(
            f"Warning: {given:,} of the {len(texts):,} texts to learn from begin with their label:"
            " the network can read the answer there"
        )


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
