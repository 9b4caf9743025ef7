"""What a trained network says: its best epoch, and its predictions for reviews that a user types."""

import codecs
import io
import itertools
import re
import sys

import numpy as np

from common.data.tables import TEXTS
from common.errors import UserError
from subjects.reviews.data import LENGTH, SPECIAL, encode_text, words_of
from subjects.reviews.own_texts import clean_text
from subjects.reviews.panes import probabilities_of

# names of columns, beside those of texts, in tables of reviews
OTHERS = {
    "id", "label", "sentiment", "rating", "score", "stars", "class", "polarity", "target", "title", "summary",
}  # fmt: skip
LABEL = r'"?(positive|negative|neutral|pos|neg|-?[0-9]([.][0-9]+)?|10)"?'
ROW = re.compile(  # a tab, or a label first or last; "5,000 people" and "I give it 7,5" do not match
    rf".+\t|{LABEL}[,;|](?![0-9\s])|__label__|.*(?<![0-9])[,;|]{LABEL}$", re.IGNORECASE
)
MARKUP = {
    "JSON": re.compile(r"\{\s*([\"']|$)|\[\s*(\{|\"[^\"]*\",|$)"),
    "HTML": re.compile(r"<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE),
    "RTF": re.compile(r"\{\\rtf"),
}


def say_best_epoch(stopping, history):
    """Print after which epoch the validation loss was lowest, and whether the network overfits from there on.

    Args:
        stopping: the `keras.callbacks.EarlyStopping` that watched it.
        history: a list with an entry for each complete epoch; if it is empty, nothing is printed.
    """
    if history:
        epoch = stopping.best_epoch + 1
        after = "it does not overfit yet"
        if epoch < len(history):
            after = "from there on it overfits, so these weights are kept"
        print(f"The validation loss was lowest after epoch {epoch}: {after}.")


def classify_reviews(model, reviews, data):
    """Print the prediction for each review, its probability, and the words that the model does not know.

    IMDB's <br /> becomes the word "br", as in the training reviews; the user's own texts are prepared as they
    were for the training.

    Args:
        model: a trained model from word ids, int [n, words], to the probability of the second class, [n, 1],
            or to those of all classes, [n, classes].
        reviews: list of str, or of lists of str, those of a file; for "-", each line of the standard input is
            a review.
        data: the `Data` or `Trained` of the model; `classes`, `words` and `preparation` are used.

    Raises:
        UserError: the standard input holds no review, a table, JSON, HTML, or no text at all; or the data of
            an earlier run were tampered with.
    """
    if not reviews:
        return
    length = _length(data)
    ids = {word: i for i, word in enumerate(data.words) if i >= len(SPECIAL)}
    for review in reviews:
        texts = review if isinstance(review, list) else _from_standard_input() if review == "-" else [review]
        for text in texts:
            _classify(model, text, ids, length, data.classes)


def _from_standard_input():
    """The non-empty lines of the standard input, each as soon as it arrives, because it may be typed."""
    if sys.stdin.isatty():
        print("Type a review and press Enter; an empty line ends.")
        yield from itertools.takewhile(str.strip, map(_decode, sys.stdin.buffer))
        return
    source, beginning = sys.stdin.buffer, sys.stdin.buffer.peek()
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell's encoding
        source = io.BytesIO(source.read().decode("utf-16", errors="replace").encode())
        beginning = source.getvalue()[: io.DEFAULT_BUFFER_SIZE]
    _check(beginning)
    empty = True
    for line in filter(str.strip, map(_decode, source)):
        empty = False
        yield line
    if empty:
        raise UserError("--review -: the standard input holds no review")


def _check(beginning):
    """Raises UserError if a file that begins with these bytes does not hold one review a line."""
    if b"\0" in beginning:
        raise UserError("--review -: the standard input is not text: it takes plain text, one review a line")
    lines = beginning.splitlines()
    if len(lines) > 1 and len(beginning) >= io.DEFAULT_BUFFER_SIZE:
        lines.pop()  # the last line may be incomplete
    lines = [line.strip() for line in map(_decode, lines) if line.strip()]
    if found := lines and _no_reviews(lines):
        raise UserError(
            f"--review -: the standard input is {found}, not one review a line: it begins with"
            f" {lines[0][:60]!r}. Leave only the reviews in it, as plain text"
        )


def _no_reviews(lines):
    """A description of lines that are not one review each, else None."""
    for name, form in MARKUP.items():
        if form.match(lines[0]):
            return name
    cells = [set(re.findall("[a-z]+", cell)) for cell in re.split("[,;|\t]", lines[0].lower())]
    named = all(any(cell and cell <= names for cell in cells) for names in (TEXTS, OTHERS))
    if named or (len(lines) > 1 and lines[0].lower().strip('"') in TEXTS):
        return "a table"
    rows = sum(ROW.match(line) is not None for line in lines)
    return "a table" if len(lines) > 1 and rows >= 0.8 * len(lines) else None


def _decode(line):
    """Decode a line of the standard input: UTF-8, with or without a BOM, or the terminal's encoding."""
    for encoding in ("utf-8-sig", sys.stdin.encoding):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            pass
    return line.decode("cp1252", errors="replace")  # Western Windows


def _length(data):
    """The length of the user's own texts, as they were prepared for the training; None if it was IMDB.

    Raises UserError if the run that the data are from was tampered with.
    """
    known = {"length": None} if data.preparation is None else data.preparation
    length = known.get("length", 0) if isinstance(known, dict) else 0
    if not data.words or not data.classes or length not in (None, *range(1, LENGTH + 1)):
        raise UserError("this run's result.json is not what this lesson writes: train it again")
    return length


def _classify(model, text, ids, length, classes):
    words = words_of(clean_text(text) if length else text.replace("’", "'"))
    unknown = list(dict.fromkeys(word for word in words if word not in ids))
    shown = " ".join(text.split())
    print(f'"{shown}"' if len(shown) <= 70 else f'"{shown[:67]}..."')
    if len(unknown) == len(set(words)):
        print("  none of its words is known: no prediction")
        return
    # without padding zeros, which would outweigh the few words of a short review
    tokens = encode_text(words, ids, min(length or LENGTH, len(words) + 1))
    outputs = model.predict_on_batch(tokens[np.newaxis])
    probabilities = probabilities_of(outputs)[0]
    print(f"  {classes[probabilities.argmax()]}, {probabilities.max():.1%} sure")
    if unknown:
        more = f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else ""
        print(f"  unknown words: {', '.join(unknown[:10])}{more}")
    most = length - 1 if length else LENGTH
    if len(words) > most:
        print(f"  it has {len(words):,} words; only the last {most} count")
