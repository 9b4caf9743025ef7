"""The command line of the lessons, and of the scripts that train nothing.

This module imports the other packages of `common`, which check the flags' values; none of them imports it.
"""

import argparse
import shlex
import sys
from pathlib import Path

import keras

from common.errors import UserError
from common.files import there
from common.flags import (
    BELONGS, DEVICES, FILES, FLAGS, LESSON, PICTURE, QUESTION, RUN, SETTINGS,
)  # fmt: skip
from common.output import in_notebook, loading, on_terminal
from common.signals import interrupt
from common.training import checkpoints, results
from common.training.distribution import distribute
from common.training.race import Rival, end_with_parent
from common.training.threads import use_threads
from common.values import brief, readable_pictures


class _Parser(argparse.ArgumentParser):
    """A command-line parser that raises `UserError` on a mistake."""

    def __init__(self, script, description, **options):
        kind = argparse.RawDescriptionHelpFormatter
        super().__init__(script, description=description, formatter_class=kind, allow_abbrev=False, **options)

    def add(self, flag, defaults, **options):
        """Add a row of `FLAGS`; `defaults` holds the default of each variant that has the flag."""
        about, first = flag.about, defaults[0]
        if any(default != first for default in defaults):
            about += " (default: depends on --step)"
        elif not (isinstance(first, bool) or first in (None, [])):
            about += f" (default: {first})"
        self.add_argument(flag.flag, help=about, **flag.options | options)

    def parse_args(self, argv=None):
        words = list(sys.argv[1:] if argv is None else argv)
        if "--against" in words[:-1]:  # argparse accepts no flag as a value
            place = words.index("--against")
            words[place : place + 2] = [f"--against={words[place + 1]}"]
        for word in words:
            if word.startswith("--") and word.endswith("=--"):  # argparse sees no value
                self.error(f"argument {word[:-3]}: expected one argument")
        found = super().parse_args(words)
        if getattr(found, "share", False):
            plot = getattr(found, "plot", "auto")
            if plot not in ("auto", "web"):
                self.error(f"--share shows the window in browsers, and --plot {plot} does not")
            found.plot = "share"
        return found

    def error(self, message):
        raise UserError(f"{message} (--help lists the flags)")


def begin_lesson():
    """Prepare a lesson: Ctrl-C ends it, and the user's own Keras settings do not affect it."""
    interrupt.lesson, interrupt.saving = True, False
    keras.config.set_image_data_format("channels_last")
    keras.config.set_epsilon(1e-7)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


def demo_parser(description, flags=("plot", "share", "close", "out")):
    """Make the parser of a script that trains nothing; it adds its own flags.

    Args:
        description: the script's docstring, shown by --help.
        flags: the names of the lessons' flags that the script has, too.

    Returns:
        An `argparse.ArgumentParser`; --out defaults to `runs/<script>`. Its `parse_args` raises `UserError`
        if a flag is unknown or its value cannot be used.
    """
    begin_lesson()
    loading.end()
    script = Path(sys.argv[0]).stem
    parser = _Parser(script, description)
    for flag in FLAGS:
        if flag.name in flags:
            default = Path("runs", script) if flag.name == "out" else flag.default
            parser.add(flag, [default], default=default)
    return parser


def parse_args(description, *, variants=None, argv=None, **defaults):
    """Read the command line of a lesson; in a notebook, use the defaults unless `sys.argv` is set there.

    With --resume, flags that are not given have their values from the run that is continued. The same holds
    for --review, --predict and --translate if there is a trained model.

    Args:
        description: the lesson's docstring, shown by --help.
        variants: a dictionary of each variant's settings, a dictionary, by the variant's name; the last one
            is the default. None if there is only one network.
        argv: a list of arguments, `sys.argv[1:]` if None.
        defaults: the settings that all variants share, unless they set their own. Settings named in `FLAGS`
            get their flags.

    Returns:
        A namespace with an attribute for each flag and each setting of the chosen variant (None for settings
        that only other variants have), and with `script` (the lesson's name), `settings` (the names of the
        settings that define the run) and `verbose` (for `model.fit`: 1, a progress bar, on a terminal, else
        0).

    Raises:
        UserError: a flag is unknown, has a value that cannot be used, or would have no effect.
    """
    begin_lesson()
    end_with_parent()
    script, words = Path(sys.argv[0]).stem, sys.argv[1:]
    if in_notebook():
        description = None  # the notebook shows it already
        if words and words == sys.orig_argv[-len(words) :]:  # the kernel's own arguments
            script, words = "notebook", []
    lesson = _Lesson(script, description, variants or {}, defaults)
    given, settings = lesson.read(words if argv is None else argv)
    if settings["against"]:
        settings["against"] = _rival(lesson, given, settings)
    args = argparse.Namespace(**settings)
    if args.plot == "none":
        _refuse(given, _those(PICTURE), "is about the picture, and --plot none draws none")
    if args.data_dir:
        why = "downloads the data, and --data-dir says where they are: give one of the two"
        _refuse(given, ["full"], why)
    if args.process is not None or args.distribute:
        processes = len(args.distribute.split(",")) if args.distribute else 0
        if args.process is None or args.process >= processes:
            which = "--process 0 for the first, 1 for the second"
            raise UserError(f"--distribute HOST:PORT,HOST:PORT needs {which}")
    asked = "threads" in given
    if not use_threads(args.threads, asked) and asked:
        raise UserError("--threads: this notebook has computed on others already: restart its kernel")
    if args.mixed_precision:
        keras.config.set_dtype_policy("mixed_bfloat16")
    if args.distribute is not None:
        folder = distribute(args.distribute, args.process, args.batch_size, args.out if args.resume else None)
        silent = {"plot": "none", "verbose": 0, "out": folder} if folder else {}
        args = argparse.Namespace(**vars(args) | silent)
    keras.utils.set_random_seed(args.seed)  # when the processes have met, which takes random numbers
    return args


def _those(*kinds):
    """The names of the flags of these kinds."""
    return [name for name, kind in BELONGS.items() if kind in kinds]


def _refuse(given, names, why):
    """Raise UserError if one of these flags is given, as it would have no effect."""
    for name in names:
        if name in given:
            raise UserError(f"{_flag(name, given[name])} {why}")


class _Lesson:
    """A lesson's command line: its flags and their defaults."""

    def __init__(self, script, description, variants, defaults):
        self.script, self.variants = script, variants
        self.step = list(variants)[-1] if variants else None  # the default
        own = {flag.name: flag.default for flag in FLAGS if flag.default is not LESSON}
        self.defaults = own | defaults
        self.parser = _Parser(script, description, argument_default=argparse.SUPPRESS)
        known = [self.known(step) for step in variants or [None]]
        for flag in FLAGS:
            values = [settings[flag.name] for settings in known if flag.name in settings]
            if flag.name != "step" and values:
                self.parser.add(flag, values)
            elif variants and flag.name == "step":
                self.parser.add(flag, [self.step], choices=list(variants), metavar=None)

    def known(self, step):
        """All settings of a variant, a dictionary."""
        out = Path("runs", f"{self.script}-{step}" if step else self.script)
        return self.defaults | {"step": step, "out": out} | self.variants.get(step, {})

    def read(self, argv):
        """Read a list of arguments. Returns two dictionaries: the values given there, and all settings."""
        given = vars(self.parser.parse_args(argv))
        if "predict" in given and "table" not in self.defaults:
            given["predict"] = readable_pictures(given["predict"])
        step = given.get("step", self.step)
        before, out = {}, given.get("out", self.known(step)["out"])
        asked = next((_flag(name) for name in _those(QUESTION) if name in given), None)
        asked = None if given.get("resume") else asked
        if given.get("resume") or (asked and results.is_complete(out)):
            may_change = {"threads"} if asked else {"pairs", "data_dir", "threads", "epochs"}
            before = self._read_settings(out, asked or "--resume", given.keys() & may_change)
            step = before["step"]
        if asked and before:
            draws = asked == "--predict" or given.get("plot") == "none"
            idle = [*_those(PICTURE, DEVICES), *([] if draws else ["plot"])]
            _refuse(given, idle, f"is for a training, and {asked} asks the trained network in {out}")
        settings = self.known(step) | {"out": out}
        for name, value in given.items():
            if name not in settings:
                raise UserError(f"{_flag(name, value)} does not apply to --step {step}")
            if before.get(name, value) != value:
                raise UserError(f"{asked or '--resume'}: {_difference(out, name, before, value)}")
        for others in self.variants.values():
            settings = dict.fromkeys(others) | settings
        settings |= before | given | {"script": self.script, "verbose": 1 if on_terminal() else 0}
        return given, settings | {"settings": [name for name in SETTINGS if name in settings]}

    def _read_settings(self, folder, flag, changed):
        """Read the settings of the run in a folder, a dictionary without those that are `changed`.

        They are parsed as a command line, so that a damaged file cannot set what a user could not type.
        """
        if flag == "--resume":
            path, found = folder / checkpoints.NAME, checkpoints.read_state(folder)["settings"]
            if found.keys() - set(SETTINGS):
                raise UserError(f"{path} is damaged (a run writes no such settings): {checkpoints.CURE}")
        else:
            path, found = folder / results.NAME, results.read_settings(folder, SETTINGS)
        script, step = found["script"], found["step"]
        if script != self.script:
            raise UserError(f"{flag}: {folder} holds a run of {script}, not of {self.script}")
        if step not in (self.variants or [None]):
            raise UserError(f"{flag}: {folder} holds a run of step {step}, which is not known")
        known = self.known(step)
        before = {name: known[name] for name in found if name in known and name not in changed}
        others = {name: found[name] for name in before if found[name] != known[name]}
        try:
            return before | vars(self.parser.parse_args(_words(others)))
        except UserError as error:
            raise UserError(f"{flag}: {path} has a setting that cannot be used: {error}") from error


def _split(text):
    """Split a quoted command line into arguments; a backslash is part of a Windows path."""
    words = shlex.shlex(text, posix=True, punctuation_chars="")
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    return list(words)


def _rival(lesson, given, settings):
    """The other run of a race: this run's flags where they apply to it, overridden by those of --against."""
    flags = " ".join(settings["against"].split())
    for name in _those(DEVICES, QUESTION):
        if settings.get(name) not in (None, []):
            raise UserError(f"--against and {_flag(name)} do not go together: use two commands")
    shared = _those(RUN, FILES)
    try:
        other = vars(lesson.parser.parse_args(_split(settings["against"])))
        unfit = [name for name in other if name not in shared]
        _refuse(other, unfit, "is for this run, not for the one beside it")
        out = other.get("out", settings["out"].with_name(f"{settings['out'].name}-against"))
        if out.resolve() == settings["out"].resolve():
            raise UserError(f"--out {out} is the folder of this run: give it another one")
        known = lesson.known(other.get("step", settings["step"]))
        ours = {name: given[name] for name in given if name in known and name in shared}
        words = _words(ours | other | {"out": out})
        if settings["resume"] and there(out / checkpoints.NAME):
            words.append("--resume")
        lesson.read(words)
    except (UserError, ValueError) as error:  # ValueError: an open quotation mark
        raise UserError(f"--against {brief(repr(flags))}: {error}") from error
    return Rival(flags, [*words, "--plot=file"], out)


def _words(given):
    """The command-line arguments that give these settings, a list of str."""
    return [
        _flag(name, value) if isinstance(value, bool) else f"{_flag(name)}={value}"
        for name, value in given.items()
    ]


def _flag(name, value=None):
    return ("--no-" if value is False else "--") + name.replace("_", "-")


def _difference(folder, name, before, value):
    if isinstance(value, bool) or before[name] is None:
        return f"the run in {folder} is without {_flag(name, value)}"
    return f"the run in {folder} has {_flag(name)} {before[name]}, not {value}"
