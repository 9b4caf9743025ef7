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
