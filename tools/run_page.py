"""Runs the commands of a page of docs/ in order, and saves the pictures that the page shows.

    python3 tools/run_page.py docs/contrasts.md docs/lecture.md

The commands are the lines of the page's code blocks. Commands without `--plot` get `--plot file`, so that no
screen is needed; trained networks are kept in runs/. The first command that fails stops it (status 1).
A picture `NAME-dashboard.png` after a block is a copy of `dashboard.png` from the block's last command.
"""

import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```\n((?:python3 .+\n)+)```$|^!\[.*\]\((.+)\)$", re.MULTILINE)


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


def main():
    for page in sys.argv[1:]:
        for command, pictures in commands_and_pictures(Path(page)):
            print(shlex.join(command), flush=True)
            flags = [] if "--plot" in command else ["--plot", "file"]
            if "run_models" in command[1]:
                flags = ["--", *flags]
            began = time.perf_counter()
            if subprocess.run([sys.executable, *command[1:], *flags], cwd=ROOT).returncode:
                return 1
            print(f"{time.perf_counter() - began:.0f} s\n", flush=True)
            for picture in pictures:
                source = folder_of(command) / picture.name.rpartition("-")[2]
                shutil.copyfile(ROOT / source, picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
