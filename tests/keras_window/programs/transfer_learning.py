"""Two fits with one callback: first with frozen layers, then with all and a small learning rate."""

import keras
import numpy as np
from keras import layers


def load(rows, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    x = rng.random((rows, 12, 12, 3), dtype="float32") / 2
    x[y == 1, 4:8, :, 0] += 0.5
    return x, y


def main(callbacks):
    base = keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Conv2D(6, 3, activation="relu"), layers.BatchNormalization()],
        name="pretrained",
    )
    inputs = keras.Input((12, 12, 3))
    pooled = layers.GlobalAveragePooling2D()(base(inputs, training=False))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(layers.Dropout(0.2)(pooled)))
    (x, y), test = load(128, 0), load(64, 1)
    histories = []
    for trainable, rate, until in (False, 1e-2, 2), (True, 1e-3, 4):
        base.trainable = trainable
        model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x, y, epochs=until, initial_epoch=until - 2, validation_data=test, callbacks=callbacks, verbose=0
        )
        histories.append(history)
    return model, histories


def window():
    return {"data": (load(128, 0), load(64, 1))}
