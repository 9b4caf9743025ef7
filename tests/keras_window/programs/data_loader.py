"""Batches from PyTorch's DataLoader. As a user of PyTorch comes to Keras."""

import functools

import keras
import numpy as np

BACKENDS = ("torch",)


@functools.cache  # the window gets the very loaders that are trained on
def load(rows, seed):
    import torch

    x = np.random.default_rng(seed).normal(size=(rows, 5)).astype("float32")
    y = (x[:, :2].sum(axis=1) > 0).astype("int64")
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    generator = torch.Generator().manual_seed(seed)
    return torch.utils.data.DataLoader(pairs, batch_size=32, shuffle=True, generator=generator)


def main(callbacks):
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(load(300, 0), validation_data=load(100, 1), epochs=3, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
