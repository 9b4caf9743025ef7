"""Own train_step and test_step whose means have other names. As in Keras' guide to train_step."""

import keras
import numpy as np
from keras import ops

BACKENDS = ("tensorflow",)


class Regression(keras.Model):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.loss_tracker = keras.metrics.Mean(name="squared")
        self.mae_metric = keras.metrics.MeanAbsoluteError(name="off_by")

    @property
    def metrics(self):
        return [self.loss_tracker, self.mae_metric]

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            found = self(x, training=True)
            loss = ops.mean(ops.square(y - found))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return self.numbers(y, found, loss)

    def test_step(self, data):
        x, y = data
        found = self(x, training=False)
        return self.numbers(y, found, ops.mean(ops.square(y - found)))

    def numbers(self, y, found, loss):
        self.loss_tracker.update_state(loss)
        self.mae_metric.update_state(y, found)
        return {"objective": self.loss_tracker.result(), "off": self.mae_metric.result()}


def load(rows, seed):
    x = np.random.default_rng(seed).random((rows, 4), dtype="float32")
    return x, x @ np.float32([[1], [-1], [2], [0]])


def main(callbacks):
    inputs = keras.Input((4,))
    model = Regression(inputs, keras.layers.Dense(1)(inputs))
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    (x, y), test = load(300, 0), load(1500, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(1500, 1))}
