"""A forecast with an LSTM, from windows that Keras cuts. As in Keras' example of the weather."""

import keras
import numpy as np
from keras import layers

BACKENDS = ("tensorflow", "jax")


def load(begin, end):
    series = np.sin(np.arange(begin, end) / 5)[:, None].astype("float32")
    return keras.utils.timeseries_dataset_from_array(series[:-8], series[8:], 8, batch_size=32)


def main(callbacks):
    train, test = load(0, 240), load(240, 340)
    model = keras.Sequential([keras.Input((8, 1)), layers.LSTM(6), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    history = model.fit(train, validation_data=test, epochs=2, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(0, 240), load(240, 340))}
