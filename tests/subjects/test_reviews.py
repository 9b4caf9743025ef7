"""Tests of IMDB from its command, and of predictions for the user's own reviews."""

import io
import sys

import pandas as pd
import pytest
from helpers import result_of
from PIL import Image

from common import UserError, parse_args
from common.training.models import Trained
from common import values
from subjects.reviews import classify_reviews
from subjects.reviews.data import SPECIAL


# a network that knows no word of any review predicts nothing
KNOWS_NOTHING = Trained(None, ["negative", "positive"], [*SPECIAL, "xyzzy"], None)


def test_a_review_is_classified_and_unknown_words_are_named(run, tmp_path, monkeypatch):
    texts = ["A great, wonderful, perfect film", "An awful, boring waste of tyme", "xyzzy"]
    asked = [word for text in texts for word in ("--review", text)]
    quick = ("--train-size", 5000, "--epochs", 4, "--learning-rate", 0.03)
    first = run(*quick, "--plot", "file", *asked, lesson="imdb_text")
    assert (first.returncode, first.stderr) == (0, "") and "training one first" in first.stdout
    assert [line.split()[0] for line in first.stdout.splitlines()][:10] == [
        "There", "IMDB:", "imdb_text:", "n", *["epoch"] * 4, "The", "The",
    ]  # fmt: skip
    assert Image.open(tmp_path / "runs" / "imdb_text" / "dashboard.png").size == (1344, 756)
    again = run(*asked, lesson="imdb_text")
    assert (again.returncode, again.stderr) == (0, "")
    answers = [line.strip() for line in again.stdout.splitlines() if line.startswith("  ")]
    assert answers == [line.strip() for line in first.stdout.splitlines() if line.startswith("  ")]
    assert answers[0].startswith("positive, ") and answers[1].startswith("negative, ")
    assert answers[2:] == ["unknown words: tyme", "none of its words is known: no prediction"]
    assert "epoch" not in again.stdout
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["imdb_text.py"])
    for flags, message in (
        (("--review", "  "), "the text is empty"),
        (("--review", "good", "--epochs", "3"), "has --epochs 4, not 3"),
        (("--review", "some_code.csv"), "name of a file that is not there, not a review"),
        (("--review", "my film.TXT"), "name of a file that is not there, not a review"),
        (("--review", "runs"), "'runs' is a folder, not a review: --review FILE reads .txt, .csv, .tsv"),
        (("--review", "runs/imdb_text/model.keras"), "is a file, not a review"),
        (("--review", "runs/imdb_text/history.csv"), "has no column of texts"),
    ):
        with pytest.raises(UserError, match=message):
            parse_args("", argv=flags, epochs=40, review=[])


@pytest.fixture
def given(monkeypatch, capsys):
    """Gives a standard input to classify_reviews; returns the reviews that it has read in it."""

    def given(content, encoding="utf-8"):
        buffer = io.BufferedReader(io.BytesIO(content))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffer, encoding=encoding))
        classify_reviews(None, ["-"], KNOWS_NOTHING)
        return capsys.readouterr().out.splitlines()[::2]

    return given


@pytest.mark.parametrize(
    "written, encoding",
    [
        ("utf-8", "cp950"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-8", "cp1252"),
        ("cp1252", "utf-8"), ("utf-16", "utf-8"), ("utf-16", "cp1252"),
    ],
)  # fmt: skip
def test_reviews_are_read_in_utf_8_or_16_or_as_the_terminal_has_it(written, encoding, given):
    for text in ("a café I liked\n\nnaïve\n", "a café I liked\r\nnaïve"):
        assert given(text.encode(written), encoding) == ['"a café I liked"', '"naïve"']


TABLES = [
    b"review,sentiment\n",  # Kaggle's "IMDB Dataset.csv"
    b'\xef\xbb\xbf"Review Text";"Rating"\r\nA fine film;5\r\n',
    b'review\n"A fine film, and long"\nBad\n',
    b'"One of <br /><br />the others, ""good""",positive\n"Basically, a family",negative\n',
    b"A fine film,pos\nBad\t0\nWorse,neg",
    b'"2","Stunning","This sound track"\n"1","Awful","Do not buy"\n',  # Amazon's
    b"A very, very slow film.  \t0\nNot sure who was lost.  \t1\n",  # UCI's imdb_labelled.txt
    b"12\tA fine film\n13\tA bad one\n",
    b"__label__2 A fine film: good\n__label__1 Bad: no\n",
]


@pytest.mark.parametrize(
    "content, what",
    [
        *((table, "a table") for table in TABLES),
        ("review,sentiment\r\nA fine film,positive\r\n".encode("utf-16"), "a table"),
        (b'{"text": "A fine film", "stars": 5}\n', "JSON"),
        (b'[\n  {\n "text": "A fine film"}]\n', "JSON"),
        (b"\n<!DOCTYPE html>\n<p>A fine film\n", "HTML"),
        (b"{\\rtf1\\ansi A fine film}\n", "RTF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text"),
        ("A fine film\n".encode("utf-16-le"), "is not text"),
        (b"", "holds no review"),
        (b"\r\n \n", "holds no review"),
    ],
)
def test_what_is_not_one_review_a_line_is_named_and_not_classified(content, what, given, capsys):
    with pytest.raises(UserError, match=f"standard input (is )?{what}"):
        given(content)
    assert capsys.readouterr().out == ""


def test_reviews_with_commas_quotes_and_numbers_stay_reviews(given):
    reviews = [
        "I give it 7,5", "Great, wonderful, 10", "5,000 extras, 1", '"A classic," they say, "for all."',
        "[SPOILERS] He dies; she lives", "<br /><br />I saw it, 2", "{sigh} Bad, bad, bad",
        "positive, mostly", '"Wonderful"', "Text, story, rating: all good", "A review, or a sentiment?",
        "1. Bad\t2. Worse", "Good | bad | ugly", "Negative", "8 of 10", "review, sentiment and all",
    ]  # fmt: skip
    shown = [f'"{" ".join(review.split())}"' for review in reviews]
    for review in reviews:
        assert given(review.encode()) == [f'"{" ".join(review.split())}"']
    assert given("\n".join(reviews).encode()) == shown
    assert len(given(("x" * 10_000_000).encode())) == 1


def test_a_review_that_is_typed_where_there_is_no_terminal_is_answered_at_once(monkeypatch, capsys):
    class Typed(io.RawIOBase):
        lines, said = [b"A fine film\n", b"Bad\n", b""], []

        def readable(self):
            return True

        def readinto(self, buffer):
            self.said.append(capsys.readouterr().out)
            line = self.lines.pop(0)
            buffer[: len(line)] = line
            return len(line)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Typed())))
    classify_reviews(None, ["-"], KNOWS_NOTHING)
    assert [said[:13] for said in Typed.said] == ["", '"A fine film"', '"Bad"\n  none ']


TEXTS = ["A fine film, and long", 'Bad: "never again"', "Café olé"]


@pytest.mark.parametrize(
    "name, content",
    [
        ("mine.txt", "\r\n\n".join(TEXTS).encode()),
        ("Mine.TXT", "\n".join(TEXTS).encode("cp1252")),
        ("mine.txt", "\n".join(TEXTS).encode("utf-16")),
        ("mine.csv", pd.DataFrame({"id": [1, 2, 3], "review": TEXTS}).to_csv(index=False).encode()),
        ("mine.tsv", pd.DataFrame({"text": TEXTS, "stars": [5, 1, 3]}).to_csv(sep="\t").encode()),
        ("labelled.txt", "".join(f"{text}\t1\n" for text in TEXTS).encode()),
    ],
)
def test_the_reviews_in_a_file_are_classified(name, content, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    found = values.review(str(tmp_path / name))
    assert found == TEXTS
    capsys.readouterr()
    classify_reviews(None, [found, "Tail"], KNOWS_NOTHING)
    assert capsys.readouterr().out.splitlines()[::2] == [f'"{text}"' for text in [*TEXTS, "Tail"]]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.txt", b"", "holds no review"),
        ("a.txt", b"\n \n", "holds no review"),
        ("a.txt", b"good\0\0", "line 1, is not UTF-8 text"),
        ("a.csv", b"review\ngood film\n", "has only one column"),
        ("a.csv", b"1,2\n3,4\n", "has no column of texts"),
        ("a.csv", b'review,id\n"good film,1\n', "cannot be read from line"),
    ],
)
def test_a_file_without_reviews_is_refused_before_a_training(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        values.review(str(tmp_path / name))
    assert "\n" not in str(error.value)


def test_own_texts_are_classified_into_their_classes_as_they_were_prepared(run, tmp_path):
    moods = {"glad": "sun", "sad": "rain", "cross": "noise"}
    lines = [
        f"{mood}\tI think of {thing}<br />and number {i}" for i in range(60) for mood, thing in moods.items()
    ]
    (tmp_path / "moods.tsv").write_text("\n".join(lines))
    flags = ("--data-dir", "moods.tsv", "--plot", "file", "--batch-size", 4, "--epochs", 4)
    first = run(*flags, "--learning-rate", 0.03, lesson="imdb_text")
    assert (first.returncode, first.stderr) == (0, "")
    assert "3 classes of texts: cross (36), glad (36), sad (36)" in first.stdout
    assert "Split: a fifth held out for testing, a fifth for validation, seed 0" in first.stdout
    result = result_of(tmp_path / "runs" / "imdb_text")
    assert result["classes"] == ["cross", "glad", "sad"] and result["lecture"] is None
    assert result["test"]["accuracy"] > 0.9 and result["data"]["preparation"] == {"length": 8}
    assert Image.open(tmp_path / "runs" / "imdb_text" / "dashboard.png").size == (1344, 756)
    (tmp_path / "moods.tsv").unlink()  # the trained network needs it no more
    (tmp_path / "new.txt").write_text("Oh, the sun!<br>\nSuch rain…\n")
    asked = run("--review", "new.txt", "--review", "noise – noise", "--review", "br", lesson="imdb_text")
    assert (asked.returncode, asked.stderr) == (0, "")
    answers = [line.strip() for line in asked.stdout.splitlines() if line.startswith("  ")]
    assert [answer.split(",")[0] for answer in answers if "sure" in answer] == ["glad", "sad", "cross"]
    assert answers[-1] == "none of its words is known: no prediction"


@pytest.mark.parametrize("preparation", [{}, {"length": 0}, {"length": "8"}, {"length": 1e9}, [], "8", 8])
def test_a_run_whose_preparation_was_tampered_with_is_refused(preparation):
    with pytest.raises(UserError, match="train it again"):
        classify_reviews(None, ["good"], KNOWS_NOTHING._replace(preparation=preparation))
    with pytest.raises(UserError, match="train it again"):
        classify_reviews(None, ["good"], KNOWS_NOTHING._replace(words=None))
