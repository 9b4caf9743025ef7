"""Tests of the window in a real headless browser."""

import re
import shutil
import time
from io import BytesIO

import numpy as np
import pytest
from helpers import ROOT, wait_for
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip("there is no Chromium with its driver", allow_module_level=True)

pytestmark = pytest.mark.extras


@pytest.fixture
def browser():
    """Opens an address; returns the `selenium.webdriver`, with `picture()`."""
    opened = []

    def open_page(address):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900"):
            options.add_argument(flag)
        opened.append(webdriver.Chrome(options, webdriver.ChromeService(DRIVER)))
        opened[-1].get(address)
        return opened[-1]

    yield open_page
    for driver in opened:
        driver.quit()


def picture(driver):
    """What is seen, grey."""
    return np.asarray(Image.open(BytesIO(driver.get_screenshot_as_png())).convert("L")).astype(int)


def stays(driver, seconds):
    """Whether what is seen is the same after so many seconds."""
    before = picture(driver)
    time.sleep(seconds)
    return np.array_equal(picture(driver), before)


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
    lesson = start("--plot", "web", "--epochs", "100", stdout=file)
    (address,) = addresses()
    first = browser(address)
    wait_for(lambda: picture(first).std() > 20)
    before = picture(first)
    wait_for(lambda: np.abs(picture(first) - before).max() > 100)  # it moves
    ActionChains(first).send_keys(" ").perform()
    wait_for(lambda: stays(first, 2))  # frozen; on a busy machine the last picture comes late
    ActionChains(first).send_keys(" ").perform()
    second = browser(address)
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
    phone = browser(own.rpartition("/")[0].rpartition("/")[0] + "/" + shared.split("/")[-2] + "/")
    wait_for(lambda: phone.find_element("id", "paper").is_displayed())
    place = phone.find_element("id", "paper").rect

    def touch(kind, *at):
        at = [{"x": place["x"] + x * place["width"], "y": place["y"] + y * place["height"]} for x, y in at]
        phone.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", (0.25, 0.2))
    for part in np.linspace(0, 1, 20):
        touch("touchMove", (0.25 + 0.5 * part, 0.2))
    for part in np.linspace(0, 1, 20):
        touch("touchMove", (0.75 - 0.3 * part, 0.2 + 0.6 * part))
    touch("touchEnd")
    wait_for(lambda: phone.find_element("id", "read").text.find("%") > 0)
    time.sleep(1)  # all strokes have been read
    assert re.search(r"^7 ", phone.find_element("id", "read").text, re.MULTILINE)


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
