"""The verdicts beside the lines of a %%derive cell while it is typed: what the kernel answers to the page."""

import sys
from types import SimpleNamespace

import IPython
import pytest

import bgd_helpers
from bgd_helpers.checks.derive import derive
from bgd_helpers.pictures.live import Live, answer

HEAD = "%%derive E5\nBy the chain rule:\nδ_ni^(k) = ∑_j (∂E_n/∂a_nj^(k+1)) (∂a_nj^(k+1)/∂a_ni^(k))\n"
LOST = "= ∑_j δ_nj^(k+1) w_ij^(k+1)"
FULL = LOST + " f_k'(a_ni^(k))"


def signs(told):
    """The sign of each row."""
    return [row.split("<td>")[-2 if "…" in row else -1][0].strip("<") for row in told["rows"]]


@pytest.mark.parametrize("typed", ["=", LOST[:20], LOST, "= f_k'(a_ni", r"= \frac{"])
def test_a_line_that_is_being_typed_is_not_blamed(typed):
    told = answer(HEAD + typed, 4, False)
    assert signs(told) == ["", "✓", "…"] and told["verdict"] is None
    assert told["said"] == ["Line 2 holds."]


def test_a_line_that_holds_has_its_tick_at_once():
    assert signs(answer(HEAD + FULL, 4, False)) == ["", "✓", "✓"]


@pytest.mark.parametrize("line, rests", [(5, False), (4, True), (0, True)])
def test_a_wrong_line_is_named_once_the_caret_has_left_it_or_rests(line, rests):
    told = answer(HEAD + LOST + "\n", line, rests)
    assert signs(told) == ["", "✓", "✗"]
    assert told["said"][-1].startswith("Line 3 does not hold")
    assert not rests or "f_k&#x27;" in told["verdict"]


def test_a_line_that_cannot_be_read_takes_no_other_verdict_away():
    told = answer(HEAD + "= f_k'(a_ni", 4, True)
    assert signs(told) == ["", "✓", ""] and "never closed" in told["verdict"]


def test_there_is_no_verdict_before_the_end_is_reached():
    assert answer(HEAD, 3, True)["verdict"] == answer("%%derive E5", 1, True)["verdict"] == ""
    told = answer(HEAD + FULL, 4, True)
    assert "✓ right" in told["verdict"] and told["said"][-1].startswith("Every step holds")


@pytest.mark.parametrize("above", ["", "\n", "\n\n"])
def test_blank_lines_count(above):
    source = HEAD.replace("E5\n", "E5\n" + above) + LOST
    assert signs(answer(source, 4 + len(above), False)) == ["", "✓", "…"]


def test_the_rows_are_those_of_the_cell_that_is_run():
    html = derive("E5", (HEAD + LOST).partition("\n")[2])._repr_html_()
    told = answer(HEAD + LOST, 0, True)
    assert html == f'<table aria-label="derivation"><tr>{"</tr><tr>".join(told["rows"])}</tr></table>{told["verdict"]}'


@pytest.mark.parametrize("source", ["x = 1", "%%derive E9\nx", "%%derive\n", ""])
def test_nothing_is_said_of_another_cell(source, monkeypatch):
    widget, sent = Live(), []
    monkeypatch.setattr(widget, "send", sent.append)
    widget._handle_custom_msg({"source": source, "line": 1, "rests": True}, [])
    assert sent == [{}]


@pytest.mark.parametrize("metadata", [None, {}, {"cellId": "a"}])
def test_it_is_there_with_widgets_where_the_page_can_show_it(metadata, monkeypatch):
    request = {} if metadata is None else {"metadata": metadata}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: request))
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    assert bgd_helpers._live() is None
    request["metadata"] = {"deletedCells": []}
    assert bgd_helpers._live() is bgd_helpers._live() is not None
    monkeypatch.delitem(sys.modules, "anywidget")
    assert bgd_helpers._live() is None
    monkeypatch.undo()
    assert bgd_helpers._live() is None  # no kernel
