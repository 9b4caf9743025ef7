"""Timing of drawing and evaluation, so that the window takes only a small share of the training's time."""

import contextlib
import time


class Pace:
    """Decides when to draw the next picture, and when and on how many examples to evaluate the test set.

    In the first ten seconds there are more than three pictures a second, as long as they take less than half
    of the time. After that, drawing takes 1 % of the time.

    Evaluation has its own budget: a quarter of a second, plus 2 % of the time. In the first epoch, where the
    curve is steep, the test set is evaluated each time the number of iterations has grown by a quarter; if
    that takes long, only 1/`stride` of the examples is used. In later epochs, Keras' validation evaluates the
    test set; if the training has none, the window does.

    Args:
        examples: the number of test examples.
    """

    OPENING, INTERVAL = 10.0, 0.325  # seconds
    SHORTEST, FEWEST = 0.05, 500  # seconds and examples of an evaluation in the first epoch
    PATIENCE = 0.5  # seconds that the first picture may wait for the test set

    def __init__(self, examples):
        self.spent = self._evaluated_meanwhile = 0.0
        self._examples = examples
        self._test_spent, self._tested_at = 0.0, None
        self.first_epoch, self._validated = True, False
        self.expect(0.0)
        self.start()

    def expect(self, seconds):
        """Set how many seconds evaluating the whole test set takes, and choose `stride` from it."""
        self._seconds = seconds
        in_time = self.SHORTEST / max(seconds, 1e-9) * self._examples
        fewest = max(min(self.FEWEST, self._examples / 4), in_time)
        self.stride = max(1, round(self._examples / fewest))

    def start(self):
        """Start the clock of the training. Time spent before, on opening the window, does not count."""
        self.began = self._next = time.perf_counter()
        self._spent_before, self._cost = self.spent, 0.0

    def due(self):
        now = time.perf_counter()
        if now < self._next:
            return False
        elapsed = now - self.began
        if elapsed < self.OPENING:
            return self.spent - self._spent_before <= 0.5 * elapsed + 1
        return now - self._left >= 99 * self._cost

    def test_due(self, step):
        last, at_least = self._tested_at or 0, 0 if self.stride == 1 else 5
        if step <= 1.25 * last + at_least or not (self.first_epoch or self.stride == 1):
            return False
        return self.test_affordable()

    def first_test_due(self):
        patience = self.PATIENCE if self.first_epoch else 10 * self.PATIENCE  # a resumed run has more to show
        return self._tested_at is None and self._seconds < patience

    def test_affordable(self):
        elapsed = time.perf_counter() - self.began
        return not self._validated and self._test_spent <= 0.25 + 0.02 * elapsed

    def validated(self, step):
        """Note that Keras' validation evaluated the whole test set; it will do so after each epoch."""
        self._tested_at, self._validated = step, True

    def end_epoch(self):
        if self.first_epoch and self.stride > 1:
            self._test_spent = 0.0
        self.first_epoch = False

    @contextlib.contextmanager
    def evaluating(self, step, stride, between_pictures):
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        once = stride < self.stride  # the whole test set instead of a sample
        if self._tested_at is not None and not once:  # the first evaluation is free, too
            self._test_spent += seconds
        if between_pictures:
            self.spent += seconds
        else:
            self._evaluated_meanwhile += seconds
        self._tested_at = step
        self.expect(seconds * stride)

    def __enter__(self):
        self._entered = time.perf_counter()
        self._next = max(self._next, self._entered - self.INTERVAL) + self.INTERVAL

    def __exit__(self, *exception):
        self._left = time.perf_counter()
        self.spent += self._left - self._entered
        self._cost = self._left - self._entered - self._evaluated_meanwhile
        self._evaluated_meanwhile = 0.0
