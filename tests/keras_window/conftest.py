import pytest


@pytest.fixture(scope="module")
def digits(mnist):
    """(x_train, y_train), (x_test, y_test) of MNIST, few to train on."""
    train = mnist["x_train"][:3000, ..., None], mnist["y_train"][:3000]
    return train, (mnist["x_test"][..., None], mnist["y_test"])
