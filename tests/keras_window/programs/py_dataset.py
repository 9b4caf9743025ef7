"""Batches from a class of one's own, a PyDataset. As programs read data that do not fit into memory."""

import math

import keras
import numpy as np


class Squares(keras.utils.PyDataset):
    """Numbers, and whether their squares are above one."""

    def __init__(self, rows, seed, batch_size=24):
        super().__init__()
        self.x = np.random.default_rng(seed).normal(size=(rows, 1)).astype("float32")
        self.y = (self.x[:, 0] ** 2 > 1).astype("float32")
        self.batch_size = batch_size

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index):
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.x[rows], self.y[rows]


def main(callbacks):
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    history = model.fit(
        Squares(250, 0), validation_data=Squares(90, 1), epochs=3, callbacks=callbacks, verbose=0
    )
    return model, history


def window():
    return {"data": (Squares(250, 0), Squares(90, 1))}
