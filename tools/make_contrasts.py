"""Make the pictures of the contrasts in docs/, with the commands of the lessons' docstrings.

    python3 tools/make_contrasts.py

A docstring shows the flags of each contrast in two lines, of an earlier run and of the run that is
drawn over it with --overlay; `--plot file` is added here, so that no screen is needed. The runs are kept
in runs/.
"""

import ast
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURES = {  # in the order of the docstring
    "mnist_2_five_layers": ["relu", "decay", "dropout"],
    "mnist_4_batchnorm": ["batch_norm"],
}


def commands(lesson):
    """The flags of each line of the docstring that shows a step's flags and nothing after them."""
    docstring = ast.get_docstring(ast.parse((ROOT / f"{lesson}.py").read_text()))
    lines = [line.partition("--step ")[1:] for line in docstring.splitlines()]
    lines = [shlex.split("".join(line)) for line in lines if "--" in "".join(line)[2:]]
    return [flags for flags in lines if "--close" in flags or "--overlay" in flags]


def main():
    for lesson, pictures in PICTURES.items():
        names = iter(pictures)
        for flags in commands(lesson):
            print(f"python3 {lesson}.py {shlex.join(flags)}", flush=True)
            command = [sys.executable, ROOT / f"{lesson}.py", *flags, "--plot", "file"]
            subprocess.run(command, cwd=ROOT, check=True)
            if "--overlay" in flags:
                out = flags[flags.index("--out") + 1] if "--out" in flags else f"runs/{lesson}-{flags[1]}"
                shutil.copy(ROOT / out / "dashboard.png", ROOT / "docs" / f"contrast_{next(names)}.png")


if __name__ == "__main__":
    main()
