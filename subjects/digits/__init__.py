"""Handwritten digits. Their loader is in common/data, because other subjects use it, too."""

from subjects.digits.feature_maps import show_feature_maps
from subjects.digits.panes import NeuronWeights

__all__ = ["NeuronWeights", "show_feature_maps"]
