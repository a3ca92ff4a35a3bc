"""A prediction in the notebook: the question with its options, a button to commit, and the answer beside the result.

A guess is kept in the output of the cell that asked, and nowhere else; from there it is found again.
"""

import html
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bgd_helpers import network
from bgd_helpers.lessons.predictions import (
    AGAIN,
    MIME,
    Question,
    cells_of,
    due,
    feedback,
    guesses,
    guesses_in,
    in_words,
    question,
    remember,
)

again: dict[tuple[str, str], str | float] = {}  # guesses of this process, by the notebook that asked again
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
ADVICE = "Choose first, then commit."
KEPT = "It stays, once the notebook is saved."
KEYS = """// JupyterLab's keys are not for what is in the form; its radios are a group with the question as its name
const value = field => field?.dataset.value === undefined ? field?.value : decodeURIComponent(field.dataset.value);
export default { render({ model, el }) {
  let frame;
  const ready = () => {
    const form = el.closest(".widget-vbox"), question = form?.querySelector(".widget-html-content");
    const field = form?.querySelector(".widget-radio-box, input");
    if (!field || !question) { frame = requestAnimationFrame(ready); return; }
    form.setAttribute("data-lm-suppress-shortcuts", "true");  // nor the notebook's own:
    form.onkeydown = event => { if (event.key.startsWith("Arrow")) event.stopPropagation(); };
    form.addEventListener("click", event => {  // a choice may wait in a queue that the button's press overtakes
      if (!event.target.closest("button")) return;
      model.set("shown", value(form.querySelector("input:checked, input:not([type=radio])")) ?? "");
      model.save_changes();
    }, true);
    question.id = `question-${Math.random().toString(36).slice(2)}`;
    for (const radio of form.querySelectorAll("input[type=radio]")) radio.name = question.id;  // arrows go round
    if (field.tagName === "INPUT") field.setAttribute("aria-describedby", question.id);
    else field.role = "radiogroup", field.setAttribute("aria-labelledby", question.id);
  };
  ready();
  return () => cancelAnimationFrame(frame);
} };
"""
NOTHING = "Nothing to ask again: no prediction in the notebooks before this one went wrong."


def predict(name: str, *former: Any) -> Any:
    """Ask for a prediction, to be committed before the result is seen: `bgd.predict("slope")`.

    A committed guess is shown again, and stays. With parameters in place of a name, as notebooks of earlier versions
    call it, the outputs of a network: `bgd.network.predict`. Raises ValueError if there is no question of that name.
    """
    if not isinstance(name, str):
        return network.predict(name, *former)
    asked = question(name)
    remember()
    if name in guesses:
        show(_bundle(asked, guesses[name]))
    else:
        _ask(asked, lambda guess: _bundle(asked, guesses.setdefault(name, guess)))


def predicted(name: str) -> None:
    """Show the guess that was committed beside the result, and what is to say of it; nothing if there is none.

    Raises ValueError if there is no question of that name.
    """
    asked = question(name)
    remember()
    if name in guesses:
        text = feedback(asked, guesses[name])
        show({"text/plain": text, "text/html": _paragraphs(text)})


def asked_again(notebook: str) -> None:
    """Ask again up to three of the questions that went wrong in the notebooks before this one:
    `bgd.asked_again("03b")`, with what its file's name begins with.

    Which they are follows from the notebooks that are saved in this folder, and from nothing else.
    """
    paths = sorted(Path.cwd().glob("*.ipynb"))
    saved = {path: path.name.partition("-")[0] for path in paths}
    names = due([cells_of(path) for path in paths if saved[path] < notebook])
    mine = [cell for path in paths if saved[path] == notebook for cell in cells_of(path)]
    for name, guess in guesses_in(mine, AGAIN).items():
        again.setdefault((notebook, name), guess)
    if not names:
        show({"text/plain": NOTHING, "text/html": _paragraphs(NOTHING)})
    for name in names:
        _ask_again(question(name), (notebook, name))


def _ask_again(asked: Question, key: tuple[str, str]) -> None:
    """Ask, or show what was committed to and what is to say of it."""
    if key in again:
        show(_answered(asked, again[key]))
    else:
        _ask(asked, lambda guess: _answered(asked, again.setdefault(key, guess)))


def _answered(asked: Question, guess: str | float) -> dict[str, Any]:
    """A question that was asked again with its answer, as text, as HTML and as data."""
    text = f"Again: {asked.text}\n{feedback(asked, guess)}"
    return {"text/plain": text, "text/html": _paragraphs(text), AGAIN: {"id": asked.name, "guess": guess}}


def _bundle(asked: Question, guess: str | float | None = None) -> dict[str, Any]:
    """The question as text and as HTML; with a guess, also as data, by which it is found again."""
    text = in_words(asked, guess)
    if guess is None:
        return {"text/plain": text, "text/html": _paragraphs(text)}
    *question_and_options, last = text.splitlines()
    folded = _paragraphs("\n".join([*question_and_options[1:], KEPT]))
    page = f"{_paragraphs(question_and_options[0])}<details><summary>{html.escape(last)}</summary>{folded}</details>"
    return {"text/plain": text, "text/html": page, MIME: {"id": asked.name, "guess": guess}}


def _paragraphs(text: str) -> str:
    return f"<div>{'<br>'.join(html.escape(line) for line in text.splitlines())}</div>"


def show(bundle: dict[str, Any]) -> None:
    """Show a bundle in the notebook; outside of one, its text."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        sys.modules["IPython"].display.display(bundle, raw=True)
    else:
        print(bundle["text/plain"])


def _ask(asked: Question, committed: Callable) -> None:
    """Show the question with what it takes to commit a guess, then what `committed` makes of it; where there are no
    widgets, the question alone."""
    handle: list = []
    make = partial(form, asked, lambda guess: handle[0].update(committed(guess), raw=True))
    handle.append(with_widget(_bundle(asked), make))


def with_widget(bundle: dict[str, Any], make: Callable) -> Any:
    """Show a bundle with the widget that `make` makes, to be updated by the handle that is returned; where there are no
    widgets, the bundle alone, and None is returned."""
    try:
        import ipywidgets  # noqa: F401
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return show(bundle)
    if get_ipython() is None:
        return show(bundle)
    view = {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": make().model_id}}
    return display(bundle | view, raw=True, display_id=True)


def form(asked: Question, commit: Callable) -> Any:
    """The question, its options or a field for a number, and a button: pressed, it calls `commit` with the guess."""
    import anywidget
    import ipywidgets as widgets
    from traitlets import Unicode

    if asked.is_number:
        field = widgets.Text(description="your number", tooltip=asked.text, style={"description_width": "auto"})
    else:
        texts = [str(answer.value) for answer in asked.answers]
        field = widgets.RadioButtons(options=texts, index=None, tooltip=asked.text, layout={"width": "auto"})
    button = widgets.Button(description="Commit", tooltip="Commit to this prediction")
    said = widgets.HTML(KEPT)
    shown = Unicode().tag(sync=True)  # what is chosen on the screen when the button is pressed
    keys = type("Keys", (anywidget.AnyWidget,), {"_esm": KEYS, "shown": shown})(layout={"display": "none"})
    box = widgets.VBox([prose(f"<b>Predict.</b> {html.escape(asked.text)}"), field, widgets.HBox([button, said, keys])])

    def pressed(_):
        chosen = keys.shown or field.value
        guess = _number(chosen) if asked.is_number else chosen
        if guess is None:
            said.value = "A number, please: 2, −0.5, 1/3." if asked.is_number else ADVICE
        else:
            commit(guess)

    button.on_click(pressed)
    return box


def prose(page: str) -> Any:
    """HTML as a widget, its lines as close as those of a text: a widget's own are as far apart as its buttons."""
    import ipywidgets as widgets

    return widgets.HTML(f'<div style="line-height: 1.5">{page}</div>', layout={"width": "auto"})


def _number(text: str) -> float | None:
    """The number that a text is, None if it is none: 2, −0.5, 1/3, 1e-3."""
    parts = text.replace("−", "-").replace(",", ".").split("/")
    with suppress(ValueError, ZeroDivisionError, OverflowError):
        value = float(parts[0]) if len(parts) == 1 else float(parts[0]) / float(parts[1])
        return value if len(parts) < 3 and abs(value) < 1e300 else None
    return None
