"""The network's outputs for the validation examples, collected while Keras validates."""

import keras
import numpy as np


class ValidationOutputs:
    """Collects the outputs of a model's validation steps, so that they need not be predicted again.

    Keras' `fit` returns only loss and metrics. Until `undo`, each validation step also passes its labels and
    outputs to this object; what Keras computes does not change.

    Args:
        model: a compiled model, about to be trained.
        y: the labels of the validation examples.
    """

    def __init__(self, model, y):
        self._model, self._y, self._outputs = model, y, None
        if model.jit_compile and keras.config.backend() == "tensorflow":
            return  # XLA cannot call Python
        test_step, compute_metrics = type(model).test_step, type(model).compute_metrics

        def with_outputs(x, y, y_pred, *rest, **settings):
            if keras.ops.is_tensor(y) and keras.ops.is_tensor(y_pred):  # not a model with several outputs
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
        """Restore the model's own validation step. Do not call it during an evaluation."""
        if vars(self._model).pop("test_step", None):
            self._model.test_function = None

    def _give_away(self, y, y_pred):
        """Pass labels and outputs to `_keep`; on TensorFlow and JAX this is part of the compiled graph."""
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
            self._outputs = None  # other examples than `y`

    def begin(self):
        self._outputs = []

    def end(self):
        """Return the outputs since `begin`, float32 [n, ...]; None if these were not the examples of `y`."""
        if keras.config.backend() == "jax":
            import jax

            jax.effects_barrier()
        outputs, self._outputs = self._outputs, None
        return np.concatenate(outputs) if outputs and sum(map(len, outputs)) == len(self._y) else None
