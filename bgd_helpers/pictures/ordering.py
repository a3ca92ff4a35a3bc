"""The lines of a derivation as blocks in the notebook: a button places a line, another press takes it out; then its
gaps are filled.

What is placed stands below the blocks, each line with its verdict, and is kept there, in the output of the cell.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from bgd_helpers.checks import orders
from bgd_helpers.checks.orders import MIME, SIGNS, Judged, Work
from bgd_helpers.pictures.predictions import prose, saved_cells, with_widget

works: dict[str, Work] = {}  # of this process
HIDDEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
LEFT = "text-align: left; vertical-align: top"
TASK = "Press a line's button to place it below; press it again to take the line out. Any order that follows is right."
GAPS = "Now the same derivation with gaps. Write into each what belongs there, as LaTeX: any right way counts."
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
    rows = "".join(f"<li>{_typeset(block.line)}</li>" for block in orders.lettered(name).values())
    text, *_ = orders.in_words(name).splitlines()
    page = f'<div>{escape(text)}</div><ol style="list-style: upper-alpha">{rows}</ol>'
    return {"text/plain": orders.in_words(name), "text/html": page}


def _done(name: str) -> dict[str, Any]:
    """What is placed, each line with its verdict, as text and as HTML; and as data, by which it is found again."""
    work = works.get(name, Work([], []))
    found = orders.judged(name, _lines(name, work))
    shown = {"text/plain": orders.report(found), "text/html": _page(found)}
    return shown | {MIME: {"id": name, **work._asdict()}} if work.placed else shown


def _lines(name: str, work: Work) -> list[str]:
    """The lines that are placed, with what stands in their gaps once all of them are filled."""
    lines = orders.gapped(name, work.placed)
    count = sum(line.count("⟨") for line in lines)
    return orders.filled(lines, work.gaps) if count == len(work.gaps) and all(work.gaps) else work.placed


def _page(found: Judged) -> str:
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
    return f'<table aria-label="your derivation">{rows}</table>{said}'


def _typeset(line: str) -> str:
    """A line as HTML: typeset for the eye, in words for who hears it."""
    latex = rf"$\displaystyle {escape(line)}$"
    return f'<span aria-hidden="true">{latex}</span><span style="{HIDDEN}">{escape(orders.words(line))}</span>'


class Board:
    """The blocks of a derivation with their buttons, then its gaps. `changed` is called when there is more to show."""

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
        self.box = widgets.VBox([prose(head), *rows, self.said, self.gaps])
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
        write = f" {WRITE}" if found.is_done and not self.fields else ""
        self.say(f"Line {letter} is out again." if takes_out else _last(found) + write)

    def say(self, text: str) -> None:
        """Show a sentence, which a screen reader says at once."""
        self.said.value = f'<div role="alert">{escape(text)}</div>'

    def _label(self):
        for letter, button in self.buttons.items():
            line, placed = self.blocks[letter].line, self.work.placed
            button.description = f"{letter} is line {placed.index(line) + 1}" if line in placed else f"Place {letter}"

    def _offer_gaps(self, is_done=None):
        """Show the gaps where the lines are in order, nothing where they are not."""
        import ipywidgets as widgets

        if is_done is None:
            is_done = orders.judged(self.name, self.work.placed).is_done
        lines = orders.gapped(self.name, self.work.placed) if is_done else []
        self.fields, rows = [], [prose(f"<b>Fill the gaps.</b> {GAPS}")]
        for line in lines:
            fields = [_field(len(self.fields) + at) for at in range(1, 1 + line.count("⟨"))]
            self.fields += fields
            boxed = orders.filled([line], [rf"\boxed{{\text{{{field.description}}}}}" for field in fields])[0]
            rows += [_line(boxed)] * bool(fields) + fields
        for field, text in zip(self.fields, self.work.gaps):
            field.value = text
        button = widgets.Button(description="Check the gaps")
        button.on_click(lambda _: self.fill([field.value.strip() for field in self.fields]))
        self.gaps.children = (*rows, button) if self.fields else ()

    def fill(self, texts: list[str]) -> None:
        """Put these texts into the gaps, and say what the check finds."""
        works[self.name] = Work(self.work.placed, texts)
        self.changed()
        found = orders.judged(self.name, _lines(self.name, self.work))
        if not all(texts):
            self.say(EMPTY)
        elif found.is_done:
            self.say(WRITE)
        else:
            wrong = [f"Line {n}: {row.said}" for n, row in enumerate(found.rows, 1) if row.how in ("fails", "large")]
            self.say(orders.words(" ".join([*wrong, found.said])))


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

    return widgets.Text(description=f"gap {number}", layout={"width": "20em", "max_width": "100%"})
