"""Tests of the window in the browser: the messages, and what a real browser shows."""

import contextlib
import json
import random
import re
import socket
import time
from argparse import Namespace
from io import BytesIO

import numpy as np
import pytest
import websocket
from helpers import on_linux, wait_for
from PIL import Image

from drawing.drawing_pad import DrawingPad
from slides.show import Slide, _Show
from keras_window import connections, screens, web
from keras_window.web import address_in_this_room


class Page:
    """What a page does, without a browser, on a computer with this address."""

    def __init__(self, address, host="127.0.0.1"):
        found = re.search("//(.+):([0-9]+)/", address)
        connection = socket.create_connection((found[1], int(found[2])), 10, (host, 0))
        url = address.replace("http", "ws") + "socket"
        self.socket = websocket.create_connection(url, timeout=10, socket=connection)
        self.said = json.loads(self.socket.recv())

    def picture(self):
        """The next one, uint8 [height, width, 3]."""
        while isinstance(content := self.socket.recv(), str):
            self.said = json.loads(content)
        self.send("shown")
        return np.array(Image.open(BytesIO(content)))

    def send(self, *what):
        self.socket.send(json.dumps(what))

    def is_open(self):
        """Whether it is answered."""
        try:
            self.socket.ping("alive?")
            while self.socket.recv_data(control_frame=True)[1] != b"alive?":
                pass
            return True
        except LOST:
            return False


LOST = websocket.WebSocketException, OSError


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


def test_two_windows_are_two_tabs_of_the_page(opened):
    first, server, _ = opened()
    draw(first, 51)
    second, _, _ = opened()
    draw(second, 102)
    page = Page(server.address)
    assert page.picture()[0, 0, 0] == 102 and len(page.said["titles"]) == 2
    for number, red in ((1, 51), (2, 102), (1, 51)):
        page.send("choose", number)
        assert page.picture()[0, 0, 0] == red and page.said["shown"] == number
    for _ in range(20):
        page.send("choose", 1)
    page.socket.settimeout(0.3)
    with pytest.raises(websocket.WebSocketTimeoutException):
        page.socket.recv()  # it shows it already: there is nothing to answer


def test_without_the_secret_nothing_is_answered(opened):
    _, server, _ = opened("share")
    secret = server.address.split("/")[-2]
    assert len(secret) == 22  # of 6 bits each
    paths = ["/", "/favicon.ico", f"/{secret[:-1]}/", f"/{secret}x/", "/%C3%BC/", f"/{secret[:-1]}/socket"]
    paths += [
        f"/{'a' * 22}/../{secret}/",
        "/../../../../etc/passwd",
        f"/%2e%2e/{secret}/",
        "//",
        "*",
        f"/{secret}",
    ]
    requests = [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths]
    methods = ["TRACE", "FOO", "OPTIONS", "PROPFIND", "CONNECT"]
    requests += [f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode() for method in methods]
    methods = ["HEAD", "POST", "TRACE", "FOO"]
    requests += [f"{method} /{secret}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode() for method in methods]
    post = b"POST / HTTP/1.1\r\nHost: x\r\n"
    requests += [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"garbage\r\n\r\n",
        b"\0" * 1000 + b"\r\n\r\n",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",  # the beginning of TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        post + b"Content-Length: 99999999\r\n\r\n",
        post + b"Content-Length: -1\r\n\r\n",
        post + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    ]
    for address in (server.address, class_address(server)):
        for request in requests:
            assert answer(address, request, wait=0.3) == b"", request
        page = answer(address, f"GET /{secret}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert page.startswith(b"HTTP/1.1 200") and page.endswith(web.PAGE)


def test_without_share_no_other_computer_reaches_it(opened):
    _, server, _ = opened()
    with socket.socket() as elsewhere:
        elsewhere.settimeout(1)
        port = int(re.search(":([0-9]+)/", server.address)[1])
        address = address_in_this_room()
        assert address == "127.0.0.1" or elsewhere.connect_ex((address, port)) != 0


def test_who_looks_on_can_only_look(opened):
    screen, server, keys = opened("share")
    draw(screen, 51)
    page = Page(class_address(server))
    assert page.picture()[0, 0, 0] == 51 and page.said["buttons"] == []
    for what in (["key", "q"], ["press", 0.5, 0.5], ["stroke", 0, 0, 1, 1]):
        page.send(*what)
    own = Page(server.address)
    own.send("key", "s")
    flushed(screen, lambda: keys)
    assert keys == ["s"] and screen.open and list(screen.drawn(1)) == []


def test_the_class_is_asked_and_gets_new_paper_with_each_question(opened):
    screen, server, _ = opened("share", pen=0.1, buttons={"c": "clear"})
    draw(screen, 51)
    page, own = Page(class_address(server)), Page(server.address)
    assert page.said["ask"] == "" and own.said["buttons"] == [["c", "clear"]]
    asked = [page.said["asked"]]
    for question in ("Draw a 4", "Draw a 4", ""):
        screen.ask(question)
        page.said = json.loads(page.socket.recv())
        assert page.said["ask"] == question and not page.said["own"]
        asked.append(page.said["asked"])
    assert len({*asked}) == 4
    assert own.picture()[0, 0, 0] == 51 and own.said["own"] and "ask" not in own.said


def test_the_places_of_the_panes_come_before_their_picture(opened):
    screen, server, _ = opened("share")
    draw(screen, 51)
    page = Page(class_address(server))
    assert page.picture()[0, 0, 0] == 51 and page.said["panes"] == []
    screen.parts = lambda: {"header": (0.2, 0, 0.8, 0.1), "panes": [(0, 0.1, 0.5, 1), (0.5, 0.1, 1, 1)]}
    draw(screen, 102)
    assert page.picture()[0, 0, 0] == 102
    assert page.said["header"] == [0.2, 0, 0.8, 0.1] and page.said["panes"][1] == [0.5, 0.1, 1, 1]


def test_slides_in_a_browser_leave_the_list_of_keys_to_the_page_of_who_has_them(opened):
    slides = [Slide(name, "a title", 2, (lambda figure, step: None,)) for name in "ab"]
    show = _Show(slides, Namespace(plot="web", close=False, out=None))
    show.draw()
    assert [text.get_text() for text in show.screen.figure.texts] == ["a title", "1/2"]
    own = Page(screens._web_server(False).address)
    assert ["p", "play"] in own.said["buttons"]


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


@on_linux  # which has many addresses of its own
def test_who_sends_too_much_is_cut_off_and_turned_away_for_a_while(opened, monkeypatch):
    monkeypatch.setattr(connections, "REFUSED", 1)
    screen, server, keys = opened("share")
    draw(screen, 51)
    address, quiet = class_address(server), Page(class_address(server), "127.0.0.2")
    frame = websocket.ABNF.create_frame(b'["choose", 1]', websocket.ABNF.OPCODE_TEXT).format()
    ping = websocket.ABNF.create_frame(b"", websocket.ABNF.OPCODE_PING).format()
    part = websocket.ABNF.create_frame(b"", websocket.ABNF.OPCODE_TEXT, fin=0).format()
    more = websocket.ABNF.create_frame(b"", websocket.ABNF.OPCODE_CONT, fin=0).format()
    for number, flood in enumerate((1000 * frame, 1000 * ping, part + 1000 * more), start=2):
        host = f"127.0.0.{number}"
        flooding = Page(address, host)
        with contextlib.suppress(*LOST):
            flooding.socket.sock.sendall(flood)
        assert not flooding.is_open()
        with pytest.raises(LOST):
            Page(address, host)  # at once
    assert quiet.is_open()  # it may be another's, behind the same router
    assert Page(address, "127.0.0.9").is_open()
    Page(server.address).send("key", "s")
    flushed(screen, lambda: keys)
    time.sleep(1)
    assert Page(address, "127.0.0.2").is_open()


def test_who_draws_without_a_pause_is_not_cut_off(opened):
    screen, server, _ = opened("share", pen=0.1)
    page = Page(class_address(server))
    for i in range(160):  # in two seconds
        page.send("stroke", 0, 0, i / 160, 1, 1, 1)
        time.sleep(0.0125)
    for _ in range(160):  # those of two seconds without a connection
        page.send("stroke", 0, 0, 1, 1)
    assert page.is_open()
    strokes = [stroke for _, strokes in screen.drawn(1) for stroke in strokes]
    assert len(strokes) == 480 and strokes[:2] == [(0, 0, 0, 1), (0, 1, 1, 1)]


@on_linux
def test_no_address_keeps_those_out_that_have_fewer_connections(opened, monkeypatch):
    monkeypatch.setattr(connections, "PLACES", 8)
    screen, server, _ = opened("share")
    draw(screen, 51)
    address = class_address(server)
    port = int(re.search(":([0-9]+)/", address)[1])
    silent = [socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.2", 0)) for _ in range(8)]
    first = [Page(address, "127.0.0.2") for _ in range(8)]  # a class behind one router; the silent make room
    assert all(page.is_open() for page in first) and all(connection.recv(1) == b"" for connection in silent)
    with pytest.raises(LOST):
        Page(address, "127.0.0.2")
    second = [Page(address, "127.0.0.3") for _ in range(4)]
    assert [page.is_open() for page in first] == 4 * [True] + 4 * [False]
    with pytest.raises(LOST):
        Page(address, "127.0.0.3")
    assert Page(address, "127.0.0.4").picture()[0, 0, 0] == 51
    assert all(page.is_open() for page in first[:3]) and sum(page.is_open() for page in second) == 4
    assert Page(server.address).picture()[0, 0, 0] == 51  # the owner has a door of their own


@on_linux
def test_an_address_can_connect_only_so_often(opened, monkeypatch):
    monkeypatch.setattr(connections, "CONNECTS", (1, 5, 5))
    _, server, _ = opened("share")
    request = f"GET /{class_address(server).split('/')[-2]}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    answers = [answer(class_address(server), request) for _ in range(8)]
    assert all(answers[:5]) and answers[6:] == [b"", b""]
    assert Page(class_address(server), "127.0.0.2").is_open()
    wait_for(lambda: answer(class_address(server), request), 5)


def test_whatever_comes_the_thread_takes_its_share_of_the_time(monkeypatch):
    """A thread that would always be busy is so for a fifth of the time."""
    monkeypatch.setattr(connections, "SHARE", 0.2)
    selector = connections.Selector()
    with selector:
        began, used = time.monotonic(), time.thread_time()
        selector._begun = used
        while time.monotonic() < began + 1.5:
            end = time.thread_time() + 0.01
            while time.thread_time() < end:
                pass
            selector.select(0)
        share = (time.thread_time() - used) / (time.monotonic() - began)
    assert 0.05 < share < 0.35  # with the tenth of a second that is free at first


def test_what_is_compressed_is_not_unpacked(opened):
    _, server, _ = opened()
    header = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    page = websocket.create_connection(server.address.replace("http", "ws") + "socket", header=header)
    assert "sec-websocket-extensions" not in page.getheaders()
    page.sock.sendall(b"\xc1\x85" + bytes(4) + b"bombs")
    page.settimeout(5)
    with pytest.raises(LOST):
        while page.recv():
            pass
        raise ConnectionError("closed")


@pytest.mark.usefixtures("opened")
def test_the_class_draws_each_on_paper_of_their_own(tmp_path):
    def see(ink):
        return np.full((2, 2, 1), 255 * (ink.max() > 0.5), np.uint8)

    pad = DrawingPad("share", "Draw", see, (0, 1), tmp_path)
    server = screens._web_server(True)
    pad.put_readers(
        [("a network", list("0123456789"), lambda picture: np.eye(10)[int(picture.max() / 255) * 7])]
    )
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
    assert answers[0]["seen"] == [[255, 255], [255, 255]] and answers[0]["read"][0][2][7] == 1
    assert answers[1] == {"seen": [[0, 0], [0, 0]], "read": []}
    assert pad.ink.max() == 0  # the paper on the stage is its own


@pytest.mark.usefixtures("opened")
def test_each_of_the_class_has_a_turn(tmp_path):
    """Some draw more than there is time for: the others are answered, and so are the keys."""

    def see(ink):
        return np.full((2, 2, 1), 255 * (ink.max() > 0.5), np.uint8)

    pad = DrawingPad("share", "Draw", see, (0, 1), tmp_path)
    server = screens._web_server(True)
    pad.put_readers([("a network", list("0123456789"), lambda picture: np.eye(10)[7])])
    pad.flush()
    greedy = [Page(class_address(server)) for _ in range(5)]
    for page in greedy:
        for _ in range(8):
            page.send("stroke", *[0, 0, 1, 1] * 60)
    honest = Page(class_address(server))
    assert all(page.is_open() for page in greedy)  # all has arrived
    honest.send("stroke", 0.2, 0.2, 0.8, 0.2)
    honest.socket.settimeout(0.01)
    flushes, longest = 0, 0
    while "seen" not in honest.said:
        began = time.thread_time()
        pad.flush()
        flushes, longest = flushes + 1, max(longest, time.thread_time() - began)
        with contextlib.suppress(websocket.WebSocketTimeoutException):
            honest.said = json.loads(honest.socket.recv())
    assert flushes < 10 and longest < 0.2
    assert honest.said["read"][0][2][7] == 1
    greedy[0].send("wipe")  # which makes all before it needless
    said = greedy[0].said
    greedy[0].socket.settimeout(0.01)
    while said.get("seen") != [[0, 0], [0, 0]]:
        pad.flush()
        with contextlib.suppress(websocket.WebSocketTimeoutException):
            said = json.loads(greedy[0].socket.recv())
