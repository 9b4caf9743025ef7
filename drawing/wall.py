"""The wall: the drawings of the whole class side by side, each with what a network reads."""

import time

from PIL import Image, ImageDraw

from drawing.class_names import shorten
from keras_window.panes.fonts import as_written, font
from keras_window.panes.pane import PaintedArtist
from keras_window.style import TEST, TRAIN

EVERY = 0.15  # seconds, at least, between two pictures
CALM = 2  # seconds, at least, between two times that tiles change places
GRIDS = (3, 2), (5, 3), (6, 4), (8, 5), (9, 5), (10, 6)  # columns and rows; the first that has room for all
MOST = 60  # tiles
HEAD, FOOT = 0.14, 0.05  # of the height, for the lines above and below the tiles
RIGHT, WRONG, UNASKED = TRAIN, TEST, "#888888"
KEYS = "a click clears a tile    c clears all    w shows your own pad"


class Wall:
    """The drawings of the class over the whole figure: what the networks see, and what the first one reads.

    After a question, wrong ones come first. Tiles are painted only when they change.

    Args:
        figure: the figure.
        students: the `ClassDrawings`.

    Attributes:
        picture: the artist that shows it.
        note: a line that replaces the keys until the next key or click.
    """

    def __init__(self, figure, students):
        self._axes = figure.add_axes((0, 0, 1, 1), zorder=10, visible=False)
        self._axes.axis("off")
        self.picture, self.note = PaintedArtist(self._axes), ""
        self._students = students
        self._keys, self._scene = [], None  # of the drawings in their order; what the picture shows
        self._updated_at = self._sorted_at = 0
        self._canvas, self._layout, self._tiles = None, None, []  # what is painted, and each place's drawing

    @property
    def shown(self):
        return self._axes.get_visible()

    def toggle(self):
        """Cover the figure, or uncover it."""
        self._axes.set_visible(not self.shown)
        self.note, self._scene, self._updated_at = "", None, 0
        self.update()

    def update(self):
        """Let `picture` show what has changed; returns whether anything has."""
        now = time.monotonic()
        if now < self._updated_at + EVERY:
            return False
        self._updated_at = now
        self._arrange(now)
        tiles = [self._students.drawings[key] for key in self._keys]
        scene = tiles, self.head(), self.note or self._keys_line()
        if scene == self._scene:
            return False
        self._scene = scene
        self.picture.show(self._paint)
        return True

    def _arrange(self, now):
        drawings = self._students.drawings
        newest = dict.fromkeys(list(drawings)[-MOST:])
        stay = [key for key in self._keys if key in newest]
        self._keys = list(dict.fromkeys([*stay, *newest]))
        if now > self._sorted_at + CALM:
            self._keys.sort(key=lambda key: drawings[key].right[:1] != [False])
            self._sorted_at = now

    def head(self):
        """The lines above the tiles: what is asked, and how many drawings each network has read right."""
        students = self._students
        drawn = [drawing for drawing in students.drawings.values() if drawing.read]
        more = f", the newest {MOST} below" if len(students.drawings) > MOST else ""
        if not drawn:
            return [students.task or "No drawings yet"]
        if not students.task:
            return [f"{len(drawn)} drawing{'s' * (len(drawn) > 1)}{more}"]
        scores = zip(*(drawing.right for drawing in drawn), strict=True)
        lines = [f"{sum(right)} of {len(drawn)} read right" for right in scores]
        if len(lines) > 1:
            names = [name.partition("\n")[0] for name, *_ in students.networks]
            if len({*names}) < len(names):
                names = [name.replace("\n", ", ") for name, *_ in students.networks]
            lines = [f"{line} by {name}" for line, name in zip(lines, names, strict=True)]
        return [f"{students.task}: {lines[0]}{more}", *lines[1:]]

    def _classes(self):
        """The names of the classes that can be asked for."""
        return self._students.networks[0][1] if self._students.networks else []

    def _keys_line(self):
        asks = "a digit" if all(name.isdigit() for name in self._classes()) else "a capital letter"
        return f"{asks} asks for it    {KEYS}"

    # -- the picture

    def _paint(self, width, height):
        drawings, head, foot = self._scene
        columns, rows = grid = next(grid for grid in GRIDS if grid[0] * grid[1] >= len(drawings))
        if self._layout != (width, height, grid):
            self._layout, self._tiles = (width, height, grid), [None] * (columns * rows)
            self._canvas = Image.new("RGB", (width, height), "white")
        beside = all(len(name) < 3 for name in self._classes())
        size = self._size()
        for place in range(columns * rows):
            drawing = drawings[place] if place < len(drawings) else None
            if drawing is not self._tiles[place]:
                self._tiles[place] = drawing
                corner = place % columns * size[0], round(HEAD * height) + place // columns * size[1]
                self._canvas.paste(_tile(drawing, *size, beside), corner)
        self._write(head, 0.01, HEAD - 0.01, bold=True)
        self._write([foot], 1 - FOOT, 1, bold=False)
        return self._canvas

    def _size(self):
        """The width and the height of a tile with its margins, in pixels."""
        width, height, (columns, rows) = self._layout
        return width // columns, int((1 - HEAD - FOOT) * height) // rows

    def _write(self, lines, top, bottom, bold):
        """Paint lines of text from `top` to `bottom`, in parts of the height."""
        width, height = self._canvas.size
        draw, line = ImageDraw.Draw(self._canvas), (bottom - top) * height / len(lines)
        draw.rectangle((0, top * height, width, bottom * height), "white")
        for i, text in enumerate(lines):
            place = 0.015 * width, top * height + (i + 0.5) * line
            letters = font(line, 0.97 * width, text, bold)
            draw.text(place, as_written(text), "black", letters, anchor="lm")

    # -- mouse and keys

    def on_press(self, event):
        """Clear the tile under the mouse; its artist's next stroke brings it back."""
        self.note = ""
        if self._layout is None:
            return
        _, height, (columns, _) = self._layout
        across, down = self._size()
        column, row = int(event.x // across), int((height * (1 - HEAD) - event.y) // down)
        place = row * columns + column
        if row >= 0 and column < columns and place < len(self._keys):
            self._students.drawings.pop(self._keys[place], None)

    def on_key(self, key):
        """Ask for the class that begins with this character, the next one if there are several."""
        self.note = ""
        names = [name for name in self._classes() if name[:1].upper() == key]
        if key == "c":
            self._students.ask(None)
        elif names:
            before = self._students.question
            self._students.ask(names[(names.index(before) + 1) % len(names) if before in names else 0])


def _tile(drawing, width, height, beside):
    """A tile, an image of this size: what the networks see and, beside or below, what the first one reads.

    `drawing` is a `Drawing`, or None for an empty place.
    """
    tile = Image.new("RGB", (width, height), "white")
    if drawing is None:
        return tile
    across, down = (1.45, 1) if beside else (1, 1.3)
    side = int(0.94 * min(width / across, height / down))
    x, y = int(width - across * side) // 2, int(height - down * side) // 2
    frame = x, y, x + int(across * side), y + int(down * side)
    colour = UNASKED if not drawing.right else RIGHT if drawing.right[0] else WRONG
    draw = ImageDraw.Draw(tile)
    draw.rectangle(frame, WRONG if colour == WRONG else "white")
    pixels = Image.fromarray(255 - drawing.image)
    tile.paste(pixels.resize((side, side), Image.Resampling.NEAREST), (x, y))
    for name in drawing.read[:1]:
        left, top = (x + side, y) if beside else (x, y + side)
        middle, text = ((left + frame[2]) / 2, (top + frame[3]) / 2), shorten(name, 14)
        letters = font(0.9 * (frame[3] - top), 0.8 * (frame[2] - left), text)
        ink = {RIGHT: RIGHT, WRONG: "white", UNASKED: "black"}[colour]
        draw.text(middle, as_written(text), ink, letters, anchor="mm")
    draw.rectangle(frame, outline=colour, width=max(side // 40, 3))
    return tile
