"""A train_step for JAX, without side effects. As in Keras' guide to fit() with JAX."""

import keras
import numpy as np

BACKENDS = ("jax",)


class Stateless(keras.Model):
    def loss_and_updates(self, weights, others, x, y):
        found, others = self.stateless_call(weights, others, x, training=True)
        return self.compute_loss(x, y, found), (found, others)

    def train_step(self, state, data):
        import jax

        weights, others, optimizer, metrics = state
        x, y = data
        gradient = jax.value_and_grad(self.loss_and_updates, has_aux=True)
        (loss, (_, others)), gradients = gradient(weights, others, x, y)
        weights, optimizer = self.optimizer.stateless_apply(optimizer, gradients, weights)
        (metric,) = [metric for metric in self.metrics if metric.name == "loss"]
        at = [variable.path for variable in self.metrics_variables].index(metric.variables[0].path)
        new = metric.stateless_update_state(metrics[at : at + len(metric.variables)], loss)
        metrics = [*metrics[:at], *new, *metrics[at + len(new) :]]
        return {"loss": metric.stateless_result(new)}, (weights, others, optimizer, metrics)


def load(rows, seed):
    x = np.random.default_rng(seed).normal(size=(rows, 4)).astype("float32")
    return x, (x[:, :1] > x[:, 1:2]).astype("float32")


def main(callbacks):
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(8, "relu")(inputs))
    model = Stateless(inputs, keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy")
    (x, y), test = load(300, 0), load(100, 1)
    history = model.fit(x, y, epochs=3, validation_data=test, callbacks=callbacks, verbose=0)
    return model, history


def window():
    return {"data": (load(300, 0), load(100, 1))}
