"""What an explorer says around its picture, as HTML."""

import html
import traceback

LAST_FRAMES = 3  # of a traceback
# What stands beside a slider has one width, or the slider's line would be shorter beside longer words.
STYLE = "<style>.bgd-explorer .widget-readout { flex: 0 0 7.5em; max-width: none; text-align: left }</style>"


def prompt(predict, look_for):
    """The question to answer before the first move, and what to watch; and the style of the sliders."""
    lines = [("Predict first.", predict), ("Then look.", look_for)]
    return STYLE + spaced("".join(f"<p><b>{name}</b> {html.escape(text)}</p>" for name, text in lines if text))


def spaced(text):
    """Paragraphs that stand as close as those of the notebook; ipywidgets would put them further apart."""
    paragraphs = text.replace("<p>", "<p style='margin: 0.3em 0'>")
    return f"<div style='line-height: 1.4; font-size: 14px'>{paragraphs}</div>"


def traceback_html(error):
    """The end of an error's traceback, for the place below the picture."""
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-LAST_FRAMES)
    return (
        "<b>The picture could not be redrawn:</b>"
        f"<pre style='color: #A00000; line-height: 1.3'>{html.escape(''.join(lines))}</pre>"
    )
