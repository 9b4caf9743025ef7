"""Tests of the dashboard, pixel by pixel."""

import numpy as np
import pytest
from small_trainings import RED, share_of, six_panes

from common import Accuracy, Loss
from subjects.houses import Errors
from keras_window.records import Records
from keras_window.sample import Sample
from keras_window.dashboard import Dashboard
from keras_window.screens import File


@pytest.mark.parametrize("misread", [0, 260, 740, 1000, 4000])
def test_the_red_of_the_test_pane_ends_at_the_accuracy(misread, digits):
    (x, y), (x_test, y_test) = digits
    read = y_test.copy()
    read[np.random.default_rng(0).permutation(10_000)[:misread]] += 1
    records = Records(Sample(x[:60], y[:60]), Sample(x_test, y_test, np.eye(11)[read]))
    dashboard = Dashboard(File().figure, six_panes(), records)
    dashboard.update(records, "")
    dashboard.draw()
    left, bottom, right, top = np.rint(dashboard.axes[5].bbox.extents).astype(int)
    pixels = np.asarray(dashboard.figure.canvas.buffer_rgba())[::-1, :, :3][bottom:top, left:right]
    red = [share_of(RED, row, 60) > 0.15 for row in pixels]
    assert np.mean(red) == pytest.approx(min(misread / 1000, 1), abs=0.05)
    assert np.count_nonzero(np.diff(red)) <= 4  # one edge, and at it the ruler's line


@pytest.mark.parametrize("count", [60, 300])
def test_of_a_small_test_set_too_each_picture_keeps_its_shape(count, digits):
    x, y = digits[0]
    squares = np.zeros((count, 28, 28, 1), np.uint8)
    squares[:, 6:22, 6:22] = 255
    test = Sample(squares, np.zeros(count, int), np.eye(10)[np.zeros(count, int)])
    records = Records(Sample(x[:60], y[:60]), test)
    dashboard = Dashboard(File().figure, six_panes(), records)
    dashboard.update(records, "")
    dashboard.draw()
    left, bottom, right, top = np.rint(dashboard.axes[5].bbox.extents).astype(int)
    dark = np.asarray(dashboard.figure.canvas.buffer_rgba())[::-1, :, 0][bottom:top, left:right] < 100
    lines = dark[2:, 5 : len(dark) // 4].T, dark[: len(dark) // 2, 5:]  # without the pane's edges
    rows, columns = (max(np.count_nonzero(line[:-1] > line[1:]) for line in some) for some in lines)
    assert (rows, columns) == {60: (6, 10), 300: (14, 22)}[count]


@pytest.mark.parametrize("number", [None, 1, 5])
def test_what_changed_is_drawn_as_if_all_were_drawn_anew(number, digits):
    """The wiped and redrawn part of the picture equals the same part of a whole drawing."""
    (x, y), (x_test, y_test) = digits
    records = Records(Sample(x[:60], y[:60]), Sample(x_test, y_test))
    records.total_steps = 6000
    dashboard = Dashboard(File().figure, six_panes(), records)
    dashboard.update(records, "first")
    dashboard.show(number)
    for step, value in ((10, 0.2), (2000, 0.97), (3000, 0.97), (6000, 0.97)):
        records.step = step
        records.add({"accuracy": value, "loss": 3 - 3 * value, "val_accuracy": value, "val_loss": 1 - value})
        records.curves["Weights"].add(step, np.linspace(-1, 1, 9) * step / 3000)
        dashboard.draw(dashboard.update(records, f"step {step}"))
    dashboard.draw()
    dashboard.draw()  # one of two draws the lower row
    pieced = np.array(dashboard.figure.canvas.buffer_rgba())
    dashboard.figure.canvas.draw()
    assert np.array_equal(pieced, np.asarray(dashboard.figure.canvas.buffer_rgba()))


def test_ticks_that_reach_over_the_edge_of_the_last_pane_leave_nothing_behind():
    y = np.array([10.0, 50.0])
    pane = Errors(np.zeros((2, 13)), np.repeat(y, 300), "$1,000")
    records = Records(Sample(np.zeros((2, 13)), y), Sample(np.zeros((2, 13)), y))
    dashboard = Dashboard(File().figure, [Accuracy(), Loss(), pane], records)
    dashboard.draw(dashboard.update(records, "first"))
    pane._read = np.repeat(y, 300) + 3  # so that the axis must reach higher
    dashboard.draw(dashboard.update(records, "second"))
    pieced = np.array(dashboard.figure.canvas.buffer_rgba())
    dashboard.figure.canvas.draw()
    assert np.array_equal(pieced, np.asarray(dashboard.figure.canvas.buffer_rgba()))
