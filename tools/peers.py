"""Trains the ladder's networks in other ways; `tools/benchmark.py` starts each in its own process.

    python3 tools/peers.py graph mnist_3_convolutional:3.1 20000 [flags of the lesson]

The program builds the network for the first 20,000 digits, prints "ready", and answers each line it reads:

epoch     the seconds of one epoch
test      the accuracy on the test set
window N  the seconds of N iterations with a window that imitates the lecture's tool
plots N   the seconds of N epochs with livelossplot; fits N: without it
products  the multiplications for one example
matrices  GFLOP/s of a matrix product

The ways to train:

lesson  the lesson's own model, batches and settings (on Keras' backend), taken from its script
plain   the same network: `model.fit` on NumPy arrays, Keras' defaults
graph   a TensorFlow 1 program: a graph, a session, a `feed_dict` for each step, as in the lecture's source
torch   a PyTorch loop

`graph` imports TensorFlow and neither Keras nor PyTorch, `torch` only PyTorch: two of them in one process can
crash, and would share the cores.
"""

import itertools
import math
import runpy
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

ROOT = Path(__file__).parents[1]
BATCH = 100


class Fit(Exception):
    """Raised where the lesson would begin training; carries the model and the batches."""


def lesson_parts(rung, size, flags):
    """The lesson's compiled model and its batches, as passed to `model.fit`."""
    import keras

    script, _, step = rung.partition(":")

    def stop(model, train, **settings):
        raise Fit(model, train)

    keras.Model.fit, fit = stop, keras.Model.fit
    sys.argv = [f"{script}.py", "--plot", "none", "--train-size", str(size), "--out", tempfile.mkdtemp()]
    sys.argv += [*(["--step", step] if step else []), *flags]
    try:
        runpy.run_path(str(ROOT / f"{script}.py"), run_name="__main__")
    except Fit as found:
        return found.args
    finally:
        keras.Model.fit = fit


class Lesson:
    def __init__(self, rung, train, test, flags=()):
        from common.training.progress import DealOrder  # before Keras: it keeps the libraries quiet

        self.model, batches = lesson_parts(rung, len(train[0]), flags)
        self.data, self.settings, self.test = (batches,), {"callbacks": [DealOrder(batches)]}, test

    def epoch(self):
        self.model.fit(*self.data, verbose=0, **self.settings)

    def accuracy(self):
        return self.model.evaluate(*self.test, batch_size=1000, verbose=0, return_dict=True)["accuracy"]


class Plain(Lesson):
    def __init__(self, rung, train, test, flags=()):
        super().__init__(rung, train, test, flags)
        import keras

        optimizer = self.model.optimizer
        self.model = keras.models.clone_model(self.model)
        self.model.compile(
            type(optimizer).from_config(optimizer.get_config()),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        self.data = train[0].astype(np.float32), train[1]
        self.settings = {"batch_size": BATCH, "callbacks": []}


class Loop:
    """Trains batch by batch, shuffled anew each epoch."""

    def __init__(self, rung, train, test, flags=()):
        self.random, self.iteration = np.random.default_rng(0), 0
        self.train, self.test = train, test
        self.x, self.x_test = (x.astype(np.float32) / 255 for x in (train[0], test[0]))
        self.build(rung)

    def batches(self):
        order = self.random.permutation(len(self.x))
        return (order[i : i + BATCH] for i in range(0, len(order), BATCH))

    def epoch(self):
        for chosen in self.batches():
            self.step(chosen)

    def learning_rate(self, rung):
        """The lecture's learning rate at this iteration."""
        if rung == "mnist_1_softmax":
            return 0.3
        first, after = (0.02, 1600) if rung.endswith("4.2") else (0.003, 2000)
        return 0.0001 + first * np.exp(-self.iteration / after)


class Graph(Loop):
    def build(self, rung):
        sys.modules["jax"] = None  # TensorFlow imports it where it is installed
        import tensorflow as tf

        v1 = tf.compat.v1
        v1.disable_eager_execution()
        tf.get_logger().setLevel("ERROR")
        v1.set_random_seed(0)
        self.rung, self.one_hot = rung, np.eye(10, dtype=np.float32)[self.train[1]]
        self.X = v1.placeholder(tf.float32, [None, 28, 28, 1])
        self.Y_ = v1.placeholder(tf.float32, [None, 10])
        self.rate, self.keep = v1.placeholder(tf.float32), v1.placeholder(tf.float32)
        self.training = v1.placeholder(tf.bool)
        averages, self.weights, self.biases = [], [], []

        def weights(*shape):
            self.weights.append(v1.Variable(v1.truncated_normal(shape, stddev=0.1)))
            return self.weights[-1]

        def biases(n, value=0.1):
            self.biases.append(v1.Variable(tf.fill([n], value)))
            return self.biases[-1]

        def batch_norm(Z, n, axes):
            average = tf.train.ExponentialMovingAverage(0.99)
            mean, variance = tf.nn.moments(Z, axes)
            averages.append(average.apply([mean, variance]))
            now = tf.cond(self.training, lambda: mean, lambda: average.average(mean))
            spread = tf.cond(self.training, lambda: variance, lambda: average.average(variance))
            return tf.nn.batch_normalization(Z, now, spread, biases(n, 0.0), None, 1e-5)

        def convolution(Y, size, n, stride):
            Z = tf.nn.conv2d(Y, weights(size, size, Y.shape[-1], n), strides=stride, padding="SAME")
            return tf.nn.relu(batch_norm(Z, n, [0, 1, 2]) if normalized else Z + biases(n))

        def dense(Y, n):
            Z = tf.matmul(Y, weights(Y.shape[-1], n))
            return tf.nn.relu(batch_norm(Z, n, [0]) if normalized else Z + biases(n))

        def dropout(Y):
            return v1.nn.dropout(Y, keep_prob=self.keep)

        normalized = rung.endswith("4.2")
        if rung.endswith(("3.1", "4.2")):
            Y, sizes = self.X, [(6, 1), (5, 2), (4, 2)]
            for (size, stride), n in zip(sizes, (24, 48, 64) if normalized else (6, 12, 24), strict=True):
                Y = convolution(Y, size, n, stride)
            Y = dropout(dense(tf.reshape(Y, [-1, 7 * 7 * Y.shape[-1]]), 200))
        else:
            Y = tf.reshape(self.X, [-1, 784])
            for n in (200, 100, 60, 30) if rung.startswith("mnist_2") else ():
                Y = dropout(dense(Y, n))
        logits = tf.matmul(Y, weights(Y.shape[-1], 10)) + biases(10)
        loss = v1.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=self.Y_)
        self.loss, self.probabilities = tf.reduce_mean(loss), tf.nn.softmax(logits)
        right = tf.equal(tf.argmax(logits, 1), tf.argmax(self.Y_, 1))
        self.right = tf.reduce_mean(tf.cast(right, tf.float32))
        simple = rung == "mnist_1_softmax"
        kind = v1.train.GradientDescentOptimizer if simple else v1.train.AdamOptimizer
        self.train_step = tf.group(kind(self.rate).minimize(self.loss), *averages)
        self.session = v1.Session()
        self.session.run(v1.global_variables_initializer())

    def feed(self, x, y, training=False):
        keep = 1.0 if not training else 0.5 if self.rung.endswith(("3.1", "4.2")) else 0.75
        return {self.X: x, self.Y_: y, self.keep: keep, self.training: training}

    def step(self, chosen):
        rate = {self.rate: self.learning_rate(self.rung)}
        self.session.run(self.train_step, self.feed(self.x[chosen], self.one_hot[chosen], True) | rate)
        self.iteration += 1

    def accuracy(self):
        one_hot, parts = np.eye(10, dtype=np.float32)[self.test[1]], range(0, 10_000, 1000)
        feeds = [self.feed(self.x_test[i : i + 1000], one_hot[i : i + 1000]) for i in parts]
        return float(np.mean([self.session.run(self.right, feed) for feed in feeds]))

    def window(self, iterations):
        """Seconds of this many iterations inside a window's animation: six panes, all redrawn each step."""
        import matplotlib.pyplot as plt
        from matplotlib.animation import FuncAnimation

        figure, axes = plt.subplots(2, 3, figsize=(13.44, 7.56))
        curves, bands, one_hot = {}, {}, np.eye(10, dtype=np.float32)[self.test[1]]
        lines = {(pane, name): axes[0, pane].plot([], [])[0] for pane in (0, 1) for name in ("train", "test")}
        pictures = [axes[0, 2].imshow(np.zeros((280, 280))), axes[1, 2].imshow(np.zeros((1120, 700)))]

        def mosaic(x, rows):
            return x.reshape(rows, -1, 28, 28).swapaxes(1, 2).reshape(rows * 28, -1)

        def show(name, x, y):
            right, loss, read = self.session.run([self.right, self.loss, self.probabilities], self.feed(x, y))
            for pane, value in enumerate((right, loss)):
                curves.setdefault((pane, name), []).append((self.iteration, value))
                lines[pane, name].set_data(*zip(*curves[pane, name], strict=True))
            order, train = np.argsort(read.argmax(1) == y.argmax(1)), name == "train"
            pictures[not train].set_data(mosaic(x[order[: 100 if train else 1000]], 10 if train else 40))
            pictures[not train].autoscale()

        def frame(_):
            chosen = next(batches)
            show("train", self.x[chosen], self.one_hot[chosen])
            if self.iteration % 100 == 0:
                show("test", self.x_test, one_hot)
            for pane, variables in enumerate((self.weights, self.biases)):
                values = np.concatenate([v.ravel() for v in self.session.run(variables)])
                bands.setdefault(pane, []).append((self.iteration, *np.percentile(values, range(0, 101, 10))))
                steps, *levels = zip(*bands[pane], strict=True)
                for old in list(axes[1, pane].collections):
                    old.remove()
                for low, high in zip(levels[:5], levels[:5:-1], strict=True):
                    axes[1, pane].fill_between(steps, low, high, alpha=0.2)
            for ax in axes[:, :2].flat:
                ax.relim()
                ax.autoscale_view()
            self.step(chosen)

        batches = self.batches()
        plt.ion()
        animation = FuncAnimation(
            figure, frame, frames=iterations, interval=1, repeat=False, cache_frame_data=False
        )
        began = time.perf_counter()
        end = self.iteration + iterations
        while self.iteration < end:
            plt.pause(0.001)
        seconds = time.perf_counter() - began
        animation.pause()
        plt.close(figure)
        return seconds


class Torch(Loop):
    def build(self, rung):
        import torch
        from torch import nn

        torch.manual_seed(0)
        self.rung, self.torch = rung, torch
        normalized = rung.endswith("4.2")

        def layer(linear, n, norm):
            return [linear, norm(n), nn.ReLU()] if normalized else [linear, nn.ReLU()]

        def convolution(inputs, n, size, stride):
            padding = "same" if stride == 1 else size // 2 if size % 2 else 1
            linear = nn.Conv2d(inputs, n, size, stride, padding, bias=not normalized)
            return layer(linear, n, nn.BatchNorm2d)

        def dense(inputs, n, dropout):
            linear = nn.Linear(inputs, n, bias=not normalized)
            return [*layer(linear, n, nn.BatchNorm1d), nn.Dropout(dropout)]

        if rung.endswith(("3.1", "4.2")):
            a, b, c = (24, 48, 64) if normalized else (6, 12, 24)
            layers = [*convolution(1, a, 6, 1), *convolution(a, b, 5, 2), *convolution(b, c, 4, 2)]
            layers += [nn.Flatten(), *dense(49 * c, 200, 0.5), nn.Linear(200, 10)]
        elif rung == "mnist_1_softmax":
            layers = [nn.Flatten(), nn.Linear(784, 10)]
        else:
            sizes = [784, 200, 100, 60, 30]
            layers = [nn.Flatten()]
            for inputs, n in itertools.pairwise(sizes):
                layers += dense(inputs, n, 0.25)
            layers += [nn.Linear(30, 10)]
        self.model = nn.Sequential(*layers)
        self.optimizer = (torch.optim.SGD if rung == "mnist_1_softmax" else torch.optim.Adam)(
            self.model.parameters(), lr=0.3
        )
        self.x, self.x_test = (torch.tensor(x).permute(0, 3, 1, 2) for x in (self.x, self.x_test))
        self.y, self.y_test = (torch.tensor(y.astype(np.int64)) for y in (self.train[1], self.test[1]))

    def step(self, chosen):
        self.optimizer.param_groups[0]["lr"] = self.learning_rate(self.rung)
        self.model.train()
        chosen = self.torch.from_numpy(chosen)
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(self.model(self.x[chosen]), self.y[chosen])
        loss.backward()
        self.optimizer.step()
        self.iteration += 1

    def accuracy(self):
        self.model.eval()
        with self.torch.no_grad():
            read = self.torch.cat([self.model(x).argmax(1) for x in self.x_test.split(1000)])
        return float((read == self.y_test).float().mean())


def fits(peer, epochs, shown):
    """Seconds of this many epochs, with or without livelossplot's callback in a window."""
    settings = dict(peer.settings)
    if shown:
        import matplotlib.pyplot as plt
        from livelossplot import PlotLossesKeras

        plt.ion()
        settings["callbacks"] = [PlotLossesKeras()]
    began = time.perf_counter()
    peer.model.fit(*peer.data, epochs=epochs, validation_data=peer.test, verbose=0, **settings)
    return time.perf_counter() - began


def products(model):
    """The number of multiplications in the forward pass of one example."""
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    places = [layer.output.shape[1:-1] for layer in kernels]
    return sum(math.prod((*layer.kernel.shape, *n)) for layer, n in zip(kernels, places, strict=True))


def matrices():
    """GFLOP/s of a float32 product of matrices of 2048 × 2048, the best of ten."""
    import tensorflow as tf

    a, seconds = tf.random.normal((2048, 2048)), []
    for _ in range(10):
        began = time.perf_counter()
        tf.matmul(a, a).numpy()
        seconds.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(seconds) / 1e9


def digits(size):
    """The first training digits and the test digits, each x uint8 [n, 28, 28, 1] and y uint8 [n]."""
    with np.load(ROOT / "common" / "data" / "mnist.npz") as file:
        train, test = ((file[f"x_{part}"][..., np.newaxis], file[f"y_{part}"]) for part in ("train", "test"))
    return [part[:size] for part in train], test


def main():
    kind, rung, size, *flags = sys.argv[1:]
    train, test = digits(int(size))
    kinds = {"lesson": Lesson, "plain": Plain, "graph": Graph, "torch": Torch}
    peer = kinds[kind](rung, train, test, flags)
    print("ready", flush=True)
    for line in sys.stdin:
        what, *number = line.split()
        began = time.perf_counter()
        if what == "epoch":
            peer.epoch()
            answer = time.perf_counter() - began
        elif what == "test":
            answer = peer.accuracy()
        elif what == "window":
            answer = peer.window(int(number[0]))
        elif what == "products":
            answer = products(peer.model)
        elif what == "matrices":
            answer = matrices()
        else:
            answer = fits(peer, int(number[0]), shown=what == "plots")
        print("answer", answer, flush=True)


if __name__ == "__main__":
    main()
