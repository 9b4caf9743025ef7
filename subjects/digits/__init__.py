"""Handwritten digits. Their loader is in common/data, because other subjects use it, too."""

from subjects.digits.feature_maps import show_feature_maps

__all__ = ["show_feature_maps"]
