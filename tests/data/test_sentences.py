"""Dates and sentences: texts, tokens and numbers."""

import datetime
import zipfile

import pytest
from helpers import data_flags
from hypothesis import given
from hypothesis import strategies as st

from common import UserError, load_dates, load_sentences
from common.data.sentences import END, PAD, START, UNKNOWN, Language, Task, _written
from common.data.sentences import tokens_of


@pytest.fixture(scope="module")
def dates():
    return load_dates(data_flags())


def test_dates_are_written_as_people_do(dates):
    assert [len(dates.splits[split][0]) for split in ("train", "validation", "test")] == [20_000, 1000, 2000]
    iso = dict(zip(*dates.splits["train"], strict=True))
    assert _written(datetime.date(2018, 3, 3), 0) == "Saturday, 3 March 2018"
    assert _written(datetime.date(2018, 3, 3), 1) == "3.3.18"
    short = [(text.split("."), day) for text, day in iso.items() if "." in text and len(text) <= 8]
    short = [((d, m, int(y)), day) for (d, m, y), day in short if len(y) == 2]
    assert len(short) > 1000
    for (d, m, y), day in short:
        assert day == f"{1900 + y if y >= 50 else 2000 + y}-{int(m):02}-{int(d):02}"
    slashed = [(text.split("/"), day) for text, day in iso.items() if "/" in text]
    assert all(day == f"{y}-{int(m):02}-{int(d):02}" for (m, d, y), day in slashed) and len(slashed) > 1000
    assert sum(text[0].isalpha() for text in iso) > 5000


def test_no_day_to_be_tested_is_learnt(dates):
    train, test = (set(dates.splits[split][1]) for split in ("train", "test"))
    assert len(train) == 20_000 and len(test) == 2000 and not train & test


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("Don't stop!", ["don't", "stop", "!"]),
        ("“Is it far?” he said.", ["“", "is", "it", "far", "?", "”", "he", "said", "."]),
        ("a well-known man", ["a", "well-known", "man"]),
        ("the 'best' dogs' home", ["the", "'", "best", "'", "dogs", "'", "home"]),
        ("你好,Tom。", ["你", "好", ",", "tom", "。"]),
        ("¿Dónde está?", ["¿", "dónde", "está", "?"]),
        ("שלום עולם!", ["שלום", "עולם", "!"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("", []),
    ],
)
def test_texts_become_words_and_marks(text, tokens):
    assert tokens_of(text) == tokens


@given(st.text(max_size=60))
def test_any_text_becomes_tokens_without_spaces(text):
    tokens = tokens_of(text)
    assert all(token and not any(character.isspace() for character in token) for token in tokens)


@pytest.mark.parametrize("text", ["i can't swim.", "你好，汤姆。", "no lo sé. ¿y tú?", "¡sí! (a, b) «c»!"])
def test_tokens_become_a_text_again(text):
    assert Language([]).text(tokens_of(text)) == text


def test_a_text_is_numbers_with_an_end_and_its_translation_comes_one_token_late():
    splits = {"train": (["ab", "c"], ["xyz", "y"]), "validation": (["ad"], ["x"])}
    task = Task(splits, ["x"], None, list, exact=True, joined="")
    x, y = task.data.train
    a, b, c = (task.source.ids[letter] for letter in "abc")
    X, Y, Z = (task.target.ids[letter] for letter in "xyz")
    assert x.tolist() == [[a, b, END, START, X, Y, Z], [c, END, PAD, START, Y, END, PAD]]
    assert y.tolist() == [[X, Y, Z, END], [Y, END, PAD, PAD]]
    assert task.data.validation.x[0, :3].tolist() == [a, UNKNOWN, END]


def test_sentences_to_be_tested_are_not_learnt(sentences, tmp_path):
    task = load_sentences(data_flags(pairs=sentences))
    train, validation, test = (
        {tuple(s) for s in task.splits[split][0]} for split in ("train", "validation", "test")
    )
    assert (len(validation), len(test)) == (500, 1000)
    assert not train & test and not train & validation and not validation & test
    with zipfile.ZipFile(tmp_path / "spa-eng.zip", "w") as archive:
        archive.write(sentences, "spa-eng/spa.txt")
    again = load_sentences(data_flags(data_dir=tmp_path))
    assert again.splits == task.splits


def test_too_few_or_no_sentences_are_named(sentences, tmp_path):
    few = sentences.read_text("utf-8").splitlines(keepends=True)[:2500]
    (tmp_path / "few.txt").write_text("".join(few), "utf-8")
    with pytest.raises(UserError, match="different sentences"):
        load_sentences(data_flags(pairs=tmp_path / "few.txt", train_size=10))
    (tmp_path / "noise.txt").write_bytes(b"\xff\xfe\x00 no text")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        load_sentences(data_flags(pairs=tmp_path / "noise.txt"))
