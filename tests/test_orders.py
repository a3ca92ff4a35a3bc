"""Lines of a derivation in order: what follows is right in any order, what a slip made is named, work stays."""

import random
import re
import time
from contextlib import suppress
from itertools import permutations
from pathlib import Path

import in_browser
import nbformat
import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_notebook, new_output

import bgd_helpers as bgd
from bgd_course import edition
from bgd_helpers import slips
from bgd_helpers.checks import DERIVATIONS, check_derivation, orders
from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.steps import steps_of
from bgd_helpers.pictures import ordering, prediction_form

ROOT = Path(__file__).parent.parent
NOTEBOOKS = {path.name: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}


def right(name):
    """The lines of a derivation as the table has them."""
    return list(orders.PUZZLES[name].lines)


WRONG = [(name, slip) for name, puzzle in orders.PUZZLES.items() for slip in puzzle.slips]
ENDS = {((0, 1), (2, 3, 4), (5,)), ((0, 1), (2, 4, 3), (5,))}  # three chains, in any order
VALID = {  # of the places of all right lines, told by hand: which follow, no derivative of two links taken at once
    "gradient": lambda order: (order[0], order[-1]) == (0, 3),
    "E11": lambda order: (order[0], order[-1]) == (0, 3),
    "E14": lambda order: order in {sum(chains, ()) for each in ENDS for chains in permutations(each)},
    "E4": lambda order: (order[0], order[-1]) == (0, 3),
    "E5": lambda order: (order[0], order[-1]) == (0, 4) and order[-2] != 1,  # from the bare chain rule it is a leap
    "E7 and E8": lambda order: order in ((0, 1, 2, 3, 4), (3, 4, 0, 1, 2)),
    "matrix forms": lambda order: True,
    "matrix gradient": lambda order: order == (0, 1, 2, 3, 4),
    "variance": lambda order: order[0] == 0 and order[-1] in (3, 4),  # both are of Σ and B alone
}
G = np.random.default_rng(3).normal(size=(5, 2))
REMADE = {  # what a wrong line says, where no check of equations names the slip: by numbers, and by the slip's function
    ("E14", "sign"): ("update", (G, 3 * G, 0.1), (1 + 0.1 * 3) * G),  # w - w^*, with H = 3
    ("matrix gradient", "dW transposed"): ("weight_gradient", (G, G[:, :1]), G[:, :1].T @ G / 5),
    ("variance", "batch size left out"): ("batch_variance", (G, 3, True), 1 / 3 * 3 * G.var(axis=0).sum()),
    ("variance", "batch size squared"): ("batch_variance", (G, 3, True), G.var(axis=0).sum() / 9),
    ("variance", "ways of drawing exchanged"): ("batch_variance", (G, 3, True), G.var(axis=0).sum() / 3 * (5 - 3) / 4),
}


def accepted(name, order):
    return orders.judged(name, [right(name)[at] for at in order]).is_done


@pytest.mark.parametrize("name", VALID)
def test_an_order_is_accepted_where_it_follows_and_nowhere_else(name):
    every = list(permutations(range(len(right(name)))))
    drawn = random.Random(0).sample(every, min(len(every), 8)) + [o for o in every if VALID[name](o)][:2]
    assert [order for order in drawn if accepted(name, order) != VALID[name](order)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", VALID)
def test_every_order_is_accepted_where_it_follows_and_nowhere_else(name):
    every = list(permutations(range(len(right(name)))))
    assert {order for order in every if accepted(name, order)} == {order for order in every if VALID[name](order)}


@pytest.mark.parametrize("name", orders.PUZZLES)
def test_the_lines_of_the_table_are_a_derivation_that_the_exercise_accepts(name):
    found = orders.judged(name, right(name))
    assert found.is_done and {row.how for row in found.rows} <= {"begins", "holds"}
    assert check_derivation(name, " \\\\\n".join(right(name))).outcome == "right"
    lines = [block.line for block in orders.blocks(name)]
    assert name in DERIVATIONS and len(lines) == len(set(lines)) <= 26
    assert lines[: len(right(name))] != right(name)


@pytest.mark.parametrize("places", [1, pytest.param(None, marks=pytest.mark.slow, id="all")])
@pytest.mark.parametrize(("name", "slip"), WRONG)
def test_a_wrong_line_is_its_slips_and_breaks_one_line_wherever_it_stands(name, slip, places):
    line, because = orders.PUZZLES[name].slips[slip], slips.BY_NAME[slip].reason(name)
    for at in range(len(right(name)), 0, -1)[:places]:
        found = orders.judged(name, [*right(name)[:at], line, *right(name)[at:]])
        assert [row.line for row in found.rows if row.how == "fails"] == [line] and not found.is_done
        assert found.rows[at].said == because and because in orders.report(found)


@pytest.mark.parametrize(("name", "slip"), WRONG)
def test_a_wrong_line_is_what_its_slip_makes(name, slip):
    if (name, slip) in REMADE:
        exercise, case, value = REMADE[name, slip]
        assert np.allclose(slips.BY_NAME[slip].variants(exercise)[0](*case), value)
    else:
        assert slip in named(name, orders.PUZZLES[name].slips[slip])


def named(name, line):
    """The slips that the check of equations names in a line, below each beginning of its derivation that it fits."""
    begun = [one.partition(" = ")[0] for one in right(name) if not one.startswith("=")] if line[0] == "=" else [""]
    for left in begun:
        with suppress(EquationError):
            yield check_equation(f"{left} {line}").slip


@pytest.mark.parametrize("name", orders.PUZZLES)
def test_nothing_with_a_wrong_line_in_it_is_ever_accepted(name):
    rng, letters = random.Random(1), orders.lettered(name)
    for _ in range(10):
        chosen = rng.sample(list(letters.values()), rng.randint(2, len(letters)))
        if any(block.slip for block in chosen):
            assert not orders.judged(name, [block.line for block in chosen]).is_done


def test_a_step_that_takes_two_rules_is_true_and_large():
    head, chain, *_, end = right("E5")
    found = orders.judged("E5", [head, chain, end])
    assert [row.how for row in found.rows] == ["begins", "holds", "large"] and not found.is_done
    assert "hides the chain rule" in found.rows[-1].said and orders.BETWEEN in found.rows[-1].said


def test_a_line_is_left_out_where_the_step_stays_small():
    head, chain, names, _, end = right("E5")
    assert orders.judged("E5", [head, chain, names, end]).is_done


def test_what_begins_with_an_equals_sign_cannot_come_first_and_an_end_is_an_end():
    head, *rest = right("E4")
    assert orders.judged("E4", [rest[0], head]).said == orders.NO_BEGINNING
    assert not orders.judged("E4", [head, *rest, rest[0]]).is_done
    assert orders.judged("E4", [head, rest[0]]).said == orders.NOT_THERE
    assert orders.judged("E4", []) == ([], False, "")


def test_a_true_line_in_another_derivations_place_does_not_follow():
    weight, chain, _, _, bias_end = right("E7 and E8")
    row = orders.judged("E7 and E8", [weight, chain, bias_end]).rows[-1]
    assert (row.how, row.said) == ("fails", orders.ELSEWHERE)


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="choose one of gradient, E11"):
        bgd.order("E6")


# Gaps


def gaps_of(name):
    """What belongs in the gaps of a derivation's sibling."""
    return [part.partition("⟩")[0] for line in orders.PUZZLES[name].sibling for part in line.split("⟨")[1:]]


SAME = {  # fillings that may change places: factors of one product
    "E4": {(0, 1, 2), (0, 2, 1)},
    "E5": set(permutations(range(3))),
}


@pytest.mark.parametrize("name", orders.PUZZLES)
def test_gaps_take_what_belongs_there_and_nothing_in_another_order(name):
    texts = gaps_of(name)
    assert len(texts) == ordering.gaps(name) >= 2
    assert orders.judged_gaps(name, texts).is_done
    every = permutations(range(len(texts)))
    assert {order for order in every if holds(name, [texts[at] for at in order])} == SAME.get(
        name, {tuple(range(len(texts)))}
    )


def holds(name, texts):
    """Whether each step holds: what the verdict on gaps says, before it looks for what is wrong."""
    with suppress(Misfit):
        return {step.outcome for step in steps_of(orders.ENDED.join(orders.filled(name, texts)))} == {"holds"}


@pytest.mark.parametrize("name", orders.PUZZLES)
def test_what_belongs_in_a_gap_stands_nowhere_in_view(name):
    """Not in the section's cells above, the lines to order, nor the other parts of the sibling."""
    (cells,) = [
        book.cells for book in NOTEBOOKS.values() if any(c.source == f'bgd.order("{name}")' for c in book.cells)
    ]
    at = next(i for i, cell in enumerate(cells) if cell.source == f'bgd.order("{name}")')
    begins = max(i for i, cell in enumerate(cells[:at]) if cell.source.startswith("## "))
    view = [cell.source for cell in cells[begins:at]] + [block.line for block in orders.blocks(name)]
    view = [*view, *orders.filled(name, ["□"] * ordering.gaps(name))]
    assert [text for text in gaps_of(name) if any(bare(text) in bare(part) for part in view)] == []


def bare(text):
    """A text without what a change of writing alone would change."""
    for same in (" ", "{", "}", r"\,", r"\left", r"\right", r"\big", "&"):
        text = text.replace(same, "")
    return text.replace("dfrac", "frac")


NAMED = [  # the gap, what is written, and the slip that is named, or what is said
    ("gradient", 0, r"y_n - \hat y_n", "sign"),
    ("gradient", 1, "x_n", "the left side is a number, yours 3 x 1"),
    ("gradient", 1, "x_{nj}", "j is free on the right side only"),
    ("E11", 0, r"w^\top X X^\top w", "(1 x 3) times (5 x 3) is no matrix product"),
    ("E11", 1, r"2 X^\top X w", "factor 2 again"),
    ("E14", 0, "1", "line 2 does not hold"),
    ("E14", 1, r"(I - \eta H)^t", "not squared"),
    ("E4", 0, r"y_{nm} - \hat y_{nm}", "sign"),
    ("E4", 1, "f_L'(z_{nm}^{(L)})", "f'(z) for f'(a)"),
    ("E4", 2, "z_{nl}^{(L)}", "z of the wrong layer"),
    ("E5", 0, "1", "line 3 does not hold"),
    ("E5", 1, "w_{ji}^{(L)}", "layer 2 has only 3"),
    ("E5", 2, "f_L'(a_{ni}^{(L-1)})", "f' of the wrong layer"),
    ("E7 and E8", 0, "x_{nj}", "z_j for z_i"),
    ("E7 and E8", 1, "-2", "missing 1/N"),
    ("matrix forms", 0, r"\Delta^{(2)\top} W^{(2)}", "(3 x 5) times (4 x 3) is no matrix product"),
    ("matrix forms", 1, "A^{(1)}", "cannot be multiplied entry by entry"),
    ("matrix forms", 2, r"Z^{(1)\top} \Delta^{(2)}", "dW transposed"),
    ("matrix gradient", 0, "z_{ni}^{(1)}", "z of the wrong layer"),
    ("matrix gradient", 1, r"X^\top \Delta^{(1)}", "line 3 does not hold"),
    ("variance", 0, r"\frac{\eta}{B}", "line 2 does not hold"),
    ("variance", 1, r"\frac{\eta}{B}", "line 3 does not hold"),
    ("E4", 0, "a_{", "it cannot be read: this ) closes nothing"),
]


@pytest.mark.parametrize(
    ("name", "gap", "text", "told"),
    [row if at % 9 == 0 else pytest.param(*row, marks=pytest.mark.slow) for at, row in enumerate(NAMED)],
)
def test_what_is_wrong_in_a_gap_is_told_and_not_mended(name, gap, text, told):
    texts = gaps_of(name)
    belongs, texts[gap] = texts[gap], text
    found = orders.judged_gaps(name, texts)
    told = slips.BY_NAME[told].reason(name) if told in slips.BY_NAME else told
    assert not found.is_done and told in found.said and belongs not in found.said


@pytest.mark.parametrize(
    ("name", "gap", "text"),
    [
        ("E4", 0, "ŷ_nm - y_nm"),
        ("E4", 1, "f_L'(a_nm^(L))"),
        ("E4", 2, "z_nl^(L-1)"),
        ("E7 and E8", 0, "z_{ni}^{(0)}"),
        ("E7 and E8", 1, "-2/N"),
        ("E14", 1, r"(I - \eta H)^t (I - \eta H)^t"),
        ("matrix forms", 0, "W^(2) Δ^(2)T"),
        ("variance", 0, "η^2/B^2"),
    ],
)
def test_any_right_way_fills_a_gap(name, gap, text):
    texts = gaps_of(name)
    texts[gap] = text
    found = orders.judged_gaps(name, texts)
    twice = r"\^(\{[^{}]*\}|\w)\s*\^"  # a superscript on a superscript, which is not shown
    assert found.is_done and not any(re.search(twice, row.line) for row in found.rows)


# In a notebook


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing is placed, and there is no notebook."""
    monkeypatch.setattr(ordering, "works", {})
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as a kernel would publish it."""
    shell = InteractiveShell.instance()
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield publisher.outputs
    InteractiveShell.clear_instance()


def board(name, changes=None):
    return ordering.Board(name, lambda: (changes if changes is not None else []).append(1))


def place(made, *lines):
    letters = {block.line: letter for letter, block in made.blocks.items()}
    for line in lines:
        made.buttons[letters[line]].click()


def test_a_button_places_its_line_and_takes_it_out():
    made = board("E4", changes := [])
    head, *rest = right("E4")
    place(made, head, rest[0])
    letter = next(letter for letter, block in made.blocks.items() if block.line == head)
    assert made.buttons[letter].description == f"{letter} is line 1" and made.work.placed == [head, rest[0]]
    place(made, head)
    assert made.buttons[letter].description == f"Place {letter}" and made.work.placed == [rest[0]]
    assert "is out again" in made.said.value and len(changes) == 3


def test_a_wrong_line_is_named_when_it_is_placed():
    made = board("E4", [])
    place(made, right("E4")[0], orders.PUZZLES["E4"].slips["sign"])
    assert "✗ Line 2 does not hold: the sign is turned round." in made.said.value and 'role="alert"' in made.said.value
    assert made.gaps.children == ()


def test_lines_in_order_have_gaps_and_these_end_in_writing():
    made = board("E4", [])
    place(made, *right("E4"))
    assert orders.THERE in made.said.value and len(made.fields) == len(gaps_of("E4"))
    made.fill(["", *gaps_of("E4")[1:]])
    assert ordering.EMPTY in made.said.value
    for field, text in zip(made.fields, [r"y_{nm} - \hat y_{nm}", *gaps_of("E4")[1:]]):
        field.value = text
    made.gaps.children[-1].click()
    assert "line 3 does not hold" in made.said.value and "the sign is turned round" in made.said.value
    made.fill(gaps_of("E4"))
    assert ordering.WRITE in made.said.value and made.work.gaps == gaps_of("E4")


def test_what_is_placed_stands_in_the_output_and_comes_back(shown, tmp_path, monkeypatch):
    made = []
    make = ordering.Board
    monkeypatch.setattr(ordering, "Board", lambda *arguments: made.append(make(*arguments)) or made[-1])
    bgd.order("E4")
    asked, done = (one["data"] for one in shown)
    assert prediction_form.WIDGET_VIEW in asked and asked["text/plain"] == orders.in_words("E4")
    assert done["text/plain"] == "No line is placed yet." and orders.MIME not in done
    place(made[0], *right("E4"))
    kept = shown[-1]["data"]
    assert shown[-1]["update"] and kept[orders.MIME] == {"id": "E4", "placed": right("E4"), "gaps": []}
    assert kept["text/plain"].splitlines()[-1] == orders.THERE and "✓" in kept["text/html"]
    made[0].fill(gaps_of("E4"))
    kept = shown[-1]["data"]
    assert kept["text/plain"].count(orders.THERE) == 2 and 'aria-label="its sibling"' in kept["text/html"]
    nbformat.write(notebook_with(kept[orders.MIME]), tmp_path / "a.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "a.ipynb"))
    ordering.works.clear()
    bgd.order("E4")
    assert shown[-1]["data"] == kept and made[-1].fields


def notebook_with(kept):
    output = new_output("display_data", data={orders.MIME: kept, "text/plain": "kept"})
    return new_notebook(cells=[new_code_cell('bgd.order("E4")', id="order-e4", outputs=[output])])


@pytest.mark.parametrize(
    "kept",
    [3, None, [], {"id": []}, {"id": "x", "placed": []}],
)
def test_what_is_no_work_of_ours_is_passed_over(kept):
    assert orders.work_in([{"outputs": [{"data": {orders.MIME: kept}}]}, 3, {"outputs": 4}]) == {}


def test_of_what_is_kept_the_lines_that_are_there_are_taken():
    line = right("E4")[0]
    kept = {"id": "E4", "placed": ["<script>", line, line, 3], "gaps": "x"}
    assert orders.work_in([{"outputs": [{"data": {orders.MIME: kept}}]}]) == {"E4": orders.Work([line], [])}
    assert "<script>" not in ordering._page(orders.judged("E4", [right("E4")[0], "= <script>"]), "")
    assert "<script>" not in ordering._page(orders.judged_gaps("E4", ["<script>"] * 3), "")


def test_an_update_of_the_course_keeps_what_is_placed():
    learners = notebook_with({"id": "E4", "placed": right("E4"), "gaps": []})
    base = new_notebook(cells=[new_code_cell('bgd.order("E4")', id="order-e4")])
    new = new_notebook(cells=[new_code_cell('bgd.order("E4")  # new', id="order-e4")])
    merged = edition.merge(base, new, learners).notebook
    assert merged.cells[0].source.endswith("# new") and orders.work_in(merged.cells)["E4"].placed == right("E4")


def test_without_a_notebook_it_is_plain_text(capsys):
    bgd.order("E4")
    text = capsys.readouterr().out
    assert text == orders.in_words("E4") + "\n" and "\\" not in text and "$" not in text


@pytest.mark.parametrize("name", orders.PUZZLES)
def test_no_latex_is_left_in_the_words_of_a_line(name):
    texts = [orders.words(block.line) for block in orders.blocks(name)]
    assert len(set(texts)) == len(texts) and not any(set(text) & set("\\${}⟨⟩") for text in texts)


def test_each_is_called_before_its_derivation_is_written():
    assert set(orders.PUZZLES) == set(DERIVATIONS)
    for name in orders.PUZZLES:
        cells = [cell for notebook in NOTEBOOKS.values() for cell in notebook.cells]
        (at,) = [i for i, cell in enumerate(cells) if cell.source == f'bgd.order("{name}")']
        checked = next(i for i, cell in enumerate(cells) if f'check_derivation("{name}"' in cell.source)
        assert at < checked <= at + 6


# In a browser


@pytest.mark.slow
def test_by_keyboard_alone_in_jupyterlab(tmp_path):
    if remedy := in_browser.missing():
        pytest.skip(f"lines put in order in a browser. {remedy}")
    path = tmp_path / "root" / "a.ipynb"
    path.parent.mkdir()
    in_browser.write_notebook(path, ["import bgd_helpers as bgd", 'bgd.order("E5")'])
    with in_browser.server(tmp_path) as serving, in_browser.chromium() as chromium:
        notebook = in_browser.Notebook(chromium, serving, path.name)
        try:
            notebook.run_all()
            put_in_order_by_keyboard(notebook.page)
            saved_by_keyboard(notebook.page, path, {"E5": orders.Work(right("E5"), gaps_of("E5"))})
            assert notebook.errors == []
        finally:
            notebook.close()


def put_in_order_by_keyboard(page):
    """Place a wrong line, take it out, place all right ones, fill the gaps, save: by Tab, Enter and letters alone."""
    cell = page.locator(".jp-Cell").nth(1)
    letters = {block.line: letter for letter, block in orders.lettered("E5").items()}
    head, *rest = right("E5")
    wrong = letters[orders.PUZZLES["E5"].slips["no f' in hidden layers"]]
    page.get_by_role("button", name="Place A").focus()
    press(page, f"Place {letters[head]}")
    press(page, f"Place {wrong}")
    alert = cell.get_by_role("alert")
    alert.get_by_text("Line 2 does not hold: the factor f_k'(a) is missing").wait_for()
    press(page, f"{wrong} is line 2")
    for line in rest:
        press(page, f"Place {letters[line]}")
        page.get_by_role("button", name=f"{letters[line]} is line").wait_for()
    alert.get_by_text("the derivation arrives").wait_for()
    cell.get_by_role("textbox", name="gap 1").wait_for()
    tree = cell.aria_snapshot()
    found = [part in tree for part in ('table "your derivation"', orders.words(rest[-1]))]
    assert all(found), tree
    for number, text in enumerate(gaps_of("E5"), 1):
        box = page.get_by_role("textbox", name=f"gap {number}")
        tab_to(page, box)
        page.keyboard.type(text)
        box.and_(page.locator(":focus")).wait_for()
    page.keyboard.press("Tab")
    tab_to(page, page.get_by_role("button", name="Check the gaps"))
    page.keyboard.press("Enter")
    alert.get_by_text("now write it yourself").wait_for()


def press(page, name):
    """Go by Tab to the button of that name and press Enter, until it is another: Place A, or A is line 2."""
    button = page.get_by_role("button", name=name, exact=True)
    tab_to(page, button)
    page.keyboard.press("Enter")
    button.wait_for(state="detached")


def saved_by_keyboard(page, path, expected):
    """Press Ctrl+S until the file at `path` holds what is expected: the page hears of it when the kernel has time."""
    for _ in in_browser.until(in_browser.PATIENCE, "what was placed is not saved"):
        page.keyboard.press("Control+s")
        if orders.work_in(nbformat.read(path, as_version=4).cells) == expected:
            return
        page.wait_for_timeout(500)


def tab_to(page, element):
    """Press Tab, or Shift+Tab where it stands before, until an element has the focus."""
    before = "element => element.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING"
    key = "Shift+Tab" if element.evaluate(before) else "Tab"
    for _ in range(20):
        if element.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"no {key} leads there")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_cut_off(tmp_path, width):
    if remedy := in_browser.missing():
        pytest.skip(f"lines put in order in a browser. {remedy}")
    (tmp_path / "root").mkdir()
    calls = [f'bgd.order("{name}")' for name in orders.PUZZLES]
    in_browser.write_notebook(tmp_path / "root" / "a.ipynb", ["import bgd_helpers as bgd", *calls])
    with in_browser.server(tmp_path, "notebook") as serving, in_browser.chromium() as chromium:
        notebook = in_browser.Notebook(chromium, serving, "a.ipynb", "notebook")
        try:
            notebook.page.set_viewport_size({"width": width, "height": 1000})
            notebook.run_all()
            letters = {block.line: letter for letter, block in orders.lettered("E5").items()}
            cell = notebook.page.locator(".jp-Cell").nth(1 + [*orders.PUZZLES].index("E5"))
            for line in right("E5"):
                cell.get_by_role("button", name=f"Place {letters[line]}", exact=True).click()
                cell.get_by_role("button", name=f"{letters[line]} is line").wait_for()
            time.sleep(1)
            assert in_browser.inaccessible(notebook.page, ".jp-OutputArea") == []
            outputs = notebook.page.locator(".jp-OutputArea-output")
            assert outputs.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length") == 0
        finally:
            notebook.close()
