"""Writes the table of flags from common/flags.py into docs/using.md.

    python3 tools/make_flags.py

Run it whenever common/flags.py has changed.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import common  # noqa: E402, F401  first, as in a lesson
from common.flags import FLAGS  # noqa: E402

PAGE = ROOT / "docs" / "using.md"


def usage(flag):
    """The flag with its value, as a user types it."""
    value = flag.options.get("metavar", "")
    if "choices" in flag.options:
        value = f"{{{','.join(flag.options['choices'])}}}"
    several = {"+": "{} ...", "?": "[{}]"}.get(flag.options.get("nargs"), "{}")
    return f"{flag.flag} {several.format(value)}".rstrip()


def table():
    rows = [f"| `{usage(flag)}` | {flag.about} |\n" for flag in FLAGS]
    return "".join(["| flag | meaning |\n| --- | --- |\n", *rows])


def put(page):
    """The page with the table between its two marks."""
    before, mark, rest = page.partition("<!-- flags -->\n")
    return before + mark + table() + rest[rest.index("<!-- end -->") :]


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text("utf-8")), "utf-8")
