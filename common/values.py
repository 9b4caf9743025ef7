"""The values of flags: each function converts and checks one command-line argument.

The functions are for argparse's `type`. They raise `argparse.ArgumentTypeError`, or `UserError` if the
argument names an earlier run.
"""

import argparse
import os
import re
import sys
from pathlib import Path

from common.data.pictures import read_each, read_photo, say_left_out
from common.data.tables import decode, parse_table, read_content, text_column
from common.errors import UserError
from common.files import user_errors
from keras_window.curves_file import read_curves

MILLION = 1_000_000
READABLE = (".txt", ".csv", ".tsv")  # files of reviews
TEXT_FILES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".docx", ".pdf", ".html", ".zip", ".gz")


def brief(text, length=60):
    """The text, or its beginning if it is longer."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _wrong(text, why):
    return argparse.ArgumentTypeError(f"{brief(repr(text))} {why}")


def whole_number(minimum, maximum):
    def convert(text):
        if not re.fullmatch(r"[+-]?[0-9]+", text):  # int() would accept digits of any script
            raise _wrong(text, "is not a whole number")
        if len(text) > 30 or not minimum <= int(text) <= maximum:
            raise argparse.ArgumentTypeError(f"must be from {minimum} to {maximum}, not {brief(text)}")
        return int(text)

    return convert


def _number(fits, limit):
    def convert(text):
        if not re.fullmatch(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", text):
            raise _wrong(text, "is not a number")
        if len(text) > 1000 or not fits(float(text)):
            raise argparse.ArgumentTypeError(f"must be {limit}, not {brief(text)}")
        return float(text)

    return convert


positive_number = _number(lambda number: 1e-12 <= number <= MILLION, f"from 1e-12 to {MILLION}")
not_negative = _number(lambda number: 0 <= number <= MILLION, f"from 0 to {MILLION}")
share_below_1 = _number(lambda number: 0 <= number < 1, "from 0 to less than 1")


def some_path(text):
    """A `Path` that need not exist; ~ is the user's home."""
    try:
        path = Path(text).expanduser()
        if not text:
            raise _wrong(text, "is not a path")
        try:
            path.stat()
        except NotADirectoryError:
            pass
        except FileNotFoundError:
            if path.is_symlink():
                raise _wrong(text, "is a link that leads nowhere") from None
    except (OSError, RuntimeError, ValueError) as error:  # name too long, link to itself, unknown home
        raise _wrong(text, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return path


def data_path(text):
    """The absolute path of the user's data, a str; a run remembers it, even if the data are gone later."""
    return str(some_path(text).resolve())


def readable_file(text):
    """The absolute path of a file, a str, so that --resume finds it from any folder."""
    path = some_path(text)
    if not os.access(path, os.R_OK) or not path.is_file():
        raise _wrong(text, "is not a file that can be read")
    return str(path.resolve())


def picture(text):
    """The `Path` of a picture."""
    path = readable_file(text)
    try:
        read_photo(path, 1)
    except ValueError as error:
        raise _wrong(text, str(error)) from None
    return some_path(text)


def readable_pictures(paths):
    """Return those paths of --predict that are pictures, and print a line about each of the others.

    Raises UserError if none is a picture.
    """
    photos, left_out = read_each(paths, 1)
    if not photos:
        path, why = left_out[0]
        others = f" (nor can the other {len(paths) - 1:,} be read)" if len(paths) > 1 else ""
        raise UserError(f"--predict: {path} {why}{others}")
    say_left_out(left_out)
    return [path for path, _ in photos]


def run_with_curves(text):
    """The folder of a run, a `Path`. Raises UserError if it holds no curves."""
    path = some_path(text)
    with user_errors():
        read_curves(path)
    return path


def addresses(text):
    if text and not re.fullmatch(r"[^\s:,]+:[0-9]{1,5}(,[^\s:,]+:[0-9]{1,5})+", text):
        raise _wrong(text, "must be HOST:PORT,HOST:PORT, one for each process")
    return text


def some_text(text):
    if not text.strip():
        raise argparse.ArgumentTypeError("the text is empty")
    return text


def review(text):
    """A review, a str; "-" stands for the standard input. Of a file, a list of the reviews in it."""
    if text == "-":
        if sys.stdin is None:
            raise argparse.ArgumentTypeError("- reads reviews from the standard input, which is closed")
        return text
    if os.path.exists(text) and not os.path.isdir(text) and text.lower().endswith(READABLE):
        return _reviews_in(text)
    found = "a folder" if os.path.isdir(text) else "a file" if os.path.exists(text) else None
    if not found and text.lower().endswith(TEXT_FILES):
        found = "the name of a file that is not there"
    if found:
        cure = f"--review FILE reads {', '.join(READABLE)}, and --review - < FILE a review from each line"
        raise _wrong(text, f"is {found}, not a review: {cure}")
    return some_text(text)


def _reviews_in(path):
    """The lines of a .txt file, or the texts in a table, list of str. Raises UserError if there are none."""
    content, file = read_content(Path(path), "review")
    text = decode(content, path, "cp1252")
    reviews = re.split("\r\n?|\n", text)
    if path.lower().endswith(".txt") and text.count("\t") < len(reviews) / 2:
        print(f"Reviews in {path}: one a line")
    else:
        table = parse_table(text, file)
        column = text_column(table, file)
        reviews = [row[column] for row in table.rows]
        print(f"Reviews in {path}: column {(table.header or {column: column + 1})[column]}")
    reviews = [review for review in reviews if review.strip()]
    if not reviews:
        raise UserError(f"--review: {path} holds no review")
    return reviews


def movie_file(text):
    """The `Path` of a movie to write."""
    path = some_path(text)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise _wrong(text, "must end in .gif or .mp4")
    if path.suffix.lower() == ".mp4":
        try:
            import imageio_ffmpeg

            imageio_ffmpeg.get_ffmpeg_exe()
        except (ImportError, RuntimeError):  # not installed, or installed without ffmpeg
            raise _wrong(text, "needs ffmpeg: pip install imageio-ffmpeg, or use .gif") from None
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise _wrong(text, "cannot be written")
    return path
