"""Drawing of a network's stages as columns of maps, and of the sum that gives one unit its value.

Places and sizes are in inches on a figure of `WIDTH` × `HEIGHT`. Grey is a number from 0 (white) up; where
there are negative numbers, red is negative, white is 0 and blue is positive.
"""

from itertools import count
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PolyCollection
from PIL import Image, ImageDraw

from keras_window.panes.fonts import font
from keras_window.panes.pane import PaintedArtist
from keras_window.style import HEIGHT, SIGNED, TRAIN, WIDTH

SIGNS, GREYS = colormaps[SIGNED], colormaps["gray_r"]
GROUND = "#C9D6DF"  # beyond the border, and between maps
CHOSEN = "#009E73"  # frames of the chosen unit and its receptive field
TOP, BOTTOM = 6.48, 3.85  # of the maps
MEANINGS = {
    "relu": "negative numbers become 0",
    "softmax": "e^sum, as a share of all outputs",
    "sigmoid": "pressed between 0 and 1",
    "tanh": "pressed between −1 and 1",
}
READABLE = 0.3  # a map's side; of a network with many maps only the first are shown
OUTPUTS = 20  # units of the last layer that get a bar each


class Tile(NamedTuple):
    """A map or a kernel: its stage and channel, and its place; (x, y) is the upper left corner."""

    stage: int
    channel: int
    x: float
    y: float
    width: float
    height: float
    kernel: bool = False

    def holds(self, x, y):
        return self.x <= x <= self.x + self.width and self.y - self.height <= y <= self.y


def coloured(values, extent, signed):
    """The colours of numbers from 0 (signed: from -extent) to extent, uint8 [..., 3]; NaN is `GROUND`."""
    scaled = values / (extent or 1)
    colours = (SIGNS if signed else GREYS)(np.nan_to_num((scaled + 1) / 2 if signed else scaled))
    colours[np.isnan(values)] = [int(GROUND[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1]
    return (255 * colours[..., :3]).astype(np.uint8)


def number(value, decimals=2):
    """A number with its decimals: 0.25, −1.00."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def text_of(value):
    """A number that may be very small or large, in three or four characters and a sign."""
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.01 or size < 0.00005 else 4
    return number(value, decimals)


def arranged(maps, width, height, narrowest, beside):
    """Arrange stages side by side: the side of a map, and for each stage its (columns, width).

    The maps are as large as fits. `beside` is the share of a map's side that the first stage's kernels and
    the gap before them take.
    """
    for side in np.arange(height, 0.05, -0.01):
        rows = max(1, int((height + 0.06) / (side + 0.06)))
        columns = [-(-n // rows) for n in maps]
        widths = [
            max(c * (side * (1 + extra) + 0.06), narrowest) for c, extra in zip(columns, beside, strict=True)
        ]
        if sum(widths) <= width + 1e-6:
            break
    return side, list(zip(columns, widths, strict=True))


class Columns:
    """All stages of a network as columns of maps; the last one as bars, if it has few units.

    Args:
        page: axes in inches over the whole figure.
        network: a `Network` that has seen an image.
        classes: the names of the classes, or None for numbers.
        top, bottom: where the maps begin and end.

    Attributes:
        tiles: list of `Tile`, all maps and kernels.
        changing: the artists that `update` changes, and the texts among them.
    """

    def __init__(self, page, network, classes, top=TOP, bottom=BOTTOM):
        self.network, self.page, self.top, self.bottom = network, page, top, bottom
        last = network.stages[-1].shape
        self.bars = last[2] if last[:2] == (1, 1) and last[2] <= OUTPUTS else 0
        names = classes if classes and len(classes) == self.bars else map(str, range(self.bars))
        self.names = [name if len(name) <= 12 else f"{name[:11]}…" for name in names]
        if self.bars == 1 and classes and len(classes) == 2:
            self.names = [classes[1]]
        self.tiles, self._scales = [], []
        self._arrange()
        row = page.figure.add_axes((0, bottom / HEIGHT, 1, (top - bottom) / HEIGHT))
        row.axis("off")
        row.set_zorder(page.zorder - 1)
        self._picture = PaintedArtist(row)
        self._picture.set_animated(False)
        self._titles()
        self.changing = [self._picture, *self._texts]
        self.update()

    def _arrange(self):
        stages, left, gap = self.network.stages, 0.25, 0.22
        shown = stages[1:-1] if self.bars else stages[1:]
        spatial = [stage.shape[2] for stage in shown if stage.has_places]
        strips = [stage for stage in shown if not stage.has_places]
        first, longest = stages[1], max(map(len, self.names), default=0)
        self._name_width = 0.12 * longest + 0.12
        bars = 1.25 + self._name_width if self.bars else 0
        height, strip = self.top - self.bottom, 0.62
        ends = (1.75 if spatial else 2.4), bars + 0.2
        self.kernels = first.is_convolution and first.has_places and stages[0].shape[2] == 1
        beside = [1.0 if i == 0 and self.kernels else 0.0 for i in range(len(spatial))]
        room = WIDTH - left - sum(ends) - len(shown) * gap - len(strips) * strip
        narrowest = min(1.3, room / max(1, len(spatial)))
        for most in (None, 64, 48, 32, 24, 16, 12, 8):  # maps of a stage that are shown
            counts = [min(units, most or units) for units in spatial]
            side, places = arranged(counts, room, height, narrowest, beside) if spatial else (0, [])
            if side >= READABLE:
                break
        self.side, self.columns = side, []
        x, widths = left, iter(places)

        def add(stage, width, tiles):
            nonlocal x
            self.columns.append((stage, x, width))
            self.tiles += tiles
            x += width + gap

        rows, columns = stages[0].shape[:2]
        across = min(ends[0] - 0.1, height / (rows / columns))
        add(0, ends[0] - 0.1, [Tile(0, 0, x, self.top, across, across * rows / columns)])
        for i, stage in enumerate(shown, start=1):
            units = stage.shape[2]
            if stage.has_places:
                units = min(units, most or units)
                across, width = next(widths)
                pair = i == 1 and self.kernels
                step = side * (2 if pair else 1) + 0.06
                tiles = []
                for n in range(units):
                    at = x + n % across * step, self.top - n // across * (side + 0.06)
                    if pair:
                        tiles.append(Tile(i, n, at[0] + 0.3 * side, at[1], 0.6 * side, 0.6 * side, True))
                        at = at[0] + 0.95 * side, at[1]
                    ratio = stage.shape[0] / stage.shape[1]
                    across_map, down = (side, side * ratio) if ratio <= 1 else (side / ratio, side)
                    tiles.append(Tile(i, n, *at, across_map, down))
                add(i, width, tiles)
            else:
                per_row = next(c for c in count(1) if -(-units // c) * min(0.2, strip / c) <= height)
                size = min(0.2, strip / per_row)
                at = [(x + n % per_row * size, self.top - n // per_row * size) for n in range(units)]
                add(i, strip, [Tile(i, n, *place, size, size) for n, place in enumerate(at)])
        if self.bars:
            size = height / self.bars if self.bars > 5 else 0.4
            i = len(stages) - 1
            at = [(x, self.top - n * size) for n in range(self.bars)]
            add(i, bars, [Tile(i, n, *place, bars, size) for n, place in enumerate(at)])

    def _titles(self):
        free = 0  # where the title before ends; of very many columns not each has one
        for stage, x, width in self.columns:
            if x < free:
                continue
            about = self.network.stages[stage]
            shape = "×".join(map(str, about.shape if about.has_places else about.shape[2:]))
            shown = sum(tile.stage == stage and not tile.kernel for tile in self.tiles)
            some = f"\n{shown} of {about.shape[2]}" if stage > 0 and shown < about.shape[2] else ""
            name = about.own_name or about.name
            if 0.12 * len(name) > width + 0.1:
                name = name.replace("convolution", "conv.").replace("pooling", "pool")
            lines = f"{name}\n{shape}{some}".split("\n")
            size = min(11 if some else 13, 13 * (width + 0.1) / (0.12 * max(map(len, lines))))
            options = {"fontsize": max(9, size), "va": "bottom", "linespacing": 1.15}
            self.page.text(x, self.top + 0.07, "\n".join(lines), **options)
            free = x + 0.0075 * options["fontsize"] * max(map(len, lines))
        size, self._texts = min(13, 22 * self.side), []
        for tile in self.tiles:
            if tile.kernel:
                place = tile.x - 0.05, tile.y - tile.height / 2
                text = self.page.text(*place, tile.channel + 1, fontsize=size, ha="right", va="center")
                self._texts.append(text)
        self._bar_texts = []
        for tile in self.tiles[len(self.tiles) - self.bars :]:
            middle, size = tile.y - tile.height / 2, min(15, 60 * tile.height)
            name = self.page.text(tile.x, middle, self.names[tile.channel], fontsize=size, va="center")
            self._bar_texts.append(self.page.text(0, middle, "", fontsize=min(13, size), va="center"))
            self._texts += [name, self._bar_texts[-1]]

    def scale(self, stage):
        """The largest number of a stage, and whether there are negative ones."""
        return self._scales[stage]

    def update(self):
        """Show the values that the network has now."""
        self._scales = [
            (float(np.abs(values).max()), i > 0 and bool(values.min() < -1e-6))
            for i, values in enumerate(self.network.values)
        ]
        self._picture.show(self._paint)
        for text, tile, value in zip(
            self._bar_texts,
            self.tiles[len(self.tiles) - self.bars :],
            self.network.values[-1].ravel(),
            strict=self.bars > 0,
        ):
            share = max(value, 0) / max(self._scales[-1][0], 1)
            text.set_x(tile.x + self._name_width + 0.06 + 0.5 * share)
            likely = 0 <= value <= 1 and not self._scales[-1][1]
            text.set_text(f"{value:.1%}" if likely and value >= 0.001 else "" if likely else number(value, 1))

    def _paint(self, width, height):
        whole = np.full((height, width, 3), 255, np.uint8)
        per_inch = width / WIDTH
        for tile in self.tiles:
            values = self.network.values[tile.stage]
            x, y = round(tile.x * per_inch), round((self.top - tile.y) * per_inch)
            across, down = (max(1, round(size * per_inch)) for size in (tile.width, tile.height))
            if self.bars and tile.stage == len(self.network.stages) - 1:
                share = max(values[0, 0, tile.channel], 0) / max(self._scales[-1][0], 1)
                x += round(self._name_width * per_inch)
                across, y, down = round(0.5 * share * per_inch), y + down // 5, max(1, 3 * down // 5)
                pixels = np.full((1, 1, 3), [int(TRAIN[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
            elif tile.kernel:
                kernel = self.network.kernel(tile.stage)[:, :, 0, tile.channel]
                pixels = coloured(kernel, np.abs(self.network.kernel(tile.stage)).max(), True)
            elif tile.stage == 0 and values.shape[2] == 3:
                low, high = values.min(), values.max()
                pixels = (255 * (values - low) / (high - low or 1)).astype(np.uint8)
            else:
                pixels = coloured(values[..., tile.channel], *self._scales[tile.stage])
            if tile.stage and not self.network.stages[tile.stage].has_places:
                across, down = max(1, across - 1), max(1, down - 1)
            part = whole[max(y, 0) : y + down, x : x + across]
            if part.size:
                shown = Image.fromarray(pixels).resize(part.shape[1::-1], Image.Resampling.NEAREST)
                part[:] = shown
                if not tile.kernel and self.network.stages[tile.stage].has_places:
                    part[[0, -1]] = part[:, [0, -1]] = 175
        return Image.fromarray(whole)

    def unit_at(self, x, y):
        """The unit at a place, or None; of a kernel, the largest of its map."""
        for tile in self.tiles:
            if tile.stage and tile.holds(x, y):
                values = self.network.values[tile.stage][..., tile.channel]
                if tile.kernel:
                    row, column = np.unravel_index(values.argmax(), values.shape)
                    return tile.stage, int(row), int(column), tile.channel
                row = min(int((tile.y - y) / tile.height * values.shape[0]), values.shape[0] - 1)
                column = min(int((x - tile.x) / tile.width * values.shape[1]), values.shape[1] - 1)
                return tile.stage, row, column, tile.channel
        return None

    def frame(self, tile, row, column, rows, columns):
        """The corner, width and height of some cells of a map, cut off at its border."""
        height, width, _ = self.network.stages[tile.stage].shape
        last = min(row + rows, height), min(column + columns, width)
        row, column = max(row, 0), max(column, 0)
        across, down = tile.width / width, tile.height / height
        return (
            (tile.x + column * across, tile.y - last[0] * down),
            (last[1] - column) * across,
            (last[0] - row) * down,
        )


class Panel:
    """The lower half: how the chosen unit gets its value.

    Args:
        page: axes in inches over the whole figure.
        columns: the `Columns` above it.

    Attributes:
        artists: what is drawn; it changes with the unit.
        parts: what can be chosen here, a list of (`Tile`, unit, channel) as for `show`: the bars of the
            channels before, and the units whose terms are shown.
    """

    SIDE, LOW = 2.66, 0.45  # of a table of numbers

    def __init__(self, page, columns):
        self.page, self.columns, self.network = page, columns, columns.network
        self.artists, self.parts = [], []
        self._boxes, self._painted = [], []
        low = page.figure.add_axes((0, self.LOW / HEIGHT, 1, (self.SIDE + 0.05) / HEIGHT))
        low.axis("off")
        low.set_zorder(page.zorder - 1)
        self._picture = PaintedArtist(low)

    def clear(self):
        for artist in self.artists[1:]:
            artist.remove()
        self.artists, self.parts = [self._picture], []
        self._boxes, self._painted = [], []

    def _write(self, x, y, text, size=15, **options):
        options = {"ha": "left", "va": "center", "fontsize": size, "animated": True} | options
        self.artists.append(self.page.text(x, y, text, **options))

    def _frame(self, corner, width, height, line=2.5, edge=CHOSEN, fill="none"):
        (x, y) = corner
        shape = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        self._boxes.append((shape, line, edge, fill))

    def _put_frames(self):
        """All frames as one artist, which is drawn faster."""
        shapes, lines, edges, fills = zip(*self._boxes, strict=True)
        options = {"facecolors": fills, "edgecolors": edges, "linewidths": lines, "animated": True}
        boxes = PolyCollection(shapes, **options, zorder=3)
        self.page.add_collection(boxes, autolim=False)
        self.artists.append(boxes)

    def show(self, unit, channel=None):
        """Show a unit; of a convolution's channels before it, one as numbers: `channel`, or the largest."""
        self.clear()
        found = self.network.explain(unit)
        self._mark(unit, found)
        self._title(unit, found)
        stage = self.network.stages[unit[0]]
        before = self.network.stages[unit[0] - 1]
        if found.products is None:
            self._pooling(unit, found)
        elif stage.is_dense and not before.has_places:
            self._terms(unit, found, 0.3, 8.8, 8)
            self._result(found, 9.6, 3.0)
        elif stage.is_dense:
            self._three(unit, found, found.inputs, found.weights, found.products)
            self._terms(unit, found, 9.55, 3.6, 5)
            self._result(found, 9.55, 1.45, small=True)
        else:
            sums = found.products.sum(axis=(0, 1))
            shown = int(np.abs(sums).argmax()) if channel is None or channel >= len(sums) else channel
            part = (array[..., shown : shown + 1] for array in (found.inputs, found.weights, found.products))
            self._three(unit, found, *part, channel=found.channel + shown if len(sums) > 1 else None)
            if len(sums) > 1:
                self._channels(unit, sums, shown)
            self._result(found, 9.55, 1.75 if len(sums) > 1 else 3.0)
        self._put_frames()
        tables = self._painted
        self._picture.show(lambda width, height: self._paint(tables, width, height))
        return found

    def _mark(self, unit, found):
        number, row, column, channel = unit
        before = self.network.stages[number - 1]
        for tile in self.columns.tiles:
            if tile.kernel:
                if (tile.stage, tile.channel) == (number, channel):
                    self._frame((tile.x, tile.y - tile.height), tile.width, tile.height)
            elif tile.stage == number and tile.channel == channel:
                corner = tile.x - 0.02, tile.y - tile.height - 0.02
                self._frame(corner, tile.width + 0.04, tile.height + 0.04)
                if self.network.stages[number].has_places:
                    self._frame(*self.columns.frame(tile, row, column, 1, 1), 2, CHOSEN, CHOSEN)
            elif tile.stage == 0:
                where = found.field if number > 1 else found.window
                self._frame(*self.columns.frame(tile, *where))
            elif tile.stage == number - 1 and before.has_places and self._sees(tile.channel, found):
                self._frame(*self.columns.frame(tile, *found.window), 1.5)
        if not before.has_places:
            tiles = [tile for tile in self.columns.tiles if tile.stage == number - 1]
            low = min(tile.y - tile.height for tile in tiles)
            self._frame(
                (tiles[0].x, low), max(t.x + t.width for t in tiles) - tiles[0].x, self.columns.top - low
            )

    @staticmethod
    def _sees(channel, found):
        return found.channel <= channel < found.channel + found.inputs.shape[2]

    def _title(self, unit, found):
        number, row, column, channel = unit
        stage = self.network.stages[number]
        name = " ".join(filter(None, (stage.own_name, stage.name)))
        if self.columns.bars and number == len(self.network.stages) - 1:
            what = f"Output {self.columns.names[channel]}"
        elif stage.has_places:
            what = f"{name}, map {channel + 1}, row {row + 1}, column {column + 1}"
        else:
            what = f"{name}, unit {channel + 1}"
        what = what[0].upper() + what[1:]
        rows, columns = found.field[2:]
        if self.network.stages[number - 1].has_places and number > 1:
            what += f": it sees {rows} × {columns} pixels of the input"
        self._write(0.3, 3.6, what, 17, fontweight="bold", color=CHOSEN)

    @staticmethod
    def _map(stage, channel):
        """What a channel is called."""
        return f"map {channel + 1}" if stage else ("red", "green", "blue")[channel]

    def _scale_before(self, unit):
        return self.columns.scale(unit[0] - 1)

    def _three(self, unit, found, inputs, weights, products, channel=None):
        of = "" if channel is None else f" ({self._map(unit[0] - 1, channel)})"
        extents = [self._scale_before(unit)]
        extents += [(np.abs(part).max(), True) for part in (found.weights, found.products)]
        tables = zip((inputs, weights, products), extents, strict=True)
        longest = max(map(_length, (inputs, weights, products)))
        is_dense = self.network.stages[unit[0]].is_dense
        titles = f"what it sees{of}", "× its weights" if is_dense else "× its filter", "= products"
        if channel is not None:
            titles = *titles[:2], f"= products, together {text_of(products.sum())}"
        for i, ((table, extent), title) in enumerate(zip(tables, titles, strict=True)):
            x = 0.3 + i * (self.SIDE + 0.32)
            self._write(x, self.LOW + self.SIDE + 0.16, title, 15)
            self._table(x, table, *extent, longest)

    def _table(self, x, values, extent, signed, longest, marked=None):
        """A table of numbers [rows, columns, channels], or a picture where they would be too small.

        `longest` is the length of the longest number in letters, from `_length`.
        """
        rows, columns, channels = values.shape
        if channels > 1:
            across = int(np.ceil(np.sqrt(channels)))
            down = -(-channels // across)
            whole = np.full((down * (rows + 1), across * (columns + 1)), np.nan)
            for n in range(channels):
                at = n // across * (rows + 1), n % across * (columns + 1)
                whole[at[0] : at[0] + rows, at[1] : at[1] + columns] = values[..., n]
            values = whole[:-1, :-1]
            rows, columns = values.shape
        else:
            values = values[..., 0]
        colours = coloured(values, extent, signed)
        texts = None if channels > 1 else [[number(v) for v in line] for line in np.nan_to_num(values)]
        self._painted.append((x, colours, texts, longest))
        cell = self.SIDE / max(rows, columns)
        self._frame((x, self.LOW + self.SIDE - rows * cell), columns * cell, rows * cell, 1, "0.4")
        for i, j in zip(*np.nonzero(values == marked), strict=True) if marked is not None else ():
            self._frame((x + j * cell, self.LOW + self.SIDE - (i + 1) * cell), cell, cell, 4)

    def _paint(self, tables, width, height):
        """Paint the tables; matplotlib would take ten times as long for their numbers."""
        whole, per_inch = Image.new("RGB", (width, height), "white"), width / WIDTH
        draw = ImageDraw.Draw(whole)
        for x, colours, texts, longest in tables:
            rows, columns, _ = colours.shape
            cell = self.SIDE / max(rows, columns) * per_inch
            left, top = x * per_inch, 0.05 * per_inch
            size = round(columns * cell), round(rows * cell)
            whole.paste(
                Image.fromarray(colours).resize(size, Image.Resampling.NEAREST), (round(left), round(top))
            )
            line = min(0.42 * cell, 0.3 * per_inch, 1.6 * cell / (longest + 0.5))
            if texts and line >= 0.105 * per_inch:
                style = font(line * 1.2, 10 * cell, "0")
                dark = colours @ (0.3, 0.59, 0.11) < 130
                for i, row in enumerate(texts):
                    for j, text in enumerate(row):
                        place = left + (j + 0.5) * cell, top + (i + 0.5) * cell
                        draw.text(place, text, "white" if dark[i, j] else "black", style, anchor="mm")
        return whole

    def _channels(self, unit, sums, shown):
        """A bar for each channel before: its part of the sum."""
        x, width, zero, high = 9.55, 3.6, 2.5, 0.5
        self._write(x, 3.3, f"sums over the {len(sums)} {'maps' if unit[0] > 1 else 'colours'} before", 15)
        largest, step = np.abs(sums).max() or 1, width / len(sums)
        colours = coloured(np.sign(sums) * 0.7, 1, True) / 255
        for i, value in enumerate(sums):
            height = high * abs(value) / largest
            corner = x + i * step, zero if value >= 0 else zero - height
            self._frame(corner, 0.8 * step, height, 3 if i == shown else 0.5,
                        CHOSEN if i == shown else "0.4", tuple(colours[i]))  # fmt: skip
            self.parts.append((Tile(-1, i, x + i * step, zero + 0.65, step, 1.3), unit, i))
        self.artists += self.page.plot([x, x + width], [zero, zero], color="0.4", lw=1, animated=True)

    def _pooling(self, unit, found):
        is_max = found.kind == "max"
        value = found.steps[0][1]
        self._write(0.3, self.LOW + self.SIDE + 0.16, f"what it sees (map {unit[3] + 1})", 15)
        marked = value if is_max else None
        self._table(0.3, found.inputs, *self._scale_before(unit), _length(found.inputs), marked)
        seen = int((~np.isnan(found.inputs)).sum())
        text = "the largest number passes" if is_max else f"the mean of {seen} numbers passes"
        self._write(3.5, 2.4, text, 22)
        self._write(3.5, 1.9, "Pooling has no weights: nothing is learned here.", 15, color="0.35")
        self._result(found, 3.5, 1.3)

    def _terms(self, unit, found, x, width, most):
        """The largest terms of a dense unit, as lines with bars where there is room."""
        products = found.products.ravel()
        order = np.abs(products).argsort()[::-1][:most]
        before, wide = self.network.stages[unit[0] - 1], width > 5
        top, line, size = (3.2, 0.285, 15) if wide else (3.33, 0.265, 12.5)
        self._write(x, top, f"the largest of {len(products):,} terms", 15)
        largest = np.abs(products).max() or 1
        for i, place in enumerate(order, start=1):
            row, column, channel = np.unravel_index(place, found.products.shape)
            name = f"unit {channel + 1}"
            if before.has_places:
                name = f"row {row + 1}, col. {column + 1}"
                name = f"map {channel + 1}, {row + 1}/{column + 1}" if before.shape[2] > 1 else name
            seen, weight = found.inputs.ravel()[place], found.weights.ravel()[place]
            y = top - line * i - 0.02
            if unit[0] > 1:
                seen_unit = unit[0] - 1, int(row), int(column), int(channel)
                self.parts.append((Tile(-1, 0, x, y + line / 2, width, line), seen_unit, None))
            sign = f"({text_of(weight)})" if weight < 0 else text_of(weight)
            self._write(x, y, name, size)
            self._write(x + (1.2 if wide else 1.4), y, f"{text_of(seen)} × {sign} = ", size)
            self._write(x + (3.85 if wide else width), y, text_of(products[place]), size, ha="right")
            if wide:
                zero, room = (x + 6.4, 2.4) if products[order].min() < 0 else (x + 4.1, 4.7)
                self._bar(zero, y, room * products[place] / largest, 0.2)
        rest = products.sum() - products[order].sum()
        y = top - line * (len(order) + 1) - 0.02
        if len(order) < len(products):
            self._write(x, y, f"the other {len(products) - len(order):,} together", size, color="0.35")
            self._write(x + (3.85 if wide else width), y, text_of(rest), size, ha="right", color="0.35")

    def _bar(self, x, y, length, height):
        colour = tuple(coloured(np.array([np.sign(length) * 0.7]), 1, True)[0] / 255)
        self._frame((min(x, x + length), y - height / 2), abs(length), height, 0.5, "0.4", colour)

    def _result(self, found, x, y, small=False):
        """The way from the sum to the value, a line each."""
        line, size = (0.255, 13.5) if small else (0.36, 17)
        for i, (what, value) in enumerate(found.steps):
            last = i == len(found.steps) - 1
            share = what in ("softmax", "sigmoid") and last
            text = f"{value:.1%}" if share else text_of(value)
            style = {"fontweight": "bold"} if last else {}
            low = y - i * line - 0.04 * last
            if what == "+ bias":
                what += f" {text_of(value - found.steps[i - 1][1])}"
            self._write(x, low, what, size, **style)
            self._write(x + 3.6, low, text, size + 5 * last, ha="right", **style)
            if what in MEANINGS and not small:
                self._write(x, low - 0.3, MEANINGS[what], 14, color="0.35")


def _length(values):
    """How many letters the longest number of a table has."""
    return max(map(len, map(number, (np.nanmin(values), np.nanmax(values)))))
