"""An explorer as a fragment of HTML that needs neither kernel nor network: for an exported notebook, or a website.

`fragment(explorer, grid)` is a string to be put anywhere into a page, once or several times; it holds its style, its
script and its data. Before it is seen, or where scripts do not run, it is the picture with its words. When it is first
seen, it unpacks a scene for each state of the grid and becomes the explorer, in the colours of the text around it.

    import bgd_helpers as bgd
    explorer = bgd.fit_explorer()
    html = explorer.page()  # the grid that the explorer has chosen
    html = explorer.page({"eta": None, "batch_size": (1, 18, 342)})  # every learning rate, three batch sizes

A grid of more than a few hundred states soon is more than LIMIT. `make site` puts fragments into the book.
"""

import base64
import gzip
import html
import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from bgd_helpers.pictures.controls import about, checked
from bgd_helpers.pictures.picture import css_size, in_base64
from bgd_helpers.pictures.recorder import commands

LIMIT = 1.5e6  # bytes, packed
HTML = """<div class="bgd-explorer"><style>{css}</style>
<div class="bgd-page"><img src="data:image/png;base64,{png}" width="{width}" alt="{words}">
<div class="bgd-words">{words}</div></div>
<script type="application/gzip">{data}</script>
<script>{{
{js}
const data = document.currentScript.previousElementSibling;
whenSeen(data.previousElementSibling, data);
}}</script></div>"""


def fragment(explorer: Any, grid: Mapping[str, Any]) -> str:
    """The explorer as HTML. `grid` maps names of controls to the values to be had, None for all of them.

    A control that it does not name keeps its present value, and is not shown. Raises ValueError for a name or a value
    that no control has, and for a grid whose scenes are more than LIMIT bytes.
    """
    data = gzip.compress(json.dumps(pack(explorer, grid), separators=(",", ":")).encode(), 9)
    if len(data) > LIMIT:
        raise ValueError(f"the scenes of this grid are {len(data) / 1e6:.1f} MB: choose fewer values")
    code = Path(__file__).with_name("explorer.js").read_text("utf-8").replace("export default { render };", "")
    return HTML.format(
        css=explorer._css,
        js=code.replace("export ", ""),
        png=in_base64(explorer.png()),
        width=css_size(explorer.picture.figure)[0],
        words=html.escape(explorer.text),
        data=base64.b64encode(data).decode(),
    )


def pack(explorer: Any, grid: Mapping[str, Any]) -> dict[str, Any]:
    """The scenes of all states of the grid, as `open` of explorer.js reads them; each part of them is kept once."""
    controls, before = explorer.controls, explorer.state
    places = {name: _places(controls, name, values) for name, values in grid.items()}
    start = [of.index(controls[name].position) if controls[name].position in of else 0 for name, of in places.items()]
    parts: dict[str | bytes, int] = {}
    scenes, texts = [], []
    states = [dict(zip(places, state)) for state in product(*places.values())]
    try:
        for state in states:  # a picture may show what has been computed for others
            explorer.place(state)
            explorer.redraw(**explorer.state)
        for state in states:
            explorer.place(state)
            text, still, scene = explorer.drawn()
            scenes.append([parts.setdefault(part, len(parts)) for part in (still, *scene)])
            texts.append(text)
    finally:
        explorer.set(**before)
    shown = [about(controls[name], of) for name, of in places.items()]
    spec = explorer.spec | {"controls": shown, "start": start}
    every = [part if isinstance(part, str) else commands(part) for part in parts]
    return {"spec": spec, "glyphs": explorer.glyphs, "parts": every, "scenes": scenes, "texts": texts}


def _places(controls, name, values):
    """The positions of these values of a control."""
    if values is None:
        values = controls[name].options if name in controls else [None]
    known = [checked(controls, name, value) for value in values]
    return [controls[name].options.index(value) for value in known]
