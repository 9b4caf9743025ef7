"""House prices: numbers about census tracts, and panes of predicted and true numbers."""

from subjects.houses.answers import amount, predict_rows
from subjects.houses.data import load_houses
from subjects.houses.panes import Errors, PredictedAgainstTrue

__all__ = ["Errors", "PredictedAgainstTrue", "amount", "load_houses", "predict_rows"]
