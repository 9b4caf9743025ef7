"""Screens, which show the figure: a window, the browser, a notebook cell, or a file.

A screen has a `figure` to draw on. The program calls `present` after drawing a new picture, `flush` to
handle mouse and keys, and `close` at the end. `open` says whether the screen is still open, `live` whether
somebody may be watching it now, `stays` whether it stays open until it is closed, `lists_keys` whether it
lists the keys itself, for those who can press them. The training that it shows sets `finished` at its end;
the end of the program then waits until the screen is closed, if `awaited`.
"""

import atexit
import contextlib
import functools
import gc
import io
import sys
import threading
import time
import webbrowser
from types import SimpleNamespace

import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseButton, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from keras_window.signals import signals_wait
from keras_window.style import HEIGHT, WIDTH, DesignedFigure
from keras_window.toolkits import ipython_shell, new_figure, screen_size


def open_screen(plot, title, on_key, buttons=None, pen=None):
    """Return the screen for `--plot`, and the reason if no window could be opened, or None.

    Args:
        plot: "auto", "window", "web", "share" (with the class) or "file".
        title: the title of the window.
        on_key: called with the name of each key that is pressed.
        buttons: the keys that the page in a browser lists, and its buttons on a phone: a dictionary from key
            to label.
        pen: the width of the pen as a fraction of the paper's, if each member of the class is to draw on
            paper of their own; otherwise None.

    Raises:
        OSError: no port is free for the browser. The message is one line.
        ImportError: a package for the browser is not installed. The message says which, and how to get it.
    """
    if plot == "auto" and _in_notebook():
        return Notebook(), None
    if plot == "file":
        return File(), None
    if plot in ("web", "share"):
        return Web(title, on_key, buttons or {}, pen, share=plot == "share"), None
    try:
        return Window(title, on_key), None
    except Exception as error:  # every toolkit fails in its own way
        return File(), str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def _in_notebook():
    return hasattr(ipython_shell(), "kernel")


class File:
    """A figure that is shown nowhere, to be saved at the end."""

    open = True
    live = stays = lists_keys = finished = False
    awaited = True

    def __init__(self):
        self.figure = DesignedFigure(figsize=(WIDTH, HEIGHT), dpi=100)
        FigureCanvasAgg(self.figure)

    def present(self):
        pass

    def flush(self):
        pass

    def close(self):
        pass


class Notebook(File):
    """The output of a notebook cell. Each new picture replaces the one before."""

    live = True

    def __init__(self):
        super().__init__()
        self._display = None

    def present(self):
        from IPython.display import Image as Picture
        from IPython.display import display

        content = io.BytesIO()
        rgb = np.asarray(self.figure.canvas.buffer_rgba())[..., :3]
        Image.fromarray(rgb).save(content, "png", compress_level=1)
        picture = Picture(content.getvalue())
        if self._display is None:
            self._display = display(picture, display_id=True)
        else:
            self._display.update(picture)


class Window:
    """A window of the GUI toolkit that matplotlib uses, or of the first toolkit that can open one.

    Only the main thread may use it.

    Raises RuntimeError if there is no screen or no such toolkit, or in another thread; the message says why,
    and the command that installs what is missing.
    """

    SHARE = 0.75  # of the screen
    live = stays = True
    lists_keys = finished = False
    awaited = True
    to_finish = "close the window"

    @signals_wait()
    def __init__(self, title, on_key):
        self.open, self._trouble = True, None
        self.figure = new_figure((WIDTH, HEIGHT))
        canvas = self.figure.canvas
        manager = canvas.manager
        manager.set_window_title(title)
        canvas.mpl_disconnect(manager.key_press_handler_id)  # replaced by our own keys
        canvas.mpl_connect("close_event", self._on_close)
        canvas.mpl_connect("key_press_event", lambda event: on_key(event.key))
        canvas.draw, canvas.blit = self._until_flushed(canvas.draw), self._until_flushed(canvas.blit)
        self._fit_to_screen(manager)
        manager.show()
        self.flush()  # lets the window take its size before anything is drawn
        if self.open:
            self._fit_canvas(manager)
            _keep_open(self)

    def _fit_to_screen(self, manager):
        usual = 100 / self.SHARE * WIDTH, 100 / self.SHARE * HEIGHT
        width, height = screen_size(manager, otherwise=usual)
        dpi = self.SHARE * min(width / WIDTH, height / HEIGHT)
        width, height = int(dpi * WIDTH), int(dpi * HEIGHT)
        manager.resize(width, height)
        if tk := _tk_window(manager):
            tk.wm_geometry(f"{width}x{height}")  # undoes matplotlib's second scaling of Tk's canvas

    def _fit_canvas(self, manager):
        """Fit Tk's canvas to its window: on a scaled screen, matplotlib 3.10 makes it too large."""
        if tk := _tk_window(manager):
            self.figure.canvas.resize(SimpleNamespace(width=tk.winfo_width(), height=tk.winfo_height()))

    def _until_flushed(self, method):
        """Make `method` keep its error for `flush` to raise, because the toolkit swallows exceptions."""

        @signals_wait()
        def call(*args, **options):
            try:
                method(*args, **options)
            except Exception as error:
                self._trouble = error

        return call

    def _on_close(self, event=None):
        self.open = False
        if self in to_be_closed:
            to_be_closed.remove(self)

    def present(self):
        self.flush()

    @signals_wait()
    def flush(self):
        was_open = self.open
        if was_open:
            self.figure.canvas.flush_events()
        if not self.open and (was_open or type(self.figure.canvas) is not FigureCanvasAgg):
            self._free()
        trouble, self._trouble = self._trouble, None
        if trouble:
            raise trouble

    def toggle_full_screen(self):
        self.figure.canvas.manager.full_screen_toggle()

    @signals_wait()
    def close(self):
        if self.open:
            self._on_close()
            self.figure.canvas.manager.destroy()
            self._free()

    def _free(self):
        """Free the toolkit's objects now: later, Python might free them in another thread, where Tk fails."""
        FigureCanvasAgg(self.figure)
        gc.collect()


def _tk_window(manager):
    window = getattr(manager, "window", None)
    return window if hasattr(window, "wm_geometry") else None


class _Canvas(FigureCanvasAgg):
    """A canvas that remembers whether it has been drawn on."""

    changed = False

    def draw(self):
        super().draw()
        self.changed = True

    def blit(self, bbox=None):
        self.changed = True


class Web(File):
    """A tab of the page in the browser. It may be opened late, twice or never; only `close` ends it.

    Attributes:
        parts: a function that returns the parts of the picture, the arguments of `Tab.show` by their names.

    Raises OSError or ImportError as `open_screen` does.
    """

    live = stays = lists_keys = True
    to_finish = "press q"
    KEYS = {"Escape": "escape", "PageUp": "pageup", "PageDown": "pagedown"} | {
        f"Arrow{way}": way.lower() for way in ("Left", "Right", "Up", "Down")
    }  # from the browser's names to matplotlib's

    def __init__(self, title, on_key, buttons, pen, share):
        self.figure = DesignedFigure(figsize=(WIDTH, HEIGHT), dpi=1440 / WIDTH)
        _Canvas(self.figure).mpl_connect("key_press_event", lambda event: on_key(event.key))
        self._tab = _web_server(share).new_tab(title, buttons, pen)
        self.parts = dict  # none
        _keep_open(self)

    def present(self):
        self.flush()

    def flush(self):
        for what, *values in self._tab.done():
            if self.open:
                self._do(what, *values)
        if self.open:
            self._show()

    def _show(self):
        if self.figure.canvas.changed:
            self.figure.canvas.changed = False
            self._tab.show(np.array(self.figure.canvas.buffer_rgba()), **self.parts())

    def _do(self, what, *values):
        canvas = self.figure.canvas
        if what == "key":
            name = "key_press_event"
            event = KeyEvent(name, canvas, self.KEYS.get(values[0], values[0]))
        else:
            name = {"move": "motion_notify_event"}.get(what, f"button_{what}_event")
            (width, height), (x, y) = canvas.get_width_height(), values
            event = MouseEvent(name, canvas, x * width, (1 - y) * height, MouseButton.LEFT)
        canvas.callbacks.process(name, event)

    def toggle_full_screen(self):
        """Do nothing: the browser handles this key itself."""

    def drawn(self, seconds):
        """See `Tab.drawn` in keras_window/web.py."""
        return self._tab.drawn(seconds)

    def answer(self, artist, what):
        self._tab.answer(artist, what)

    def ask(self, text):
        """Give the class new paper, and show this text above it, such as "Draw a 4"; "" removes the text."""
        self._tab.ask(text)

    def close(self):
        if self.open:
            self.open = False
            to_be_closed.remove(self)
            self._show()
            self._tab.close()


@functools.cache
def _web_server(share):
    """Start the program's only server, print its address, and open it if there is a browser."""
    try:
        from keras_window.web import Server, qr_code

        server = Server(share)
    except ModuleNotFoundError as error:
        raise ImportError(f'plot="web" needs {error.name}: pip install {error.name}') from error
    except OSError as error:
        raise OSError(f'plot="web": cannot listen on this computer: {error.strerror}') from error
    print(f"The window is in the browser, at {server.address}", flush=True)
    if share:
        print(f"The class can watch at {server.class_address}\n{qr_code(server.class_address)}", flush=True)
    with contextlib.suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:  # a text browser would take over the terminal
            threading.Thread(target=browser.open, args=[server.address], daemon=True).start()
    return server


to_be_closed = []  # the open screens that stay until they are closed


def _keep_open(screen):
    to_be_closed.append(screen)
    _wait_at_the_end_of_the_program()


@functools.cache
def _wait_at_the_end_of_the_program():
    atexit.register(wait_at_exit)


def wait_at_exit():
    """Wait until the windows of complete trainings are closed, unless an exception has ended the program."""
    complete = [screen for screen in to_be_closed if screen.finished and screen.awaited]
    at_a_prompt = hasattr(sys, "ps1") or ipython_shell()
    if not complete or at_a_prompt or hasattr(sys, "last_value"):
        return
    print(f"The window stays open: {complete[0].to_finish} to end the program, or press Ctrl-C", flush=True)
    with contextlib.suppress(Exception, KeyboardInterrupt, SystemExit):  # the program ends in any case
        for screen in set(to_be_closed) - set(complete):  # of trainings that an exception has ended
            screen.close()
        wait_until_closed()


def wait_until_closed() -> None:
    """Keep all windows responsive until the last one is closed.

    In a thread, wait only for tabs in the browser. After Ctrl-C, the end of the program does not wait again.
    """
    try:
        while screens := _of_this_thread():
            for screen in screens:
                screen.flush()
            time.sleep(0.02)
    except KeyboardInterrupt:
        atexit.unregister(wait_at_exit)
        raise


def close_windows():
    """Close all open windows."""
    for screen in _of_this_thread():
        screen.close()


def close_finished():
    """Close the windows of trainings that are over, before the next training opens its own."""
    for screen in _of_this_thread():
        if screen.finished:
            screen.close()


def _of_this_thread():
    """Return the open screens that this thread may use."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    return [screen for screen in to_be_closed if in_main_thread or not isinstance(screen, Window)]
