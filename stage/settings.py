"""What a lesson trains with, read from its source and its flags: to import it would load Keras."""

import ast
import functools
import itertools


@functools.cache
def is_lesson(script):
    """Whether a script, a `Path`, trains a network: it reads its command line with `parse_args(__doc__`."""
    return "parse_args(__doc__" in script.read_text("utf-8")


def flags_of(words):
    """The flags among a command's words, a dictionary from a setting's name to its value.

    The value is str, with spaces between several, True for a flag without one, False for `--no-x`.
    """
    found, name = {}, None
    for before, word in itertools.pairwise([None, *words]):
        if word.startswith("--") and before != "--against":  # whose value is flags
            name, equals, value = word[2:].partition("=")
            off = name.startswith("no-")
            name = name.removeprefix("no-").replace("-", "_")
            found[name] = value if equals else not off
        elif name:
            found[name] = word if isinstance(found[name], bool) else f"{found[name]} {word}"
    return found


def settings_of(script, flags):
    """All settings of a training as far as they are not None, a dictionary that holds its `step`, too.

    Args:
        script: the lesson's file, a `Path`.
        flags: as `flags_of` returns them.

    Raises:
        ValueError: the lesson's `parse_args` is called with something that must be computed.
    """
    lesson = _defaults(script)
    variants = lesson.get("variants") or {}
    step = flags.get("step", list(variants)[-1] if variants else None)
    own = {name: value for name, value in lesson.items() if name != "variants"}
    return {"seed": 0} | own | variants.get(step, {}) | flags | {"step": step}


@functools.cache
def _defaults(script):
    """The arguments of a lesson's call of `parse_args`, a dictionary."""
    tree = ast.parse(script.read_text("utf-8"))
    known = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "parse_args":
            for argument in node.keywords:
                value = argument.value
                value = ast.literal_eval(known.get(value.id, value) if isinstance(value, ast.Name) else value)
                found |= {argument.arg: value} if argument.arg else value
    return found
