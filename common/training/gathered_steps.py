"""Training steps that gather their own batches, several in one loop of TensorFlow.

Keras takes each batch from a `tf.data` iterator, whose threads have to be woken for it: for a small network
that takes as long as half a step.
"""


def gather_in_steps(model, train):
    """Let `model.fit(train)` gather each batch in the step that uses it. No number changes.

    Args:
        model: a compiled `keras.Model`.
        train: the training batches, from `in_batches`. On backends other than TensorFlow, and where the
            batches are made with NumPy (data augmentation, large examples), nothing changes.
    """
    gather = getattr(train, "gather", None)
    if gather is None or model.run_eagerly:
        return
    import tensorflow as tf

    step = model.train_step
    if model.jit_compile:  # on a GPU; the examples are not there
        step = tf.function(step, autograph=False, jit_compile=True)

    @tf.function(autograph=False)
    def one(number):
        with tf.device("CPU"):  # where the examples are
            batch = gather(number)
        return step(batch)

    @tf.function(autograph=False)
    def several(begin, end):
        def following(number, logs):
            return number + 1, one(number)

        return tf.while_loop(lambda number, logs: number < end, following, (begin + 1, one(begin)))[1]

    model.make_train_function()
    from_iterator = model.train_function
    now, begin = None, 0

    def train_function(iterator):
        nonlocal now, begin
        if getattr(iterator, "_dataset", None) is not train:
            return from_iterator(iterator)  # `fit` was given other data
        if iterator is not now:  # a new epoch
            now, begin = iterator, 0
        first, begin = begin, min(begin + model.steps_per_execution, len(train))
        return several(*tf.constant([first, begin], tf.int64))

    model.train_function = train_function
