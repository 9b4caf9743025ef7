"""Tests that the page of docs/ becomes topics, with nothing left out."""

import shlex

from helpers import ROOT

from stage.markdown import to_html
from stage.topics import commands_and_pictures, read_topics, scripts_of

PAGE = ROOT / "docs" / "lecture.md"


def test_each_command_and_each_picture_of_the_lecture_is_in_its_topic():
    topics = read_topics(PAGE)
    assert len(topics) == 31 and topics[15].title == "16. Softmax"
    commands = [one for topic in topics for part in topic.parts for one in part.get("commands", [])]
    whole = commands_and_pictures(PAGE)
    assert [shlex.split(command["line"]) for command in commands] == [words for words, _ in whole]
    pictures = sorted(name for command in commands for name in command["pictures"])
    assert pictures == sorted(path.name for _, paths in whole for path in paths)
    of = {command["line"]: command["pictures"] for command in commands}
    assert of["python3 neuron_demo.py --slide layer"] == ["demo-layer.png"]
    assert of["python3 mnist_1_softmax.py"] == ["softmax-dashboard.png"]
    assert all(topic.parts[0].get("commands") for topic in topics)  # each begins with what to do


def test_the_text_of_a_topic_is_all_there_and_nothing_is_left_of_its_form():
    html = [part["html"] for topic in read_topics(PAGE) for part in topic.parts if "html" in part]
    for what in ("What appears.", "Say.", "Try."):
        assert sum(f"<b>{what}</b>" in text for text in html) >= 28
    assert not [text for text in html if "**" in text or "`" in text or "](" in text or "\n|" in text]
    assert any("<td>one-hot</td>" in text for text in html)


def test_text_is_never_taken_for_html():
    text = '**a<b>** `<script>` [<i>](https://x.org/"onclick="1) [x](javascript:alert(1)) <img src=x>'
    html = to_html(text)
    for tag in ("<script", "<i>", "<img", 'onclick="', 'href="javascript'):
        assert tag not in html
    assert "&lt;script&gt;" in html and "<b>a&lt;b&gt;</b>" in html
    assert to_html("| a | b |\n| --- | --- |\n| 1 | <u> |") == (
        "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>&lt;u&gt;</td></tr></table>"
    )


def test_the_scripts_are_those_of_the_topics():
    scripts = scripts_of(PAGE)
    assert {"mnist_1_softmax.py", "draw_digit.py", "look_inside.py"} <= scripts
    assert "run_models.py" not in scripts and all((ROOT / script).is_file() for script in scripts)
