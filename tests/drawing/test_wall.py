"""Tests of the wall: the drawings of a class, and how many of them are read right."""

import contextlib
import gc
import json
import re
import socket
from types import SimpleNamespace

import numpy as np
import pytest
import websocket
from helpers import wait_for
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from drawing import class_drawings, wall
from drawing.class_drawings import ClassDrawings
from drawing.drawing_pad import DrawingPad
from drawing.wall import Wall
from keras_window import screens
from keras_window.style import DesignedFigure

DIGITS = list("0123456789")
COLOURS = {"right": wall.RIGHT, "wrong": wall.WRONG, "unasked": wall.UNASKED}


# Drawings and a network of which a test knows what it reads: the height of a line tells the class.


def line(number):
    """The stroke that is read as the class with this number."""
    return 0.3, number / 10 + 0.05, 0.7, number / 10 + 0.05


def see(ink):
    small = ink[5::10, 5::10] if ink.shape == (280, 280) else np.zeros((28, 28))
    return np.rint(255 * small).astype(np.uint8)[..., np.newaxis]


def read(image):
    rows = np.arange(28) @ image[..., 0].sum(axis=1, dtype=float) / image.sum(dtype=float)
    return np.eye(10)[int((rows + 0.5) / 2.8)]


def misread(image):
    """Reads nothing but nines."""
    return np.eye(10)[9]


class Student:
    """Stands for a browser."""

    waiting, name = False, None


class Room:
    """A class without a network between it and the wall."""

    def __init__(self, networks):
        self.asked, self.answers, self._strokes = [], [], []
        screen = SimpleNamespace(
            drawn=self._drawn, ask=self.asked.append, answer=lambda student, said: self.answers.append(said)
        )
        self.students = ClassDrawings(screen, see)
        self.students.networks = networks
        self.figure = DesignedFigure(figsize=(12, 7), dpi=100)
        FigureCanvasAgg(self.figure)
        self.wall = Wall(self.figure, self.students)
        self.wall.toggle()

    def _drawn(self, seconds):
        while self._strokes:
            yield self._strokes.pop(0)

    def draw(self, student, number):
        """Draw the class with this number on clean paper; None only clears the paper."""
        self._strokes.append((student, [None] if number is None else [None, line(number)]))
        while self._strokes:
            self.students.flush()

    def tiles(self, columns, rows):
        """What the wall shows now, in so many columns and rows: the kind of each tile."""
        self.wall.update()
        self.figure.canvas.draw()
        self.wall.picture.axes.draw_artist(self.wall.picture)
        return tiles(self.figure, columns, rows)


def tiles(figure, columns, rows):
    """The kinds of the tiles that are seen on a figure, row by row, without the empty places behind them."""
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    height = len(pixels)
    field = pixels[round(wall.HEAD * height) : round((1 - wall.FOOT) * height)]
    found = []
    for row in np.array_split(field, rows):
        for cell in np.array_split(row, columns, axis=1):
            kinds = [kind for kind, colour in COLOURS.items() if is_colour(cell, colour).mean() > 0.02]
            found.append(" and ".join(kinds))
    while found and not found[-1]:
        found.pop()
    return found


def is_colour(pixels, colour):
    return (pixels == np.rint(255 * np.array(to_rgb(colour)))).all(axis=2)


@pytest.fixture
def at_once(monkeypatch):
    """The wall shows everything at once, instead of a little later."""
    monkeypatch.setattr(wall, "EVERY", 0)
    monkeypatch.setattr(wall, "CALM", 0)


@pytest.mark.usefixtures("at_once")
def test_what_was_asked_is_counted_and_the_wrong_ones_come_first():
    room = Room([("a network", DIGITS, read)])
    assert room.wall.head() == ["No drawings yet"] and room.tiles(3, 2) == []
    students = [Student() for _ in range(12)]
    for number, student in enumerate(students[:10]):
        room.draw(student, number)
    assert room.wall.head() == ["10 drawings"] and room.tiles(5, 3) == ["unasked"] * 10
    assert not any("right" in said for said in room.answers)

    room.wall.on_key("8")
    assert room.asked == ["Draw an 8"] and room.wall.head() == ["Draw an 8"] and room.tiles(3, 2) == []
    room.answers.clear()
    for i, student in enumerate(students):
        room.draw(student, 3 if i in (2, 5, 11) else 8)
    assert room.wall.head() == ["Draw an 8: 9 of 12 read right"]
    assert room.tiles(5, 3) == ["wrong"] * 3 + ["right"] * 9
    assert [said["right"] for said in room.answers].count(False) == 3
    room.draw(students[2], 8)
    assert room.wall.head() == ["Draw an 8: 10 of 12 read right"]
    assert room.tiles(5, 3) == ["wrong"] * 2 + ["right"] * 10
    room.draw(students[2], None)  # clean paper is not counted
    assert room.wall.head() == ["Draw an 8: 9 of 11 read right"]

    room.wall.on_key("c")
    assert room.asked[-1] == "" and room.wall.head() == ["No drawings yet"] and room.tiles(3, 2) == []


def test_strokes_that_were_drawn_in_an_earlier_turn_are_answered_and_no_strokes_are_not():
    room, student = Room([("a network", DIGITS, read)]), Student()
    student.waiting = True  # another stroke has come while these are drawn
    room.draw(student, 4)
    assert room.answers == []
    student.waiting = False
    for _ in range(2):
        room._strokes.append((student, []))  # which was drawn with them
        room.students.flush()
    assert len(room.answers) == 1 and [one.read for one in room.students.drawings.values()] == [["4"]]


@pytest.mark.usefixtures("at_once")
def test_drawings_stay_when_their_students_leave_and_the_newest_have_room(monkeypatch):
    monkeypatch.setattr(class_drawings, "KEPT", 80)
    room = Room([("a network", DIGITS, read)])
    room.wall.on_key("4")
    for i in range(60):
        room.draw(Student(), 4 if i % 2 else 5)
    gc.collect()
    assert room.wall.head() == ["Draw a 4: 30 of 60 read right"]
    assert room.tiles(10, 6) == ["wrong"] * 30 + ["right"] * 30
    for _ in range(15):
        room.draw(Student(), 4)
    assert room.wall.head() == ["Draw a 4: 45 of 75 read right, the newest 60 below"]
    assert room.tiles(10, 6) == ["wrong"] * 22 + ["right"] * 38
    for _ in range(20):  # more than can be in a class
        room.draw(Student(), 4)
    assert room.wall.head() == ["Draw a 4: 58 of 80 read right, the newest 60 below"]


@pytest.mark.usefixtures("at_once")
def test_two_networks_have_their_own_counts():
    both = [("deep\nstep 1", DIGITS, read), ("flat\nstep 2", DIGITS, misread)]
    room = Room(both)
    room.wall.on_key("9")
    for number in (9, 9, 1):
        room.draw(Student(), number)
    assert room.wall.head() == ["Draw a 9: 2 of 3 read right by deep", "3 of 3 read right by flat"]
    assert room.tiles(3, 2) == ["wrong", "right", "right"]  # as the first one reads
    room.students.networks = [("deep\nstep 1", DIGITS, read), ("deep\nstep 2", DIGITS, misread)]
    assert room.wall.head()[1] == "3 of 3 read right by deep, step 2"


@pytest.mark.usefixtures("at_once")
def test_classes_with_names_are_asked_for_by_their_capital_letters():
    names = ["cat", "apple", "car", "a name too long for its tile", *"cswfIB"]
    room = Room([("a network", names, read)])
    for key in ("C", "C", "C", "A", "I", "c", "4", "Z", " ", ""):
        room.wall.on_key(key)
    said = ["Draw a cat", "Draw a car", "Draw a c", "Draw an apple", "Draw an I", ""]
    assert room.asked == said
    room.wall.on_key("C")
    room.draw(Student(), 0)
    room.draw(Student(), 3)
    assert room.wall.head() == ["Draw a cat: 1 of 2 read right"] and room.tiles(3, 2) == ["wrong", "right"]


@pytest.mark.usefixtures("at_once")
def test_only_tiles_that_change_are_painted(monkeypatch):
    room, painted = Room([("a network", DIGITS, read)]), []
    students = [Student() for _ in range(40)]
    for student in students:
        room.draw(student, 4)
    paint = wall._tile
    monkeypatch.setattr(wall, "_tile", lambda *about: painted.append(about) or paint(*about))
    assert room.tiles(8, 5) == ["unasked"] * 40 and len(painted) == 40
    room.draw(students[7], 3)
    room.draw(students[9], 5)
    room.tiles(8, 5)
    assert len(painted) == 42
    assert not room.wall.update()  # there is nothing new to show


def test_tiles_change_places_only_now_and_then(monkeypatch):
    monkeypatch.setattr(wall, "EVERY", 0)
    room = Room([("a network", DIGITS, read)])
    room.wall.on_key("4")
    for number in (4, 4, 5):
        room.draw(Student(), number)
    assert room.tiles(3, 2) == ["right", "right", "wrong"]  # while the class draws
    monkeypatch.setattr(wall, "CALM", 0)
    assert room.tiles(3, 2) == ["wrong", "right", "right"]


# The same through the browser


@pytest.fixture
def pad(monkeypatch, tmp_path):
    monkeypatch.setattr(screens.webbrowser, "get", lambda: screens.webbrowser.GenericBrowser(""))
    screens._web_server.cache_clear()
    pad = DrawingPad("share", "Draw", see, (4, 23), tmp_path / "out")
    pad.put_readers([("a network", DIGITS, read)])
    pad.flush()
    yield pad
    screens.close_windows()
    screens._web_server.cache_clear()


class Page:
    """What a page does, without a browser."""

    def __init__(self, address):
        port, secret = re.search(":([0-9]+)/(.+)/", address).groups()
        connection = socket.create_connection(("127.0.0.1", int(port)), 10)
        url = f"ws://127.0.0.1:{port}/{secret}/socket"
        self._socket = websocket.create_connection(url, timeout=10, socket=connection)

    def send(self, *what):
        self._socket.send(json.dumps(what))

    def said(self):
        """All messages that have come."""
        found = []
        self._socket.settimeout(0.3)
        with contextlib.suppress(websocket.WebSocketTimeoutException):
            while True:
                found.append(self._socket.recv())
        return [json.loads(message) for message in found if isinstance(message, str)]

    def leave(self):
        self._socket.close()


def asked(said):
    """What a page shows above the paper, after these messages."""
    return [message["ask"] for message in said if "ask" in message][-1]


def until(pad, condition):
    wait_for(lambda: pad.flush() or condition())


def test_40_phones_on_the_wall(pad, tmp_path, capsys):
    server = screens._web_server(True)
    own, phones = Page(server.address), [Page(server.class_address) for _ in range(40)]
    before = np.array(pad.figure.canvas.buffer_rgba())
    for key in ("w", "4"):
        own.send("key", key)
    until(pad, lambda: pad._class.task)
    for i, phone in enumerate(phones):
        phone.send("stroke", *line(9 if i % 4 == 0 else 4))
    until(pad, lambda: len(pad._class.drawings) == 40)
    assert pad._wall.head() == ["Draw a 4: 30 of 40 read right"]
    until(pad, lambda: tiles(pad.figure, 8, 5) == ["wrong"] * 10 + ["right"] * 30)
    for phone, right in zip(phones, [False, True], strict=False):
        said = phone.said()
        assert asked(said) == "Draw a 4" and said[-1]["right"] is right

    own.send("key", "s")
    until(pad, lambda: (tmp_path / "out" / "wall-1.png").exists())
    assert "Saved " in capsys.readouterr().out
    saved = np.asarray(Image.open(tmp_path / "out" / "wall-1.png").convert("RGB"))
    upper, lower = np.array_split(is_colour(saved, wall.WRONG), 2)
    assert upper.mean() > 0.02 and not lower.any()

    own.send("press", 0.06, 0.2)  # on the first tile
    until(pad, lambda: len(pad._class.drawings) == 39)
    own.send("press", 0.06, 0.05)  # above the tiles
    own.send("press", 0.06, 0.98)  # below them
    assert pad._wall.head() == ["Draw a 4: 30 of 39 read right"]
    for phone in phones[::4]:  # the cleared tile is that of one of them
        phone.send("stroke", *line(9))
    until(pad, lambda: pad._wall.head() == ["Draw a 4: 30 of 40 read right"])

    for phone in phones[1:]:
        phone.leave()
    until(pad, lambda: len(server.browsers) == 2)
    until(pad, lambda: tiles(pad.figure, 8, 5) == ["wrong"] * 10 + ["right"] * 30)
    own.send("key", "c")
    until(pad, lambda: pad._wall.head() == ["No drawings yet"])
    assert asked(phones[0].said()) == ""
    own.send("key", "Escape")
    until(pad, lambda: not pad._wall.shown)
    pad.flush()
    assert (np.asarray(pad.figure.canvas.buffer_rgba()) == before).all()
    own.send("key", "Escape")  # closes nothing else
    own.send("key", "4")
    for _ in range(10):
        pad.flush()
    assert not pad._class.task and pad.screen.open


def test_a_student_who_loses_the_connection_has_one_tile(pad):
    server = screens._web_server(True)
    Page(server.address).send("key", "w")
    for number in (4, 5):
        phone = Page(server.class_address)
        phone.send("name", "artist 1-2-3-4")
        phone.send("name", f"artist of many names {number}")  # the first one stays
        phone.send("stroke", *line(number))
        until(
            pad, lambda number=number: [one.read for one in pad._class.drawings.values()] == [[str(number)]]
        )
        phone.leave()
    other = Page(server.class_address)
    other.send("name", "artist 5-6-7-8")
    other.send("stroke", *line(5))
    until(pad, lambda: pad._wall.head() == ["2 drawings"])
