"""Time per training step of the first lesson, beside a TensorFlow 1 style loop of the same model.

    python3 tools/benchmark_step.py --rounds 5

The loop is the lecture's: a graph, a session, a `feed_dict` with the next 100 digits, and nothing
else between two steps. Both train one epoch in turn, in one process, without a window; the first
round, which builds the graphs, is not counted.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from common import ShuffledBatches, load_mnist, parse_args
from mnist_1_softmax import build_model

import keras
import numpy as np
import tensorflow as tf


def graph_loop(images, labels, batch_size, learning_rate):
    """Returns a function that trains one epoch as a TensorFlow 1 program does."""
    images = images.astype(np.float32) / 255
    one_hot = np.eye(10, dtype=np.float32)[labels]
    v1 = tf.compat.v1
    graph = tf.Graph()
    with graph.as_default():
        X = v1.placeholder(tf.float32, [None, 28, 28, 1])
        Y_ = v1.placeholder(tf.float32, [None, 10])
        W = v1.Variable(tf.zeros([784, 10]))
        b = v1.Variable(tf.zeros([10]))
        logits = tf.matmul(tf.reshape(X, [-1, 784]), W) + b
        loss = tf.reduce_mean(v1.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=Y_))
        train_step = v1.train.GradientDescentOptimizer(learning_rate).minimize(loss)
        session = v1.Session()
        session.run(v1.global_variables_initializer())

    def epoch():
        for start in range(0, len(images), batch_size):
            rows = slice(start, start + batch_size)
            session.run(train_step, {X: images[rows], Y_: one_hot[rows]})

    return epoch


def lesson(images, labels, args):
    """Returns a function that trains one epoch as the lesson does."""
    keras.utils.set_random_seed(args.seed)
    model = build_model()
    model.compile(
        optimizer=keras.optimizers.SGD(args.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=50,
    )
    batches = ShuffledBatches(images, labels, args)
    return lambda: model.fit(batches.data, callbacks=[batches], shuffle=False, verbose=0)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    args = parse_args(__doc__, epochs=1, batch_size=100, learning_rate=0.3, argv=[])
    (images, labels), _ = load_mnist(args)
    ways = {
        "TensorFlow 1 loop": graph_loop(images, labels, args.batch_size, args.learning_rate),
        "lesson": lesson(images, labels, args),
    }
    steps = len(images) / args.batch_size
    milliseconds = {name: [] for name in ways}
    for counted in range(-1, rounds):
        for name, epoch in ways.items():
            began = time.perf_counter()
            epoch()
            if counted >= 0:
                milliseconds[name].append(1000 * (time.perf_counter() - began) / steps)
    for name, values in milliseconds.items():
        print(f"{name:18} {statistics.median(values):.3f} ms a step ({min(values):.3f} to {max(values):.3f})")
    loop, ours = milliseconds.values()
    print(f"lesson / loop      {statistics.median(ours) / statistics.median(loop):.2f} (ratio of medians)")


if __name__ == "__main__":
    main()
