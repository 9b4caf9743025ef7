"""Predictions in the middle of a training that leave no trace in it."""

import contextlib
import random
import sys

import keras
import numpy as np


class Unchanged:
    """Restores what a prediction or an evaluation changes: metrics, random numbers, states of layers.

    Some layers draw random numbers or keep a state in a prediction, too. Without this, a training with the
    window would go on with other random numbers than one without it.

    Args:
        model: a built `keras.Model`.
    """

    def __init__(self, model):
        self._model, self._changing = model, None

    @contextlib.contextmanager
    def __call__(self):
        """A block after which everything but the outputs is as before."""
        if in_several_processes():  # which would all have to change the variables
            yield
            return
        generators = random.getstate(), np.random.get_state(), _torch("get_rng_state")
        metrics = [(variable, _value(variable)) for variable in self._model.metrics_variables]
        others = [(variable, _value(variable)) for variable in self._others()]
        try:
            yield
        finally:
            changed = [(one, value) for one, value in others if not np.array_equal(_value(one), value)]
            for variable, value in metrics + changed:
                variable.assign(value)
            random.setstate(generators[0])
            np.random.set_state(generators[1])
            _torch("set_rng_state", generators[2])
            if self._changing is None:
                self._changing = [variable for variable, _ in changed]

    def _others(self):
        """The variables that a prediction may change; after the first one, those that it has changed."""
        if self._changing is not None:
            return self._changing
        seeds = []
        with contextlib.suppress(Exception):  # private: layers without a seed draw from this generator
            from keras.src.random.seed_generator import global_seed_generator

            seeds.append(global_seed_generator().state)
        return [*self._model.non_trainable_variables, *seeds]


def in_several_processes():
    """Whether Keras trains in several processes, of which one has the window."""
    if not keras.distribution.distribution():
        return False
    import jax  # the backend on which Keras distributes

    return jax.process_count() > 1


def _value(variable):
    return np.array(keras.ops.convert_to_numpy(variable))


def _torch(name, *state):
    """Call a function of PyTorch's random number generator, if Keras computes on PyTorch."""
    if keras.config.backend() == "torch":
        return getattr(sys.modules["torch"], name)(*state)
    return None
