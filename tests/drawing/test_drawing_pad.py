"""Tests of the drawing pad: drawing with the mouse, and the predictions."""

import itertools
import shutil
from types import SimpleNamespace

import numpy as np
from drawings import SEVEN, drawing
from helpers import wait_for
from PIL import Image

from drawing.class_drawings import ClassDrawings
from drawing.drawing_pad import DrawingPad

import keras

import draw_digit


def pad_with(network, tmp_path, lit=False):
    pad = DrawingPad("window", "test", draw_digit.as_mnist, draw_digit.BOX, tmp_path / "out")
    _, name, classes, predict, layers = draw_digit.load_network(network)
    pad.put_readers([(name, classes, predict)] * 2, lit and (layers, classes))
    for _ in range(5):
        pad.flush()
    return pad


def draw(pad, strokes):
    """Move the mouse as the window's system would report it."""
    widget = pad.figure.canvas.get_tk_widget()
    box, height = pad._area.bbox, widget.winfo_height()

    def at(kind, column, row):
        x, y = int(box.x0 + column * box.width), int(height - box.y1 + row * box.height)
        widget.event_generate(kind, x=x, y=y)
        pad.flush()

    for stroke in strokes:
        at("<ButtonPress-1>", *stroke[0])
        for (x0, y0), (x1, y1) in itertools.pairwise(stroke):
            for share in np.linspace(0, 1, 12)[1:]:
                at("<B1-Motion>", x0 + share * (x1 - x0), y0 + share * (y1 - y0))
        at("<ButtonRelease-1>", *stroke[-1])
    pad.flush()


def press(pad, key):
    widget = pad.figure.canvas.get_tk_widget()
    widget.focus_force()
    widget.event_generate(f"<KeyPress-{key}>")
    pad.flush()


def shown(pad):
    """The digit and the bars of the first network."""
    _, _, bars, digit, _ = pad._networks[0]
    return digit.get_text(), [bar.get_width() for bar in bars]


def pixels(pad):
    return np.asarray(pad.figure.canvas.buffer_rgba())[..., :3].copy()


def test_a_digit_drawn_with_the_mouse_is_classified_and_c_clears(tk, network, tmp_path):
    pad = pad_with(network, tmp_path)
    empty = pixels(pad)
    assert shown(pad) == ("", [0] * 10)
    draw(pad, SEVEN)
    digit, bars = shown(pad)
    assert digit == "7" and max(bars) == bars[7] > 0.5 and abs(sum(bars) - 1) < 1e-3
    full = pixels(pad)
    left, right = np.array_split((full != empty).any(axis=-1), 2, axis=1)
    assert left.mean() > 0.03 and right.mean() > 0.03  # the stroke, and the predictions
    assert np.abs(pad.ink - drawing(SEVEN)).mean() < 0.02
    press(pad, "c")
    assert shown(pad) == ("", [0] * 10) and not pad.ink.any()
    assert (pixels(pad) == empty).all()
    draw(pad, [[(0.5, 0.15), (0.5, 0.9)]])
    assert shown(pad)[0] == "1"


def test_the_names_of_classes_are_beside_the_bars_and_in_the_browsers_answers(tk, network, tmp_path):
    pad = DrawingPad("window", "test", draw_digit.as_mnist, draw_digit.BOX, tmp_path / "out")
    predict = draw_digit.load_network(network).predict
    names = [f"the number {i}" for i in range(9)] + ["a name that is far too long for its place"]
    pad.put_readers([("one", list("abcdefghij"), predict), ("two", names, predict)])
    draw(pad, SEVEN)
    assert [network[3].get_text() for network in pad._networks] == ["h", "the number 7"]
    renderer = pad.figure.canvas.get_renderer()
    for axes in pad.figure.axes:  # all names are in the window, and shortened where they have to be
        for text in [*axes.texts, *axes.get_yticklabels()]:
            box = text.get_window_extent(renderer)
            assert not text.get_text() or (box.x0 >= 0 and box.x1 <= pad.figure.bbox.x1), text
    assert pad.figure.axes[-1].get_yticklabels()[9].get_text() == "a name that i…"

    answers, browser = [], Browser()
    screen = SimpleNamespace(
        drawn=lambda turn: [(browser, [(0.2, 0.2, 0.75, 0.2), (0.75, 0.2, 0.45, 0.85)])],
        answer=lambda artist, said: answers.append(said),
    )
    drawings = ClassDrawings(screen, draw_digit.as_mnist)
    drawings.networks = [("two", names, predict)]
    drawings.flush()
    ((name, classes, probabilities),) = answers[0]["read"]
    assert (name, classes[np.argmax(probabilities)]) == ("two", "the number 7")


def test_the_layers_light_up_while_a_digit_is_drawn(tk, network, tmp_path):
    pad = pad_with(network, tmp_path, lit=True)
    empty, above = pixels(pad), slice(0, pad.figure.canvas.get_width_height()[1] // 3)
    draw(pad, [SEVEN[0][:2]])
    half = pixels(pad)
    draw(pad, [SEVEN[0][1:]])
    assert shown(pad)[0] == "7"
    assert (half[above] != empty[above]).any() and (half[above] != pixels(pad)[above]).any()
    model = keras.models.load_model(network)
    outputs = keras.Model(model.inputs, [model.layers[2].output, model.outputs[0]])
    maps, probabilities = outputs.predict(pad._preprocess(pad.ink)[None], verbose=0)
    lit = pad._layers.network.values
    assert np.allclose(lit[2], maps[0], atol=1e-4) and np.allclose(lit[-1].ravel(), probabilities, atol=1e-4)
    press(pad, "c")
    assert (pixels(pad) == empty).all()


class Browser:
    """A connected browser with no more strokes."""

    waiting, name = False, None


def test_s_saves_space_turns_resizing_keeps_the_pen_and_q_closes(tk, network, tmp_path, capsys):
    pad = pad_with(network, tmp_path)
    pad.show_in_turn([drawing(SEVEN), drawing([[(0.5, 0.1), (0.5, 0.9)]])])
    pad.flush()
    assert shown(pad)[0] == "7"
    press(pad, "space")
    assert shown(pad)[0] == "1"
    press(pad, "space")
    press(pad, "s")
    press(pad, "s")
    assert capsys.readouterr().out.count("Saved ") == 2
    saved = np.asarray(Image.open(tmp_path / "out" / "drawing-2.png").convert("L"))
    assert (saved[:, : saved.shape[1] // 3] < 50).mean() > 0.03  # the stroke is on it
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "out").write_text("a file, no folder")
    press(pad, "s")
    assert "cannot write" in capsys.readouterr().err

    width = pad.figure.canvas.get_width_height()[0]
    pad.figure.canvas.manager.window.wm_geometry(f"{width // 2}x{width // 2}")
    wait_for(lambda: pad.flush() or pad.figure.canvas.get_width_height()[0] < 0.6 * width, 10)
    press(pad, "c")
    draw(pad, SEVEN)
    assert shown(pad)[0] == "7" and np.abs(pad.ink - drawing(SEVEN)).mean() < 0.02
    press(pad, "q")
    assert not pad.screen.open
    pad.run()  # returns at once
