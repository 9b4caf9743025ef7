"""A web page that shows the pictures as they change, and sends keys and the mouse back.

The server has its own thread, so that a slow browser never holds up the training: each browser gets the
newest picture once it has shown the previous one. The page's address contains a secret; a connection that
does not send it is closed without an answer.

With `share`, other computers may connect, within the limits of keras_window/connections.py. The user who
started the program connects to a separate port, which other computers cannot reach.
"""

import asyncio
import collections
import contextlib
import functools
import hmac
import io
import json
import logging
import secrets
import socket
import sys
import threading
import time
from pathlib import Path

import segno
from PIL import Image
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from keras_window.connections import Places, Selector, Stream

PAGE = Path(__file__).with_name("web.html").read_bytes()
LONGEST = 1000  # bytes of one message from a browser
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike
SECRET = "[A-Za-z0-9_-]+"
PATIENCE = 10  # seconds before a slow request or a silent browser is dropped

logging.getLogger("tornado").addHandler(logging.NullHandler())  # do not log strangers' requests
logging.getLogger("tornado").propagate = False


class Tab:
    """A tab of the page, the counterpart of a window: it shows a picture and collects keys and the mouse.

    Args:
        server: the `Server`.
        title: the title of the tab.
        buttons: the keys that the user's own page lists, and its buttons where there is no keyboard: a
            dictionary from key to label.
        pen: None, or the width of a pen as a fraction of the paper's: viewers then draw on paper of their own
            instead of seeing the picture.
    """

    def __init__(self, server, title, buttons, pen):
        self._server = server
        self.title, self.buttons, self.pen = title, buttons, pen
        self._done, self._artists = (collections.deque(maxlen=1000) for _ in range(2))
        self.version, self._pixels, self._png = 0, None, None
        self.parts, self.question = {"header": None, "panes": []}, {"ask": "", "asked": 0}

    def show(self, pixels, header=None, panes=()):
        """Show a picture, uint8 [height, width, 4] (RGBA), until the next one.

        If there are panes, a phone held upright shows the header and the panes one below the other; each is a
        rectangle (left, top, right, bottom), from 0 to 1.
        """
        self._server.call(self._replace, pixels, {"header": header, "panes": list(panes)})

    def done(self):
        """Yield the actions since the last call: ("key", name), or ("press", "move" or "release", x, y).

        The key has the browser's name; x and y run from 0 (left, top) to 1.
        """
        while self._done:
            yield self._done.popleft()

    def drawn(self, seconds):
        """Yield each artist who has drawn, with an iterator over their strokes that ends after `seconds`.

        A stroke is (x0, y0, x1, y1), from 0 to 1, or None if the artist cleared the paper. An artist with
        strokes left is `waiting`, and gets another turn after all the others. Its `name` is the same when its
        page connects again, None if the page has not sent it.
        """
        while self._artists:
            artist = self._artists.popleft()
            yield artist, artist.strokes(self, seconds)

    def answer(self, artist, what):
        """Send a dictionary to this artist's page."""
        self._server.call(artist.say, what)

    def ask(self, text):
        """Give all viewers new paper, and show them this text above it; "" removes the text."""
        self._server.call(self._ask, text)

    def close(self):
        """Remove the tab from the page; if it is the last tab, the page keeps its picture."""
        self._server.wait_for(self._server.remove(self))

    # -- called by the server's thread

    def _replace(self, pixels, parts):
        self.version, self._pixels, self._png = self.version + 1, pixels, None
        self.parts = parts
        self._server.offer_to_all()

    def _ask(self, text):
        self.question = {"ask": text, "asked": self.question["asked"] + 1}
        self._server.offer_to_all()

    def png(self):
        if self._png is None:
            content = io.BytesIO()
            with self._server.selector.excused():
                Image.fromarray(self._pixels).convert("RGB").save(content, "png", compress_level=1)
            self._png = content.getvalue()
        return self._png

    def do(self, *what):
        self._done.append(what)

    def draws(self, artist):
        self._artists.append(artist)


def qr_code(text):
    """Return a QR code to print on a terminal, or an empty text if the terminal cannot show one."""
    code = io.StringIO()
    segno.make(text, micro=False).terminal(code, compact=True)
    try:
        code.getvalue().encode(sys.stdout.encoding)
    except (UnicodeEncodeError, TypeError):
        return ""
    return code.getvalue() if sys.stdout.isatty() else ""


def address_in_this_room():
    """Return the address of this computer in its network, as far as it is known."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing; the address is reserved (RFC 5737)
        return probe.getsockname()[0]
    return "127.0.0.1"


class Server:
    """A web server for the page, which answers only browsers that know its secret address.

    Args:
        share: whether other computers may open the page, too.

    Attributes:
        address: the page's address for the user who started this program.
        class_address: with `share`, the page's address for viewers; short enough to write on a board.

    Raises:
        OSError: no port is free.
    """

    def __init__(self, share):
        self._own, self._looking_on = secrets.token_urlsafe(16), None
        self.tabs, self.browsers, self._number = {}, set(), 0
        own, shared = bind_sockets(0, "127.0.0.1", socket.AF_INET), []
        self.address = f"http://127.0.0.1:{own[0].getsockname()[1]}/{self._own}/"
        if share:
            shared = bind_sockets(0, "0.0.0.0", socket.AF_INET)
            self._looking_on = "".join(secrets.choice(LETTERS) for _ in range(8))
            place = f"{address_in_this_room()}:{shared[0].getsockname()[1]}"
            self.class_address = f"http://{place}/{self._looking_on}/"
        self.selector = Selector()
        self._loop = asyncio.SelectorEventLoop(self.selector)
        serve = functools.partial(self._loop.run_until_complete, self._serve(own, shared))
        threading.Thread(target=serve, daemon=True).start()

    async def _serve(self, own, shared):
        application = Application(
            [(f"/({SECRET})/", _Page), (f"/({SECRET})/socket", _Browser)],
            log_function=lambda handler: None,
            server=self,
            websocket_max_message_size=LONGEST,
            websocket_ping_interval=PATIENCE,
        )
        limits = {"max_header_size": 8192, "max_body_size": LONGEST, "body_timeout": PATIENCE}
        http = HTTPServer(application, idle_connection_timeout=PATIENCE, **limits)
        places = Places(self.selector)

        def accept(listening, admit):
            with contextlib.suppress(OSError):  # the client has left already
                connection, address = listening.accept()
                if stream := admit(connection, address[0]):
                    http.handle_stream(stream, address)

        for listening in own:
            self._loop.add_reader(listening, accept, listening, lambda connection, host: Stream(connection))
        for listening in shared:
            self._loop.add_reader(listening, accept, listening, places.admit)
        await asyncio.Event().wait()

    def new_tab(self, *about):
        """Add a `Tab` in front of the others."""
        tab = Tab(self, *about)
        self.call(self.add, tab)
        return tab

    def call(self, function, *args):
        """Call a function in the server's thread, without waiting for it."""
        self._loop.call_soon_threadsafe(function, *args)

    def wait_for(self, coroutine):
        """Run a coroutine in the server's thread, and wait for its end."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    # -- called by the server's thread

    def role(self, secret):
        """Return the role that a secret gives: "own", "look", or None for a wrong secret."""
        roles = {"own": self._own, "look": self._looking_on}
        known = [role for role, right in roles.items() if right and hmac.compare_digest(secret, right)]
        return known[0] if known else None

    def add(self, tab):
        self._number += 1
        self.tabs[self._number] = tab
        self.offer_to_all()

    async def remove(self, tab):
        """Remove a tab when the browsers have shown its last picture, or after one second."""
        end = time.monotonic() + 1
        while time.monotonic() < end and not all(browser.up_to_date(tab) for browser in self.browsers):
            await asyncio.sleep(0.01)
        self.tabs = {number: other for number, other in self.tabs.items() if other is not tab}
        self.offer_to_all()
        await asyncio.sleep(0.05)  # lets the last messages leave

    def offer_to_all(self):
        for browser in list(self.browsers):
            browser.offer()


class _Known(RequestHandler):
    """A handler that closes the connection of every request without the secret."""

    def prepare(self):
        self.server, self.stream = self.application.settings["server"], self.request.connection.stream
        self.role = self.server.role(self.path_args[0])
        if self.role is None or self.request.method != "GET":
            self.detach().close()
        else:
            self.stream.trusted = True


class _Page(_Known):
    async def get(self, secret):
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Connection", "close")
        await self.finish(PAGE)
        self.stream.close()


def _no_number(text):
    raise ValueError(f"{text} is no number of JSON")


def _from_0_to_1(value):
    return min(max(value, 0), 1)


class _Browser(_Known, WebSocketHandler):
    """The WebSocket to one page. Both sides send JSON; the server also sends pictures."""

    def check_origin(self, origin):
        return True  # the secret is enough, and the page may come through a proxy

    def open(self, secret):
        self._chosen = None  # number of the tab that the user chose
        self._shown = self._sent = None  # (tab, version) that the page shows; that is on its way
        self._said = self._answer = None  # last message about the tabs; next answer to send
        self._sending = False
        self._strokes, self.waiting = collections.deque(maxlen=1000), False
        self.name = None  # the page's own, at random; the same after a lost connection
        self.server.browsers.add(self)
        self.offer()

    def on_close(self):
        self.server.browsers.discard(self)
        self._strokes.clear()

    def on_message(self, message):
        try:
            what, *values = json.loads(message, parse_constant=_no_number)
            tab = self.server.tabs.get(self._number())
            if what == "shown" and self._sent:
                self._shown, self._sent = self._sent, None
            elif what == "choose" and values[0] in self.server.tabs:
                self._chosen = values[0]
            elif what == "name" and isinstance(values[0], str):
                self.name = self.name or values[0][:60]
            elif tab and self.role == "own":
                self._do(tab, what, values)
            elif tab and tab.pen:
                self._draw(tab, what, values)
        except (ValueError, TypeError, IndexError, KeyError, RecursionError):
            self.stream.cut_off()
        self.offer()

    def _do(self, tab, what, values):
        if what == "key" and isinstance(values[0], str):
            tab.do("key", values[0][:20])
        elif what in ("press", "move", "release"):
            x, y = map(_from_0_to_1, values)
            tab.do(what, x, y)

    def _draw(self, tab, what, values):
        if what == "stroke":
            places = [*map(_from_0_to_1, values)]
            for i in range(0, len(places) - 2, 2):
                x0, y0, x1, y1 = places[i : i + 4]
                self._strokes.append((x0, y0, x1, y1))
        elif what == "wipe":
            self._strokes.clear()
            self._strokes.append(None)
        else:
            return
        self._wait_for_turn(tab)

    def _wait_for_turn(self, tab):
        if not self.waiting:
            self.waiting = True
            tab.draws(self)

    def strokes(self, tab, seconds):
        """Yield the new strokes for up to `seconds`; called by the thread that draws."""
        self.waiting, end = False, time.monotonic() + seconds
        with contextlib.suppress(IndexError):  # no strokes are left
            while time.monotonic() < end:
                yield self._strokes.popleft()
        if self._strokes:
            self._wait_for_turn(tab)

    def _number(self):
        """Return the number of the tab that the page shows: the chosen one, or the newest."""
        tabs = self.server.tabs
        return self._chosen if self._chosen in tabs else max(tabs, default=None)

    def up_to_date(self, tab):
        number = self._number()
        seen = self.server.tabs.get(number) is tab and not self._pen()
        return not seen or self._shown == (number, tab.version)

    def _pen(self):
        """Return the width of the pen, or None if the page shows the picture instead of paper."""
        tab = self.server.tabs.get(self._number())
        return tab.pen if tab and self.role == "look" else None

    def say(self, what):
        """Send a dictionary to the page; it replaces one that still waits to be sent."""
        self._answer = what
        self.offer()

    def offer(self):
        """Send the next message if the previous one has left, so that messages never queue up."""
        news = None if self._sending else self._news()
        if news is None:
            return
        try:
            sent = self.write_message(news, isinstance(news, bytes))
        except WebSocketClosedError:
            return
        self._sending = True
        sent.add_done_callback(self._on_sent)

    def _on_sent(self, sent):
        self._sending = False
        if sent.exception() is None:
            self.offer()

    def _news(self):
        """Return the next message for the page: the tabs, an answer, or a picture; None if nothing is new."""
        tabs, number = self.server.tabs, self._number()
        tab = tabs.get(number)
        said = {"titles": {number: tab.title for number, tab in tabs.items()}, "shown": number}
        if tab:
            own = self.role == "own"
            said |= {"own": own, "buttons": list(tab.buttons.items()) if own else [], "pen": self._pen()}
            said |= tab.parts if own else tab.parts | tab.question
        if said != self._said:
            self._said = said
            return json.dumps(said)
        if self._answer:
            answer, self._answer = self._answer, None
            return json.dumps(answer)
        new = tab and tab.version and not self._pen() and self._shown != (number, tab.version)
        if not new or self._sent:
            return None
        self._sent = number, tab.version
        return tab.png()
