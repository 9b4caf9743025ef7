"""More metrics than the window has panes."""

import keras
import numpy as np

SAYS = ["LivePlot: no room for msle, r2_score, root_mean_squared_error"]


def main(callbacks):
    rng = np.random.default_rng(8)
    x = rng.uniform(0.1, 1, (300, 4)).astype("float32")
    y = (x[:, :1] * 2 + x[:, 1:2]).astype("float32")
    model = keras.Sequential([keras.layers.Dense(12, "relu"), keras.layers.Dense(1)])
    metrics = ["mae", "mape", "msle", "cosine_similarity", keras.metrics.RootMeanSquaredError()]
    metrics += [keras.metrics.R2Score(), keras.metrics.LogCoshError(), keras.metrics.MeanSquaredError()]
    model.compile("adam", "mse", metrics=metrics)
    history = model.fit(x, y, validation_split=0.25, epochs=3, callbacks=callbacks, verbose=0)
    return model, history
