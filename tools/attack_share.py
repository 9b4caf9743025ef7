"""Measures how attackers on a shared page slow down a lesson or the drawing pad.

    python3 tools/attack_share.py
    python3 tools/attack_share.py --runs 3 --floor choose unread
    python3 tools/attack_share.py --root ../older drawing

Without `drawing`, the tool trains a lesson with `--share --close`, first without attackers, then with each
kind of attacker. It prints the seconds of fit, also relative to the run without attackers (medians), the
peak memory, whether the weights are equal bit for bit, and the longest time until the owner's page showed
a picture. With --floor, the attackers are also run against a closed port: this measures what they cost merely
as other programs on this computer.

With `drawing`, it opens draw_digit.py with --share while attackers draw from corner to corner. It prints the
seconds until an honest user gets an answer, and until the window closes after its owner presses q.

All attackers run on this computer, each with its own address (127.0.0.2 and so on, where the system has
them), connect to no other computer, and end after --seconds. Runs on Linux and macOS.
"""

import argparse
import contextlib
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import re
import resource
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import h5py
import websocket

ROOT = Path(__file__).parents[1]
LESSON = "mnist_1_softmax"
NEVER = float("inf")
LOST = OSError, websocket.WebSocketException


# -- attackers: each is a process that knows the page's address and runs until `end`


def connect(port, number):
    """A connection from the address of the attacker with this number."""
    try:
        return socket.create_connection(("127.0.0.1", port), 5, (f"127.0.0.{2 + number}", 0))
    except OSError as error:
        if not isinstance(error, ConnectionError | TimeoutError):
            return socket.create_connection(("127.0.0.1", port), 5)  # a system with 127.0.0.1 alone
        raise


def page(port, secret, number):
    """A WebSocket connection, as a page opens it."""
    connection = connect(port, number)
    connection.sendall(
        f"GET /{secret}/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {'A' * 22}==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    if not connection.recv(4096).startswith(b"HTTP/1.1 101"):
        raise ConnectionError("no page")
    return connection


def frame(what, opcode=0x81):
    content = what if isinstance(what, bytes) else json.dumps(what).encode()
    head = struct.pack("!BB", opcode, 0x80 | len(content)) if len(content) < 126 else None
    head = head or struct.pack("!BBH", opcode, 0x80 | 126, len(content))
    return head + bytes(4) + content


def flood(what, reading, *where):
    """Send data repeatedly, without waiting, until the connection is closed."""
    with page(*where) as connection:
        connection.setblocking(False)
        rest = b""
        while True:
            rest = rest or what
            readable, writable, _ = select.select([connection] * reading, [connection], [], 1)
            if readable and not connection.recv(2**16):
                return
            if writable:
                rest = rest[connection.send(rest) :]


def choose(*where):
    """Request the sheet repeatedly, and read the answers."""
    flood(100 * frame(["choose", 1]), True, *where)


def unread(*where):
    """Request the sheet repeatedly, without reading the answers."""
    flood(100 * frame(["choose", 1]), False, *where)


def pings(*where):
    """Send pings, and fragmented messages that never end."""
    flood(100 * frame(b"x", 0x89) + frame(b"x", 0x01) + 1000 * frame(b"", 0x00), False, *where)


def strokes(*where):
    """Draw from corner to corner."""
    flood(frame(["stroke", 0, 0, 1, 1]) + frame(["stroke", 0, 1, 1, 0]), True, *where)


def short_strokes(*where):
    """Draw just below the rate limit, so that each stroke is answered."""
    with page(*where) as connection:
        for i in itertools.count():
            connection.sendall(frame(["stroke", 0, 0, 1, i % 100 / 100]))
            while select.select([connection], [], [], 0.012)[0]:
                if not connection.recv(2**16):
                    return


def places(*where):
    """Open 300 pages that never confirm a picture."""
    hold(page, *where)


def silent(*where):
    """Open 300 connections that send nothing, or half a request."""

    def half(*where):
        connection = connect(where[0], where[2])
        connection.sendall(random.choice([b"", b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\nA: "]))
        return connection

    hold(half, *where)


def hold(opened, *where):
    held = []
    while True:
        try:
            held.append(opened(*where))
        except OSError:
            time.sleep(0.01)
        if len(held) == 300:
            time.sleep(0.01)
            gone = select.select(held, [], [], 0)[0]
            held = [connection for connection in held if connection not in gone or connection.recv(2**16)]


def connects(*where):
    """Open connections and close them at once."""
    connect(where[0], where[2]).close()


def reload(port, secret, number):
    """Request the page as often as it is answered."""
    with connect(port, number) as connection:
        connection.sendall(f"GET /{secret}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while connection.recv(2**16):
            pass
    with page(port, secret, number) as connection:
        connection.recv(2**16)


def garbage(*where):
    """Send invalid HTTP requests, and messages that no page sends."""
    junk = [
        random.randbytes(2000),
        b"\r\n\r\n" * 500,
        b"GET /" + b"a" * 20000,
        b"\x16\x03\x01\x02\x00\x01\x00" * 9,
    ]
    junk += [
        b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ]
    with connect(where[0], where[2]) as connection:
        connection.sendall(random.choice(junk))
    with page(*where) as connection:
        connection.sendall(frame(random.choice([b"[" * 900, random.randbytes(900), b'["choose", []]'])))
        connection.recv(2**16)


def a_class(*where):
    """Open 20 pages that draw without a pause: no attack, but the most that real pages send."""
    pages = [page(*where) for _ in range(20)]
    while True:
        for connection in pages:
            connection.sendall(frame(["stroke", 0.5, 0.5, 0.51, 0.51]))
        time.sleep(0.012)
        for connection in select.select(pages, [], [], 0)[0]:
            if connection.recv(2**16)[:1] == b"\x82":
                connection.sendall(frame(["shown"]))


KINDS = [choose, unread, pings, places, silent, connects, reload, garbage, a_class]


def attack(kind, port, secret, number, seconds):
    """Call a function repeatedly until `end`."""
    threading.Timer(seconds, os._exit, [0]).start()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1000, most), most))
    while True:
        try:
            kind(port, secret, number)
        except OSError:  # no connection, or it was closed
            time.sleep(0.001)


class Attackers:
    """A context manager that runs this many attackers."""

    def __init__(self, kind, count, port, secret, seconds):
        where = [(kind, port, secret, number, seconds) for number in range(count)]
        self._processes = [multiprocessing.Process(target=attack, args=args, daemon=True) for args in where]

    def __enter__(self):
        for process in self._processes:
            process.start()

    def __exit__(self, *error):
        for process in self._processes:
            process.kill()
            process.join()


# -- the programs under attack


class Program:
    """A context manager that runs a script with --share."""

    def __init__(self, root, script, folder, seconds, *flags):
        command = [sys.executable, root / script, "--share", "--out", folder / "run", *flags]
        environment = os.environ | {"BROWSER": "true"}  # a program that does nothing
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._timer = threading.Timer(seconds, self._process.kill)
        self._timer.start()
        said = ""
        while not (found := re.findall(r"at http://[^:]+:(\d+)/(\S+)/\n", said))[1:]:
            line = self._process.stdout.readline()
            if not line:
                raise SystemExit(f"{script} has ended:\n{said}")
            said += line
        (own_port, self._own), (port, self.secret) = found
        self.own, self.port = f"127.0.0.1:{own_port}/{self._own}/", int(port)

    def to_its_end(self):
        """The peak memory of the process in MB."""
        self._process.stdout.read()
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def owner(address):
    """The connection of an owner's page once it has shown a picture, and the seconds until then."""
    began = time.perf_counter()
    with urllib.request.urlopen(f"http://{address}", timeout=60) as answer:
        answer.read()
    connection = websocket.create_connection(f"ws://{address}socket", timeout=60)
    while isinstance(connection.recv(), str):
        pass
    connection.send(json.dumps(["shown"]))
    return connection, time.perf_counter() - began


def digest(model):
    """The digest of the weights in a .keras file."""
    found = hashlib.sha256()

    def add(name, what):
        if isinstance(what, h5py.Dataset):
            found.update(name.encode() + what[()].tobytes())

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "zipfile", "-e", model, folder], check=True)
        with h5py.File(Path(folder, "model.weights.h5")) as weights:
            weights.visititems(add)
    return found.hexdigest()


def train(args, kind, closed=False):
    """Train once under attack; returns the seconds of fit, MB, digest, longest wait of the owner."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--close", "--epochs", args.epochs]
        with Program(args.root, f"{LESSON}.py", Path(folder), args.seconds, *flags) as program:
            waits = [0.0]  # of the owner

            def look():
                try:
                    while True:
                        connection, seconds = owner(program.own)
                        waits.append(seconds)
                        connection.close()
                        time.sleep(0.5)
                except LOST:
                    pass  # the training is over

            port = 1 if closed else program.port
            with Attackers(kind, args.attackers if kind else 0, port, program.secret, args.seconds):
                threading.Thread(target=look, daemon=True).start()
                memory = program.to_its_end()
        run = Path(folder, "run")
        fit = json.loads((run / "result.json").read_text())["seconds"]["fit"]
        return fit, memory, digest(run / "model.keras"), max(waits)


def trainings(args, kinds):
    print(
        f"{LESSON}.py --epochs {args.epochs}, attackers of each kind: {args.attackers}, runs: {args.runs}\n"
    )
    rows = [(None, False), *((kind, closed) for kind in kinds for closed in (False, True)[: 1 + args.floor])]
    names = {row: (row[0].__name__ if row[0] else "none") + ", closed port" * row[1] for row in rows}
    results = {row: [] for row in rows}
    for _ in range(args.runs):
        for row in rows:
            results[row].append(train(args, *row))
            fit, memory, _, wait = results[row][-1]
            print(f"  {names[row]}: {fit:.1f} s, {memory:.0f} MB, {wait:.2f} s", file=sys.stderr, flush=True)
    print_row("attackers", "fit, s", "× alone", "MB", "same weights", "owner waits, s")
    print_row(*["---"] * 6)
    alone = results[None, False]
    for row, found in results.items():
        fits, memories, digests, waits = zip(*found, strict=True)
        ratio = statistics.median(fit / one[0] for fit, one in zip(fits, alone, strict=True))
        same = "yes" if {*digests} == {alone[0][2]} else "NO"
        fit = statistics.median(fits)
        print_row(names[row], f"{fit:.1f}", f"{ratio:.2f}", f"{max(memories):.0f}", same, f"{max(waits):.2f}")


def print_row(*cells):
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def artist(program):
    """The connection of an honest user's page, ready to draw."""
    address = f"ws://127.0.0.1:{program.port}/{program.secret}/socket"
    connection = websocket.create_connection(address, timeout=60)
    while not json.loads(connection.recv()).get("pen"):
        pass  # the sheet is not there yet
    return connection


def answered(connection):
    """Draw a stroke on an empty sheet, and wait for the answer."""
    for inked, what in ((False, ["wipe"]), (True, ["stroke", 0.3, 0.3, 0.7, 0.3])):
        began = time.perf_counter()
        connection.send(json.dumps(what))
        while True:
            said = json.loads(connection.recv())
            if "seen" in said and any(map(any, said["seen"])) == inked:
                break
    return time.perf_counter() - began


def draw(args, models, kind, count):
    """Response times of an honest user, measured for 15 s, and seconds from the owner's q to the end.

    NEVER stands for a closed connection, or a minute without an answer.
    """
    waits, end = [], NEVER
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--model", *models]
        with Program(args.root, "draw_digit.py", Path(folder), args.seconds, *flags) as program:
            honest = artist(program)
            answered(honest)  # the networks are loaded
            with Attackers(kind, count, program.port, program.secret, args.seconds):
                time.sleep(2)
                until = time.monotonic() + 15
                while time.monotonic() < until:
                    with contextlib.suppress(*LOST):
                        honest = honest or artist(program)
                        waits.append(answered(honest))
                        time.sleep(0.2)
                        continue
                    honest = None
                    waits.append(NEVER)
                with contextlib.suppress(*LOST):
                    page, _ = owner(program.own)
                    began = time.perf_counter()
                    page.send(json.dumps(["key", "q"]))
                    program.to_its_end()
                    end = time.perf_counter() - began
    return waits, end


def drawings(args):
    print("draw_digit.py --share: an honest artist beside those who draw from corner to corner\n")
    with tempfile.TemporaryDirectory() as folder:
        models = [Path(folder, script) for script in (LESSON, "mnist_3_convolutional")]
        for model in models:
            flags = ["--plot", "none", "--epochs", "1", "--train-size", "2000", "--out", model]
            command = [sys.executable, args.root / f"{model.name}.py", *flags]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        print_row(
            "attackers", "answered after, s (median)", "at worst", "closed, or 60 s", "q ends it after, s"
        )
        print_row(*["---"] * 5)
        for kind, count in ((strokes, 0), (strokes, 5), (strokes, 20), (short_strokes, 20)):
            found = [draw(args, models, kind, count) for _ in range(args.runs)]
            waits = [wait for one in found for wait in one[0]]
            worst, end = max(waits), max(one[1] for one in found)
            name = f"{count} {kind.__name__}" if count else "none"
            print_row(
                name, f"{statistics.median(waits):.2f}", f"{worst:.2f}", waits.count(NEVER), f"{end:.2f}"
            )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = {kind.__name__: kind for kind in KINDS}
    choices = [*names, "drawing"]
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(choices)} (default: all)")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--epochs", default="25")
    parser.add_argument("--attackers", type=int, default=1, help="processes of each kind (default: 1)")
    parser.add_argument("--seconds", type=int, default=180, help="after which everything ends (default: 180)")
    parser.add_argument("--floor", action="store_true", help="the same attackers on a closed port, too")
    parser.add_argument("--root", type=Path, default=ROOT, help="another copy of the project")
    args = parser.parse_args()
    args.root = args.root.resolve()
    chosen = args.kinds or choices
    if unknown := [kind for kind in chosen if kind not in choices]:
        parser.error(f"there is no {unknown[0]!r} (there are {', '.join(choices)})")
    if kinds := [names[kind] for kind in chosen if kind in names]:
        trainings(args, kinds)
    if "drawing" in chosen:
        drawings(args)


if __name__ == "__main__":
    main()
