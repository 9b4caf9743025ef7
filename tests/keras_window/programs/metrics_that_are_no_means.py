"""Metrics that are no means over the examples, for rare events. As in tutorials on imbalanced data."""

import keras
import numpy as np


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.15).astype("float32")
    return rng.normal(size=(rows, 4)).astype("float32") + y[:, None], y[:, None]


def main(callbacks):
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")])
    metrics = [
        keras.metrics.TruePositives(name="tp"),
        keras.metrics.Recall(name="recall"),
        keras.metrics.Precision(name="precision"),
        keras.metrics.AUC(name="auc"),
    ]
    model.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(), metrics=metrics)
    (x, y), test = load(400, 0), load(200, 1)
    history = model.fit(x, y, batch_size=64, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(400, 0), load(200, 1))}
