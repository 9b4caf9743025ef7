"""The web server of the lecture's page. It is for the user who started it; with `share`, the class looks on.

The user's page has a port that only this computer can reach, and a secret in its address. A request without
the secret, from another page, or to this computer under another name is closed without an answer. What the
page asks for comes over a WebSocket, as JSON. The class has a port and a secret of its own: its page shows
the picture of the topic, and nothing that it sends is read.
"""

import asyncio
import contextlib
import functools
import hmac
import json
import logging
import secrets
import socket
import threading
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from keras_window.connections import Places, Selector, Stream
from keras_window.web import LETTERS, SECRET, address_in_this_room
from stage.commands import Programs, Refused, read_command
from stage.runs import Runs
from stage.topics import read_topics, scripts_of

HERE = Path(__file__).parent
FILES = {
    "": ("page.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}
CLASS_FILES = {"": ("class.html", "text/html"), "class.js": ("class.js", "text/javascript")}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self' ws:; frame-src http:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
LONGEST = 8000  # bytes of one message from the page
PATIENCE = 10  # seconds before a slow request or a silent browser is dropped
PAUSE = 0.2  # seconds between two messages about what runs

logging.getLogger("tornado").addHandler(logging.NullHandler())  # do not log strangers' requests
logging.getLogger("tornado").propagate = False


class Stage:
    """The lecture's page, and all that it has started.

    Args:
        root: the folder of the scripts, a `Path`.
        page: the page of docs/ with the topics, a `Path`; its pictures are in the folder of the same name.
        runs: the folder of the runs, a `Path`.
        share: whether the class may look on.

    Attributes:
        address: the page's address for the user who started it.
        class_address: with `share`, the address for the class.
        programs: a `Programs`.

    Raises:
        OSError: no port is free, or the page of docs/ cannot be read.
    """

    def __init__(self, root, page, runs, share=False):
        self.topics, self.pictures = read_topics(page), page.with_suffix("")
        self.runs = Runs(root, runs)
        self.place, self.line, self.sees = [0, 0], "", None
        self.pages, self.onlookers, self._asked = set(), set(), False
        self._shown = {}  # pictures of runs that the page may ask for, by number
        own = bind_sockets(0, "127.0.0.1", socket.AF_INET)
        self.host, self.secret = f"127.0.0.1:{own[0].getsockname()[1]}", secrets.token_urlsafe(16)
        self.address = f"http://{self.host}/{self.secret}/"
        shared = bind_sockets(0, "0.0.0.0", socket.AF_INET) if share else []
        if share:
            self.class_secret = "".join(secrets.choice(LETTERS) for _ in range(8))
            place = f"{address_in_this_room()}:{shared[0].getsockname()[1]}"
            self.class_address = f"http://{place}/{self.class_secret}/"
        self.selector = Selector()
        self._loop = asyncio.SelectorEventLoop(self.selector)
        self.programs = Programs(root, scripts_of(page), share, self._changed)
        serve = functools.partial(self._loop.run_until_complete, self._serve(own, shared))
        threading.Thread(target=serve, daemon=True).start()

    async def _serve(self, own, shared):
        options = {
            "log_function": lambda handler: None,
            "stage": self,
            "websocket_max_message_size": LONGEST,
            "websocket_ping_interval": PATIENCE,
        }
        picture = rf"/({SECRET})/(docs|runs)/([A-Za-z0-9_]+-?[A-Za-z0-9_]*\.png|[0-9]+)"
        pages = [
            (rf"/({SECRET})/(page\.css|page\.js|)", _File),
            (picture, _Picture),
            (rf"/({SECRET})/socket", _OwnSocket),
        ]
        class_pages = [
            (rf"/({SECRET})/(class\.js|)", _ClassFile),
            (picture, _ClassPicture),
            (rf"/({SECRET})/socket", _ClassSocket),
        ]
        places = Places(self.selector)
        for listening, admit, handlers in (
            *((one, lambda connection, host: Stream(connection), pages) for one in own),
            *((one, places.admit, class_pages) for one in shared),
        ):
            limits = {"max_header_size": 8192, "max_body_size": 1000, "body_timeout": PATIENCE}
            application = Application(handlers, **options)
            http = HTTPServer(application, idle_connection_timeout=PATIENCE, **limits)
            self._loop.add_reader(listening, self._accept, listening, admit, http)
        await asyncio.Event().wait()

    def _accept(self, listening, admit, http):
        with contextlib.suppress(OSError):  # the client has left already
            connection, address = listening.accept()
            if stream := admit(connection, address[0]):
                http.handle_stream(stream, address)

    # -- called by the threads that follow the programs

    def _changed(self):
        self._loop.call_soon_threadsafe(self._tell_soon)

    # -- called by the server's thread

    def _tell_soon(self):
        if not self._asked:
            self._asked = True
            self._loop.call_later(PAUSE, self._tell)

    def _tell(self):
        self._asked = False
        self.tell_all()

    def tell_all(self):
        """Send the state to all pages, and to the class what it sees."""
        with self.selector.excused():
            state, sees = json.dumps(self.state()), json.dumps(self.seen_by_class())
            for page in list(self.pages):
                page.say(state)
            for page in list(self.onlookers):
                page.say(sees)

    def state(self):
        """What the page shows beside the topics: a dictionary."""
        return {
            "programs": {number: one.about() for number, one in self.programs.started.items()},
            "about": self._about(self.line),
        }

    def _about(self, line):
        """Whether a command has been run already, and the runs of the same lesson."""
        try:
            command = read_command(line, self.programs.scripts)
        except Refused:
            return {"line": line, "there": None, "runs": []}
        run, there = self.runs.there(command), None
        if run:
            pictures = [[self._number(path), path.name] for path in run.pictures()]
            there = {"folder": run.folder.as_posix(), "test": run.shown, "pictures": pictures}
        return {
            "line": line,
            "there": there,
            "runs": self.runs.beside(command, self.programs.working_since(command)),
        }

    def _number(self, path):
        """A number for a picture of a run; another one when it has changed."""
        key = path, path.stat().st_mtime
        return self._shown.setdefault(key, len(self._shown) + 1)

    def picture(self, kind, name):
        """The path of a picture that the page or the class may see, None if there is none."""
        if kind == "docs":
            return self.pictures / name
        return next((path for (path, _), number in self._shown.items() if str(number) == name), None)

    def show(self, place, line, picture):
        """Remember what the user's page shows; the class sees its picture.

        Args:
            place: the topic and the command in it, two numbers.
            line: the command, as it stands on the page.
            picture: ["docs", name], ["runs", number], ["program", number] or None.
        """
        self.place, self.line, self.sees = place, line, picture
        self.tell_all()

    def seen_by_class(self):
        title = self.topics[self.place[0]].title if self.topics else ""
        kind, name = self.sees or (None, None)
        program = self.programs.started.get(name) if kind == "program" else None
        return {
            "title": title,
            "frame": program and program.class_address,
            "picture": f"{kind}/{name}" if kind in ("docs", "runs") else None,
        }

    def start(self, line, place):
        """Start a command. Returns its number, or why it is not started."""
        try:
            number = self.programs.start(line, place)
        except (Refused, OSError) as error:
            return str(error)
        self.tell_all()
        return number


class _Known(RequestHandler):
    """A handler that closes the connection of every request without the secret, unanswered."""

    def prepare(self):
        self.stage, self.stream = self.application.settings["stage"], self.request.connection.stream
        if self.request.method == "GET" and self.is_known(self.path_args[0]):
            self.stream.trusted = True
        else:
            self.detach().close()

    def is_known(self, secret):
        """The user's page: the address must be this one, not a name that leads here (DNS rebinding)."""
        return self.request.host == self.stage.host and hmac.compare_digest(secret, self.stage.secret)

    async def send(self, content, kind):
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Connection", "close")
        await self.finish(content)
        self.stream.close()


class _OfTheClass(_Known):
    def is_known(self, secret):
        return hmac.compare_digest(secret, self.stage.class_secret)


class _File(_Known):
    files = FILES

    async def get(self, secret, name):
        file, kind = self.files[name]
        await self.send((HERE / file).read_bytes(), f"{kind}; charset=utf-8")


class _ClassFile(_OfTheClass, _File):
    files = CLASS_FILES


class _Picture(_Known):
    async def get(self, secret, kind, name):
        path = self.stage.picture(kind, name)
        if path is None or not path.is_file():
            self.stream.close()
            return
        with self.stage.selector.excused():
            content = path.read_bytes()
        await self.send(content, "image/png")


class _ClassPicture(_OfTheClass, _Picture):
    async def get(self, secret, kind, name):
        if self.stage.sees and f"{kind}/{name}" == self.stage.seen_by_class()["picture"]:
            await super().get(secret, kind, name)
        else:
            self.stream.close()


class _Socket(_Known, WebSocketHandler):
    """A WebSocket to a page, which gets the newest state once the previous one has left."""

    def initialize(self):
        self._news, self._sending = [], False

    def say(self, text):
        """Send a text; of those that wait, only the newest is sent."""
        self._news = [text]
        self._send()

    def _send(self):
        if self._sending or not self._news:
            return
        try:
            sent = self.write_message(self._news.pop())
        except WebSocketClosedError:
            return
        self._sending = True
        sent.add_done_callback(self._sent)

    def _sent(self, sent):
        self._sending = False
        if sent.exception() is None:
            self._send()


class _OwnSocket(_Socket):
    """The WebSocket to the user's page, which also asks to start and stop programs."""

    def is_known(self, secret):
        return super().is_known(secret) and self.request.headers.get("Origin") == f"http://{self.stage.host}"

    def check_origin(self, origin):
        return True  # `is_known` has compared it, before any answer

    def open(self, secret):
        stage = self.stage
        topics = [{"title": topic.title, "parts": topic.parts} for topic in stage.topics]
        first = {"topics": topics, "place": stage.place, "class": getattr(stage, "class_address", None)}
        stage.pages.add(self)
        self.say(json.dumps(first | stage.state()))

    def on_close(self):
        self.stage.pages.discard(self)

    def on_message(self, message):
        try:
            what, *values = json.loads(message)
            if what == "start":
                line, place = values
                answer = self.stage.start(_text(line), self._place(place))
                if isinstance(answer, str):
                    self.write_message(json.dumps({"refused": answer, "place": place}))
            elif what == "stop":
                self.stage.programs.stop(_number(*values))
                self.stage.tell_all()
            elif what == "show":
                place, line, picture = values
                self.stage.show(self._place(place), _text(line), _picture(picture))
            else:
                raise ValueError("the page sends nothing else")
        except (ValueError, TypeError, RecursionError):
            self.stream.cut_off()

    def _place(self, value):
        topic, command = map(_number, value)
        if topic >= len(self.stage.topics):
            raise ValueError("there is no such topic")
        return [topic, command]


class _ClassSocket(_OfTheClass, _Socket):
    """The WebSocket to a page of the class, from which nothing is read."""

    def check_origin(self, origin):
        return True  # the secret is enough to look on

    def open(self, secret):
        self.stage.onlookers.add(self)
        self.say(json.dumps(self.stage.seen_by_class()))

    def on_close(self):
        self.stage.onlookers.discard(self)

    def on_message(self, message):
        self.stream.cut_off()


def _text(value):
    if not isinstance(value, str):
        raise TypeError("it must be text")
    return value


def _number(value):
    if type(value) is not int or not 0 <= value < 10**6:
        raise TypeError("it must be a number")
    return value


def _picture(value):
    if value is None:
        return None
    kind, name = value
    if kind == "docs":
        return [kind, _text(name)]
    if kind in ("runs", "program"):
        return [kind, _number(name)]
    raise ValueError("there is no such picture")
