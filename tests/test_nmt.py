"""Attention: the data, the translation, and a run of seconds."""

import datetime
import zipfile
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from conftest import result_of
from hypothesis import given
from hypothesis import strategies as st

from common import UserError, load_dates, load_sentences
from common.fonts import missing
from common.sentences import END, PAD, START, UNKNOWN, Language, Task, _written, score_translations
from common.sentences import tokens_of

import keras
import nmt_attention


def flags(**changes):
    return Namespace(**({"train_size": None, "batch_size": 10, "pairs": None, "data_dir": None} | changes))


@pytest.fixture(scope="module")
def dates():
    return load_dates(flags())


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
    splits = {"train": (["ab", "c"], ["xyz", "y"]), "test": (["ad"], ["x"])}
    task = Task(splits, ["x"], list, exact=True, joined="")
    x, y = task.arrays("train")
    a, b, c = (task.source.ids[letter] for letter in "abc")
    X, Y, Z = (task.target.ids[letter] for letter in "xyz")
    assert x.tolist() == [[a, b, END, START, X, Y, Z], [c, END, PAD, START, Y, END, PAD]]
    assert y.tolist() == [[X, Y, Z, END], [Y, END, PAD, PAD]]
    assert task.arrays("test")[0][0, :3].tolist() == [a, UNKNOWN, END]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "sentences.txt"
    names = [
        f"{a}{b}{c}" for a in "abcdefghij" for b in "klmnopqrst" for c in "uvwxyzabcdefghijklmnopqrstuvwxyz"
    ]
    lines = [f"I see {name}.\t我 看 {name}。\tsome note" for name in dict.fromkeys(names)]
    path.write_text("\n".join([*lines, lines[0].replace("看", "见"), "a line without a tab", ""]), "utf-8")
    return path


def big(pairs):
    text = pairs.read_text("utf-8")
    return "\n".join(line.replace("I see", f"{who} see") for who in ("I", "we") for line in text.splitlines())


def test_sentences_to_be_tested_are_not_learnt(pairs, tmp_path):
    path = tmp_path / "big.txt"
    path.write_text(big(pairs), "utf-8")
    task = load_sentences(flags(pairs=path))
    train, validation, test = (
        {tuple(s) for s in task.splits[split][0]} for split in ("train", "validation", "test")
    )
    assert (len(validation), len(test)) == (500, 1000)
    assert not train & test and not train & validation and not validation & test
    with zipfile.ZipFile(tmp_path / "spa-eng.zip", "w") as archive:
        archive.write(path, "spa-eng/spa.txt")
    again = load_sentences(flags(data_dir=tmp_path))
    assert again.splits == task.splits


def test_too_few_or_no_sentences_are_named(pairs, tmp_path):
    with pytest.raises(UserError, match="different sentences"):
        load_sentences(flags(pairs=pairs, train_size=10))
    (tmp_path / "noise.txt").write_bytes(b"\xff\xfe\x00 no text")
    with pytest.raises(UserError, match="is no text in UTF-8"):
        load_sentences(flags(pairs=tmp_path / "noise.txt"))


class Spelled:
    """Stands for a network: probabilities of the next token, by the tokens before."""

    def __init__(self, table):
        self.table = table

    def get_layer(self, name):
        return self

    def predict_on_batch(self, inputs):
        if not isinstance(inputs, list):
            return np.zeros((len(inputs), 3, 4)), np.zeros((len(inputs), 1))
        last, state = inputs[0][:, 0], inputs[1]
        state = state * 10 + last[:, None]  # which tokens came before
        rows = [self.table.get(int(value), {END: 1.0}) for value in state[:, 0]]
        chances = np.array([[row.get(token, 0.0) for token in range(7)] for row in rows])
        return chances[:, None], state, np.full((len(last), 1, 3), 1 / 3)


def test_more_beams_find_the_more_probable_translation():
    model = Spelled({START: {4: 0.6, 5: 0.4}, 10 * START + 4: {6: 0.5, 5: 0.5}, 10 * START + 5: {6: 1.0}})
    source = np.zeros((2, 3), int)
    greedy, attention = nmt_attention.translate(model, source, length=5)
    assert greedy[:, 0].tolist() == [4, 4] and attention.shape == (2, 5, 3)
    wide, _ = nmt_attention.translate(model, source, length=5, beams=3)
    assert wide.tolist() == [[5, 6, END, PAD, PAD]] * 2


def test_attention_looks_at_no_padding_and_the_right_tokens_are_counted(dates):
    keras.utils.set_random_seed(0)
    model = nmt_attention.build_model(dates, 8, 0.0)
    source = dates.encode(["3.3.18", "Saturday, 3 March 2018"])
    _, attention = nmt_attention.translate(model, source, length=4)
    assert attention[0, 0, 7:].max() == 0 and attention[0, 0, :7].sum() == pytest.approx(1, abs=1e-5)
    y = np.array([[4, 5, END, PAD]])
    right = np.eye(6)[[[4, 4, END, 5]]]
    assert float(nmt_attention.token_accuracy(y, right)) == pytest.approx(2 / 3)


def test_bleu_of_the_references_is_100(capsys):
    texts = ["i see a cat .", "he has no time at all ."]
    words = [text.split() for text in texts]
    task = Task({"train": (words, words), "test": (words, words)}, texts, tokens_of, exact=False)
    right = score_translations(task, lambda ids: (task.target.encode(words, 9), None))
    assert right == {"bleu": pytest.approx(100)}
    wrong = score_translations(task, lambda ids: (task.target.encode(words[::-1], 9), None))
    assert wrong["bleu"] < 20
    assert "i see a cat." in capsys.readouterr().out


def test_a_font_that_lacks_characters_says_which():
    assert missing("Saturday, 3 März – שלום") == []
    assert missing("a\U0010fffe") == ["\U0010fffe"]


def test_a_run_of_dates_translates(run, tmp_path):
    flags = ("--train-size", 3000, "--epochs", 1, "--plot", "file", "--translate", "3 Märch 2018")
    done = run(*flags, lesson="nmt_attention")
    assert (done.returncode, done.stderr) == (0, "")
    assert "There is no trained model" in done.stdout and "unknown: ä" in done.stdout
    folder = tmp_path / "runs" / "nmt_attention-dates"
    assert 0 <= result_of(folder)["test"]["exact_match"] <= 1
    assert (folder / "dashboard.png").stat().st_size > 50_000
    long = "3" * 5000
    asked = run("--translate", long, "--translate", "äöü", "--beams", 3, lesson="nmt_attention")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "it has 5,000 tokens; only the first" in asked.stdout
    assert "nothing in it is known" in asked.stdout and "epoch" not in asked.stdout
    empty = run("--translate", " ", lesson="nmt_attention")
    assert empty.returncode == 2 and "the text is empty" in empty.stderr


def test_sentences_of_ones_own_are_learnt(run, pairs, tmp_path):
    (tmp_path / "big.txt").write_text(big(pairs), "utf-8")
    flags = ("--step", "translate", "--pairs", "big.txt", "--train-size", 500, "--epochs", 1)
    done = run(*flags, "--plot", "file", lesson="nmt_attention")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Test bleu" in done.stdout
    assert Path(tmp_path / "runs" / "nmt_attention-translate" / "dashboard.png").exists()
    asked = run("--step", "translate", "--translate", "We see k.", lesson="nmt_attention")  # knows its pairs
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "unknown: k" in asked.stdout
