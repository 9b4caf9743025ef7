"""Tests of the display order of right-to-left text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_window.panes import fonts


@pytest.fixture
def raqm(monkeypatch):
    """Says whether PIL has raqm, with which it turns texts itself."""
    return lambda has: monkeypatch.setattr(fonts.features, "check", lambda name: has)


TURNED = {
    "שלום": "םולש",
    "שנת 2018 טובה": "הבוט 2018 תנש",
    "ראיתי Tom Smith אתמול": "לומתא Tom Smith יתיאר",
    "סרט (טוב), 5%!": "!5% ,(בוט) טרס",
    "→ 3.3.2018": "→ 3.3.2018",
    "I saw שנת 2018 טובה!": "I saw הבוט 2018 תנש!",
    "في 2018-03": "03-2018 يف",  # unlike in Hebrew, a dash parts numbers here
    "ש\u05c1\u05b8 5": "5 \u05b8\u05c1ש",  # a mark is painted over the letter that comes next
    "3 March (2018)": "3 March (2018)",
    "": "",
}


@pytest.mark.parametrize("text, painted", TURNED.items())
def test_hebrew_and_arabic_are_turned_and_numbers_in_them_are_not(text, painted, raqm):
    raqm(False)
    assert fonts.as_written(text) == painted
    raqm(True)
    assert fonts.as_written(text) == text


@given(st.text(max_size=30))
def test_no_character_is_lost(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fonts.features, "check", lambda name: False)
        painted = fonts.as_written(text)
    one = dict.fromkeys(fonts.MIRRORED, "(")  # brackets may be mirrored
    assert sorted(painted.translate(one)) == sorted(text.translate(one))
