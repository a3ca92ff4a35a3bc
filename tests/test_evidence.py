"""Every claim of the evidence holds in the quick setting, a wrong number is an error, and the page tells all of it."""

import re
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import bgd_helpers
from bgd_helpers import theory
from bgd_helpers.lessons import exact, experiments, limits, minima, races, sampling, tuning
from bgd_helpers.lessons.claims import NotReproduced, between, evidence, exactly, near, shown

ROOT = Path(__file__).parent.parent
PATH = ROOT / "evidence" / "evidence.ipynb"
SAVED = {cell.id: cell for cell in nbformat.read(PATH, as_version=4).cells}
CLAIMS = [name.removesuffix("-claim") for name in SAVED if name.endswith("-claim")]
TITLES = [SAVED[f"{name}-claim"].source.splitlines()[0].removeprefix("## ") for name in CLAIMS]
SAYS = r"## .+\n\n\*\*Claim\.\*\* .+\n\n\*\*Source\.\*\* .+ It states: .+\n\n\*\*Where ours differs\.\*\* .+"
QUICKEST = {
    "limit": limits.limit_and_rate,
    "gaussians": limits.two_gaussians,
    "local-limit": lambda full: minima.local_limit(),
    "variance": sampling.variance_law,
    "floor": sampling.noise_floor,
    "mean-path": sampling.mean_path,
    "running-mean": sampling.running_mean,
}


@pytest.mark.slow
def test_every_claim_is_reproduced_as_saved(monkeypatch):
    """The one run of all claims: an error ends it, and what it shows is what is saved."""
    monkeypatch.delenv("BGD_EVIDENCE", raising=False)
    notebook = nbformat.read(PATH, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    assert {cell.id: words(cell) for cell in notebook.cells} == {name: words(cell) for name, cell in SAVED.items()}


def words(cell):
    """What a cell shows in words, but for what differs from machine to machine."""
    if cell.cell_type != "code" or "nbval-ignore-output" in cell.metadata.get("tags", ()):
        return []
    return [output.get("text") or output.data["text/plain"] for output in cell.outputs]


def test_every_claim_says_everything_and_has_its_numbers():
    assert len(CLAIMS) == 13
    for name in CLAIMS:
        text, shows = SAVED[f"{name}-claim"].source, words(SAVED[name])[0]
        assert re.fullmatch(SAYS, text)
        assert "✗" not in shows and shows.count("| ✓ |") >= 3 and "Drawn at random: " in shows


def test_a_claim_that_does_not_hold_is_an_error_in_its_cell(monkeypatch):
    monkeypatch.setattr(theory, "learning_rate_limit", lambda H: 0.2)
    names = {"bgd": bgd_helpers, "full": False}
    with pytest.raises(NotReproduced, match=r"^largest η that converges; updates at 1/λ_max") as error:
        exec(SAVED["limit"].source, names)
    assert "| ✗ | largest η that converges | 0.17013 | 0.2 ± 5e-06 |" in str(error.value)
    assert "| ✓ | its factor per update |" in str(error.value)


@pytest.mark.parametrize("name", QUICKEST)
def test_each_number_outside_its_interval_is_an_error(name):
    found = QUICKEST[name](False)
    for place, number in enumerate(found.numbers):
        wrong = number._replace(value=outside(number))
        with pytest.raises(NotReproduced, match=re.escape(number.name)):
            evidence(*found.numbers[:place], wrong, *found.numbers[place + 1 :])


def outside(number):
    """A value beyond the end of the interval that is finite."""
    return number.high + 1 if np.isfinite(float(number.high)) else number.low - 1


def test_a_claim_without_numbers_is_refused():
    with pytest.raises(ValueError, match="no number is given"):
        evidence()


def test_an_interval():
    assert near("a", 1.05, 1, 0.1, "").holds and not near("a", 1.2, 1, 0.1, "").holds
    assert exactly("a", Fraction(1, 3), Fraction(1, 3)).holds and not exactly("a", 1 / 3, Fraction(1, 3)).holds
    assert not between("a", np.nan, -np.inf, np.inf, "").holds


def test_an_interval_in_words():
    numbers = (
        exactly("a", 1, 1), near("a", 0.5, 0.5, 0.012, ""), between("a", 0, 0, 1e-14, ""),
        between("a", 6, 5, np.inf, ""), between("a", -6, -np.inf, -5, ""),
    )  # fmt: skip
    assert [number.asserted for number in numbers] == ["= 1", "0.5 ± 0.012", "0 … 1e-14", "≥ 5", "≤ -5"]


def test_shown():
    values = (Fraction(2, 3), Fraction(374513, 480000), 1234, -4, 0.881234, 1e-14)
    assert [shown(value) for value in values] == ["2/3", "0.78024", "1,234", "-4", "0.88123", "1e-14"]
    assert "| ≈ 0 |" in repr(evidence(near("a", 1e-16, 0, 1e-12, "")))


@pytest.mark.parametrize("name", ["running-mean", "mean-path", "limit"])
def test_the_full_setting_of_what_takes_no_time(name):
    assert QUICKEST[name](True).numbers


def test_two_runs_of_a_claim_are_the_same():
    assert sampling.noise_floor().numbers == sampling.noise_floor().numbers


def test_notebook_4_tells_what_the_evidence_has():
    """Its table names every claim, and each of its figures is one of the evidence, rounded."""
    cells = nbformat.read(ROOT / "notebooks" / "04b-guarantees-and-verdicts.ipynb", as_version=4).cells
    (text,) = (cell.source for cell in cells if cell.id == "evidence-seen")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")][2:]
    assert [title for title, _, _ in rows] == TITLES
    for name, (_, _, told) in zip(CLAIMS, rows):
        assert [figure for figure in figures_in(told) if not is_told(figure, name)] == []


def figures_in(text):
    """The figures of a text: fractions and percentages are told in words beside it."""
    return re.findall(r"(?<![\d/])\d[\d,]*(?:\.\d+)?(?![\d/])(?! %)", text)


def is_told(figure, name):
    """Whether a claim's numbers or its picture's words hold this figure, perhaps with more digits."""
    digits = len(figure.partition(".")[2])
    shows = " ".join(words(SAVED[name]) + words(SAVED.get(f"{name}-picture", SAVED[name])))
    return figure.replace(",", "") in {f"{float(n.replace(',', '')):.{digits}f}" for n in figures_in(shows)}


def test_a_figure_that_the_evidence_does_not_have_is_noticed():
    assert is_told("0.17013", "limit") and is_told("0.881", "limit") and is_told("1,527", "best-rates")
    assert not is_told("0.17014", "limit") and not is_told("1,528", "best-rates")


def test_section_8_of_an_earlier_notebook_4_still_runs(monkeypatch):
    """Its five cells, word for word; the costly claims are stood in for by a quick one."""
    from bgd_helpers import evidence as former

    monkeypatch.setitem(former.CLAIMS, "size", sampling.mean_path)
    quick = {name: former.CLAIMS[name] for name in ("gaussians", "size")}
    monkeypatch.setattr(former, "CLAIMS", quick)
    names = {"evidence": former}
    exec("results = evidence.collect(evidence.QUICK)\nshown = evidence.table(results)", names)
    assert "larger λ, with ½" in repr(names["shown"]) and "reshuffled, all 24 orders" in repr(names["shown"])
    assert eval('evidence.picture(results["gaussians"])', names).text.startswith("For the first data set")
    assert eval('evidence.picture(results["size"])', names) is names["results"]["size"].found


@pytest.fixture(scope="module")
def page():
    exporter = HTMLExporter(template_file=str(PATH.parent / "page.html.j2"))
    return exporter.from_filename(str(PATH))[0]


def test_the_page_has_every_claim_and_picture(page):
    assert re.findall(r"<h2[^>]*>(.*?)<a", page)[:13] == TITLES
    pictures = re.findall(r"<img[^>]*>", page)
    assert len(pictures) == 5 and all(re.search(r'alt="[^"]{60,}"', picture) for picture in pictures)
    assert page.count(">✓</td>") == 91


def test_the_page_needs_nothing_else(page):
    assert "<script" not in page and "default-src 'none'" in page
    assert {address.split(":")[0] for address in re.findall(r'\ssrc="([^"]*)"', page)} == {"data"}
    assert set(re.findall(r'href="(?!#)([^"]*)"', page)) == set()


def test_the_measured_limit_is_that_of_the_hessian():
    X = np.random.default_rng(1).normal(size=(9, 3))
    assert np.isclose(limits.measured_limit(X), theory.learning_rate_limit(theory.hessian(X)), rtol=1e-6)
    eta = np.array([0.05, 0.3])
    np.testing.assert_allclose(limits.worst_factor(X, eta), [theory.rate(theory.hessian(X), e) for e in eta])


def test_the_expected_risk_is_the_mean_over_every_sequence():
    """Three examples, four updates: all 81 paths, against the recursion; a constant rate and a falling one."""
    X, y = theory.with_ones(np.array([[0.0], [1.0], [3.0]])), np.array([[1.0], [0.0], [2.0]])
    J_star = theory.linear_cost(theory.minimiser(X, y), X, y)
    for eta in (0.05, lambda t: 0.1 / (1 + t)):
        found = races.expected_excess(races.moments(X, y), eta, 4, 2)[-1]
        costs = []
        for order in exact.independent_orders(3, 4):
            w = np.zeros((2, 1))
            for t, n in enumerate(order):
                w = w - (eta(t) if callable(eta) else eta) * theory.linear_gradient(w, X[[n]], y[[n]])
            costs.append(theory.linear_cost(w, X, y) - J_star)
        assert np.isclose(found, np.mean(costs), rtol=1e-12)


def test_crossing_is_where_it_stays_below():
    assert races.crossing(np.array([9, 1, 5, 1, 1]), np.array([2, 2, 2, 2, 2])) == 3


def test_exact_bgd_is_that_of_floats():
    w = exact.bgd(exact.linear_gradient, exact.START, exact.X, exact.Y, Fraction(1, 10), 1)
    assert w.ravel().tolist() == [Fraction(13, 20), Fraction(7, 4)]
    X, y = exact.X.astype(float), exact.Y.astype(float)
    w = exact.bgd(exact.linear_gradient, exact.START, exact.X, exact.Y, Fraction(1, 10), 5)
    np.testing.assert_allclose(w.astype(float), theory.linear_path(np.zeros((2, 1)), X, y, 0.1, 5)[-1])


def small_problem():
    rng = np.random.default_rng(0)
    return experiments.linear_problem("small", X := rng.normal(size=(12, 2)), X @ np.array([[1.0], [2.0]]))


def test_fair_comparison_takes_the_best_rate_of_each_batch_size():
    problem, rates = small_problem(), np.array([0.01, 0.1, 0.2])
    found = tuning.compare(problem, 0.1, {1: 60, 12: 200}, rates, seeds=5)
    assert [t.batch_size for t in found] == [1, 12]
    for t in found:
        all_updates = experiments.updates_to_stay_below(t.runs, 0.1)
        assert t.updates == all_updates.min() and t.eta == rates[all_updates.argmin()]
        assert t.epochs == t.examples / 12 and t.band.min() <= t.updates <= t.band.max()
        assert t.at_edge == (t.index in (0, 2))
    assert found[1].examples == 12 * found[1].updates and found[1].band.min() == found[1].band.max()


def test_fair_comparison_has_no_winner_that_did_not_arrive():
    with pytest.raises(ValueError, match="B = 12 does not come to stay below 0.1 in 2 epochs: give it more"):
        tuning.compare(small_problem(), 0.1, {12: 2}, np.array([0.01]))


def test_seconds_are_positive():
    problem = small_problem()
    (found,) = tuning.compare(problem, 0.1, {12: 200}, np.array([0.1, 0.2]))
    assert tuning.seconds(problem, found, repeats=1) > 0


def test_xor_from_zero_would_not_move_but_random_starts_do():
    ends = minima.xor_ends(3, 2000)
    assert ends.shape == (3,) and (ends < 0.25).all()
