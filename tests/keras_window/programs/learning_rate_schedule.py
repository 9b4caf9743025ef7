"""A learning rate that a callback sets, and a log of it that another callback adds to Keras' logs."""

import keras
import numpy as np


def main(callbacks):
    x = np.random.default_rng(14).uniform(-2, 2, (300, 1)).astype("float32")
    y = np.sin(2 * x)
    model = keras.Sequential([keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7)
    warm = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(warm=epoch < 1))
    history = model.fit(x, y, epochs=4, callbacks=[slower, warm, *callbacks], verbose=0)
    return model, history
