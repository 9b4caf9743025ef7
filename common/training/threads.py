"""On how many of the processor's cores the backend computes.

To share a small product out among threads takes longer than to compute it: small networks train faster on one
thread, and leave the other cores to the window and to whatever else runs on the computer.
"""

import contextlib
import importlib.util
import os
import sys

import keras


def use_threads(number, asked):
    """Let the backend compute on so many threads. It must not have computed anything before.

    Args:
        number: how many; None for the backend's own choice, one for each core.
        asked: whether the user said so. A lesson's own number is for processors: JAX for GPUs also compiles
            on these threads, and on one of them for most of a minute.

    Returns:
        Whether it does. In a notebook a second run has the threads of the first.
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
