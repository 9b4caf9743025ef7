"""Pictures from folders, one for each class: float from 0 to 255. As in Keras' "from scratch" example."""

import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image

BACKENDS = ("tensorflow", "jax")


def load(folder):
    rng = np.random.default_rng(0)
    for label, name in enumerate(["dark", "light"]):
        (Path(folder) / name).mkdir(exist_ok=True)
        for i in range(60):
            pixels = rng.integers(0, 120, (18, 20, 3)) + 100 * label
            Image.fromarray(pixels.astype("uint8")).save(Path(folder) / name / f"{i}.png")
    return keras.utils.image_dataset_from_directory(
        folder,
        image_size=(16, 16),
        batch_size=16,
        validation_split=0.25,
        subset="both",
        seed=1,
        verbose=False,
    )


def main(callbacks):
    with tempfile.TemporaryDirectory() as folder:
        train, validation = load(folder)
        model = keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Rescaling(1 / 255),
                layers.Conv2D(4, 3, 2, activation="relu"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(1),
            ]
        )
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
        history = model.fit(train, epochs=2, validation_data=validation, callbacks=callbacks, verbose=0)
        return model, history


def window():
    from keras_window import Accuracy, Loss, TestImages, TrainImages

    with tempfile.TemporaryDirectory() as folder:
        batches = [list(data.as_numpy_iterator()) for data in load(folder)]
    parts = [[np.concatenate(part) for part in zip(*pairs, strict=True)] for pairs in batches]
    return {"panes": [Accuracy(), Loss(), TrainImages(), TestImages()], "data": parts}
