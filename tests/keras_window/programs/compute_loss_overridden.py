"""A model that computes its loss itself; compile() is given none. As in Keras' guide to train_step."""

import keras
import numpy as np
from keras import ops


class Robust(keras.Model):
    """Learns with the logarithm of the squared error, which outliers do not rule."""

    def __init__(self):
        super().__init__()
        self.hidden, self.output_layer = keras.layers.Dense(8, "relu"), keras.layers.Dense(1)
        self.error = keras.metrics.Mean(name="error")

    def call(self, inputs):
        return self.output_layer(self.hidden(inputs))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = ops.mean(ops.log1p(ops.square(y - y_pred)))
        self.error.update_state(ops.mean(ops.abs(y - y_pred)))
        return loss


def load(rows, seed):
    x = np.random.default_rng(seed).normal(size=(rows, 3)).astype("float32")
    return x, np.abs(x).sum(axis=1, keepdims=True)


def main(callbacks):
    model = Robust()
    model.compile(optimizer="adam")
    (x, y), test = load(300, 0), load(1500, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(1500, 1))}
