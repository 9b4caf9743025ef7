"""A train_step for PyTorch. As in Keras' guide to fit() with PyTorch."""

import keras
import numpy as np

BACKENDS = ("torch",)


class Ordinary(keras.Model):
    def train_step(self, data):
        import torch

        x, y = data
        self.zero_grad()
        found = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=found)
        loss.backward()
        weights = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([weight.value.grad for weight in weights], weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, found)
        return {metric.name: metric.result() for metric in self.metrics}


def load(rows, seed):
    x = np.random.default_rng(seed).normal(size=(rows, 4)).astype("float32")
    return x, (x[:, :1] > x[:, 1:2]).astype("float32")


def main(callbacks):
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(8, "relu")(inputs))
    model = Ordinary(inputs, keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
