"""Tests that imports point down, or sideways within a room, never up and never in a circle."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# from the ground up; what stands side by side does not know its neighbour
FLOORS = [
    {"keras_window"},
    {"common.errors", "common.output"},
    {"common.signals", "common.libraries"},
    {"common.files"},
    {"common.data", "common.screens", "common.training"},
    {"common.values"},
    {"common.flags"},
    {"common.answers", "common.command_line", "common.window"},
    {"common"},
    {"inside"},
    {"subjects", "slides", "drawing"},
    {"stage"},
]
ROOMS = "common", "keras_window", "inside", "subjects", "slides", "drawing", "stage"
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path) for path in FILES}


def imported(path):
    """The modules of the house that a file imports, a set."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & MODULES


def floor(name):
    """The number of the floor, and the room: of a module in common/, the folder or file in it."""
    room = ".".join(name.split(".")[: 2 if name.startswith("common") else 1])
    return next((number, room) for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", FILES, ids=module)
def test_an_arrow_points_down_or_sideways_in_a_room(path):
    name = module(path)
    for other in imported(path) - {"common"} if name != "common" else ():
        assert floor(other)[1] == floor(name)[1] or floor(other)[0] < floor(name)[0], (
            f"{name} imports {other}"
        )


def test_the_window_stands_alone():
    for path in (ROOT / "keras_window").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
            ours = {name.split(".")[0] for name in names} & {
                *ROOMS,
                *(path.stem for path in ROOT.glob("*.py")),
            }
            assert ours <= {"keras_window"}, f"{path} imports {ours}"


def test_no_circles():
    graph = {module(path): imported(path) - {module(path), "common"} for path in FILES}
    assert set(TopologicalSorter(graph).static_order()) >= MODULES - {"common"}


def test_no_subject_knows_another():
    subjects = {path.name for path in (ROOT / "subjects").iterdir() if path.is_dir()}
    for path in (ROOT / "subjects").rglob("*.py"):  # one that subjects share knows none of them
        known = {name.split(".")[1] for name in imported(path) if name.startswith("subjects.")}
        assert known & subjects <= {path.parent.name}, path


def test_nothing_in_the_rooms_knows_a_lesson():
    lessons = {path.stem for path in ROOT.glob("*.py")} - {"lecture"}  # a word that all may use
    for path in FILES:
        text = path.read_text("utf-8")
        assert not [name for name in lessons if re.search(rf"(?<!/)\b{name}\b(?!\.npz)", text)], path


def test_nothing_writes_into_the_flags():
    for path in [*FILES, *ROOT.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            written = [target for target in targets if isinstance(target, ast.Attribute)]
            assert not [w for w in written if ast.unparse(w.value).removeprefix("self.") == "args"], path
