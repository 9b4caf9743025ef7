"""The rooms of common/: an import points down, or sideways within a room, never up and never in a circle."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# from the ground up; what stands side by side does not know its neighbour
FLOORS = [{"terminal"}, {"files"}, {"data", "training"}, {"window"}, {"answers", "slides", "command_line"}]
FILES = sorted(
    path
    for path in (ROOT / "common").rglob("*.py")
    if path.parent != ROOT / "common" or path.stem != "__init__"
)


def module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path) for path in FILES}


def imported(path):
    """The modules of common/ that a file imports, a set."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & MODULES


def floor(name):
    room = name.split(".")[1]
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", FILES, ids=module)
def test_an_arrow_points_down_or_sideways_in_a_room(path):
    name = module(path)
    for other in imported(path):
        same_room = other.split(".")[1] == name.split(".")[1]
        assert same_room or floor(other) < floor(name), f"{name} imports {other}"


def test_no_circles():
    graph = {module(path): imported(path) - {module(path)} for path in FILES}
    assert set(TopologicalSorter(graph).static_order()) == MODULES


def test_nothing_in_common_knows_a_lesson():
    lessons = {path.stem for path in ROOT.glob("*.py")}
    for path in FILES:
        text = path.read_text("utf-8")
        assert not [name for name in lessons if re.search(rf"(?<!/)\b{name}\b(?!\.npz)", text)], path


def test_nothing_writes_into_the_flags():
    for path in [*FILES, *ROOT.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            written = [target for target in targets if isinstance(target, ast.Attribute)]
            assert not [w for w in written if ast.unparse(w.value).removeprefix("self.") == "args"], path
