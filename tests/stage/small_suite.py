"""A small suite for the tests of the page: two topics, a slide show, and a lesson that trains nothing."""

import json
import re

import websocket

PAGE = """# A talk

Type `python3 never.py`.

## 1. Slides

```
python3 show.py --slide one
python3 show.py --slide two
```

**What appears.** <b>One</b> slide & another.

![One](talk/demo-one.png)
![Two](talk/demo-two.png)

## 2. A training

```
python3 train.py
```

**Try.** `--epochs 9`, then `python3 show.py`.
"""

SHOW = """
import sys, time
print("The window is in the browser, at http://127.0.0.1:9/shown/", flush=True)
if "--share" in sys.argv:
    print("The class can watch at http://127.0.0.1:9/class/", flush=True)
time.sleep(600)
"""

TRAIN = """
import signal, sys, time
def parse_args(about, **defaults): pass
args = parse_args(__doc__, epochs=3)
open("trained.txt", "a").write(repr(sys.argv[1:]) + chr(10))
if "--wrong" in sys.argv:
    print("train.py: unrecognized arguments: --wrong", file=sys.stderr)
    sys.exit(2)
def save(number, frame):
    open("saved.txt", "w").write("saved")
    sys.exit(128 + number)
signal.signal(signal.SIGTERM, save)
print("The window is in the browser, at http://127.0.0.1:9/trains/", flush=True)
print("epoch  1/3  accuracy 0.9000  1.0 s", flush=True)
time.sleep(600 if "--slow" in sys.argv else 1.5)
print("Test accuracy 95.00% after 3 epochs, 3.0 s", flush=True)
time.sleep(600)
"""


def make(folder):
    """Write the suite into a folder; returns the path of its page."""
    (folder / "docs" / "talk").mkdir(parents=True)
    (folder / "docs" / "talk.md").write_text(PAGE, "utf-8")
    (folder / "docs" / "talk" / "demo-one.png").write_bytes(b"\x89PNG one")
    for name, code in (("show", SHOW), ("train", TRAIN), ("never", TRAIN)):
        (folder / f"{name}.py").write_text(code, "utf-8")
    return folder / "docs" / "talk.md"


class Page:
    """What the page does, without a browser."""

    def __init__(self, address, origin=None, host=None):
        self.origin = origin or "http://" + re.search("//([^/]+)/", address)[1]
        url = address.replace("http", "ws") + "socket"
        self.socket = websocket.create_connection(url, timeout=20, origin=self.origin, host=host)
        self.said = {}
        self.hear()

    def hear(self):
        message = json.loads(self.socket.recv())
        self.said |= message
        return message

    def send(self, *what):
        self.socket.send(json.dumps(what))

    def wait(self, condition):
        """Listen until the condition holds for what was said; returns it."""
        while not condition(self.said):
            self.hear()
        return self.said

    def start(self, line, place=(1, 0)):
        """Start a command; returns its number, or why it is refused."""
        before = set(self.said["programs"])
        self.said.pop("refused", None)
        self.send("start", line, list(place))
        said = self.wait(lambda said: "refused" in said or set(said["programs"]) - before)
        return said.get("refused") or max(set(said["programs"]) - before, key=int)

    def program(self, number, condition):
        """Listen until the condition holds for a program; returns what is said of it."""
        return self.wait(lambda said: condition(said["programs"][number]))["programs"][number]
