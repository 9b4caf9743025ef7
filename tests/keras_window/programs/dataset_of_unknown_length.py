"""A data set that does not know how many batches it has. As one that reads a file line by line."""

import keras
import numpy as np

BACKENDS = ("tensorflow", "jax")


def load(rows, seed):
    import tensorflow as tf

    def examples():
        rng = np.random.default_rng(seed)
        for _ in range(rows):
            x = rng.normal(size=3)
            yield x, x @ [1.0, -2.0, 0.5]

    specs = tf.TensorSpec((3,), tf.float32), tf.TensorSpec((), tf.float32)
    return tf.data.Dataset.from_generator(examples, output_signature=specs).batch(20)


def main(callbacks):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    train, test = load(rows=210, seed=0), load(rows=70, seed=1)
    history = model.fit(train, validation_data=test, epochs=3, callbacks=callbacks, verbose=0)
    return model, history
