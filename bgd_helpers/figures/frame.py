"""Frames of a moving picture: what is on a canvas, as a PNG of 256 colours.

At retina size that is three times as fast as a PNG of all colours, and to the eye the same.
"""

import io
import zlib

import matplotlib
import numpy as np
from PIL import Image

from bgd_helpers.figures.picture import COLOURS

TINTS = np.array([0.15, 0.3, 0.5, 0.75, 1])  # of each colour, against white


def on_canvas(canvas):
    """What is drawn on an Agg canvas, as a Pillow image."""
    size = canvas.get_width_height(physical=True)
    return Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")


def palette_of(frame):
    """256 colours for this frame and later ones: the course's with their tints, the commonest, and some spread out.

    Their levels are multiples of 4: Pillow looks colours up in cells of 4 levels.
    """
    quarter = frame.resize((frame.width // 2, frame.height // 2), Image.Resampling.NEAREST)
    cells = quarter.point(lambda level: level & 252)
    palette = cells.quantize(64, method=Image.Quantize.MAXCOVERAGE)
    spread = [4 * round(level / 4) for level in palette.getpalette()[: 3 * 64]]
    course = _course_levels()
    palette.putpalette(course + spread + _commonest(cells, 256 - (len(course) + len(spread)) // 3))
    return palette


def as_png(frame, palette):
    """The frame as PNG bytes, in the colours of the palette."""
    indexed = frame.quantize(palette=palette, dither=Image.Dither.NONE)
    indexed.putpalette([round(level * 255 / 252) for level in palette.getpalette()])  # white is 255 again
    buffer = io.BytesIO()
    indexed.save(buffer, "png", compress_level=1, compress_type=zlib.Z_RLE)  # the fastest here
    return buffer.getvalue()


def _course_levels():
    """The levels of the course's colours and their tints."""
    colours = np.array([matplotlib.colors.to_rgb(colour) for colour in sorted(set(COLOURS.values()))])
    tints = 255 * (1 - TINTS[:, None, None] * (1 - colours))
    return (tints.astype(int) & 252).ravel().tolist()


def _commonest(image, count):
    """The levels r, g, b, r, g, b, … of the `count` colours that cover most of an image of few colours."""
    red, green, blue = (np.asarray(channel, int) >> 2 for channel in image.split())
    codes = np.bincount((red << 12 | green << 6 | blue).ravel()).argsort()[::-1][:count]
    return [int(4 * (code >> shift & 63)) for code in codes for shift in (12, 6, 0)]
