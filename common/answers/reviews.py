"""How a trained network classifies reviews that somebody typed."""

import sys

import numpy as np

from common.data.reviews import UNKNOWN, encode_reviews, words_of


def classify_reviews(model, texts, vocabulary):
    """Print the prediction for each review, its probability, and the words that the model doesn't know.

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
            print("Type a review and press Enter; an empty line ends.")
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
        print("  none of its words is known: no prediction")
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
