"""What the lessons share. Import it before Keras: it keeps the libraries quiet."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036  an old Python reads this file, too
    sys.stderr.write("Python {}.{} is too old: take one from 3.10 to 3.13\n".format(*sys.version_info))
    sys.exit(2)

from common import terminal  # noqa: F401  first of all
from common import fused_batch_norm  # noqa: F401
from common.batches import ShuffledBatches
from common.command_line import parse_args
from common.datasets import (
    load_boston_housing,
    load_cats_dogs,
    load_fashion_mnist,
    load_imdb,
    load_mnist,
)
from common.feature_maps import show_feature_maps
from common.image_pairs import jitter, load_edges, load_facades
from common.image_panes import PairPictures, TestImages, TrainImages
from common.live_plot import LivePlot
from common.panes import Accuracy, Biases, Logits, Loss, MaxActivations, Weights
from common.predictions import predict_photos, show_predictions
from common.regression_panes import Errors, PredictedAgainstTrue
from common.reviews import classify_reviews
from common.run_folder import Run, trained_model
from common.sentences import load_dates, load_sentences, say_translations, score_translations
from common.screens import wait_until_closed
from common.terminal import UserError
from common.text_panes import Reviews, WordSentiments
from common.translation_panes import AttentionMap, TranslatedTexts, Translations

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
    "ShuffledBatches",
    "TestImages",
    "TrainImages",
    "TranslatedTexts",
    "Translations",
    "UserError",
    "Weights",
    "WordSentiments",
    "classify_reviews",
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
