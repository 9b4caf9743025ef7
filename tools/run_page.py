"""Runs the commands of a page of docs/ in order, and saves the pictures that the page shows.

    python3 tools/run_page.py docs/contrasts.md docs/lecture.md

The commands are the lines of the page's code blocks. Commands without `--plot` get `--plot file`, so that no
screen is needed (those that ask a network `--plot none`); trained networks are kept in runs/. The first
command that fails stops it (status 1).
A picture `NAME-dashboard.png` after a block is a copy of `dashboard.png` from the block's last command.
"""

import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from stage.commands import asks  # noqa: E402
from stage.topics import commands_and_pictures, folder_of  # noqa: E402


def main():
    for page in sys.argv[1:]:
        for command, pictures in commands_and_pictures(Path(page)):
            print(shlex.join(command), flush=True)
            flags = [] if "--plot" in command else ["--plot", "none" if asks(command) else "file"]
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
