"""Two classes, one output without a sigmoid: the loss and the accuracy work on logits. On pictures."""

import keras
import numpy as np
from keras import layers


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    x = rng.random((rows, 10, 10, 1), dtype="float32") * 0.5
    x[y == 1, :5] += 0.3
    return x, y


def main(callbacks):
    model = keras.Sequential([layers.Flatten(), layers.Dense(8, "relu"), layers.Dense(1)])
    model.compile(
        keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")],
    )  # fmt: skip
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    from keras_window import Accuracy, Loss, TestImages, TrainImages

    panes = [Accuracy(), Loss(), TrainImages(), TestImages()]
    return {"panes": panes, "data": (load(300, 0), load(100, 1))}
