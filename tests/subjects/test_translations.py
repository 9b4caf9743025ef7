"""Tests of translation: the beam search, the score, the characters."""

import numpy as np
import pytest

from common import UserError
from common.training.models import Trained
from subjects.translation import languages_of, score_translations
from subjects.translation.data import END, PAD, START, Task
from keras_window.panes.fonts import missing

import nmt_attention


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


def test_bleu_of_the_references_is_100(capsys):
    texts = ["i see a cat .", "he has no time at all ."]
    words = [text.split() for text in texts]
    splits = dict.fromkeys(("train", "validation", "test"), (words, words))
    task = Task(splits, texts, None, exact=False)
    right = score_translations(task, lambda ids: (task.target.encode(words, 9), None))
    assert right == {"bleu": pytest.approx(100)}
    wrong = score_translations(task, lambda ids: (task.target.encode(words[::-1], 9), None))
    assert wrong["bleu"] < 20
    assert "i see a cat." in capsys.readouterr().out


def test_a_trained_network_knows_its_languages_and_what_was_tampered_with_is_refused():
    splits = dict.fromkeys(("train", "validation", "test"), ([["a", "b"], ["c"]], [["x"], ["y"]]))
    task = Task(splits, ["x", "y"], None, exact=False)
    model = nmt_attention.build_model(task, 4, 0.0)
    known = task.data.preparation
    again = languages_of(Trained(model, None, task.data.words, known))
    assert (again.source.ids, again.target.tokens) == (task.source.ids, task.target.tokens)
    assert (again.lengths, again.tokenize("A b.")) == (task.lengths, ["a", "b", "."])
    for words, changed in (
        (task.data.words[:-1], known),
        (None, known),
        (task.data.words, None),
        (task.data.words, {}),
        (task.data.words, known | {"source_tokens": 5}),
        (task.data.words, known | {"source_tokens": "7"}),
        (task.data.words, known | {"lengths": [2, 3]}),
        (task.data.words, known | {"lengths": [2]}),
        (task.data.words, known | {"lengths": 3}),
        (task.data.words, known | {"exact": "no"}),
    ):
        with pytest.raises(UserError, match="train it again"):
            languages_of(Trained(model, None, words, changed))


def test_a_font_that_lacks_characters_says_which():
    assert missing("Saturday, 3 März – שלום") == []
    assert missing("a\U0010fffe") == ["\U0010fffe"]
