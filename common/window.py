"""The live window of a lesson, which follows the flags and draws the other run of a race."""

import atexit
import json
import sys
import time
from pathlib import Path

import numpy as np

import keras_window
from common.files import by_product, replacing, user_errors
from common.libraries import STARTED
from common.signals import interrupt
from common.training.race import Race
from keras_window.overlays import Overlay
from keras_window.pace import Pace
from keras_window.screens import wait_at_exit


class LivePlot(keras_window.LivePlot):
    """`keras_window.LivePlot` set up from the command line's flags.

    It also writes `window.json`: the number of pictures drawn and the time they took.

    Args:
        panes, data: as for `keras_window.LivePlot`.
        args: from `parse_args`; plot, close, movie, overlay, against, x_axis, out, step and resume are used.

    Raises:
        UserError: a folder of --overlay holds no run, or the other run of a race cannot be started; when
            training begins, also if --plot asks for a browser and the window cannot be served to it.
    """

    def __init__(self, panes, data, args):
        options = {
            name: getattr(args, name) for name in ("plot", "close", "movie", "x_axis", "out", "resume")
        }
        title = " ".join(filter(None, (Path(sys.argv[0]).stem, args.step)))
        options |= {"overlays": args.overlay, "title": title}
        with user_errors():
            super().__init__(panes, data, **options)
        self.display.IN_BROWSER = "--plot web shows it in a browser"
        self._race = None
        if args.against:
            self._rival = Overlay(args.against.flags, args.against.out, args.x_axis, races=True)
            self.records.overlays.append(self._rival)
            self._race = Race(args.against)

    def no_window(self, error):
        with user_errors():
            raise error

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        atexit.unregister(wait_at_exit)  # a lesson waits itself, unless a signal ends it
        if self._race:
            with self.guard:
                self._wait_for_rival()

    def on_train_end(self, logs=None):
        if self._race and interrupt.requested:
            self._race.stop()
        super().on_train_end(logs)
        screen = self.display.screen
        if screen and screen.live and self.display.times:
            with by_product():
                self._write_cost()

    def _write_cost(self):
        times = np.array(self.display.times) - self.pace.began
        opening = times[(times > 0) & (times < Pace.OPENING)]
        cost = {
            "pictures": len(times),
            "pictures_per_second_at_first": round(len(opening) / min(times[-1], Pace.OPENING), 2),
            "first_picture_after": round(self.display.times[0] - STARTED, 3),
            "seconds": round(self.pace.spent, 3),
        }
        with replacing(self.out / "window.json") as new:
            new.write_text(json.dumps(cost, indent=2) + "\n", "utf-8")

    def wait_until_closed(self):
        """Wait until the window is closed; in a race, also for the other run, which closing stops."""
        if self._race:
            with self.guard:
                self._finish_race()
        super().wait_until_closed()

    def _wait_for_rival(self):
        """Wait until the other run starts training, too: it must first import its libraries."""
        display = self.display
        if not display.dashboard:
            return
        display.dashboard.set_header(f"waiting for {self._rival.name} to begin")
        display.screen.present()
        while self._race.running() and not self._rival.begun and not interrupt.requested:
            display.screen.flush()
            time.sleep(0.02)
        self.pace.start()

    def _finish_race(self):
        """Draw the other run's curves until it ends; closing the window stops that run."""
        rival, display = self._rival, self.display
        watched = display.dashboard and display.screen.open
        if self._race.running():
            print(f"Waiting for {rival.name} to end (Ctrl-C stops it, and saves).", flush=True)
        try:
            while self._race.running() and not (watched and not display.screen.open):
                if watched and not display.frozen:
                    rival.refresh()
                    display.draw(f"   ·   waiting for {rival.name} to end")
                end = time.monotonic() + 0.5
                while self._race.running() and time.monotonic() < end:
                    if watched:
                        display.screen.flush()
                    time.sleep(0.02)
        finally:
            self._race.end()
        if display.dashboard:
            rival.refresh()
            if not display.frozen:
                display.draw()
            self.save()
