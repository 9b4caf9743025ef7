"""What the network makes of the validation examples, taken while Keras validates."""

import keras
import numpy as np


class ValidationOutputs:
    """Keeps what a model's validation steps predict, so that nobody has to predict it again.

    Keras' `fit` hands out only loss and metrics. Here each step also gives away its labels and outputs, until
    `undo`; what Keras computes stays as it is.

    Args:
        model: compiled, and about to be trained.
        y: the labels of the examples whose outputs are wanted.
    """

    def __init__(self, model, y):
        self._model, self._y, self._outputs = model, y, None
        if model.jit_compile and keras.config.backend() == "tensorflow":
            return  # XLA does not let anything out
        test_step, compute_metrics = type(model).test_step, type(model).compute_metrics

        def with_outputs(x, y, y_pred, *rest, **settings):
            if keras.ops.is_tensor(y) and keras.ops.is_tensor(y_pred):  # not several
                self._give_away(y, y_pred)
            return compute_metrics(model, x, y, y_pred, *rest, **settings)

        def step(*args):
            model.compute_metrics = with_outputs
            try:
                return test_step(model, *args)
            finally:
                vars(model).pop("compute_metrics", None)

        model.test_step, model.test_function = step, None

    def undo(self):
        """Let the model evaluate as before. Not for the middle of an evaluation."""
        if vars(self._model).pop("test_step", None):
            self._model.test_function = None

    def _give_away(self, y, y_pred):
        """Runs inside Keras' step: on TensorFlow and JAX it is part of the compiled graph."""
        backend = keras.config.backend()
        if backend == "tensorflow":
            import tensorflow as tf

            tf.numpy_function(self._keep, [y, y_pred], [])
        elif backend == "jax":
            import jax

            jax.debug.callback(self._keep, y, y_pred, ordered=True)
        else:
            self._keep(*map(keras.ops.convert_to_numpy, (y, y_pred)))

    def _keep(self, y, y_pred):
        if self._outputs is None:
            return
        begin = sum(map(len, self._outputs))
        if np.array_equal(np.ravel(y), np.ravel(self._y[begin : begin + len(y)])):
            self._outputs.append(np.array(y_pred, np.float32))
        else:
            self._outputs = None  # these are other examples

    def begin(self):
        self._outputs = []

    def end(self):
        """Returns the outputs float32 [n, ...] since `begin`; None if these were other examples."""
        if keras.config.backend() == "jax":
            import jax

            jax.effects_barrier()
        outputs, self._outputs = self._outputs, None
        return np.concatenate(outputs) if outputs and sum(map(len, outputs)) == len(self._y) else None
