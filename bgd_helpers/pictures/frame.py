"""Frames of a moving picture: the pixels that differ from its static layers, as a PNG that lies on top of them.

The rest is transparent, so that a frame takes a few milliseconds and a few kilobytes, even at retina size.
"""

import io
import zlib
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image

from bgd_helpers.pictures.picture import COLOURS, CSS_PIXELS_PER_INCH, RETINA, css_size

TINTS = np.array([0.15, 0.3, 0.5, 0.75, 1])  # of each colour, against white
COLOUR_COUNT = 2**18  # colours of 6 bits a channel
FAR = 8  # levels of 0 … 255 between a colour and its entry
AREA = 0.002, 300  # share and number of pixels from which on a colour is seen as an area, and not as an edge
CLEAR = 255  # the transparent entry of a palette; the other entries are colours


class Palette(NamedTuple):
    """The levels r, g, b of 256 entries.

    For each colour of 6 bits a channel: the nearest entry, whether that is far off, and how often the colour was met
    when the entries were chosen.
    """

    levels: np.ndarray
    nearest: np.ndarray
    far: np.ndarray
    counts: np.ndarray


class Static(NamedTuple):
    """The pixels of the layers that no artist moves on, as integers: at retina size, and at half of it."""

    sharp: np.ndarray
    quick: np.ndarray


def static_layers(figure):
    """What a full draw of the figure leaves, animated artists apart."""
    _scale(figure, RETINA)
    figure.canvas.draw()
    sharp = _pixels(figure.canvas).copy()
    quick = Image.fromarray(_channels(sharp)).reduce(RETINA)
    return Static(sharp, np.asarray(quick).view("<u4")[..., 0])


def drawn(figure, artists, static):
    """The pixels of the artists as they are now on static layers of one of the two sizes; a view of the canvas."""
    _scale(figure, static.shape[1] / css_size(figure)[0])
    renderer = figure.canvas.get_renderer()
    pixels = _pixels(figure.canvas)
    pixels[...] = static
    for artist in artists:
        artist.draw(renderer)
    return pixels


def as_png(pixels):
    """All of the pixels as PNG bytes, in all of their colours."""
    return _png(Image.fromarray(_channels(pixels)).convert("RGB"))


def difference_png(pixels, static, palette=None):
    """The pixels that are not those of `static` as PNG bytes, the others transparent; and the palette used.

    It is a new one where this frame has areas of a colour that the palette lacks.
    """
    changed = np.flatnonzero(pixels != static)
    codes = _codes(pixels.ravel()[changed])
    if palette is None or _lacks(palette, codes):
        palette = _palette(np.bincount(codes, minlength=COLOUR_COUNT) + (palette.counts if palette else 0))
    entries = np.full(pixels.size, CLEAR, np.uint8)
    entries[changed] = palette.nearest[codes]
    image = Image.frombuffer("P", pixels.shape[::-1], entries, "raw", "P", 0, 1)
    image.putpalette(palette.levels.ravel().tolist())
    return _png(image, transparency=CLEAR), palette


def _lacks(palette, codes):
    far = codes[palette.far[codes]]
    share, number = AREA
    return far.size and np.bincount(far).max() > max(share * codes.size, number)


def _palette(counts):
    """The colours of the course with their tints, a grid of colours, and those met most often."""
    course = np.array([matplotlib.colors.to_rgb(colour) for colour in sorted(set(COLOURS.values()))])
    tints = 255 * (1 - TINTS[:, None, None] * (1 - course))
    grid = np.stack(np.meshgrid(*[[0, 85, 170, 255]] * 3), axis=-1)
    fixed = np.concatenate([tints.reshape(-1, 3), grid.reshape(-1, 3)]).astype(int)
    commonest = counts.argsort()[::-1][: CLEAR - len(fixed)]
    levels = np.concatenate([fixed, _levels(commonest), fixed[:1]])  # the last one is never used: it is clear
    nearest = _nearest(levels)
    far = np.abs(levels[nearest] - _levels(np.arange(COLOUR_COUNT))).max(axis=1) > FAR
    return Palette(levels, nearest, far, counts)


def _nearest(levels):
    """For each colour of 6 bits a channel its own entry, or the one that Pillow finds nearest.

    Pillow's search is a coarse one: it takes a neighbour for white, which would let hidden lines shine through.
    """
    every = Image.fromarray(_levels(np.arange(COLOUR_COUNT)).astype(np.uint8).reshape(512, 512, 3))
    palette = Image.new("P", (1, 1))
    palette.putpalette(levels.ravel().tolist())
    found = np.asarray(every.quantize(palette=palette, dither=Image.Dither.NONE)).ravel()
    found = np.where(found == CLEAR, 0, found).astype(np.uint8)
    own = np.round(levels[:CLEAR] * (63 / 255)).astype(int) @ np.array([1, 2**6, 2**12])
    exact = np.flatnonzero((_levels(own) == levels[:CLEAR]).all(axis=1))
    found[own[exact]] = exact
    return found


def _scale(figure, scale):
    """Have the figure drawn at `scale` pixels a CSS pixel; its content does not become stale by that."""
    stale = figure.stale
    figure.dpi = scale * CSS_PIXELS_PER_INCH
    figure.stale = stale


def _pixels(canvas):
    return np.asarray(canvas.buffer_rgba()).view("<u4")[..., 0]


def _channels(pixels):
    return np.ascontiguousarray(pixels)[..., None].view(np.uint8)


def _codes(pixels):
    """The colours of pixels, 6 bits a channel."""
    return pixels >> 2 & 63 | pixels >> 4 & 0xFC0 | pixels >> 6 & 0x3F000


def _levels(codes):
    """The colours r, g, b of 0 … 255 that codes stand for, a row each."""
    return np.round((codes[:, None] >> np.array([0, 6, 12]) & 63) * (255 / 63)).astype(int)


def _png(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "png", compress_level=1, compress_type=zlib.Z_RLE, **options)  # the fastest here
    return buffer.getvalue()
