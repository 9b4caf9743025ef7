"""Tests of the lecture's page in a real headless browser."""

import time
from io import BytesIO

import numpy as np
import pytest
from helpers import wait_for
from PIL import Image
from selenium.webdriver import ActionChains, Keys

pytestmark = pytest.mark.extras


@pytest.fixture
def browser(browser):
    """Opens an address, and waits for the topics."""

    def open_page(address):
        page = browser(address)
        wait_for(lambda: "." in page.title)
        return page

    return open_page


def picture(driver):
    """What is seen where the picture is, grey."""
    place = driver.find_element("id", "picture").rect
    whole = Image.open(BytesIO(driver.get_screenshot_as_png())).convert("L")
    left, top = round(place["x"]), round(place["y"])
    whole = whole.crop((left, top, left + round(place["width"]), top + round(place["height"])))
    return np.asarray(whole).astype(int)


def press(driver, *keys):
    for key in keys:
        ActionChains(driver).send_keys(key).perform()


def status(driver, command=0):
    place = driver.find_element("css selector", f'.command[data-slot="{command}"]')
    return place.find_element("class name", "status").text


def shown(driver):
    return driver.find_element("id", "title").text


def in_frame(driver):
    """Whether the picture of a program is shown, and not empty."""
    return driver.find_element("id", "frame").is_displayed() and picture(driver).std() > 10


def test_a_topic_starts_its_picture_changes_the_next_topic_stop_reload(begin, tmp_path, browser):
    _, (address,) = begin()
    page = browser(address)
    assert shown(page) == "1. What a neuron is"
    place = page.find_element("id", "picture").rect
    assert place["width"] > 0.6 * 1366
    press(page, Keys.PAGE_DOWN, "n")
    assert (
        shown(page) == "3. Convolution" and page.find_element("id", "image").is_displayed()
    )  # how it will look
    press(page, Keys.ENTER)
    wait_for(lambda: in_frame(page))
    time.sleep(1)
    before = picture(page)
    press(page, Keys.ARROW_RIGHT)  # goes to the slide: the next frame
    wait_for(lambda: np.abs(picture(page) - before).max() > 100)
    ActionChains(page).move_to_element(page.find_element("id", "frame")).click().perform()  # takes the keys
    time.sleep(0.5)
    before = picture(page)
    press(page, " ")
    wait_for(lambda: np.abs(picture(page) - before).max() > 100)
    press(page, "n")
    assert shown(page) == "4. Stride"

    page.execute_script("choose(15, 1)")
    assert shown(page) == "16. Softmax"
    line = page.find_element("css selector", '.command[data-slot="1"] textarea')
    line.send_keys(" --epochs 1000")
    line.send_keys(Keys.ENTER)
    wait_for(lambda: "of 1000" in status(page, 1))
    wait_for(lambda: in_frame(page))
    before = picture(page)
    wait_for(lambda: np.abs(picture(page) - before).max() > 100)  # it learns
    press(page, "n")
    wait_for(lambda: "16. Softmax: epoch" in page.find_element("id", "others").text)  # it goes on, beside 17
    page.refresh()
    wait_for(lambda: shown(page).startswith("17."))
    page.find_element("css selector", "#others button").click()
    assert shown(page) == "16. Softmax"
    wait_for(lambda: in_frame(page))
    page.find_element("css selector", '.command[data-slot="1"] .stop').click()
    wait_for(lambda: status(page, 1).startswith("Test accuracy"))
    assert '"interrupted": true' in (tmp_path / "runs" / "mnist_1_softmax" / "result.json").read_text()


def test_a_run_that_is_there_is_shown_and_others_are_compared(begin, run, browser):
    run("--epochs", "2", "--plot", "file")
    run("--epochs", "2", "--learning-rate", "0.01", "--out", "runs/slow", "--plot", "none")
    _, (address,) = begin()
    page = browser(address)
    page.execute_script("choose(15, 1)")
    assert "runs/mnist_1_softmax" not in page.find_element("id", "caption").text  # it has 2 epochs, not 20
    page.execute_script("change(1, '--epochs 2')")
    wait_for(lambda: "runs/mnist_1_softmax" in page.find_element("id", "caption").text)
    wait_for(lambda: page.execute_script("return image.naturalWidth") > 1000)
    assert len(page.find_elements("css selector", "#chart polyline")) == 1
    assert "learning rate 0.01" in page.find_element("id", "runs").text
    page.find_element("css selector", '#runs input[aria-label="runs/slow"]').click()
    wait_for(lambda: len(page.find_elements("css selector", "#chart polyline")) == 2)
    own = page.find_elements("css selector", "#chart polyline")[-1]  # in front, and thick
    assert float(own.get_attribute("stroke-width")) > 3
    assert "again" in page.find_element("css selector", '.command[data-slot="1"] .start').text


def test_a_wrong_flag_and_another_program_are_told_on_the_page(begin, browser):
    _, (address,) = begin()
    page = browser(address)
    line = page.find_element("css selector", '.command[data-slot="0"] textarea')
    line.clear()
    line.send_keys("rm -rf x", Keys.ENTER)
    wait_for(lambda: "only python3 can be started" in page.find_element("id", "caption").text)
    line.clear()
    line.send_keys("python3 neuron_demo.py --slid x", Keys.ENTER)
    wait_for(lambda: "unrecognized arguments: --slid x" in status(page))


def test_enter_goes_from_command_to_command_and_a_run_that_is_there_is_not_trained_again(
    begin, run, tmp_path, browser
):
    run("--plot", "file", "--epochs", "1", "--out", "runs/one")
    before = (tmp_path / "runs" / "one" / "result.json").stat().st_mtime_ns
    _, (address,) = begin()
    page = browser(address)
    page.execute_script("choose(15)")
    page.execute_script("edited.set('15 1', 'python3 mnist_1_softmax.py --epochs 1 --out runs/one')")
    press(page, Keys.ENTER)
    wait_for(lambda: in_frame(page))
    assert status(page) == "open"
    press(page, Keys.ENTER)
    wait_for(lambda: "runs/one" in page.find_element("id", "caption").text)
    time.sleep(2)
    assert list(page.execute_script("return Object.values(programs).map(one => one.place)")) == [[15, 0]]
    press(page, "p")  # no picture is open here: the previous topic
    assert shown(page) == "15. MNIST"
    page.execute_script("choose(15, 1)")
    wait_for(lambda: page.execute_script("return about.there"))
    page.find_element("css selector", '.command[data-slot="1"] .start').click()  # again
    wait_for(lambda: status(page, 1).startswith("Test accuracy"))
    assert (tmp_path / "runs" / "one" / "result.json").stat().st_mtime_ns > before


def test_a_foreign_page_in_the_same_browser_reaches_nothing(begin, browser):
    _, (address,) = begin()
    page = browser(address)
    page.get("data:text/html,a foreign page")
    reached = page.execute_async_script(
        """const [address, done] = arguments, socket = new WebSocket(address);
        socket.onopen = () => {
          socket.send('["start", "python3 neuron_demo.py --slide fields", [0, 0]]');
          done("open");
        };
        socket.onerror = () => done("closed");""",
        address.replace("http", "ws") + "socket",
    )
    assert reached == "closed"
    page.get(address)
    wait_for(lambda: "." in page.title)
    assert page.execute_script("return Object.keys(programs).length") == 0
