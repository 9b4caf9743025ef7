"""The network's outputs for the validation examples, collected while Keras validates."""

import keras
import numpy as np


class ValidationOutputs:
    """Collects the outputs of a model's validation steps, so that they need not be predicted again.

    Keras' `fit` returns only loss and metrics. Until `undo`, each validation step also passes its labels and
    outputs to this object; what Keras computes does not change.

    Args:
        model: a compiled model, about to be trained.
        y: the labels of the test examples of the window, an array or a tree of arrays.

    Attributes:
        same: whether Keras validates on these test examples, without weights; None if that is unknown.
    """

    def __init__(self, model, y):
        self._model, self._y, self._outputs = model, keras.tree.flatten(y), None
        self.same = None
        if model.jit_compile and keras.config.backend() == "tensorflow":
            return  # XLA cannot call Python
        test_step, compute_metrics = type(model).test_step, type(model).compute_metrics

        def with_outputs(x, y, y_pred, sample_weight=None):
            leaves = [*keras.tree.flatten(y), *keras.tree.flatten(y_pred)]
            if sample_weight is None and all(map(keras.ops.is_tensor, leaves)):
                self._structure = keras.tree.map_structure(lambda _: 0, y_pred)
                self._give_away(leaves)
            return compute_metrics(model, x, y, y_pred, sample_weight)

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

    def _give_away(self, leaves):
        """Pass labels and outputs to `_keep`; on TensorFlow and JAX this is part of the compiled graph."""
        backend = keras.config.backend()
        if backend == "tensorflow":
            import tensorflow as tf

            tf.numpy_function(self._keep, leaves, [])
        elif backend == "jax":
            import jax

            jax.debug.callback(self._keep, *leaves, ordered=True)
        else:
            self._keep(*map(keras.ops.convert_to_numpy, leaves))

    def _keep(self, *leaves):
        if self._outputs is None:
            return
        labels, outputs = leaves[: len(self._y)], leaves[len(self._y) :]
        begin, n = self._seen, len(labels[0])
        self._seen += n
        if len(outputs) == len(keras.tree.flatten(self._structure)) and all(
            np.array_equal(np.ravel(now), np.ravel(ours[begin : begin + n]))
            for now, ours in zip(labels, self._y, strict=True)
        ):
            self._outputs.append([np.array(output) for output in outputs])
        else:
            self._outputs, self.same = None, False

    def begin(self):
        self._outputs, self._seen = [], 0

    def end(self):
        """Return the model's outputs since `begin`; None if these were not for the examples of `y`."""
        if keras.config.backend() == "jax":
            import jax

            jax.effects_barrier()
        outputs, self._outputs = self._outputs, None
        if not outputs:
            return None
        self.same = self._seen == len(self._y[0])
        if not self.same:
            return None
        joined = [np.concatenate(parts) for parts in zip(*outputs, strict=True)]
        return keras.tree.pack_sequence_as(self._structure, joined)
