"""The window in a notebook's cell."""

import nbformat
from conftest import ROOT
from nbclient import NotebookClient

CELL = """
import sys
sys.path.insert(0, {root!r})
from common import *
import keras
from mnist_1_softmax import build_model

args = parse_args("", epochs=2, batch_size=100, learning_rate=0.3)
args.train_size = 5000
(x_train, y_train), (x_test, y_test) = load_mnist(args)
model = build_model()
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
batches = ShuffledBatches(x_train, y_train, args)
run = Run(args, model)
panes = [Accuracy(), Loss(), TrainImages(), Weights(), Biases(), TestImages()]
plot = LivePlot(panes, (x_train, y_train), (x_test, y_test), args)
model.fit(batches.data, epochs=args.epochs, shuffle=False, callbacks=[batches, run, plot], verbose=0)
plot.wait_until_closed()
print("pictures", len(plot._picture_times))
"""


def test_the_picture_in_the_cell_is_replaced_by_the_next(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(root=str(ROOT)))])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    outputs = notebook.cells[0].outputs
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1
    text = "".join(output.get("text", "") for output in outputs if output.get("name") == "stdout")
    assert int(text.split("pictures")[-1]) >= 3
    assert not [output for output in outputs if output.get("name") == "stderr"]
