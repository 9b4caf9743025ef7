"""Photos of two or more classes."""

from subjects.photos.answers import predict_photos
from subjects.photos.data import load_cats_dogs

__all__ = ["load_cats_dogs", "predict_photos"]
