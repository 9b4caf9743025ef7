"""Tests of the dashboard, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image, ImageFilter
from small_trainings import RED, share_of, six_panes

from common import Accuracy, Biases, Loss, MaxActivations, TestImages, TrainImages, Weights
from subjects.houses import Errors, PredictedAgainstTrue
from keras_window.panes.pictures import _caption
from keras_window.records import Records
from keras_window.sample import Sample
from keras_window.dashboard import Dashboard
from keras_window.screens import File
from keras_window.style import SMALL, WIDTH


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
    red = [share_of(RED, row, 60) > 0.1 for row in pixels]
    assert np.mean(red) == pytest.approx(min(misread / 1000, 1), abs=0.05)
    assert np.count_nonzero(np.diff(red)) <= 4  # one edge, and at it the ruler's line


def test_the_test_pane_and_the_curve_show_one_number_or_the_pane_is_pale(digits):
    (x, y), (x_test, y_test) = digits
    read = y_test.copy()
    read[:752] += 1
    records = Records(Sample(x[:60], y[:60]), Sample(x_test, y_test), "test")
    dashboard = Dashboard(File().figure, six_panes(), records)
    accuracy, tests = dashboard.panes[0], dashboard.panes[5]

    def texts():
        dashboard.update(records, "")
        return accuracy._texts[1].get_text(), tests._text.get_text() if tests._text.get_visible() else ""

    records.test.outputs, records.sample_size = np.eye(11)[read], 1000
    records.add_test({"val_accuracy": 0.9248})
    assert texts() == ("test 92.48%", "92.48%\n752 of 10,000 wrong")
    records.step = records.sampled_at = 10  # the sample is evaluated, and tells that this is past
    records.add({"val_accuracy": 0.96})
    assert texts() == ("test ≈ 96.00%", "")
    dashboard.draw()
    assert share_of(RED, part_of(dashboard, 5, shown(dashboard)), 60) < 0.01
    records.test.predicted_at = records.step
    records.add_test({"val_accuracy": 0.9248})
    assert texts() == ("test 92.48%", "92.48%\n752 of 10,000 wrong")
    records.step = records.sampled_at = 15  # not long after
    records.add({"val_accuracy": 0.97})
    assert texts() == ("test 92.48%", "92.48%\n752 of 10,000 wrong")
    assert accuracy._dots.get_xdata().tolist() == [0, 10]
    assert accuracy._test.get_xdata().tolist() == [0, 10, 10, 15]


def test_alone_the_test_pane_has_label_and_prediction_below_each_mistake(digits):
    records, panes = some_records(digits), six_panes()
    dashboard = Dashboard(File().figure, panes, records)
    dashboard.update(records, "")
    dashboard.show(6)
    sample, alone = records.test, part_of(dashboard, 5, shown(dashboard))
    wrong = np.flatnonzero(sample.misclassified())[:2]
    captions = [f"{sample.classes()[i]}→{sample.predictions()[i]}" for i in wrong]
    wide, high = alone.shape[1] // 14, alone.shape[0] // 6
    for column, words in enumerate(captions):
        tile = alone[::-1][:high, column * wide : (column + 1) * wide]
        caption = np.asarray(_caption(words, wide - 1, round(0.36 * high) - 1, 1, True))
        below = tile[-len(caption) - 1 : -1, : wide - 1]
        assert np.array_equal(below, caption), words
    assert not panes[5]._text.get_visible()
    dashboard.show()
    assert panes[5]._text.get_visible()


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


def long(words):
    return f"{words} {'of a name that is too long for its place ' * 2}"[:60]


NAMES = [f"class {i} of thirty characters !" for i in range(10)]
KINDS = {
    "a": Accuracy,
    "A": lambda: Accuracy("top", long("sparse_top_k").replace(" ", "_")),
    "l": Loss,
    "L": lambda: Loss("decoder_output_mean_squared_error"),
    "w": Weights,
    "b": Biases,
    "m": lambda: MaxActivations("dense"),
    "i": TrainImages,
    "I": lambda: TrainImages("Training clothes", NAMES),
    "t": TestImages,
    "T": lambda: TestImages(long("Test"), NAMES),
    "e": lambda: Errors(np.zeros((2, 13)), np.array([10.0, 50.0]), "$1,000"),
    "p": lambda: PredictedAgainstTrue(np.zeros((2, 13)), np.array([10.0, 50.0]), "$1,000"),
}


def some_records(digits):
    """Of a training with a network that takes every tenth digit for a 3."""
    (x, y), (x_test, y_test) = digits
    x, y, x_test, y_test = x[:60], y[:60], x_test[:2000], y_test[:2000]
    read, read_test = (np.where(np.arange(len(labels)) % 10, labels, 3) for labels in (y, y_test))
    records = Records(Sample(x, y, np.eye(10)[read]), Sample(x_test, y_test, np.eye(10)[read_test], 98_000))
    records.total_steps, records.step, records.sample_size = 1_200, 0, 1_000
    for records.step in (10, 1_100):
        records.add({"accuracy": 0.97, "val_accuracy": 0.98, "top": 0.999, "loss": 25e4, "val_loss": 24e4})
        for name in ("Weights", "Biases", "Max. activations, dense"):
            records.curves[name].add(records.step, np.linspace(-900, 900, 9))
    return records


def shown(dashboard):
    return np.array(dashboard.figure.canvas.buffer_rgba())[..., :3]


def drawn_anew(dashboard):
    dashboard.figure.canvas.draw()
    return shown(dashboard)


def part_of(dashboard, number, pixels):
    """The pixels of a pane, without title and ticks."""
    left, bottom, right, top = np.rint(dashboard.axes[number].bbox.extents).astype(int)
    return pixels[::-1][bottom:top, left:right]


@pytest.mark.parametrize(
    "kinds, size",
    [
        ("b", (640, 480)),
        ("T", (640, 480)),
        ("tw", (1344, 756)),
        ("iem", (1344, 756)),
        ("tIlT", (640, 480)),
        ("IteAm", (1280, 720)),
        ("ATLbtp", (1344, 756)),
        ("tAIbwT", (640, 480)),
    ],
)
def test_no_pane_is_cut_off_or_drawn_over_another(kinds, size, digits):
    figure = File().figure
    figure.set_size_inches(size[0] / 100, size[1] / 100)
    records, panes = some_records(digits), [KINDS[kind]() for kind in kinds]
    for pane in panes:
        pane._predicted = np.array([40.0, 20.0])  # of `Errors` and the like
    dashboard = Dashboard(figure, panes, records)
    dashboard.draw(dashboard.update(records, long("a header") * 3))
    parts = [*dashboard.axes, dashboard._header]
    for part in parts:
        box, frame = part.get_tightbbox(figure.canvas.get_renderer()), figure.bbox
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= frame.x1 and box.y1 <= frame.y1, kinds
    ink = []
    for part in parts:
        for other in parts:
            other.set_visible(other is part)
        mask = Image.fromarray((drawn_anew(dashboard) < 250).any(axis=-1))
        ink.append(np.asarray(mask.convert("L").filter(ImageFilter.MaxFilter(3))) > 0)  # with a margin
        assert ink[-1].any() and not (ink[-1][[0, -1]].any() or ink[-1][:, [0, -1]].any())
    assert np.sum(ink, axis=0).max() == 1


@pytest.mark.parametrize("kinds", ["AlimbT", "ALIwbT", "iAletp", "AlT", "Al", "TI", "ALwt"])
def test_each_pane_can_be_cut_out_of_the_picture_whole_and_without_another(kinds, digits):
    figure = File().figure
    figure.set_dpi(1440 / WIDTH)  # as in a browser
    records, panes = some_records(digits), [KINDS[kind]() for kind in kinds]
    for pane in panes:
        pane._predicted = np.array([40.0, 20.0])  # of `Errors` and the like
    dashboard = Dashboard(figure, panes, records)
    dashboard.draw(dashboard.update(records, "epoch 8 of 10   ·   iteration 1,100 of 1,200"))
    cut = dashboard.parts()
    parts, rectangles = [dashboard._header, *dashboard.axes], [cut["header"], *cut["panes"]]
    assert len(rectangles) == len(parts)
    for part, rectangle in zip(parts, rectangles, strict=True):
        x0, y0, x1, y1 = np.rint(np.multiply(rectangle, (1440, 810, 1440, 810))).astype(int)
        for visible in (True, False):
            for other in parts:
                other.set_visible((other is part) == visible)
            ink = (drawn_anew(dashboard) < 250).any(axis=-1)
            assert ink[y0:y1, x0:x1].any() == visible
            ink[y0:y1, x0:x1] = False
            assert ink.any() != visible
        if len(kinds) == 6 and part is not dashboard._header:  # across a phone of 390 pixels
            assert 390 / (x1 - x0) * SMALL * 1440 / WIDTH / 72 > 14
    for other in parts:
        other.set_visible(True)
    dashboard.show(1)
    assert dashboard.parts()["panes"] == []
    dashboard.show()
    dashboard.toggle_keys("the keys")
    assert dashboard.parts()["panes"] == []


def test_a_pane_given_up_says_why_and_is_not_updated_any_more(digits, tmp_path):
    records, panes = some_records(digits), six_panes()
    dashboard = Dashboard(File().figure, panes, records)
    why = "VAE has no call(), so its outputs for the test examples are not known"
    for number, moment in (5, "before the first picture"), (1, "in mid-training"), (2, "shown alone"):
        dashboard.show(3 if moment == "shown alone" else None)
        dashboard.give_up(panes[number], why)
        panes[number].update = None
        dashboard.draw(dashboard.update(records, "a header"))
        dashboard.draw()
        pieced = shown(dashboard)
        assert np.array_equal(pieced, drawn_anew(dashboard)), moment
        given_up = part_of(dashboard, number, pieced)
        assert (given_up.max(axis=-1) == given_up.min(axis=-1)).all() and given_up.min() == 128, moment
        assert 0.005 < (given_up < 255).mean() < 0.1, moment
    dashboard.save(tmp_path / "saved.png")
    dashboard.show()
    saved = np.asarray(Image.open(tmp_path / "saved.png").convert("RGB"))
    assert [part_of(dashboard, i, saved).min() for i in range(6)] == [0, 128, 128, 0, 0, 128]
    assert not dashboard.troubles


def test_what_a_pane_raises_is_shown_in_its_place_and_the_others_go_on(digits, tmp_path, errors_are_shown):
    def fail(*args):
        raise KeyError("of glass,\nbroken")

    records, panes = some_records(digits), six_panes()
    loss, images, weights, biases = panes[1:5]
    loss.build, biases.update = fail, fail
    dashboard = Dashboard(File().figure, panes, records)
    assert dashboard.troubles == [(loss, r"KeyError: 'of glass,\nbroken'")]
    changed = dashboard.update(records, "a header")
    images._picture.show(fail)
    dashboard.draw(changed)
    assert [pane for pane, _ in dashboard.troubles] == [loss, biases, images]
    assert [part_of(dashboard, i, shown(dashboard)).min() for i in (1, 2, 4)] == [128] * 3
    weights.update = fail
    dashboard.update(records, "a header")
    panes[5]._picture.show(fail)
    dashboard.save(tmp_path / "saved.png")
    assert [pane for pane, _ in dashboard.troubles] == [loss, biases, images, weights, panes[5]]
    saved = np.asarray(Image.open(tmp_path / "saved.png").convert("RGB"))
    assert [part_of(dashboard, i, saved).min() for i in range(6)] == [0, *[128] * 5]


def test_another_dashboard_takes_the_place_of_one_removed(digits):
    records, figure = some_records(digits), File().figure
    gone = Dashboard(figure, six_panes(), records)
    gone.draw(gone.update(records, "a header"))
    gone.show(3)
    gone.remove()
    pictures = []
    for used in (figure, File().figure):
        used.set_size_inches(19.2, 10.8)
        dashboard = Dashboard(used, [Accuracy(), Loss(), Weights(), Biases()], records)
        for step in (1_100, 1_200):
            records.step = step
            dashboard.draw(dashboard.update(records, "a header"))
        pictures.append(shown(dashboard))
    assert np.array_equal(*pictures)
