"""Training and validation data with a weight for each example. As in Keras' guide to fit."""

import keras
import numpy as np


def main(callbacks):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 5)).astype("float32")
    y = (x.sum(axis=1) > 0).astype(int)
    weight = np.where(y == 1, 5.0, 0.5)
    train, test = slice(0, 350), slice(350, None)

    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(2, activation="softmax")(inputs)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy",
        metrics=["accuracy"], weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy(name="weighted")],
    )  # fmt: skip
    history = model.fit(
        x[train], y[train], sample_weight=weight[train], epochs=3, verbose=0,
        validation_data=(x[test], y[test], weight[test]), callbacks=callbacks,
    )  # fmt: skip
    return model, history
