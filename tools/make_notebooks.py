"""Makes a notebook in notebooks/ from the source of each lesson.

    python3 tools/make_notebooks.py

The docstring and the comments above a block become text. The code becomes cells, split at blank lines: first
the top level, then the block under `if __name__ == "__main__":`. Two cells that all notebooks share come
first: one finds or fetches the project, the other takes the flags.
"""

import ast
import inspect
import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from run_models import LESSONS  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
PROJECT = ""  # the address of the project's public git repository, when it has one

ABOUT_SET_UP = """\
**Set-up.** This cell finds the project around this notebook, or fetches it (as in Colab), and installs what
is missing. The training then begins with *Run all*."""

SET_UP = """\
PROJECT = "{project}"  # the address of the project's git repository, to fetch it from

import os
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from IPython.core.error import UsageError  # shown as one line
from packaging.requirements import Requirement


def project_folder():
    folders = [Path(), Path(".."), *Path().glob("lecture"), *Path().glob("lecture/*")]
    return next((folder for folder in folders if (folder / "common" / "command_line.py").is_file()), None)


def missing(package):
    if package.marker and not package.marker.evaluate():
        return False
    if package.name == "tensorflow":  # goes by several names, and Keras also runs on others
        return "KERAS_BACKEND" not in os.environ and not find_spec("tensorflow")
    try:
        return version(package.name) not in package.specifier
    except PackageNotFoundError:
        return True


for path in [] if project_folder() else Path().glob("*.zip"):  # uploaded
    with suppress(BadZipFile), ZipFile(path) as archive:
        if any(name.endswith("common/command_line.py") for name in archive.namelist()):
            archive.extractall("lecture")
if not project_folder():
    if not PROJECT:
        raise UsageError(
            "the project is not here. Write the address of its git repository at the top of this cell, or"
            " put the project as a zip file beside this notebook (in Colab: the folder on the left, then"
            " the upload button); then run this cell again"
        )
    os.environ["GIT_TERMINAL_PROMPT"] = "0"  # nobody could answer
    failed, said = subprocess.getstatusoutput(f'git clone -q --depth 1 "{{PROJECT}}" lecture')
    if failed:
        raise UsageError(f"the project cannot be fetched from {{PROJECT}}: {{said.splitlines()[-1]}}")
os.chdir(project_folder())  # runs/ is there, too
sys.path.insert(0, str(Path.cwd()))

packages = [Requirement(line) for line in Path("requirements.txt").read_text().splitlines()]
packages = [str(package) for package in packages if missing(package)]
if packages and subprocess.call([sys.executable, "-m", "pip", "install", "-q", *packages]):
    print("These packages could not be installed:", *packages)"""

ABOUT_FLAGS = """\
**Flags**, as after the script's name on the command line, for instance `--epochs 3 --train-size 5000`;
`--help` lists them."""

FLAGS = """\
FLAGS = r""

import shlex
import sys

words = shlex.shlex(FLAGS, posix=True, punctuation_chars="")
words.whitespace_split, words.escape, words.commenters = True, "", ""  # \\ is in Windows' paths, no escape
sys.argv = ["{lesson}.py", *words]"""

LABELS = r"(?:Look at|Try|Source|About the data): "
# a flag's value: 0.01, runs/plain, film.gif, FOLDER, "in quotes", -
VALUE = r'(?:[0-9.]*[0-9]|[\w-]*/[\w/-]+|\w+[.][a-z]{3}|[A-Z]{2,}|"[^"]*"|-(?!-))'
FLAG = rf"--(?:step \w[\w.]*\b|[a-z][a-z0-9-]*(?: {VALUE}(?!\w))?)"
COMMAND = re.compile(rf"{FLAG}(?: {FLAG})*")


def escaped(text):
    return re.sub(r"([\\`*_<$])", r"\\\1", text)


def markdown(text):
    """A text as Markdown: flags become code, the rest is unchanged."""
    parts, end = [], 0
    for command in COMMAND.finditer(text):
        parts += [escaped(text[end : command.start()]), f"`{command[0]}`"]
        end = command.end()
    return "".join(parts) + escaped(text[end:])


def is_prose(paragraph):
    """Whether a paragraph can be rewrapped: not a drawing, formula, table or list of commands."""
    text = re.sub(r"\n +", "\n", paragraph)
    if "  " in text or ":\n--" in text:
        return False
    return re.match(LABELS, text) or (text[0].isupper() and text[-1] in ".?:)" and " = " not in text)


def title_page(docstring):
    """The docstring as Markdown: the title, drawings and formulas in fixed width, and prose."""
    title, _, rest = docstring.partition("\n")
    parts = [f"# {markdown(title)}"]
    for paragraph in re.split(rf"\n\n+|\n(?={LABELS})", rest.strip("\n")):
        if is_prose(paragraph):
            text = markdown(re.sub(r"\s+", " ", paragraph))
            parts.append(re.sub(rf"^({LABELS[:-1]})", r"**\1**", text))
        elif parts[-1].endswith("```"):
            parts[-1] = f"{parts[-1].removesuffix('```')}\n{paragraph}\n```"
        else:
            parts.append(f"```\n{paragraph}\n```")
    return "\n\n".join(parts)


def blocks(lines, statements):
    """Split numbered source lines at the blank lines between statements; returns lists of lines."""
    inside = set()
    for statement in statements:
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
        inside.update(range(first, statement.end_lineno + 1))
    parted = [[]]
    for number, line in lines:
        if line.strip() or number in inside:
            parted[-1].append(line)
        elif parted[-1]:
            parted.append([])
    return [block for block in parted if block]


def is_import(block):
    return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse("\n".join(block)).body)


def cells_of(block, before=None):
    """The cells of a block: its leading comment as text, and its code.

    Imports are appended to the preceding cell of imports.
    """
    comment = []
    while block and block[0].startswith("#"):
        comment.append(block[0].lstrip("# "))
        block = block[1:]
    if comment:
        yield new_markdown_cell(markdown(" ".join(comment)))
    elif before and before.cell_type == "code" and is_import(block) and is_import(before.source.splitlines()):
        before.source += "\n\n" + "\n".join(block)
        return
    if block:
        yield new_code_cell("\n".join(block))


def is_main(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def notebook(lesson):
    """The notebook of a lesson, `nbformat.NotebookNode`."""
    source = (ROOT / f"{lesson}.py").read_text("utf-8")
    tree, lines = ast.parse(source), list(enumerate(source.splitlines(), 1))
    main = next(node for node in tree.body if is_main(node))
    docstring, *top = [node for node in tree.body if node is not main]
    if tree.body[-1] is not main:
        raise ValueError(f'{lesson}.py: there is code behind the block under if __name__ == "__main__"')

    parts = blocks(lines[docstring.end_lineno : main.lineno - 1], top)
    parts += blocks([(number, line[4:]) for number, line in lines[main.lineno :]], main.body)
    cells = [
        new_markdown_cell(title_page(inspect.cleandoc(docstring.value.value))),
        new_markdown_cell(ABOUT_SET_UP),
        new_code_cell(SET_UP.format(project=PROJECT)),
        new_markdown_cell(ABOUT_FLAGS),
        new_code_cell(FLAGS.format(lesson=lesson)),
    ]
    shared = len(cells)
    for block in parts:
        cells.extend(cells_of(block, before=cells[-1] if len(cells) > shared else None))
    for number, cell in enumerate(cells):
        cell.id = f"{lesson}-{number}"  # the same each time
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    made.nbformat, made.nbformat_minor = 4, 5
    nbformat.validate(made)
    return made


def text_of(lesson):
    """The content of a lesson's notebook file."""
    return nbformat.writes(notebook(lesson), indent=1) + "\n"


def main():
    NOTEBOOKS.mkdir(exist_ok=True)
    for lesson in LESSONS:
        path = NOTEBOOKS / f"{lesson}.ipynb"
        path.write_text(text_of(lesson), "utf-8", newline="\n")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
