"""The slide of the fields: artificial intelligence, machine learning, deep learning as sets."""

from slides.neuron.cells import explain
from slides.shapes import BLUE, GREEN, ORANGE, WHITE, YELLOW, whole_slide, write

from matplotlib.patches import FancyBboxPatch

KINDS = {  # of machine learning, and what each learns from
    "supervised": "examples with the correct answer",
    "unsupervised": "examples without an answer",
    "semi-supervised": "few answers, many examples",
    "reinforcement": "rewards for what it does",
}
NETWORKS = {"CNN": "convolutional: images", "RNN": "recurrent: sentences", "GAN": "adversarial: draws images"}


def draw_set(axes, x, y, width, height, fill, edge="0.4", line=2):
    """Draw a rounded box; (x, y) is its lower left corner."""
    style = "round,pad=0,rounding_size=4"
    axes.add_patch(
        FancyBboxPatch((x, y), width, height, style, facecolor=fill, edgecolor=edge, linewidth=line)
    )


def draw_fields(figure, step):
    """Draw AI, then in it machine learning, its kinds, deep learning, its networks, and where we stand."""
    axes = whole_slide(figure)
    draw_set(axes, 4, 12, 126, 56, "0.95")
    write(axes, 8, 64, "Artificial intelligence", 28, weight="bold", ha="left")
    if step >= 1:
        draw_set(axes, 8, 14.5, 118, 45, BLUE)
        write(axes, 12, 55.5, "Machine learning", 28, weight="bold", ha="left")
    if step >= 2:
        for n, (kind, source) in enumerate(KINDS.items()):
            ours = step == 5 and kind == "supervised"
            y = 43.2 - 9 * n
            draw_set(
                axes, 11, y, 47, 8, YELLOW if ours else WHITE, ORANGE if ours else "0.6", 6 if ours else 1
            )
            write(axes, 34.5, y + 5.5, kind, 21, weight="bold")
            write(axes, 34.5, y + 2, source, 16)
    if step >= 3:
        draw_set(axes, 62, 16.5, 61, 41, GREEN)
        write(axes, 66, 53.5, "Deep learning", 28, weight="bold", ha="left")
    if step >= 4:
        for n, (name, about) in enumerate(NETWORKS.items()):
            ours = step == 5 and name == "CNN"
            y = 40 - 11 * n
            draw_set(
                axes, 66, y, 53, 9.5, YELLOW if ours else WHITE, ORANGE if ours else "0.6", 6 if ours else 1
            )
            write(axes, 75, y + 4.75, name, 28, weight="bold")
            write(axes, 83, y + 4.75, about, 18, ha="left")
    texts = [
        "Programs for tasks that seem to need intelligence: also rules that people wrote",
        "Not programmed, but learned from examples",
        "What it learns from",
        "Machine learning with networks of many layers",
        "Three kinds of deep networks",
        "This lecture: convolutional networks, mostly supervised",
    ]
    explain(figure, texts[step])
