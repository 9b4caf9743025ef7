"""Timing of drawing and evaluation, so that the window takes only a small share of the training's time."""

import contextlib
import time


class Pace:
    """Decides when to draw the next picture, and when to evaluate the test set or a sample of it.

    In the first ten seconds there are more than three pictures a second, as long as they take less than half
    of the time. After that, drawing takes 1 % of the time, or up to 3 % if a picture would otherwise stay for
    more than five seconds: where drawing is slow, on a busy computer, it would stay for most of a minute.

    Evaluation has its own budget: 0.4 seconds, a half of it spread over the training, plus 2 % of the time.
    In the first epoch, where the curve is steep, the test set is evaluated each time the number of iterations
    has grown by a quarter; if that takes long, a sample is, and all of it after a quarter of the epoch, if
    that takes at most a fortieth of the training. In later epochs the sample is evaluated as often as the
    budget allows; Keras' validation evaluates the whole test set, or, if the training has none, the window
    does. A test set too small for a sample is itself evaluated, if the budget has room for all of it.

    Args:
        examples: the number of test examples.

    Attributes:
        quick: whether evaluating the whole test set takes little time.
        samples: whether a sample is evaluated between two evaluations of the whole test set.
    """

    OPENING, INTERVAL = 10.0, 0.325  # seconds
    QUICK = 0.075  # seconds
    PATIENCE = 0.5  # seconds that the first picture may wait for the test set
    AT_ONCE, SPREAD, SHARE = 0.2, 0.2, 0.02  # seconds, seconds over the training, share of the time

    def __init__(self, examples):
        self.spent = self._evaluated_meanwhile = 0.0
        self._examples = examples
        self._test_spent, self._tested_at, self._sampled_at = 0.0, None, 0
        self.first_epoch, self._validated, self.samples = True, False, False
        self.expect(0.0)
        self.start()

    def expect(self, seconds):
        """Set how many seconds evaluating the whole test set takes."""
        self._seconds, self.quick = seconds, seconds < self.QUICK

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
        return now - self._left >= min(99 * self._cost, max(5.0, 32 * self._cost))

    def whole_due(self, step, steps, progress):
        """Whether to evaluate the whole test set after this iteration; the arguments as for `sample_due`."""
        last = self._tested_at or 0
        if self._validated:
            return False
        if self.quick:
            return step > 1.25 * last and self.test_affordable()
        if not (self.first_epoch and last < steps / 4 <= step):  # by then many are classified correctly
            return False
        return 40 * self._seconds * progress <= time.perf_counter() - self.began

    def sample_due(self, step, steps, progress):
        """Whether to evaluate the sample after this iteration.

        Args:
            step: the iteration.
            steps: iterations in an epoch, 0 if that is unknown.
            progress: the share of the training that is done, 0 if that is unknown.
        """
        between = 0.25 * self._sampled_at + 5 if self.first_epoch else 0.05 * steps
        cost = 0.0 if self.samples or self.quick else self._seconds
        return step > self._sampled_at + between and self.test_affordable(progress, cost)

    def first_test_due(self):
        patience = self.PATIENCE if self.first_epoch else 10 * self.PATIENCE  # a resumed run has more to show
        return self._tested_at is None and self._seconds < patience

    def picture_test_due(self, step):
        """Whether a picture wants the whole test set evaluated, which it is not yet after this iteration."""
        if self._tested_at == step:
            return False
        return self.first_test_due() or (self.quick and not self._validated and self.test_affordable())

    def test_affordable(self, progress=0.0, cost=0.0):
        elapsed = time.perf_counter() - self.began
        return self._test_spent + cost <= self.AT_ONCE + self.SPREAD * progress + self.SHARE * elapsed

    def validated(self, step):
        """Note that Keras' validation evaluated the whole test set; it will do so after each epoch."""
        self._tested_at, self._validated = step, True

    def end_epoch(self):
        self.first_epoch = False

    @contextlib.contextmanager
    def evaluating(self, step, whole, free, between_pictures):
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        if self._tested_at is not None and not free:  # the first one is free, too
            self._test_spent += seconds
        if between_pictures:
            self.spent += seconds
        else:
            self._evaluated_meanwhile += seconds
        self._sampled_at = step
        if whole:
            self._tested_at = step
            self.expect(seconds)

    def __enter__(self):
        self._entered = time.perf_counter()
        self._next = max(self._next, self._entered - self.INTERVAL) + self.INTERVAL

    def __exit__(self, *exception):
        self._left = time.perf_counter()
        self.spent += self._left - self._entered
        self._cost = self._left - self._entered - self._evaluated_meanwhile
        self._evaluated_meanwhile = 0.0
