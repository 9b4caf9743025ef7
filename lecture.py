"""The lecture as a page in the browser, topic by topic.

    python3 lecture.py              opens the page, for you alone
    python3 lecture.py --share      also lets the class look on from other computers and phones

Each topic of docs/lecture.md has its text, and its commands, which you can change before you start them. The
picture appears on the page. What runs goes on while you talk about another topic. Ctrl-C ends everything;
the networks are saved.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
import webbrowser
from pathlib import Path

try:
    from keras_window.web import qr_code
    from stage.server import Stage
except ImportError as error:
    name = getattr(error, "name", None)
    print(f"lecture.py: the package {name!r} is not installed. Run: pip install {name}", file=sys.stderr)
    sys.exit(2)

ROOT = Path(__file__).parent


class OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        print(f"lecture.py: {message} (--help lists the flags)", file=sys.stderr)
        sys.exit(2)


def parse_args():
    kind = argparse.RawDescriptionHelpFormatter
    parser = OneLineParser("lecture.py", description=__doc__, formatter_class=kind, allow_abbrev=False)
    about = "let the class look on from other computers and phones"
    parser.add_argument("--share", action="store_true", help=about)
    return parser.parse_args()


def say(text, stream=sys.stdout):
    """Print a text; if it cannot be printed (a closed pipe, a full disk), the lecture goes on."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say_addresses(stage, share):
    """Print where the page is, and open it if there is a browser."""
    say(f"The lecture is in the browser, at {stage.address}")
    if share:
        say(f"The class can watch at {stage.class_address}\n{qr_code(stage.class_address)}")
    with contextlib.suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:  # a text browser would take over the terminal
            threading.Thread(target=browser.open, args=[stage.address], daemon=True).start()
    say("Ctrl-C ends it, and all that runs; the networks are saved.")


def listen_to_signals():
    """Returns a list that gets the number of each signal: Ctrl-C, SIGTERM and SIGHUP."""
    came = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: came.append(number))
    return came


def main():
    args, came = parse_args(), listen_to_signals()
    try:
        stage = Stage(ROOT, ROOT / "docs" / "lecture.md", Path("runs"), args.share)
    except OSError as error:
        print(f"lecture.py: cannot show the lecture: {error.strerror}", file=sys.stderr)
        return 2
    say_addresses(stage, args.share)
    while not came:
        time.sleep(0.1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C does not wait
    say("\nStopping all that runs, and saving ...", sys.stderr)
    try:
        stage.programs.stop_all()
        stage.programs.wait()
    except KeyboardInterrupt:
        stage.programs.kill_all()
    return 128 + came[0]


if __name__ == "__main__":
    sys.exit(main())
