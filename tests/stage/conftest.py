import re

import pytest
from helpers import ROOT, wait_for


@pytest.fixture
def begin(start_script, tmp_path):
    """Starts the lecture; returns its process and its addresses. At the end all is ended."""
    started, printed = [], tmp_path / "printed"

    def begin(*flags):
        with open(printed, "w") as file:
            options = {"new": True, "stdout": file.fileno(), "BROWSER": "nobody"}
            started.append(start_script(ROOT / "lecture.py", *flags, **options))
        wait_for(lambda: "Ctrl-C ends it" in printed.read_text("utf-8"))
        return started[-1], re.findall(r"at (http://\S+)\n", printed.read_text("utf-8"))

    yield begin
    for lecture in started:
        lecture.terminate()
        lecture.wait(60)
