"""Run the commands of docs/contrasts.md, and put the picture of each second one where the page shows it.

    python3 tools/make_contrasts.py

`--plot file` is added, so that no screen is needed. The runs are kept in runs/.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "contrasts.md"
COMMANDS = re.compile(r"```\n(.+)\n(.+)\n```")
PICTURE = re.compile(r"!\[.*\]\((.+)\)")


def contrasts():
    """For each contrast of the page its two commands, each a list of words, and its picture's name."""
    text = PAGE.read_text()
    pairs = zip(COMMANDS.findall(text), PICTURE.findall(text), strict=True)
    return [(shlex.split(before), shlex.split(after), picture) for (before, after), picture in pairs]


def run(command):
    print(shlex.join(command), flush=True)
    subprocess.run([sys.executable, *command[1:], "--plot", "file"], cwd=ROOT, check=True)


def main():
    for before, after, picture in contrasts():
        run(before)
        run(after)
        lesson, step = Path(after[1]).stem, after[after.index("--step") + 1]
        out = after[after.index("--out") + 1] if "--out" in after else f"runs/{lesson}-{step}"
        shutil.copy(ROOT / out / "dashboard.png", PAGE.parent / picture)


if __name__ == "__main__":
    main()
