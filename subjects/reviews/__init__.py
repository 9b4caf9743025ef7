"""Film reviews: the data set, the panes of words and reviews, and predictions for typed reviews."""

from subjects.reviews.answers import classify_reviews, say_best_epoch
from subjects.reviews.data import load_imdb
from subjects.reviews.panes import Reviews, WordSentiments

__all__ = ["Reviews", "WordSentiments", "classify_reviews", "load_imdb", "say_best_epoch"]
