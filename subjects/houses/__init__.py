"""House prices: numbers about census tracts, and panes of predicted and true numbers."""

from subjects.houses.data import load_boston_housing
from subjects.houses.panes import Errors, PredictedAgainstTrue

__all__ = ["Errors", "PredictedAgainstTrue", "load_boston_housing"]
