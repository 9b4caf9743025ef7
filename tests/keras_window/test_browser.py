"""Tests of the window in a real headless browser."""

import re
import time
from io import BytesIO

import numpy as np
import pytest
from helpers import ROOT, hold_upright, wait_for
from matplotlib.patches import Rectangle
from PIL import Image
from selenium.webdriver import ActionChains, Keys

pytestmark = pytest.mark.extras


def picture(driver):
    """What is seen, grey."""
    return np.asarray(Image.open(BytesIO(driver.get_screenshot_as_png())).convert("L")).astype(int)


def stays(driver, seconds):
    """Whether what is seen is the same after so many seconds."""
    before = picture(driver)
    time.sleep(seconds)
    return np.array_equal(picture(driver), before)


def touch(driver, *places):
    """Move a finger over these places, (x, y) in pixels."""
    for i, (x, y) in enumerate(places):
        kind = "touchMove" if i else "touchStart"
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def parts(driver):
    """Where each part of the picture is, dictionaries with x, y, width, height."""
    return [canvas.rect for canvas in driver.find_elements("css selector", "#picture canvas")]


def middle(place):
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


@pytest.fixture
def printed(tmp_path):
    """A file for what a script prints, and a function that waits for the addresses in it."""
    path = tmp_path / "printed"

    def addresses(count=1):
        wait_for(lambda: len(re.findall(r"at http://\S+\n", path.read_text("utf-8"))) == count)
        return re.findall(r"at (http://\S+)\n", path.read_text("utf-8"))

    with open(path, "w") as file:
        yield file.fileno(), addresses


def test_a_page_opened_in_mid_training(start, printed, browser):
    file, addresses = printed
    lesson = start("--plot", "web", "--epochs", "3000", stdout=file)
    (address,) = addresses()
    first = browser(address)
    wait_for(lambda: picture(first).std() > 20)
    before = picture(first)
    wait_for(lambda: np.abs(picture(first) - before).max() > 100)  # it moves
    second = browser(address, upright=True)
    wait_for(lambda: len(parts(second)) == 7)  # the header and six panes
    ActionChains(first).send_keys(" ").perform()
    wait_for(lambda: stays(first, 2))  # frozen; on a busy machine the last picture comes late
    ActionChains(first).send_keys(" ").perform()
    second.refresh()
    first.refresh()
    for driver in (first, second):
        wait_for(lambda driver=driver: picture(driver).std() > 20)
    ActionChains(second).send_keys("q").perform()
    for driver in (first, second):
        wait_for(lambda driver=driver: "has ended" in driver.find_element("id", "note").text)
    assert picture(first).std() > 20  # the last picture stays
    assert lesson.poll() is None  # and the training goes on


def test_a_7_drawn_with_a_finger_is_read(start_script, run, tmp_path, printed, browser):
    file, addresses = printed
    run("--epochs", "3", "--plot", "none", lesson="mnist_2_five_layers")
    model = tmp_path / "runs" / "mnist_2_five_layers-2.2"
    start_script(ROOT / "draw_digit.py", "--share", "--model", model, stdout=file)
    own, shared = addresses(2)
    phone = browser(
        own.rpartition("/")[0].rpartition("/")[0] + "/" + shared.split("/")[-2] + "/", upright=True
    )
    wait_for(lambda: phone.find_element("id", "paper").is_displayed())
    assert "Draw here" in phone.find_element("id", "own").text
    place = phone.find_element("id", "paper").rect
    stroke = [(0.25 + 0.5 * part, 0.2) for part in np.linspace(0, 1, 20)]
    stroke += [(0.75 - 0.3 * part, 0.2 + 0.6 * part) for part in np.linspace(0, 1, 20)]
    touch(phone, *[(place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in stroke])
    wait_for(lambda: phone.find_element("id", "read").text.find("%") > 0)
    time.sleep(1)  # all strokes have been read
    assert re.search(r"^7 [0-9.]+ %$", phone.find_element("id", "read").text, re.MULTILINE)
    for part in ("ask", "wipe", "paper", "seen", "read"):  # all on one screen
        place = phone.find_element("id", part).rect
        assert place["x"] >= 0 and place["x"] + place["width"] <= 390
        assert place["y"] >= 0 and place["y"] + place["height"] <= 844


def test_a_question_gives_new_paper_and_the_answer_says_whether_it_was_read_right(opened, browser):
    screen, server, _ = opened("share", pen=0.1)
    phone = browser(server.class_address, upright=True)
    wait_for(lambda: phone.find_element("id", "paper").is_displayed())
    screen.ask("Draw a 4")
    wait_for(lambda: phone.find_element("id", "ask").text == "Draw a 4")

    def drawn():
        return [(artist, list(strokes)) for artist, strokes in screen.drawn(1)]

    def ink():
        script = "return paper.getContext('2d').getImageData(0, 0, 560, 560).data.some(value => value > 0)"
        return phone.execute_script(script)

    x, y = middle(phone.find_element("id", "paper").rect)
    classes, predicted = ["a sandal with a long name", *"123456789"], [0.1, 0.9, *[0] * 8]
    said = {"seen": [[0] * 28] * 28, "read": [["a network\nof two lines", classes, predicted]] * 2}
    for right, mark in (True, "✓"), (False, "✗"), (None, ""):
        touch(phone, (x, y), (x + 20, y), (x + 40, y))
        artists = []
        wait_for(lambda artists=artists: artists or artists.extend(drawn()))
        screen.answer(artists[0][0], said | {"right": right})
        shown = f"1 {mark} 90.0 %".replace("  ", " ")
        wait_for(lambda shown=shown: shown in phone.find_element("id", "read").text)
        answers = phone.find_elements("css selector", "#read h2")
        assert answers[1].text == "1 90.0 %" and answers[0].rect["height"] < 60  # in one line
        assert ink()
        screen.ask("Draw a 4")  # again
        wait_for(lambda: not ink())
        assert phone.find_element("id", "read").text == ""


PANES = (0, 0.1, 0.5, 0.55), (0.5, 0.1, 1, 0.55), (0, 0.55, 0.5, 1), (0.5, 0.55, 1, 1)
GREYS = 50, 100, 150, 200


def test_on_a_phone_held_upright_each_pane_is_as_wide_as_the_screen(opened, browser):
    screen, server, _ = opened("share")
    for (x0, y0, x1, y1), grey in zip(PANES, GREYS, strict=True):
        colour = 3 * (grey / 255,)
        screen.figure.add_artist(Rectangle((x0, 1 - y1), x1 - x0, y1 - y0, color=colour, lw=0))
    screen.parts = lambda: {"header": (0.3, 0, 0.7, 0.1), "panes": PANES}
    touched = []
    for name in ("button_press_event", "button_release_event"):
        screen.figure.canvas.mpl_connect(name, lambda event: touched.append((event.x, event.y)))
    screen.figure.canvas.draw()
    screen.present()
    phone, other = browser(server.class_address, upright=True), browser(server.class_address)
    wait_for(lambda: [(part["x"], part["width"]) for part in parts(phone)[1:]] == 4 * [(0, 390)])
    panes = parts(phone)[1:]
    assert [picture(phone)[int(y), int(x)] for x, y in map(middle, panes[:3])] == [*GREYS[:3]]
    touch(phone, middle(panes[2]))
    wait_for(lambda: len(parts(phone)) == 1)  # this pane alone
    assert (picture(phone)[:, 10] == GREYS[2]).any() and not (picture(phone)[:, 10] == GREYS[1]).any()
    assert len(parts(other)) == 1 and set(GREYS) < set(picture(other).ravel())  # on its side: all, together
    touch(phone, middle(parts(phone)[0]))
    wait_for(lambda: len(parts(phone)) == 5)
    (whole,) = parts(other)
    ActionChains(other).move_by_offset(whole["x"] + 100, whole["y"] + whole["height"] - 100).click().perform()
    wait_for(lambda: GREYS[3] not in picture(other))
    screen.flush()
    assert not touched  # who looks on presses nothing
    own = browser(server.address, upright=True)
    wait_for(lambda: len(parts(own)) == 5)
    touch(own, middle(parts(own)[2]))
    wait_for(lambda: screen.flush() or len(touched) == 2)
    assert touched[0] == touched[1] == pytest.approx((0.75 * 1440, (1 - 0.325) * 810), abs=4)


def test_below_a_picture_without_panes_is_a_part_of_it_that_can_be_read(opened, browser):
    screen, server, _ = opened("share")
    screen.figure.set_facecolor("0.5")
    screen.figure.add_artist(Rectangle((0.8, 0.4), 0.2, 0.2, color="0", lw=0))
    screen.figure.canvas.draw()
    screen.present()
    phone, own = browser(server.class_address, upright=True), browser(server.address, upright=True)
    wait_for(lambda: len(parts(phone)) == 2)
    whole, part = parts(phone)
    assert whole["width"] == 390 and part["width"] > 13.44 * 72 / 13 * 14  # 13 points have 14 pixels
    assert part["y"] > whole["y"] + whole["height"] - 1
    assert not (picture(phone)[int(part["y"]) :] < 50).any()
    touch(phone, (0.9 * 390, whole["y"] + 0.5 * whole["height"]))
    wait_for(lambda: (picture(phone)[int(part["y"]) :] < 50).any())  # the black part
    wait_for(lambda: len(parts(own)) == 1)  # its touches act on the picture
    assert parts(own)[0]["width"] == 390


def test_the_page_lists_the_keys_where_there_is_a_keyboard(opened, browser):
    buttons = {" ": "freeze", "1": "pane 1", "2": "2", "ArrowLeft": "← frame", "s": "save"}
    screen, server, keys = opened("share", buttons=buttons)
    own, student = browser(server.address), browser(server.class_address)
    wait_for(lambda: own.find_element("id", "keys").text == "keys")
    assert not student.find_element("id", "keys").is_displayed()
    own.find_element("css selector", "#keys summary").click()
    listed = "keys|space freeze|1 2 pane|← frame|s save|f full screen"
    assert own.find_element("id", "keys").text.replace("\n", "|") == listed
    ActionChains(own).send_keys(" ").perform()
    wait_for(lambda: screen.flush() or keys == [" "])
    assert own.find_element("id", "keys").text.replace("\n", "|") == listed  # the key acts on the picture
    hold_upright(own)
    wait_for(lambda: not own.find_element("id", "keys").is_displayed())
    assert [button.text for button in own.find_elements("css selector", "#buttons button")] == [
        *buttons.values()
    ]


def test_a_slider_is_dragged_to_its_end(start_script, tmp_path, printed, browser):
    file, addresses = printed
    script, flags = ROOT / "neuron_demo.py", ("--slide", "neuron")
    start_script(script, *flags, "--plot", "web", "--out", "dragged", stdout=file)
    page = browser(addresses()[0])
    wait_for(lambda: picture(page).std() > 20)
    before, (place,) = picture(page), parts(page)
    x, y = place["x"] + 0.6 * place["width"], place["y"] + 0.92 * place["height"]
    mouse = ActionChains(page).move_by_offset(round(x), round(y)).click_and_hold()
    mouse.move_by_offset(round(0.3 * place["width"]), 5).release().perform()
    wait_for(lambda: np.abs(picture(page) - before).max() > 100)
    ActionChains(page).send_keys(*[Keys.ARROW_RIGHT] * 10, "s").perform()  # of the last step, as a file is
    wait_for((tmp_path / "dragged" / "neuron.png").exists)
    start_script(script, *flags, "--bias", "9", "--plot", "file", "--out", "typed").communicate(timeout=60)
    typed, dragged = (
        np.asarray(Image.open(tmp_path / out / "neuron.png").convert("L")) for out in ("typed", "dragged")
    )
    assert np.array_equal(typed, dragged)


def test_a_touch_shows_where_a_number_comes_from(start_script, tmp_path, printed, browser, mnist):
    import keras  # after `common`, which keeps the libraries quiet

    import mnist_3_convolutional
    from inside.interaction import Inside
    from inside.tracing import Network
    from keras_window.screens import File

    keras.utils.set_random_seed(0)
    model = mnist_3_convolutional.build_model("3.0")
    model.save(tmp_path / "own.keras")
    network = Network(model)
    network.see(mnist["x_test"][0][..., None])
    inside = Inside(File().figure, network)
    before = inside.unit
    inside.choose((2, 7, 9, 3))
    total = inside.found.products.sum() + keras.ops.convert_to_numpy(network.stages[2].layer.bias)[3]
    assert abs(max(total, 0) - network.values[2][7, 9, 3]) < 1e-5 and before != inside.unit

    file, addresses = printed
    flags = ("--model", tmp_path / "own.keras", "--plot", "web", "--out", tmp_path / "out")
    start_script(ROOT / "look_inside.py", *flags, stdout=file)
    phone = browser(addresses()[0])
    wait_for(lambda: picture(phone).std() > 20)
    seen, place = picture(phone), phone.find_element("id", "picture").rect
    tile = next(tile for tile in inside.columns.tiles if (tile.stage, tile.channel) == (2, 3))
    scale = min(place["width"] / 13.44, place["height"] / 7.56)
    left = place["x"] + (place["width"] - scale * 13.44) / 2
    top = place["y"] + (place["height"] - scale * 7.56) / 2
    (x, y), width, height = inside.columns.frame(tile, 7, 9, 1, 1)
    at = {"x": left + scale * (x + width / 2), "y": top + scale * (7.56 - y - height / 2)}
    phone.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    phone.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for(lambda: np.abs(picture(phone) - seen).max() > 100)
    ActionChains(phone).send_keys("s").perform()
    saved = tmp_path / "out" / "look_inside.png"
    wait_for(saved.exists)
    inside.figure.savefig(tmp_path / "wanted.png", dpi=100)
    wanted, shown = (
        np.asarray(Image.open(path).convert("L")).astype(int)[:720]
        for path in (tmp_path / "wanted.png", saved)
    )
    assert (np.abs(wanted - shown) > 60).mean() < 0.002  # but for edges of letters
