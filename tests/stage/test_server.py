"""Tests of what the page's server answers, starts and stops. Nothing here needs a browser or Keras."""

import contextlib
import json
import random
import socket
import time

import pytest
import websocket
from helpers import not_on_windows, wait_for
from small_suite import Page, make

from stage.server import Stage

LOST = websocket.WebSocketException, OSError


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Makes the stage of the small suite in an empty folder; all that runs is ended."""
    monkeypatch.chdir(tmp_path)
    page, made = make(tmp_path / "suite"), []

    def open_stage(**options):
        made.append(Stage(tmp_path / "suite", page, tmp_path / "runs", **options))
        return made[-1]

    yield open_stage
    for one in made:
        one.programs.stop_all()
        one.programs.wait()


def trained(folder):
    path = folder / "trained.txt"
    return path.read_text().splitlines() if path.exists() else []


def answer(address, request, wait=0.3):
    """All that comes back for these bytes."""
    host, port = address.split("/")[2].split(":")
    found = b""
    connection = socket.create_connection((host, int(port)), timeout=wait)
    with connection, contextlib.suppress(OSError):
        connection.sendall(request)
        while part := connection.recv(4096):
            found += part
    return found


def test_a_training_starts_tells_its_progress_and_its_result_and_stops(stage, tmp_path):
    page = Page(stage().address)
    assert [topic["title"] for topic in page.said["topics"]] == ["1. Slides", "2. A training"]
    number = page.start("python3 train.py --epochs 3")
    said = page.program(number, lambda one: one["epochs"] == [1, 3])
    assert said["place"] == [1, 0] and said["state"] == "working" and said["address"].endswith("/trains/")
    said = page.program(number, lambda one: one["state"] == "open")
    assert said["result"].startswith("Test accuracy 95.00%")
    assert trained(tmp_path) == ["['--epochs', '3', '--plot', 'web']"]
    page.send("stop", int(number))
    assert page.program(number, lambda one: one["state"] == "ended")["trouble"] is None


@not_on_windows
def test_what_is_stopped_saves(stage, tmp_path):
    page = Page(stage().address)
    number = page.start("python3 train.py --slow")
    page.program(number, lambda one: one["epochs"])
    page.send("stop", int(number))
    assert page.program(number, lambda one: one["state"] == "ended")["status"] == 143
    assert (tmp_path / "saved.txt").exists()


def test_a_wrong_flag_is_told_in_the_scripts_own_line(stage):
    page = Page(stage().address)
    said = page.program(page.start("python3 train.py --wrong"), lambda one: one["state"] == "ended")
    assert said["status"] == 2 and said["trouble"] == "train.py: unrecognized arguments: --wrong"


def test_what_runs_goes_on_while_another_topic_is_shown_and_after_a_reload(stage):
    one = stage()
    page = Page(one.address)
    number = page.start("python3 train.py --slow")
    page.program(number, lambda said: said["epochs"])
    page.send("show", [0, 1], "python3 show.py --slide two", ["docs", "demo-two.png"])
    page.start("python3 show.py --slide two", (0, 1))
    page.socket.close()
    again = Page(one.address)
    assert again.said["place"] == [0, 1] and again.said["programs"][number]["state"] == "working"


def test_only_so_many_trainings_run_and_only_so_many_pictures_stay_open(stage):
    page = Page(stage().address)
    for i in range(3):
        page.start(f"python3 train.py --slow --seed {i}", (1, i))
    assert "3 trainings are running" in page.start("python3 train.py --slow --seed 9", (1, 9))
    assert "running already" in page.start("python3 train.py --slow --seed 1", (1, 1))
    shows = [page.start(f"python3 show.py --slide {i}", (0, i)) for i in range(6)]
    page.program(shows[0], lambda one: one["state"] == "ended")
    page.program(shows[1], lambda one: one["state"] == "ended")
    assert [page.said["programs"][number]["state"] for number in shows[2:]] == 4 * ["open"]


def test_only_the_pictures_of_the_page_are_sent(stage, tmp_path):
    one = stage()
    (tmp_path / "suite" / "docs" / "other.png").write_bytes(b"other")
    host = one.host

    def get(path):
        return answer(one.address, f"GET /{one.secret}/{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())

    assert get("docs/demo-one.png").endswith(b"\x89PNG one")
    for path in ("docs/no.png", "docs/../other.png", "docs/%2e%2e/other.png", "docs/other.png", "runs/1"):
        assert get(path) == b""
    for path, kind in (("", b"text/html"), ("page.js", b"text/javascript"), ("page.css", b"text/css")):
        found = get(path)
        assert found.startswith(b"HTTP/1.1 200") and kind in found and b"no-store" in found
        assert b"frame-ancestors 'none'" in found


def test_another_page_another_name_and_no_secret_start_nothing(stage, tmp_path):
    """A foreign page in the user's browser: its origin is not ours; or its name leads to this computer."""
    one = stage()
    port = one.host.partition(":")[2]
    foreign = [
        "http://evil.example",
        "null",
        f"http://localhost:{port}",
        f"https://{one.host}",
        "http://127.0.0.1:1",
    ]
    for origin in foreign:
        with pytest.raises(LOST):
            Page(one.address, origin=origin)
    for host in (f"evil.example:{port}", f"localhost:{port}", "127.0.0.1"):
        with pytest.raises(LOST):
            Page(one.address, host=host)
        request = f"GET /{one.secret}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        assert answer(one.address, request) == b""
    with pytest.raises(LOST):  # no origin at all
        websocket.create_connection(one.address.replace("http", "ws") + "socket", suppress_origin=True)
    for wrong in (
        one.address.replace(one.secret, one.secret[:-1]),
        one.address.replace(one.secret, "x" * 22),
    ):
        with pytest.raises(LOST):
            Page(wrong)
        request = f"GET /{wrong.split('/')[3]}/ HTTP/1.1\r\nHost: {one.host}\r\n\r\n".encode()
        assert answer(wrong, request) == b""
    for method in ("POST", "HEAD", "OPTIONS", "PUT"):
        request = f"{method} /{one.secret}/ HTTP/1.1\r\nHost: {one.host}\r\nContent-Length: 0\r\n\r\n"
        assert answer(one.address, request.encode()) == b""
    assert trained(tmp_path) == [] and one.programs.started == {}


GOOD = ["start", "python3 train.py", [1, 0]]
LINES = ["ls", "python3 -c pass", "python3 never.py", "python3 ../train.py", "python3 train.py\n"]
MESSAGES = [
    "", "{}", "[]", "1", "null", "[" * 3000, '["stop"]', '["stop", "1"]', '["show", 1]', '["start", "python3',
    *(json.dumps(["start", line, [1, 0]]) for line in [*LINES, "python3 train.py --share", 1, None]),
    *(json.dumps([*GOOD[:2], place]) for place in ([9, 0], [-1, 0], [1], None, "10", [1.5, 0])),
    json.dumps(["begin", *GOOD[1:]]), json.dumps(["show", [0, 0], "x", ["file", "/etc/passwd"]]),
]  # fmt: skip


def handshake(secret, host, origin):
    return (
        f"GET /{secret}/socket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Origin: {origin}\r\nSec-WebSocket-Key: {'A' * 22}==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def test_a_thousand_hostile_requests_start_nothing_and_the_page_works_on(stage, tmp_path):
    one, chance = stage(share=True), random.Random(0)
    ports = [int(address.split(":")[2].split("/")[0]) for address in (one.address, one.class_address)]
    for message in MESSAGES:  # from the user's own page
        page = Page(one.address)
        page.socket.send(message)
        page.socket.close()
    start = websocket.ABNF.create_frame(json.dumps(GOOD).encode(), websocket.ABNF.OPCODE_TEXT).format()
    right = [one.secret, one.host, f"http://{one.host}"]

    def connect(port, *asked, noise=0):
        request = bytearray(handshake(*asked) + start)
        rest = request.index(b"\r\nSec")
        for _ in range(noise):  # beside it, in what follows
            request[chance.randrange(rest, len(request))] = chance.randrange(256)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as there:
            there.sendall(bytes(request))

    for i in range(1000 - len(MESSAGES)):
        asked = right[:]
        which = i % 3  # the secret, the host or the origin is wrong, by one letter
        place = chance.randrange(len(asked[which]))
        other = chance.choice([letter for letter in "abcXYZ019" if letter != asked[which][place]])
        asked[which] = asked[which][:place] + other + asked[which][place + 1 :]
        connect(ports[0], *asked, noise=chance.choice((0, 0, 0, 1, 5)))
    for secret in (one.secret, one.class_secret):
        connect(ports[1], secret, *right[1:])
    connect(ports[0], one.class_secret, *right[1:])
    time.sleep(0.5)
    assert trained(tmp_path) == [] and one.programs.started == {}
    connect(ports[0], *right)  # the same without an error
    wait_for(lambda: len(trained(tmp_path)) == 1)
    page = Page(one.address)
    assert [said["line"] for said in page.said["programs"].values()] == ["python3 train.py"]


def test_the_class_sees_the_picture_and_can_start_nothing(stage, tmp_path):
    one = stage(share=True)
    shared = f"http://127.0.0.1:{one.class_address.split(':')[2]}"
    page, onlooker = Page(one.address), Page(shared)
    page.send("show", [0, 0], "python3 show.py", ["docs", "demo-one.png"])
    onlooker.wait(lambda said: said["picture"] == "docs/demo-one.png")
    secret = one.class_secret

    def get(path):
        return answer(shared, f"GET /{secret}/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert get("docs/demo-one.png").endswith(b"\x89PNG one") and get("docs/demo-two.png") == b""
    assert get("page.js") == b"" and b"<iframe" in get("")
    number = page.start("python3 show.py", (0, 0))
    page.program(number, lambda said: said["address"])
    page.send("show", [0, 0], "python3 show.py", ["program", int(number)])
    said = onlooker.wait(lambda said: said["frame"])
    assert said["frame"] == "http://127.0.0.1:9/class/" and said.keys() == {"title", "frame", "picture"}
    onlooker.send("start", "python3 train.py", [1, 0])
    with pytest.raises(LOST):
        while True:
            onlooker.hear()
    for secret in (one.secret, one.class_secret):  # neither port takes the other's secret
        with pytest.raises(LOST):
            Page(
                (shared if secret == one.secret else one.address).rpartition("/")[0].rpartition("/")[0]
                + f"/{secret}/"
            )
    assert trained(tmp_path) == []


def test_at_the_end_all_is_stopped_and_nothing_more_is_started(stage, tmp_path):
    one = stage()
    page = Page(one.address)
    number = page.start("python3 train.py --slow")
    page.program(number, lambda said: said["epochs"])
    one.programs.stop_all()
    one.programs.wait()
    assert page.start("python3 show.py", (0, 0)) == "the lecture is ending"
    wait_for(lambda: one.programs.started[int(number)].status is not None)
