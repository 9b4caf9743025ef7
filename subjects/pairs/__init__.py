"""Pairs of images: drawings, and the images they are drawings of."""

from subjects.pairs.data import jitter, load_edges, load_facades
from subjects.pairs.panes import PairPictures

__all__ = ["PairPictures", "jitter", "load_edges", "load_facades"]
