"""The window in the browser: what goes over the wire, and what a real browser shows."""

import contextlib
import json
import random
import re
import socket
import time
from io import BytesIO

import numpy as np
import pytest
import websocket
from helpers import wait_for
from PIL import Image

from common.slides.drawing_pad import DrawingPad
from common.window import screens
from common.window.web import _address_in_this_room


@pytest.fixture
def opened(monkeypatch):
    """Opens a screen in the browser, without one: the screen, its server, and the keys that were pressed."""
    monkeypatch.setattr(screens.webbrowser, "get", lambda: screens.webbrowser.GenericBrowser(""))
    screens._web_server.cache_clear()
    keys = []

    def open_web(plot="web", **options):
        screen, _ = screens.open_screen(plot, "a window", keys.append, **options)
        return screen, screens._web_server(plot == "share"), keys

    yield open_web
    screens.close_windows()
    screens._web_server.cache_clear()


class Page:
    """What a page does, without a browser."""

    def __init__(self, address):
        self.socket = websocket.create_connection(address.replace("http", "ws") + "socket", timeout=10)
        self.said = json.loads(self.socket.recv())

    def picture(self):
        """The next one, uint8 [height, width, 3]."""
        while isinstance(content := self.socket.recv(), str):
            self.said = json.loads(content)
        self.send("shown")
        return np.array(Image.open(BytesIO(content)))

    def send(self, *what):
        self.socket.send(json.dumps(what))


def class_address(server):
    """On this computer, for those who look on."""
    port, secret = re.search(":([0-9]+)/(.+)/", server.class_address).groups()
    return f"http://127.0.0.1:{port}/{secret}/"


def draw(screen, red):
    """A picture of one colour."""
    screen.figure.set_facecolor((red / 255, 0, 0))
    screen.figure.canvas.draw()
    screen.present()


def flushed(screen, condition):
    def met():
        screen.flush()
        return condition()

    wait_for(met)


def answer(address, request, wait=1.0):
    """All that comes back for these bytes."""
    host, port = re.search("//(.+):([0-9]+)/", address).groups()
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        found = b""
        try:
            connection.sendall(request)
            while part := connection.recv(4096):
                found += part
        except OSError:
            pass
        return found


def test_each_page_shows_the_present_picture_and_keys_arrive(opened):
    screen, server, keys = opened()
    draw(screen, 51)
    page = Page(server.address)
    assert page.picture()[0, 0].tolist() == [51, 0, 0]
    assert page.said["titles"] == {"1": "a window"}
    draw(screen, 102)
    late = Page(server.address)
    assert {page.picture()[0, 0, 0], late.picture()[0, 0, 0]} == {102}
    for key in (" ", "ArrowLeft", "Escape", "3"):
        late.send("key", key)
    flushed(screen, lambda: len(keys) == 4)
    assert keys == [" ", "left", "escape", "3"]
    page.socket.close()
    draw(screen, 153)
    assert late.picture()[0, 0, 0] == 153


def test_the_mouse_arrives_where_it_is(opened):
    screen, server, _ = opened()
    seen = []
    for name in ("button_press_event", "motion_notify_event", "button_release_event"):
        screen.figure.canvas.mpl_connect(name, lambda event: seen.append((event.x, event.y)))
    page = Page(server.address)
    for what, *at in (("press", 0, 0), ("move", 0.5, 0.2), ("release", 2, 1)):
        page.send(what, *at)
    flushed(screen, lambda: len(seen) == 3)
    assert seen == [(0, 810), (720, 648), (1440, 0)]


def test_a_page_that_shows_nothing_holds_nobody_up(opened):
    screen, server, _ = opened()
    stuck = websocket.create_connection(server.address.replace("http", "ws") + "socket")
    page = Page(server.address)
    for red in range(0, 200, 20):
        began = time.perf_counter()
        draw(screen, red)
        assert time.perf_counter() - began < 0.5
        assert page.picture()[0, 0, 0] == red
    stuck.settimeout(1)
    stuck.recv()  # the titles
    assert isinstance(stuck.recv(), bytes)
    with pytest.raises(websocket.WebSocketTimeoutException):
        stuck.recv()  # the first picture was not shown: there is no second


def test_the_last_picture_stays_when_it_has_ended(opened):
    screen, server, _ = opened()
    page = Page(server.address)
    draw(screen, 51)
    page.picture()
    screen.figure.set_facecolor("white")
    screen.figure.canvas.draw()
    screen.close()
    assert page.picture()[0, 0, 0] == 255
    assert json.loads(page.socket.recv())["shown"] is None


def test_two_windows_are_two_sheets_of_the_page(opened):
    first, server, _ = opened()
    draw(first, 51)
    second, _, _ = opened()
    draw(second, 102)
    page = Page(server.address)
    assert page.picture()[0, 0, 0] == 102 and len(page.said["titles"]) == 2
    page.send("choose", 1)
    assert page.picture()[0, 0, 0] == 51


def test_without_the_secret_nothing_is_answered(opened):
    _, server, _ = opened()
    secret = server.address.split("/")[-2]
    assert len(secret) == 22  # of 6 bits each
    for path in (
        "/",
        "/favicon.ico",
        f"/{secret[:-1]}/",
        f"/{secret}x/",
        "/%C3%BC/",
        f"/{secret[:-1]}/socket",
    ):
        assert answer(server.address, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == b"", path
    assert answer(server.address, f"GET /{secret}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()).startswith(
        b"HTTP/1.1 200"
    )
    with socket.socket() as elsewhere:
        elsewhere.settimeout(1)
        port = int(re.search(":([0-9]+)/", server.address)[1])
        address = _address_in_this_room()
        assert address == "127.0.0.1" or elsewhere.connect_ex((address, port)) != 0


def test_who_looks_on_can_only_look(opened):
    screen, server, keys = opened("share")
    draw(screen, 51)
    page = Page(class_address(server))
    assert page.picture()[0, 0, 0] == 51 and page.said["buttons"] == {}
    for what in (["key", "q"], ["press", 0.5, 0.5], ["stroke", 0, 0, 1, 1]):
        page.send(*what)
    own = Page(server.address)
    own.send("key", "s")
    flushed(screen, lambda: keys)
    assert keys == ["s"] and screen.open and list(screen.drawn(1)) == []


def test_bad_input_changes_nothing(opened):
    """1,000 damaged requests and messages, huge ones, and connections that say nothing."""
    screen, server, keys = opened()
    draw(screen, 51)
    chance, secret = random.Random(0), server.address.split("/")[-2]
    port = int(re.search(":([0-9]+)/", server.address)[1])
    good = f"GET /{secret}/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    good = f"{good}Sec-WebSocket-Key: {'A' * 22}==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for _ in range(1000):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(bytes(damaged[: chance.randint(1, len(damaged))]))
    answer(server.address, b"GET /" + b"a" * 10_000_000, wait=0.2)
    words = ["", "x", "{}", "[]", "1", "null", '["key"]', '["key", 1]', '["press", NaN, 0]', '["press", 0]']
    words += ['["press", "nan", 0]', '["choose", []]', '["choose", 7]', '["stroke", 1]', '["move", 1, 2, 3]']
    words += ["[" * 900, "9" * 900, f'["press", {"9" * 400}, {{}}]', '["' + "x" * 5000 + '"]']
    for word in words:
        connection = websocket.create_connection(server.address.replace("http", "ws") + "socket")
        connection.send(word)
    page = Page(server.address)
    assert page.picture()[0, 0, 0] == 51
    page.send("key", "s")
    flushed(screen, lambda: keys)
    assert keys == ["s"]
    for connection in silent:
        connection.close()


@pytest.mark.usefixtures("opened")
def test_the_class_draws_each_on_paper_of_their_own(tmp_path):
    def see(ink):
        return np.full((2, 2, 1), 255 * (ink.max() > 0.5), np.uint8)

    pad = DrawingPad("share", "Draw", see, (0, 1), tmp_path)
    server = screens._web_server(True)
    pad.put_readers([("a network", lambda picture: np.eye(10)[int(picture.max() / 255) * 7])])
    pages = [Page(class_address(server)) for _ in range(2)]
    assert pages[0].said["pen"] == pytest.approx(25 / 280)
    pages[0].send("stroke", 0.2, 0.2, 0.8, 0.2)
    pages[1].send("wipe")
    answers = []
    for page in pages:
        page.socket.settimeout(0.05)
        while "seen" not in page.said:
            pad.flush()
            with contextlib.suppress(websocket.WebSocketTimeoutException):
                page.said = json.loads(page.socket.recv())
        answers.append(page.said)
    assert answers[0]["seen"] == [[255, 255], [255, 255]] and answers[0]["read"][0][1][7] == 1
    assert answers[1] == {"seen": [[0, 0], [0, 0]], "read": []}
    assert pad.ink.max() == 0  # the sheet on the stage is its own
