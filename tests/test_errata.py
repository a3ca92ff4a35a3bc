"""The errata in print: each printed equation fails, for the reason that the table gives; each mended one holds."""

import re
from html import unescape
from pathlib import Path

import nbformat
import pytest
from tiers import first_with

import bgd_helpers as bgd
from bgd_helpers.equations import check_equation
from bgd_helpers.lessons.errata import errata
from bgd_helpers.pictures import errata_table as bench

THREAD = re.compile(r"https?://[\w.-]+/[\w./-]+")
UNNAMED = {  # explained by a sentence, without a name
    "gradient-for-cost",
    "matrix-product-for-entrywise",
    "parentheses-lost",
    "product-turned",
    "transpose-lost-in-the-normal-equation",
}


@pytest.mark.parametrize("name", first_with(lambda name: {errata()[name].slip}, errata()))
def test_the_printed_fails_for_its_reason_and_is_mended(name):
    one = errata()[name]
    found = check_equation(one.printed)
    assert found.verdict == "fails" and one.because in found.message
    assert (found.slip or "") == one.slip and bool(one.slip) == (name not in UNNAMED)
    assert check_equation(found.repair).verdict == "holds"


@pytest.mark.parametrize("name", errata())
def test_the_mended_holds_and_is_another_equation(name):
    one = errata()[name]
    assert check_equation(one.mended).verdict == "holds" and one.mended != one.printed


@pytest.mark.parametrize("name", errata())
def test_a_row_says_where_it_was_reported(name):
    one = errata()[name]
    assert THREAD.fullmatch(one.thread) and one.source and one.reported


def test_there_are_enough_of_them_and_none_twice():
    assert len(errata()) >= 25
    assert len({(one.source, one.reported) for one in errata().values()}) == len(errata())


def test_the_notebook_counts_them_rightly():
    notebooks = (Path(__file__).parent.parent / "notebooks").glob("*.ipynb")
    said = {cell.id: cell.source for path in notebooks for cell in nbformat.read(path, as_version=4).cells}
    slopes = [one for one in errata().values() if "f'" in one.slip or one.slip == "slope written out"]
    signs = [one for one in errata().values() if one.slip == "sign"]
    assert f"a table of {len(errata())} of them" in said["errata-text"]
    assert (len(slopes), len(signs)) == (11, 3) and f"Eleven of the {len(errata())}" in said["errata-seen"]


def test_the_bench_counts_what_it_finds(monkeypatch):
    shown = bgd.errata("uphill", "x-for-w")
    assert [row[3] for row in shown.rows] == ["fails", "fails"] and "passes through the weights" in shown.rows[1][4]
    assert shown.note.startswith("2 printed mistakes: 2 fail, 0 hold; mended, 2 hold")
    right = errata()["uphill"]._replace(printed=errata()["uphill"].mended, mended=errata()["uphill"].printed)
    monkeypatch.setattr(bench.lesson, "errata", lambda: {"uphill": right})
    assert bgd.errata().note.startswith("1 printed mistakes: 0 fail, 1 hold; mended, 0 hold")


def test_the_page_has_all_that_the_rows_have():
    shown = bgd.errata("uphill", "x-for-w")
    page = unescape(shown._repr_html_())
    assert page.count("<tr>") == 3 and page.count("<th") == 6 and page.count("<td") == 6
    assert all(cell in page for row in (*shown.rows, (shown.note,)) for cell in row)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="there is no erratum 'typo': choose from hidden-slope-lost"):
        bgd.errata("typo")
