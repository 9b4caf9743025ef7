import pytest


@pytest.fixture(scope="module")
def digits(mnist):
    """(x_train, y_train), (x_test, y_test) of MNIST, few to train on."""
    train = mnist["x_train"][:3000, ..., None], mnist["y_train"][:3000]
    return train, (mnist["x_test"][..., None], mnist["y_test"])


@pytest.fixture
def opened(monkeypatch):
    """Opens a screen in the browser, without one: the screen, its server, and the keys that were pressed."""
    from keras_window import screens

    monkeypatch.setattr(screens.webbrowser, "get", lambda: screens.webbrowser.GenericBrowser(""))
    screens._web_server.cache_clear()
    keys = []

    def open_web(plot="web", **options):
        screen, _ = screens.open_screen(plot, "a window", keys.append, **options)
        return screen, screens._web_server(plot == "share"), keys

    yield open_web
    screens.close_windows()
    screens._web_server.cache_clear()
