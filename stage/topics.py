"""Reads the pages of docs/ that have commands: their topics, their commands, and the pictures these make."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from stage.markdown import to_html

BLOCK = re.compile(r"^```\n((?:python3 .+\n)+)```$|^!\[.*\]\((.+)\)$", re.MULTILINE)


class Topic(NamedTuple):
    """A topic of the lecture.

    Attributes:
        title: its number and name.
        parts: what it consists of, in order, a list of dictionaries. Text is `{"html": str}`. Commands are
            `{"commands": [{"line": str, "pictures": [file name]}]}`.
    """

    title: str
    parts: list


def commands_and_pictures(page):
    """A page's commands, each a list of words, and the paths of the pictures that each one makes."""
    found = []
    for block, picture in BLOCK.findall(page.read_text("utf-8")):
        found += [(shlex.split(line), []) for line in block.splitlines()]
        if picture:
            found[-1][1].append(page.parent / picture)
    return found


def folder_of(command):
    """The folder where a command writes its files."""
    script, flags = Path(command[1]).stem, dict(zip(command, [*command[1:], ""], strict=True))
    step = flags.get("--step")
    return Path(flags.get("--out") or f"runs/{script}" + (f"-{step}" if step else ""))


def read_topics(page):
    """The topics of a page, a list of `Topic`, one for each heading `## ...`."""
    _, *sections = re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)
    return [Topic(title.strip(), _parts(body)) for title, _, body in (s.partition("\n") for s in sections)]


def scripts_of(page):
    """The names of the scripts that the topics of a page name, in blocks or in the text, a set."""
    _, _, topics = page.read_text("utf-8").partition("\n## ")
    return set(re.findall(r"\bpython3 (\w+\.py)\b", topics))


def _parts(body):
    parts, at, commands = [], 0, []
    for found in BLOCK.finditer(body):
        parts.append({"html": to_html(body[at : found.start()])})
        at = found.end()
        if found[1]:
            commands = [{"line": line, "pictures": []} for line in found[1].splitlines()]
            parts.append({"commands": commands})
        elif commands:
            _maker(commands, found[2])["pictures"].append(Path(found[2]).name)
    parts.append({"html": to_html(body[at:])})
    return [part for part in parts if part.get("html") != ""]


def _maker(commands, picture):
    """The command that makes a picture: `demo-NAME.png` is of slide NAME, others of the last command."""
    slide = Path(picture).stem.partition("-")[2]
    return next((command for command in commands if slide in command["line"].split()), commands[-1])
