"""What artists draw, written down as commands that a canvas in the browser paints, at whatever resolution it has.

A command is a dictionary: `p` the points x, y, x, y, … of lines and `m` where each of them begins; `d` an outline in
SVG's notation, or with `at` a shape at many places; `t` a text, as glyphs; `i` an image; `f` its fill, `s` its stroke,
`w`, `l`, `o`, `j`, `c` width, dashes, their start, join and cap; `b` its clip box. Coordinates are pixels of the
figure, y downwards. The numbers of `p` and `at` follow the JSON as float32: to write them in digits takes longest.
"""

import json
from base64 import b64encode
from functools import lru_cache
from itertools import islice

import numpy as np
from matplotlib import _path, colors
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.ft2font import LoadFlags
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import TextToPath
from matplotlib.transforms import Affine2D

MARGIN = 100  # pixels around the figure in which markers are kept
LETTERS = [b"M", b"L", b"Q", b"C", b"z"]
IDENTITY = Affine2D()
LINE = "color linestyle marker markerfacecolor markeredgecolor linewidth markersize alpha visible".split()
TEXT = "text color position visible alpha".split()


class _Formulas(MathTextParser):
    """Matplotlib's parser of formulas is for one thread; a learner's cell may be drawing in another."""

    _parser = None


class _Glyphs(TextToPath):
    """Texts as outlines of glyphs, laid out at the size that they have in the figure, as Agg does it."""

    def __init__(self, dpi):
        super().__init__()
        self.DPI, self.mathtext_parser = dpi, _Formulas("path")

    def formula(self, s, prop):
        """([(name, x, y, size), …], what gives the outline of a name, bars, (width, height, descent)), in pixels."""
        self.FONT_SCALE = prop.get_size_in_points()
        glyphs, outlines, bars = self.get_glyphs_mathtext(prop, s)
        return glyphs, outlines.get, bars, self.mathtext_parser.parse(s, self.DPI, prop)[:3]

    def words(self, s, prop):
        """The same of a text that is no formula."""
        self.FONT_SCALE = prop.get_size_in_points()
        font = self._get_font(prop)
        starts = font.set_text(s, 0, flags=LoadFlags.NO_HINTING) / 64
        extent = [size / 64 for size in (*font.get_width_height(), font.get_descent())]
        if len(starts) == len(s) and all(font.get_char_index(ord(letter)) for letter in s):
            return [((font, letter), *at, 1) for letter, at in zip(s, starts.tolist())], _outline_of, [], extent
        glyphs, outlines, bars = self.get_glyphs_with_font(font, s)  # ligatures, or letters of another font
        return glyphs, outlines.get, bars, extent


class Recorder(RendererBase):
    """A renderer for one figure that writes down what it is asked to draw."""

    def __init__(self, figure: Figure):
        super().__init__()
        self.width, self.height = figure.canvas.get_width_height(physical=True)
        self.dpi, self._glyphs = figure.dpi, _Glyphs(figure.dpi)
        self.flip = Affine2D().scale(1, -1).translate(0, self.height)
        self.inside = (0, 0, self.width, self.height)  # one pixel more on each side, as in Agg: there dashes begin
        self.glyphs: list[str] = []  # outlines, to which texts refer by number
        self._numbers: dict = {}
        self._laid_out = lru_cache(maxsize=512)(self._lay_out)
        self._known = lru_cache(maxsize=1024)(self._drawn)  # texts and looks come again

    def forget(self) -> None:
        """Axes have other limits: what was recorded of an artist lies elsewhere now."""
        self._known.cache_clear()

    def record(self, artist: Artist) -> bytes:
        """The commands that draw an artist as it is now, and their points, as `commands` reads them."""
        if artist.axes is not None and not artist.axes.get_visible():
            commands = []
        elif isinstance(artist, Line2D):
            commands = self._line(artist)
        else:
            commands = self._known(artist, _look(artist, TEXT)) if isinstance(artist, Text) else self._drawn(artist)
        artist.stale = False  # an empty text would stay so
        return packed([each for each in commands if all(len(each.get(key, "-")) for key in ("p", "d", "at"))])  # seen

    def _drawn(self, artist, look=None):
        self.commands: list[dict] = []
        artist.draw(self)
        return self.commands

    def _line(self, line):
        """A line's commands. Only their points are new as long as its look is as before: finding that takes longest."""
        if not len(points := line.get_xydata()):
            return []
        points = line.get_transform().transform(points) * (1, -1) + (0, self.height)
        path, every = Path(points), line.get_markevery()
        marked = points if every is None else points[every]
        return [
            command | ({"at": self._places(marked)} if "at" in command else self._outline(path, IDENTITY, False, line))
            for command in self._known(line, _look(line, LINE))
        ]

    def get_canvas_width_height(self):
        return self.width, self.height

    def points_to_pixels(self, points):
        return points * self.dpi / 72

    def option_scale_image(self):
        return True

    def draw_path(self, gc, path, transform, rgbFace=None):
        self._add(gc, rgbFace, **self._outline(path, transform + self.flip, rgbFace is not None, gc))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        """Markers at whole pixels, as Agg puts them: by their corners, or else by the middle of their pixel."""
        middle = 0 if gc.get_snap() else 0.5
        shape = self._outline(marker_path, marker_trans + Affine2D().scale(1, -1).translate(middle, middle), True, gc)
        self._add(gc, rgbFace, **shape, at=self._places((trans + self.flip).transform(path.vertices)))

    def _places(self, at):
        at = at[((at > -MARGIN) & (at < (self.width + MARGIN, self.height + MARGIN))).all(axis=1)]  # NaN is not
        return np.floor(at + 0.5).astype("<f4")

    def draw_path_collection(self, gc, master, paths, transforms, offsets, offset_trans, fills, strokes, widths, dashes,
                             *rest, **options):  # fmt: skip
        lines = len(fills) == len(transforms) == 0 and len(offsets) <= 1 and len(strokes) == len(widths) == 1
        if lines and paths and all(path.codes is None for path in paths):
            lines = self.new_gc()
            lines.copy_properties(gc)
            lines.set_foreground(strokes[0], isRGBA=True)
            lines.set_linewidth(widths[0])
            lines.set_dashes(*dashes[0])
            self._add(lines, None, **self._outline(_joined(paths), master + self.flip, False, lines))
        else:
            super().draw_path_collection(gc, master, paths, transforms, offsets, offset_trans, fills, strokes, widths,
                                         dashes, *rest, **options)  # fmt: skip

    def draw_image(self, gc, x, y, im, transform=None):
        """The image by its different colours, and for each of its pixels which of them."""
        pixels = np.ascontiguousarray(im[::-1]).view("<u4")[..., 0]
        found, which = np.unique(pixels, return_inverse=True)
        data = [
            b64encode(part.tobytes()).decode() for part in (found, which.astype("u1" if len(found) < 256 else "<u2"))
        ]
        (a, _, left), (_, d, low), _ = (transform or Affine2D().scale(*im.shape[1::-1])).get_matrix()
        box = [x + left, self.height - y - low - d, a, d]
        self._add(gc, None, i=data, n=[*pixels.shape[::-1]], at=np.round(box, 2).tolist())

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        glyphs, bars, _ = self._laid_out(s, prop, bool(ismath))
        matrix, look = Affine2D().scale(1, -1).rotate_deg(-angle).translate(x, y), gc.get_rgb()
        if glyphs:
            self._add(gc, look, outlined=False, t=glyphs, at=np.round(matrix.to_values(), 4).tolist())
        for bar in bars:
            self._add(gc, look, outlined=False, **self._outline(bar, matrix, True))

    def get_text_width_height_descent(self, s, prop, ismath):
        return self._laid_out(s, prop, bool(ismath))[2]

    def _lay_out(self, s, prop, is_formula):
        """([number, x, y, size, …] of the glyphs, the bars of a formula, (width, height, descent))."""
        found, outline_of, bars, extent = (self._glyphs.formula if is_formula else self._glyphs.words)(s, prop)
        size, placed = prop.get_size_in_points(), []
        for name, x, y, scale in found:
            placed += [self._number(name, size, outline_of), round(x, 2), round(y, 2), round(scale, 3)]
        return placed, [Path(*bar) for bar in bars], extent

    def _number(self, name, size, outline_of):
        if (name, size) not in self._numbers:
            self._numbers[name, size] = len(self.glyphs)
            self.glyphs.append(self._outline(Path(*outline_of(name)), IDENTITY, True, digits=2)["d"])
        return self._numbers[name, size]

    def _outline(self, path, transform, filled, gc=None, digits=1):
        """A path as `p` or `d`, put to whole pixels, cut and simplified as Agg does it."""
        snap, width = gc.get_snap() if gc else False, self.points_to_pixels(gc.get_linewidth()) if gc else 0
        path = path.cleaned(
            transform,
            remove_nans=True,
            clip=None if filled else self.inside,
            simplify=not filled and path.should_simplify,
            curves=True,
            stroke_width=width,
            snap=snap,
        )
        if not filled and path.codes.max() <= Path.LINETO:
            points, starts = path.vertices[:-1], np.flatnonzero(path.codes == Path.MOVETO)  # it ends with a STOP
            return {"p": points.astype("<f4"), "m": (2 * starts).tolist()}
        written = _path.convert_to_string(path, IDENTITY, None, False, None, digits, LETTERS, False)
        return {"d": written.decode("ascii")}

    def _add(self, gc, fill, outlined=True, **command):
        if fill is not None:
            command["f"] = _colour(tuple(fill), gc.get_alpha() if gc.get_forced_alpha() else None)
        if outlined and (width := self.points_to_pixels(gc.get_linewidth())) and gc.get_rgb()[3]:
            command |= {"s": _colour(tuple(gc.get_rgb()), None), "w": round(width, 2)} | self._ends(gc)
        if box := gc.get_clip_rectangle():
            x0, y0, x1, y1 = box.extents.tolist()
            command["b"] = [round(value, 1) for value in (x0, self.height - y1, x1 - x0, y1 - y0)]
        self.commands.append(command)

    def _ends(self, gc):
        first, dashes = gc.get_dashes()
        look = {} if dashes is None else {"l": [round(self.points_to_pixels(dash), 2) for dash in dashes]}
        if first and dashes is not None:
            look["o"] = round(self.points_to_pixels(first), 2)
        return look | {"j": str(gc.get_joinstyle()), "c": {"projecting": "square"}.get(cap := gc.get_capstyle(), cap)}


def packed(commands: list[dict]) -> bytes:
    """Commands as a line of JSON, with the size of each array in its place; the arrays follow as float32."""
    arrays: list[bytes] = []

    def aside(array):
        arrays.append(array.tobytes())
        return array.size

    line = json.dumps(commands, separators=(",", ":"), default=aside)
    return line.encode() + b"\n" + b"".join(arrays)


def commands(part: bytes) -> list[dict]:
    """What was packed, each array as a list of its numbers, to a tenth of a pixel."""
    line, _, rest = part.partition(b"\n")
    numbers = iter(np.frombuffer(rest, "<f4").astype(float).round(1).tolist())
    found = json.loads(line)
    for command in found:
        for name in command.keys() & {"p", "at"}:
            if isinstance(command[name], int):
                command[name] = [*islice(numbers, command[name])]
    return found


def _outline_of(name):
    font, letter = name
    font.load_char(ord(letter), flags=LoadFlags.NO_HINTING)
    return font.get_path()


def _joined(paths):
    """Open lines as one path."""
    vertices = np.concatenate([path.vertices for path in paths])
    codes = np.full(len(vertices), Path.LINETO, Path.code_type)
    codes[np.cumsum([0, *(len(path.vertices) for path in paths[:-1])])] = Path.MOVETO
    return Path(vertices, codes)


def _look(artist, names):
    """What decides how an artist is drawn, and where."""
    return repr([getattr(artist, f"get_{name}")() for name in names])


@lru_cache(maxsize=1024)
def _colour(rgba, alpha):
    return colors.to_hex(
        (*rgba[:3], rgba[3] if alpha is None and len(rgba) > 3 else 1 if alpha is None else alpha), True
    )
