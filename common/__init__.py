"""What the lessons share. Import it before Keras: it keeps the libraries quiet."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036  an old Python reads this file, too
    sys.stderr.write("Python {}.{} is too old: take one from 3.10 to 3.14\n".format(*sys.version_info))
    sys.exit(2)

from common import terminal  # first of all
from common.answers.feature_maps import show_feature_maps
from common.answers.predictions import predict_photos, show_predictions
from common.answers.reviews import classify_reviews
from common.answers.translations import say_translations, score_translations
from common.command_line import parse_args
from common.data.digits_and_clothes import load_fashion_mnist, load_mnist
from common.data.houses import load_boston_housing
from common.data.pairs import jitter, load_edges, load_facades
from common.data.photos import load_cats_dogs
from common.data.reviews import load_imdb
from common.data.sentences import load_dates, load_sentences
from common.terminal import UserError
from common.training.batches import in_batches
from common.training.results import trained_model
from common.training.run import Run
from common.window.live_plot import LivePlot
from common.window.panes.bands import Biases, Logits, MaxActivations, Weights
from common.window.panes.curves import Accuracy, Loss
from common.window.panes.numbers import Errors, PredictedAgainstTrue
from common.window.panes.pictures import PairPictures, TestImages, TrainImages
from common.window.panes.translations import AttentionMap, TranslatedTexts, Translations
from common.window.panes.words import Reviews, WordSentiments
from common.window.screens import wait_until_closed

terminal.interrupt.importing = False

__all__ = [
    "Accuracy",
    "AttentionMap",
    "Biases",
    "Errors",
    "LivePlot",
    "Logits",
    "Loss",
    "MaxActivations",
    "PairPictures",
    "PredictedAgainstTrue",
    "Reviews",
    "Run",
    "TestImages",
    "TrainImages",
    "TranslatedTexts",
    "Translations",
    "UserError",
    "Weights",
    "WordSentiments",
    "classify_reviews",
    "in_batches",
    "jitter",
    "load_boston_housing",
    "load_cats_dogs",
    "load_dates",
    "load_edges",
    "load_facades",
    "load_fashion_mnist",
    "load_imdb",
    "load_mnist",
    "load_sentences",
    "parse_args",
    "predict_photos",
    "say_translations",
    "score_translations",
    "show_feature_maps",
    "show_predictions",
    "trained_model",
    "wait_until_closed",
]
