"""Pictures as targets: an autoencoder that takes the noise out of 28 × 28 images, as in Keras' examples."""

import keras
import numpy as np
from keras import layers


def load(rows, seed):
    rng = np.random.default_rng(seed)
    clean = np.zeros((rows, 28, 28, 1), "float32")
    for image, (top, left) in zip(clean, rng.integers(2, 16, (rows, 2)), strict=True):
        image[top : top + 10, left : left + 10] = 1
    noisy = (clean + rng.normal(0, 0.4, clean.shape)).clip(0, 1).astype("float32")
    return noisy, clean


def main(callbacks):
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, 2, padding="same", activation="relu"),
            layers.Conv2DTranspose(4, 3, 2, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    (x, y), test = load(160, 0), load(60, 1)
    history = model.fit(x, y, epochs=2, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(160, 0), load(60, 1))}
