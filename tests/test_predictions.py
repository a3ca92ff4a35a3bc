"""Predictions: asked before the result is seen, kept in the notebook, answered beside the result, never graded."""

import json
import re
import time
from pathlib import Path

import in_browser
import nbformat
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import bgd_helpers as bgd
from bgd_course import edition, merging
from bgd_course.grading import collect, package, report
from bgd_helpers.lessons import predictions as lesson
from bgd_helpers.pictures import prediction_form as asking

ROOT = Path(__file__).parent.parent
NOTEBOOKS = {path.name: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
QUESTIONS = lesson.questions()
CHOICE, NUMBER = "slope", "delta-at-the-output"
WRONG = "slope −3, w falls"


def code_cells():
    return [cell for notebook in NOTEBOOKS.values() for cell in notebook.cells if cell.cell_type == "code"]


def said_by(cell):
    """The text of a cell's outputs."""
    return "\n".join(output.get("text") or output.data.get("text/plain", "") for output in cell.outputs)


def called(name, function):
    return [cell for cell in code_cells() if f'bgd.{function}("{name}")' in cell.source]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No guess is known, and no notebook."""
    monkeypatch.setattr(lesson, "guesses", {})
    monkeypatch.setattr(asking, "guesses", lesson.guesses)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


# The table


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_asked_once_and_its_result_proves_the_right_answer(name):
    (ask,), (result,) = called(name, "predict"), called(name, "predicted")
    assert ask.source == f'bgd.predict("{name}")' and ask.id == f"predict-{name}"
    assert result.source.startswith(f'bgd.predicted("{name}")\n')
    assert QUESTIONS[name].shown in said_by(result)
    assert said_by(ask) == lesson.in_words(QUESTIONS[name])


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_answer_is_of_its_question_and_each_wrong_one_has_its_misconception(name):
    asked = QUESTIONS[name]
    assert sum(answer.is_right for answer in asked.answers) == 1 and len(asked.answers) >= 2
    assert len({answer.value for answer in asked.answers}) == len(asked.answers)
    for answer in asked.answers:
        assert answer.reply and answer.is_right != bool(answer.misconception)
        assert lesson.answer_to(asked, answer.value) == answer and lesson.allows(asked, answer.value)
        told = lesson.feedback(asked, answer.value)
        assert answer.reply in told and answer.misconception in told
        assert told.startswith("✓" if answer.is_right else "✗")
    texts = [asked.text, *(str(part) for answer in asked.answers for part in answer)]
    assert not any(re.search(r"[$\\]", text) for text in texts), "there is no mathematics in a widget's labels"


def test_a_third_of_the_prompts_ask_and_the_place_of_an_option_tells_nothing():
    prompts = sum(cell.source.count("**Predict") for notebook in NOTEBOOKS.values() for cell in notebook.cells)
    assert len(QUESTIONS) >= prompts / 3
    choices = [asked.answers for asked in QUESTIONS.values() if not asked.is_number]
    places = [[answer.is_right for answer in answers].index(True) for answers in choices]
    assert max(map(places.count, places)) <= len(places) / 2


def test_a_number_may_be_a_little_off_and_any_other_is_answered():
    asked = QUESTIONS["coin"]
    assert lesson.answer_to(asked, 47).is_right and not lesson.answer_to(asked, 40).is_right
    assert lesson.answer_to(asked, 0).misconception and lesson.answer_to(asked, 80).misconception == ""
    assert asked.otherwise in lesson.feedback(asked, 80)


def test_an_unknown_name_is_refused():
    for function in (bgd.predict, bgd.predicted):
        with pytest.raises(ValueError, match="choose from slope"):
            function("slop")


# In a notebook


def notebook_with(name, guess):
    kept = {lesson.MIME: {"id": name, "guess": guess}}
    outputs = [new_output("display_data", data=kept)]
    return new_notebook(cells=[new_code_cell(f'bgd.predict("{name}")', id=f"predict-{name}", outputs=outputs)])


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as a kernel would publish it."""
    shell = InteractiveShell.instance()
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield publisher.outputs
    InteractiveShell.clear_instance()


@pytest.fixture
def form(shown, monkeypatch):
    """The form of a question that is asked: its field, its button and the word beside the button."""

    def asked(name):
        made = []
        make = asking.form
        monkeypatch.setattr(asking, "form", lambda *arguments: made.append(make(*arguments)) or made[0])
        bgd.predict(name)
        _, field, row = made[0].children
        return field, *row.children[:2]

    return asked


def test_a_choice_is_committed_kept_and_answered(form, shown):
    field, button, said = form(CHOICE)
    assert (
        shown[-1]["data"]["text/plain"] == lesson.in_words(QUESTIONS[CHOICE])
        and asking.WIDGET_VIEW in shown[-1]["data"]
    )
    bgd.predicted(CHOICE)
    assert len(shown) == 1
    button.click()
    assert said.value == asking.ADVICE and not asking.guesses
    field.value = WRONG
    button.click()
    kept = shown[-1]["data"]
    assert kept[lesson.MIME] == {"id": CHOICE, "guess": WRONG} and asking.WIDGET_VIEW not in kept
    assert shown[-1]["update"] and WRONG in kept["text/plain"] and WRONG in kept["text/html"]
    bgd.predicted(CHOICE)
    assert "a step along the gradient" in shown[-1]["data"]["text/plain"]


def test_what_is_committed_stays(form, shown):
    field, button, _ = form(CHOICE)
    field.value = WRONG
    button.click()
    field.value = str(QUESTIONS[CHOICE].right.value)
    button.click()
    bgd.predict(CHOICE)
    assert shown[-1]["data"][lesson.MIME]["guess"] == WRONG


@pytest.mark.parametrize(
    ("text", "guess"),
    [("2", 2), (" −2 ", -2), ("1/4", 0.25), ("0,5", 0.5), ("1e-3", 0.001), ("two", None), ("", None), ("1/0", None)]
    + [("nan", None), ("inf", None), ("1/2/3", None)],
)
def test_a_number_is_read_as_it_is_written(form, text, guess):
    field, button, said = form(NUMBER)
    field.value = text
    button.click()
    assert asking.guesses == ({NUMBER: guess} if guess is not None else {})
    assert (said.value == asking.KEPT) == (guess is not None)


def test_after_a_restart_the_saved_notebook_has_it(shown, tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook_with(CHOICE, WRONG), path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    bgd.predict(CHOICE)
    assert shown[-1]["data"][lesson.MIME]["guess"] == WRONG
    bgd.predicted(CHOICE)
    assert shown[-1]["data"]["text/plain"].startswith("✗")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [3, {"outputs": 4}]}'])
def test_where_the_saved_notebook_cannot_be_read_it_is_asked_again(shown, tmp_path, monkeypatch, text):
    (tmp_path / "a.ipynb").write_text(text)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "a.ipynb"))
    bgd.predict(CHOICE)
    assert asking.WIDGET_VIEW in shown[-1]["data"]


def test_without_a_notebook_and_without_widgets_it_is_plain_text(shown, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    bgd.predict(NUMBER)
    assert set(shown[-1]["data"]) == {"text/plain", "text/html"} and "(a number)" in shown[-1]["data"]["text/plain"]
    InteractiveShell.clear_instance()
    bgd.predict(CHOICE)
    assert capsys.readouterr().out == lesson.in_words(QUESTIONS[CHOICE]) + "\n"


def test_with_parameters_it_is_the_outputs_of_a_network():
    net = bgd.handout.integer_net()
    assert bgd.predict(net.theta, net.X, net.activations) == bgd.network.predict(net.theta, net.X, net.activations)


# Asked again


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A learner's folder, in which the kernel stands: `0-a.ipynb` to be filled."""
    monkeypatch.setattr(asking, "again", {})
    monkeypatch.chdir(tmp_path)
    return tmp_path


LAST = "lost-worker"
WRONG_ONES = {CHOICE: WRONG, NUMBER: 2.0, "coin": 0, LAST: QUESTIONS[LAST].answers[-1].value}


def saved(folder, name, guesses, again=()):
    """A notebook in which these predictions are, and those that were asked again."""
    kept = [(lesson.MIME, name, guess) for name, guess in dict(guesses).items()]
    kept += [(lesson.AGAIN, name, guess) for name, guess in dict(again).items()]
    outputs = [new_output("display_data", data={kind: {"id": name, "guess": guess}}) for kind, name, guess in kept]
    nbformat.write(new_notebook(cells=[new_code_cell("bgd", outputs=outputs)]), folder / name)


def asked_in(folder, shown, notebook):
    """The questions that an opening asks or answers, in order."""
    before = len(shown)
    bgd.asked_again(notebook)
    texts = [output["data"]["text/plain"] for output in shown[before:]]
    assert texts and (texts == [asking.NOTHING] or len(texts) <= lesson.MOST_AGAIN)
    return [name for text in texts for name, asked in QUESTIONS.items() if asked.text in text]


def right(name):
    return QUESTIONS[name].right.value


def test_what_was_right_or_not_yet_asked_is_not_asked_again(folder, shown):
    assert asked_in(folder, shown, "01") == []
    saved(folder, "00-a.ipynb", {CHOICE: right(CHOICE)})
    saved(folder, "02-a.ipynb", {NUMBER: 2.0})
    assert asked_in(folder, shown, "01") == [] and asked_in(folder, shown, "02") == []
    assert asked_in(folder, shown, "02b") == asked_in(folder, shown, "03") == [NUMBER]


def test_at_most_three_come_back_those_that_were_asked_least_often_first(folder, shown):
    saved(folder, "00-a.ipynb", WRONG_ONES)
    assert asked_in(folder, shown, "01") == [CHOICE, NUMBER, "coin"]
    saved(folder, "01-a.ipynb", {}, {CHOICE: right(CHOICE), NUMBER: 2.0, "coin": 0})
    assert asked_in(folder, shown, "02") == [LAST, NUMBER, "coin"]
    saved(folder, "02-a.ipynb", {}, {LAST: right(LAST), NUMBER: right(NUMBER), "coin": right("coin")})
    assert asked_in(folder, shown, "03") == []


def test_a_second_guess_is_answered_at_once_and_stays(folder, shown, monkeypatch):
    saved(folder, "00-a.ipynb", {CHOICE: WRONG})
    made = []
    make = asking.form
    monkeypatch.setattr(asking, "form", lambda *arguments: made.append(make(*arguments)) or made[0])
    bgd.asked_again("01")
    _, field, row = made[0].children
    field.value = right(CHOICE)
    row.children[0].click()
    kept = shown[-1]["data"]
    assert "right" in kept["text/plain"] and kept[lesson.AGAIN] == {"id": CHOICE, "guess": right(CHOICE)}
    assert lesson.MIME not in kept and asking.guesses == {}
    saved(folder, "01-a.ipynb", {}, {CHOICE: right(CHOICE)})
    asking.again.clear()
    assert asked_in(folder, shown, "01") == [CHOICE] and shown[-1]["data"] == kept


def test_without_widgets_the_opening_is_text_and_the_same_each_time(folder, capsys):
    saved(folder, "00-a.ipynb", {CHOICE: WRONG})
    (folder / "00-broken.ipynb").write_text("{")
    for _ in range(2):
        bgd.asked_again("01")
    told = capsys.readouterr().out
    assert told == 2 * (lesson.in_words(QUESTIONS[CHOICE]) + "\n")
    bgd.asked_again("00")
    assert capsys.readouterr().out == asking.NOTHING + "\n"


def test_each_notebook_but_the_first_asks_by_its_own_number():
    for name, notebook in list(NOTEBOOKS.items())[1:]:
        number = name.partition("-")[0]
        [cell] = [cell for cell in notebook.cells if "bgd.asked_again(" in cell.source]
        assert cell.source == f'bgd.asked_again("{number}")' and said_by(cell) == asking.NOTHING


def test_an_update_keeps_what_was_committed_again():
    base = new_notebook(cells=[new_code_cell("bgd", id="again")])
    new = new_notebook(cells=[new_code_cell("bgd  # new", id="again")])
    learners = new_notebook(cells=[new_code_cell("bgd", id="again")])
    learners.cells[0].outputs = [new_output("display_data", data={lesson.AGAIN: {"id": CHOICE, "guess": WRONG}})]
    assert lesson.guesses_in(edition.merge(base, new, learners).notebook.cells, lesson.AGAIN) == {CHOICE: WRONG}


# The learner's edition


def sections(cells):
    """For each prompt its id and the cells after it, up to the next prompt or heading that follows code."""
    for index, cell in enumerate(cells):
        if cell.cell_type == "markdown" and "**Predict" in cell.source:
            ran, after = False, []
            for other in cells[index + 1 :]:
                closes = other.cell_type == "markdown" and re.match("#|.*\\*\\*Predict", other.source, re.DOTALL)
                after.append(other)
                if closes and ran:
                    break
                ran = ran or other.cell_type == "code" and not other.source.startswith("bgd.predict(")
            yield cell.id, after


def seen(source):
    """What is read of a text that is not opened: what stands before its next prompt or heading, and is not folded."""
    source = re.sub(r"<details>.*?</details>", "", source, flags=re.DOTALL)
    return re.split(r"(?:^|\n\n)(?=#|[^\n]*\*\*Predict)", source, maxsplit=1)[0].strip()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_after_a_prompt_shows_what_it_asks_to_predict(name):
    cells = edition.learners(NOTEBOOKS[name]).cells
    assert [cell.id for cell in cells if cell.get("outputs")] == []
    for prompt, after in sections(cells):
        code = [index for index, cell in enumerate(after) if cell.cell_type == "code"]
        told = [cell for cell in after[code[0] :] if cell.cell_type == "markdown"] if code else []
        results = [cell for cell in told if not re.match("#|<details><summary>Hint", cell.source)]
        assert [cell.id for cell in results[:1] if seen(cell.source)] == [], prompt


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_text_tells_the_decimals_of_a_result_before_it_is_run(name):
    """Decimals of a prompt's outputs stand in no text after it in the section that is not folded."""
    original, cells = NOTEBOOKS[name].cells, edition.learners(NOTEBOOKS[name]).cells
    outputs = {cell.id: said_by(cell) for cell in original if cell.cell_type == "code"}
    for prompt, after in sections(cells):
        asked = next(cell for cell in cells if cell.id == prompt).source
        numbers = set(re.findall(r"\d+\.\d{3,}", "".join(outputs.get(cell.id, "") for cell in after)))
        texts = [seen(cell.source) for cell in after if cell.cell_type == "markdown"]
        assert {number for number in numbers if number not in asked and any(number in text for text in texts)} == set()


def test_a_fold_ends_before_the_next_prompt_and_leaves_what_is_folded():
    fold = "<details><summary>What we see</summary>\n\nSeen: $x$.\n\nMore.\n\n</details>"
    assert (
        edition.folded("Seen: $x$.\n\nMore.\n\nAnd now. **Predict.** What?") == f"{fold}\n\nAnd now. **Predict.** What?"
    )
    assert edition.folded("Seen: $x$.\n\nMore.\n\n## Next") == f"{fold}\n\n## Next"
    assert edition.folded(fold) == fold


def telling(*cells):
    made = [new_code_cell(text[1:]) if text[0] == ">" else new_markdown_cell(text) for text in cells]
    return [cell.source for cell in edition.telling(made)]


def test_what_tells_a_result_is_the_first_text_after_the_code_that_a_prompt_asks_of():
    assert telling("**Predict.** a", ">x", "seen", ">y", "more") == ["seen"]
    assert telling(">x", "seen") == [] and telling("**Predict.** a", ">x", "## Next", ">y", "seen") == []
    assert telling("**Predict.** a", '>bgd.predict("a")', "still a question", ">x", "seen") == ["seen"]
    assert telling("**Predict.** a", "### Exercise", ">f", ">check", "seen") == ["seen"]


def test_outputs_of_a_copy_of_an_earlier_version_are_no_change_of_the_learners():
    printed = [new_output("stream", name="stdout", text="seen")]
    base = new_notebook(cells=[new_code_cell("x", id="x", outputs=printed, execution_count=1)])
    new = edition.learners(base)
    merged = merging.merge(base, new, base)
    assert merged.beside == [] and [cell.outputs for cell in merged.notebook.cells] == [printed]


@pytest.mark.parametrize("mine", ['bgd.predict("slope")', 'bgd.predict("slope")  # mine'])
def test_an_update_keeps_a_prediction_though_the_course_changed_its_cell(mine):
    base = new_notebook(cells=[new_code_cell('bgd.predict("slope")', id="predict-slope")])
    new = new_notebook(cells=[new_code_cell('bgd.predict("slope")  # new', id="predict-slope")])
    learners = notebook_with(CHOICE, WRONG)
    learners.cells[0].source = mine
    merged = merging.merge(base, new, learners).notebook
    assert merged.cells[0].source.endswith("# new") and lesson.guesses_in(merged.cells) == {CHOICE: WRONG}


# Counted


def test_progress_counts_them_and_names_what_showed(tmp_path):
    (tmp_path / "source").mkdir()
    for folder in (tmp_path, tmp_path / "source"):
        nbformat.write(notebook_with(CHOICE, WRONG), folder / "a.ipynb")
        nbformat.write(notebook_with(NUMBER, -2.0), folder / "b.ipynb")
    guesses = edition.guesses(tmp_path / "source", tmp_path)
    assert guesses == {CHOICE: WRONG, NUMBER: -2.0}
    assert lesson.summary(guesses, {}) == (
        f"2 of {len(QUESTIONS)} predictions made, 1 right; misconceptions that showed: a step along the gradient"
    )
    assert lesson.summary({}, {}) == f"0 of {len(QUESTIONS)} predictions made, 0 right"
    assert lesson.summary({}, {CHOICE: WRONG, NUMBER: -2}).endswith("0 right; 2 asked again, 1 right")


@pytest.mark.parametrize(
    "kept",
    [
        3,
        None,
        [],
        {},
        {"id": CHOICE},
        {"id": CHOICE, "guess": "<script>"},
        {"id": "x", "guess": 1},
        {"id": [], "guess": 1},
    ]
    + [{"id": NUMBER, "guess": guess} for guess in ("2", True, float("nan"), float("inf"), 10**400, None, [2])]
    + [{"id": CHOICE, "guess": 3}],
)
def test_what_is_no_guess_at_a_question_of_ours_is_passed_over(kept):
    assert lesson.guesses_in([{"outputs": [{"data": {lesson.MIME: kept}}]}]) == {}
    assert lesson.guesses_in([{"outputs": [{"data": {"text/plain": json.dumps(kept, default=str)}}]}]) == {}


def test_the_class_page_counts_guesses_and_has_no_names(tmp_path):
    nbformat.write(notebook_with(CHOICE, WRONG), tmp_path / "ada.ipynb")
    (tmp_path / "bob.ipynb").write_text("{")
    files = [str(tmp_path / name) for name in ("ada.ipynb", "bob.ipynb", "none.ipynb")]
    found = collect.predictions(files)
    assert found == {CHOICE: WRONG} and collect.guesses_of(files[0]) == found
    page = report.predictions([found, found, {CHOICE: QUESTIONS[CHOICE].right.value, NUMBER: 7}, {}])
    assert (
        "<td class=n>3</td><td class=n>1</td>" in page and f"2 × {WRONG} <em>(a step along the gradient)</em>" in page
    )
    assert "1 × 7" in page and "ada" not in page and page.index(CHOICE) < page.index(NUMBER)
    assert "None was made." in report.predictions([{}])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_of_a_submissions_outputs_the_predictions_alone_are_read(tmp_path, encoding):
    notebook = notebook_with(CHOICE, WRONG)
    notebook.cells.append(new_code_cell(json.dumps({lesson.MIME: {"id": NUMBER, "guess": -2}}), id="quoted"))
    notebook.cells[0].outputs.append(new_output("stream", text="[" * 100_000))
    path = tmp_path / "a.ipynb"
    path.write_text(nbformat.writes(notebook), encoding=encoding)
    assert collect.guesses_of(path) == {CHOICE: WRONG}


@pytest.mark.parametrize("kept", ["{" * 5_000, '{"id": "slope", "guess": "' + "x" * 5_000 + '"}', "{,}", '{"id": {}}'])
def test_whatever_stands_in_place_of_a_prediction_is_none(tmp_path, kept):
    path = tmp_path / "a.ipynb"
    path.write_text(f'{{"cells": [{{"outputs": [{{"data": {{"{lesson.MIME}": {kept}}}}}]}}]}}')
    assert collect.predictions([str(path)]) == {}


def test_in_a_graded_kernel_nothing_is_asked_and_a_network_still_has_outputs(tmp_path):
    package.write(tmp_path)
    names = {}
    text = (tmp_path / "bgd_helpers" / "pictures" / "prediction_form.py").read_text()
    exec(text, names)
    assert repr(names["predict"]("slope")) == "" and repr(names["__getattr__"]("predicted")("slope")) == ""
    net = bgd.handout.integer_net()
    assert names["predict"](net.theta, net.X, net.activations) == [[-6.0]]


# In a browser


SAVED_WHILE_IT_RUNS = """async () => {
  const {content} = jupyterapp.shell.currentWidget, run = index => {
    content.activeCellIndex = index;
    content.deselectAll();
    return jupyterapp.commands.execute('notebook:run-cell');
  };
  await run(0);
  run(1);
  const asked = run(2), outputs = content.widgets[2].model.outputs;
  while (outputs.length) await new Promise(requestAnimationFrame);
  await jupyterapp.commands.execute('docmanager:save');
  await asked;
  return JSON.stringify(outputs.toJSON());
}"""


@pytest.mark.slow
def test_a_guess_is_found_in_jupyterlab_when_its_cell_is_saved_while_it_runs_again(tmp_path):
    if remedy := in_browser.missing():
        pytest.skip(f"a prediction in a browser. {remedy}")
    path = tmp_path / "root" / "a.ipynb"
    path.parent.mkdir()
    sources = ["import bgd_helpers as bgd", "import time; time.sleep(2)", f'bgd.predict("{CHOICE}")']
    in_browser.write_notebook(path, sources)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].outputs = [new_output("display_data", asking._bundle(QUESTIONS[CHOICE], WRONG))]
    nbformat.write(notebook, path)
    with in_browser.server(tmp_path) as serving, in_browser.chromium() as chromium:
        notebook = in_browser.Notebook(chromium, serving, path.name)
        try:
            assert notebook.client
            said = notebook.page.evaluate(SAVED_WHILE_IT_RUNS)
        finally:
            notebook.close()
    assert not lesson.guesses_in(nbformat.read(path, as_version=4).cells) and "You predict" in said


@pytest.mark.slow
def test_by_keyboard_alone_in_jupyterlab(tmp_path):
    if remedy := in_browser.missing():
        pytest.skip(f"a prediction in a browser. {remedy}")
    path = tmp_path / "root" / "00-start-here.ipynb"
    path.parent.mkdir()
    nbformat.write(edition.learners(NOTEBOOKS[path.name]), path)
    with in_browser.server(tmp_path) as serving, in_browser.chromium() as chromium:
        notebook = in_browser.Notebook(chromium, serving, path.name)
        try:
            commit_by_keyboard(notebook)
            assert notebook.errors == []
        finally:
            notebook.close()
    cells = nbformat.read(path, as_version=4).cells
    assert lesson.guesses_in(cells) == {CHOICE: WRONG}
    assert "a step along the gradient" in "".join(said_by(cell) for cell in cells if cell.id == CHOICE)


def commit_by_keyboard(notebook):
    """Run the cells up to the prediction, choose its second option, commit, run the result, save: no mouse."""
    page, keys = notebook.page, notebook.page.keyboard
    assert notebook.client
    page.locator(".jp-Cell").first.focus()
    while not page.get_by_role("button", name="Commit").count():
        keys.press("Shift+Enter")
        time.sleep(0.5)
    tree = page.locator(".jp-Cell", has=page.get_by_role("button", name="Commit")).aria_snapshot()
    assert QUESTIONS[CHOICE].text in tree and 'button "Commit"' in tree
    options = [answer.value for answer in QUESTIONS[CHOICE].answers]
    assert re.search(f'radiogroup "Predict. {re.escape(QUESTIONS[CHOICE].text)}', tree), tree
    assert all(f'radio "{option}"' in tree for option in options)
    backwards_to(page, options[-1])
    keys.press("Space")
    active = page.locator(".jp-Notebook .jp-mod-active")
    at = active.inner_text()
    notebook.client.execute("sum(range(2 * 10**8))")  # no thread runs beside it: choices wait, the button's press not
    for option, key in ((options[0], "ArrowDown"), (options[-1], "ArrowUp"), (options[-2], "ArrowLeft")):
        keys.press(key)
        assert page.locator("input:checked:focus").evaluate("one => one.parentElement.innerText").strip() == option
    for _ in range(options.index(WRONG), len(options) - 2):
        keys.press("ArrowUp")
    assert active.inner_text() == at
    keys.press("Tab")
    keys.press("Enter")
    page.get_by_text("You predict").first.wait_for()
    keys.press("Tab")
    keys.press("Shift+Enter")
    keys.press("Shift+Enter")
    page.get_by_text("You predicted").first.wait_for()
    keys.press("Control+s")
    time.sleep(2)


def backwards_to(page, label):
    """Press Shift+Tab until the option of that label has the focus."""
    for _ in range(20):
        if page.get_by_role("radio", name=label).evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError(f"Shift+Tab does not reach {label}")
