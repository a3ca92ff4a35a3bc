"""The lines of a derivation as blocks in the notebook: a button places a line, another press takes it out; then the
gaps of its sibling are filled.

What is placed stands below the blocks, each line with its verdict, and is kept there, in the output of the cell.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from bgd_helpers.checks import orders
from bgd_helpers.checks.orders import MIME, SIGNS, Judged, Work
from bgd_helpers.lessons.predictions import saved_cells
from bgd_helpers.pictures.prediction_form import prose, with_widget

works: dict[str, Work] = {}  # of this process
HIDDEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
LEFT = "text-align: left; vertical-align: top"
TASK = "Press a line's button to place it below; press it again to take the line out. Any order that follows is right."
GAPS = "What belongs there stands in no line above: find it. LaTeX or plain signs, any right way counts."
EMPTY = "A gap is empty."
WRITE = "Nothing is missing: now write it yourself, in the exercise below."


def order(name: str) -> None:
    """Show a derivation's lines as blocks to put in order, wrong ones among them: `bgd.order("E5")`.

    What is placed is judged as it is placed and stays in the notebook; it is not graded. Where there are no widgets,
    the lines as text. Raises ValueError if there is no derivation of that name.
    """
    orders.puzzle(name)
    for known, work in orders.work_in(saved_cells()).items():
        works.setdefault(known, work)
    handle: list = []
    if with_widget(_asked(name), lambda: Board(name, lambda: handle[0].update(_done(name), raw=True)).box):
        from IPython.display import display

        handle.append(display(_done(name), raw=True, display_id=True))


def _asked(name: str) -> dict[str, Any]:
    """What is to be done, as text and as HTML."""
    rows = "".join(f'<li style="margin: 8px 0">{_typeset(block.line)}</li>' for block in orders.lettered(name).values())
    text, *_ = orders.in_words(name).splitlines()
    page = f'<div>{escape(text)}</div><ol style="list-style: upper-alpha">{rows}</ol>'
    return {"text/plain": orders.in_words(name), "text/html": page}


def _done(name: str) -> dict[str, Any]:
    """What is placed, then the sibling, as text and as HTML: lines with verdicts; and as data, by which it is found."""
    work = works.get(name, Work([], []))
    found = [orders.judged(name, work.placed)]
    if found[0].is_done and len(work.gaps) == gaps(name) and all(work.gaps):
        found.append(orders.judged_gaps(name, work.gaps))
    labels = ("your derivation", "its sibling")
    shown = {
        "text/plain": "\n\n".join(map(orders.report, found)),
        "text/html": "".join(map(_page, found, labels)),
    }
    return shown | {MIME: {"id": name, **work._asdict()}} if work.placed else shown


def gaps(name: str) -> int:
    """How many gaps the sibling of a derivation has."""
    return "".join(orders.puzzle(name).sibling).count("⟨")


def _page(found: Judged, label: str) -> str:
    """The lines with their verdicts as a table, and what is said of the whole."""
    if not found.rows:
        return f"<div>{orders.report(found)}</div>"
    rows = "".join(
        f'<tr><td style="{LEFT}">{number}</td><td style="{LEFT}">{_typeset(row.line)}</td>'
        f'<td style="{LEFT}">{SIGNS[row.how]}</td>'
        f'<td style="{LEFT}">{escape(row.said)}</td></tr>'
        for number, row in enumerate(found.rows, 1)
    )
    said = "".join(f"<div>{escape(line)}</div>" for line in found.said.splitlines())
    return f'<table aria-label="{label}">{rows}</table>{said}'


def _typeset(line: str) -> str:
    """A line as HTML: typeset for the eye, in words for who hears it."""
    latex = rf"$\displaystyle {escape(line)}$"
    return f'<span aria-hidden="true">{latex}</span><span style="{HIDDEN}">{escape(orders.words(line))}</span>'


class Board:
    """The blocks of a derivation with their buttons, then its sibling's gaps. `changed` is called after each."""

    def __init__(self, name: str, changed: Callable[[], None]):
        import ipywidgets as widgets

        self.name, self.changed = name, changed
        self.blocks = orders.lettered(name)
        self.buttons = {letter: widgets.Button(layout={"width": "8em", "flex": "0 0 auto"}) for letter in self.blocks}
        for letter, button in self.buttons.items():
            button.on_click(lambda _, letter=letter: self.press(letter))
        rows = [_row(self.buttons[letter], block.line) for letter, block in self.blocks.items()]
        self.said, self.gaps = widgets.HTML(), widgets.VBox()
        asked = orders.asked(name)
        head = f"<b>Put in order.</b> {escape(asked[0].upper() + asked[1:])} {TASK} Some lines are wrong."
        self.box = widgets.VBox([prose(head), *rows, self.gaps, self.said])
        self._label()
        self._offer_gaps()

    @property
    def work(self) -> Work:
        """What is done so far."""
        return works.get(self.name, Work([], []))

    def press(self, letter: str) -> None:
        """Place the line of that letter at the end; take it out if it is placed."""
        line, placed = self.blocks[letter].line, self.work.placed
        takes_out = line in placed
        works[self.name] = Work([one for one in placed if one != line] if takes_out else [*placed, line], [])
        self._label()
        self.changed()
        found = orders.judged(self.name, self.work.placed)
        self._offer_gaps(found.is_done)
        self.say(f"Line {letter} is out again." if takes_out else _last(found))

    def say(self, text: str) -> None:
        """Show a sentence, which a screen reader says at once."""
        self.said.value = f'<div role="alert" style="line-height: 1.5">{escape(text)}</div>'

    def _label(self):
        for letter, button in self.buttons.items():
            line, placed = self.blocks[letter].line, self.work.placed
            button.description = f"{letter} is line {placed.index(line) + 1}" if line in placed else f"Place {letter}"

    def _offer_gaps(self, is_done=None):
        """Show the gaps where the lines are in order, nothing where they are not."""
        import ipywidgets as widgets

        if is_done is None:
            is_done = orders.judged(self.name, self.work.placed).is_done
        count = gaps(self.name) if is_done else 0
        self.fields = [_field(number) for number in range(1, 1 + count)]
        for field, text in zip(self.fields, self.work.gaps):
            field.value = text
        boxes = [rf"\boxed{{\text{{{field.description}}}}}" for field in self.fields]
        lines = orders.filled(self.name, boxes) if is_done else []
        head = prose(f"<b>Fill the gaps.</b> Now {orders.words(orders.puzzle(self.name).about)} {GAPS}")
        button = widgets.Button(description="Check the gaps")
        button.on_click(lambda _: self.fill([field.value.strip() for field in self.fields]))
        self.gaps.children = (head, *map(_line, lines), *self.fields, button) if is_done else ()

    def fill(self, texts: list[str]) -> None:
        """Put these texts into the gaps, and say what the check finds."""
        works[self.name] = Work(self.work.placed, texts)
        self.changed()
        if not all(texts):
            return self.say(EMPTY)
        found = orders.judged_gaps(self.name, texts)
        self.say(WRITE if found.is_done else orders.words(found.said))


def _last(found: Judged) -> str:
    """What is said of the line that was placed last."""
    row = found.rows[-1]
    verdict = {"begins": "begins.", "holds": "holds.", "large": "is true, but ", "fails": "does not hold: "}
    told = f"Line {len(found.rows)} {verdict.get(row.how, 'is placed: ')}{orders.words(row.said)}"
    return f"{SIGNS[row.how].strip()} {told} {found.said}".strip()


def _row(button: Any, line: str) -> Any:
    """A button beside its line."""
    import ipywidgets as widgets

    return widgets.HBox([button, _line(line)], layout={"align_items": "center", "flex_flow": "row wrap"})


def _line(line: str) -> Any:
    import ipywidgets as widgets

    return widgets.HTMLMath(
        _typeset(line), style={"font_size": "15px"}, layout={"min_width": "0", "margin": "2px 12px"}
    )


def _field(number: int) -> Any:
    import ipywidgets as widgets

    # sent when it is left, so that no press of the button overtakes what is typed
    wide = {"width": "20em", "max_width": "100%"}
    return widgets.Text(description=f"gap {number}", continuous_update=False, layout=wide)
