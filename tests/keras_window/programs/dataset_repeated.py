"""An endless data set: the program says how many batches are an epoch, in training and validation."""

import keras
import numpy as np

BACKENDS = ("tensorflow", "jax")


def load():
    import tensorflow as tf

    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 4)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype("int32")
    return tf.data.Dataset.from_tensor_slices((x, y)).repeat().batch(16)


def main(callbacks):
    data = load()
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        data, steps_per_epoch=10, epochs=3, validation_data=data.skip(5), validation_steps=4,
        callbacks=callbacks, verbose=0,
    )  # fmt: skip
    return model, history


def window():
    return {"data": (load(), load())}
