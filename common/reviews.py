"""Text as numbers: the words of a review, and the ids that stand for them.

The rules are those of Keras' former `Tokenizer`, with which Keras' own IMDB data was made: lower case,
punctuation other than the apostrophe parts words, ids by frequency.
"""

import sys
from collections import Counter

import keras
import numpy as np

SPECIAL = ("<PAD>", "<START>", "<UNK>", "<UNUSED>")  # ids 0 to 3
START, UNKNOWN = 1, 2
_PARTS_WORDS = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))


def words_of(text):
    """The words of a text, a list of str."""
    return text.lower().translate(_PARTS_WORDS).split()


def first_words(reviews, count=10_000):
    """The `count` most frequent words of reviews (lists of words), after four special ones: a list."""
    frequent = Counter(word for review in reviews for word in review).most_common(count - len(SPECIAL))
    return [*SPECIAL, *(word for word, _ in frequent)]


def encode_reviews(reviews, vocabulary):
    """Ids of all words, one review after the other, each with <START> before it.

    Args:
        reviews: lists of words.
        vocabulary: for each id its word.

    Returns:
        tokens uint16 [all words], and offsets int64 [reviews + 1], where each review begins.
    """
    ids = {word: i for i, word in enumerate(vocabulary) if i >= len(SPECIAL)}
    encoded = [[START, *(ids.get(word, UNKNOWN) for word in review)] for review in reviews]
    offsets = np.cumsum([0, *map(len, encoded)])
    return np.array([i for review in encoded for i in review], np.uint16), offsets


def pad_reviews(reviews, length=256):
    """Reviews of one length: int32 [n, length]; of a longer one the last ids, after a shorter one zeros."""
    return keras.utils.pad_sequences(reviews, maxlen=length, padding="post", truncating="pre")


def classify_reviews(model, texts, vocabulary):
    """Say of each review whether it is positive, how sure the model is, and which words it doesn't know.

    Args:
        model: a trained model of word ids, int [n, words], to the probability of a positive review, [n, 1].
        texts: list of str; of "-" each line of the standard input is a review.
        vocabulary: for each id its word.
    """
    for text in texts:
        if text != "-":
            _classify(model, text, vocabulary)
            continue
        if sys.stdin.isatty():
            print("Type a review, and Enter; an empty line ends.")
        for line in map(_decode, sys.stdin.buffer):
            if line.strip():
                _classify(model, line, vocabulary)
            elif sys.stdin.isatty():
                break


def _decode(line):
    """A line of the standard input: UTF-8, maybe with a mark at its beginning, or as the terminal has it."""
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode(sys.stdin.encoding, errors="replace")


def _classify(model, text, vocabulary):
    words = words_of(text.replace("’", "'"))
    tokens, _ = encode_reviews([words], vocabulary)
    unknown = list(dict.fromkeys(word for word, i in zip(words, tokens[1:], strict=True) if i == UNKNOWN))
    shown = " ".join(text.split())
    print(f'"{shown}"' if len(shown) <= 70 else f'"{shown[:67]}..."')
    if len(unknown) == len(set(words)):
        print("  none of its words is known: nothing can be said")
        return
    # without the zeros behind a short review, which would hide its few words
    probability = float(model.predict_on_batch(tokens[np.newaxis, -256:])[0, 0])
    print(
        f"  {'positive' if probability > 0.5 else 'negative'}, {max(probability, 1 - probability):.1%} sure"
    )
    if unknown:
        more = f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else ""
        print(f"  unknown words: {', '.join(unknown[:10])}{more}")
    if len(words) > 256:
        print(f"  it has {len(words):,} words; only the last 256 count")
