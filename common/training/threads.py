"""The number of processor cores that the backend computes on.

Splitting a small matrix product among threads takes longer than computing it. Small networks train faster on
one thread, which leaves the other cores to the window and to other programs.
"""

import contextlib
import importlib.util
import os
import sys

import keras


def use_threads(number, asked):
    """Set the number of threads the backend computes on. Call it before the backend computes anything.

    Args:
        number: the number of threads; None for the backend's default, one per core.
        asked: whether the user gave the number. A lesson's default is ignored on JAX with a GPU, which also
            compiles on these threads: on a single one that takes most of a minute.

    Returns:
        False if it is too late to set the number: in a notebook a second run keeps the threads of the first.
    """
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(number or 0)
        except RuntimeError:
            return False
    elif number and backend == "torch":
        sys.modules["torch"].set_num_threads(number)
    elif number and (asked or not importlib.util.find_spec("jax_plugins")):
        os.environ["NPROC"] = str(number)  # JAX reads it when it computes for the first time
        with contextlib.suppress(ImportError, AttributeError):  # other versions do not tell whether it has
            from jax._src import xla_bridge

            return not xla_bridge.backends_are_initialized()
    return True
