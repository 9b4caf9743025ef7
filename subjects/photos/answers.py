"""Predictions of a trained network for the user's own images."""

from common.answers.predictions import predict_pictures
from common.data.pictures import read_photo


def predict_photos(model, classes, args):
    """Predict for the user's photos, stretched to the model's size, as `predict_pictures` does."""
    predict_pictures(model, classes, args, lambda path: read_photo(path, model.input_shape[1]))
