"""IMDB from its command, and reviews of the user's own, read by the trained network."""

import io
import sys

import pytest
from PIL import Image

from common import UserError, classify_reviews, parse_args
from common.data.reviews import SPECIAL


def test_a_review_is_classified_and_unknown_words_are_named(run, tmp_path, monkeypatch):
    texts = ["A great, wonderful, perfect film", "An awful, boring waste of tyme", "xyzzy"]
    asked = [word for text in texts for word in ("--review", text)]
    quick = ("--train-size", 5000, "--epochs", 4, "--learning-rate", 0.03)
    first = run(*quick, "--plot", "file", *asked, lesson="imdb_text")
    assert (first.returncode, first.stderr) == (0, "") and "training one first" in first.stdout
    assert [line.split()[0] for line in first.stdout.splitlines()][:9] == [
        "IMDB:", "There", "imdb_text:", *["epoch"] * 4, "The", "The",
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
    ):
        with pytest.raises(UserError, match=message):
            parse_args("", argv=flags, epochs=40, review=[])


@pytest.mark.parametrize(
    "written, encoding",
    [("utf-8", "cp950"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-8", "cp1252")],
)
def test_reviews_are_read_in_utf_8_or_as_the_terminal_has_it(written, encoding, monkeypatch, capsys):
    content = io.BytesIO("a café I liked\n\nnaïve\n".encode(written))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content, encoding=encoding))
    classify_reviews(None, ["-"], [*SPECIAL, "good"])
    said = capsys.readouterr().out.splitlines()
    assert said[::2] == ['"a café I liked"', '"naïve"']
