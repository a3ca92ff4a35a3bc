"""Every row of the evidence holds in the quick setting, a wrong number fails, and the page tells all of it."""

import re
from fractions import Fraction

import numpy as np
import pytest

from bgd_helpers import cli, experiments, theory
from bgd_helpers.evidence import (
    FULL,
    QUICK,
    ROWS,
    Number,
    Outcome,
    Result,
    Row,
    collect,
    exact,
    fair,
    noise,
    quadratic,
    races,
    report,
    table,
)
from bgd_helpers.evidence import networks as nets
from bgd_helpers.evidence.row import between, exactly, near, shown


@pytest.fixture(scope="module")
def results():
    return collect(QUICK)


pytestmark = pytest.mark.slow


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_reproduced(row, results):
    outcome = results[row.name].outcome
    assert outcome.numbers and [number for number in outcome.numbers if not number.holds] == []
    assert results[row.name].setting.name == "quick" and outcome.sentence and outcome.seeds


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_says_everything(row):
    assert all(row[:5]) and row.difference
    assert all(text.endswith(".") for text in (row.claim, row.states, row.difference))


def test_every_wrong_number_makes_its_row_fail(results):
    """Each number by itself, put outside its interval."""
    for result in results.values():
        numbers = result.outcome.numbers
        for place, number in enumerate(numbers):
            wrong = number._replace(value=outside(number))
            assert not result.outcome._replace(numbers=(*numbers[:place], wrong, *numbers[place + 1 :])).holds


def outside(number):
    """A value beyond the end of the interval that is finite."""
    return number.high + 1 if np.isfinite(float(number.high)) else number.low - 1


def test_an_interval():
    assert near("a", 1.05, 1, 0.1, "").holds and not near("a", 1.2, 1, 0.1, "").holds
    assert exactly("a", Fraction(1, 3), Fraction(1, 3)).holds and not exactly("a", 1 / 3, Fraction(1, 3)).holds
    assert not between("a", np.nan, -np.inf, np.inf, "").holds


def test_shown():
    assert [shown(value) for value in (Fraction(2, 3), 1234, -4, np.inf, -np.inf, -0.5)] == [
        "2/3", "1,234", "−4", "∞", "−∞", "−0.5000",
    ]  # fmt: skip


def test_settings_differ():
    assert QUICK.choose(1, 2) == 1 and FULL.choose(1, 2) == 2


@pytest.mark.parametrize("name", ["running-mean", "mean-path", "limit"])
def test_the_full_setting_of_what_takes_no_time(name):
    (row,) = (row for row in ROWS if row.name == name)
    assert collect(FULL, [row])[name].outcome.holds


def test_progress_ends_at_one():
    shares = []
    collect(QUICK, [row for row in ROWS if row.name in ("floor", "limit")], shares.append)
    assert shares == sorted(shares) and shares[-1] == 1


def test_two_runs_of_a_row_are_the_same():
    first, second = (noise.noise_floor(QUICK) for _ in range(2))
    assert first.sentence == second.sentence and first.numbers == second.numbers


def test_the_measured_limit_is_that_of_the_hessian():
    X = np.random.default_rng(1).normal(size=(9, 3))
    assert np.isclose(quadratic.measured_limit(X), theory.learning_rate_limit(theory.hessian(X)), rtol=1e-6)
    eta = np.array([0.05, 0.3])
    np.testing.assert_allclose(quadratic.worst_factor(X, eta), [theory.rate(theory.hessian(X), e) for e in eta])


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
    return races.linear_problem("small", X := rng.normal(size=(12, 2)), X @ np.array([[1.0], [2.0]]))


def test_fair_comparison_takes_the_best_rate_of_each_batch_size():
    problem, rates = small_problem(), np.array([0.01, 0.1, 0.2])
    found = fair.compare(problem, 0.1, {1: 60, 12: 200}, rates, seeds=5)
    assert [t.batch_size for t in found] == [1, 12]
    for t in found:
        all_updates = experiments.updates_to_stay_below(t.runs, 0.1)
        assert t.updates == all_updates.min() and t.eta == rates[all_updates.argmin()]
        assert t.epochs == t.examples / 12 and t.band.min() <= t.updates <= t.band.max()
        assert t.at_edge == (t.index in (0, 2))
    assert found[1].examples == 12 * found[1].updates and found[1].band.min() == found[1].band.max()


def test_fair_comparison_has_no_winner_that_did_not_arrive():
    with pytest.raises(ValueError, match="B = 12 does not come to stay below 0.1 in 2 epochs: give it more"):
        fair.compare(small_problem(), 0.1, {12: 2}, np.array([0.01]))


def test_seconds_are_positive():
    problem = small_problem()
    (found,) = fair.compare(problem, 0.1, {12: 200}, np.array([0.1, 0.2]))
    assert fair.seconds(problem, found, repeats=1) > 0


def test_xor_from_zero_would_not_move_but_random_starts_do():
    ends = nets.xor_ends(3, 2000)
    assert ends.shape == (3,) and (ends < 0.25).all()


def test_the_table_tells_what_failed(results):
    wrong = results | {"floor": broken(results["floor"])}
    text = repr(table(wrong))
    assert text.startswith("12 of 13 rows reproduced, quick setting") and "\n✗ The noise floor (this course" in text
    assert len(text.splitlines()) == len(ROWS) + 1
    assert table(wrong)._repr_html_().count("✗") == 1


def broken(result):
    """The same result with a number that does not hold."""
    number = Number("wrong", 2.0, 0.0, 1.0, "it is")
    return result._replace(outcome=result.outcome._replace(numbers=(number,)))


@pytest.fixture(scope="module")
def page(results):
    return report.page(results, clock=lambda problem, tuned: 0.5)


def test_the_page_has_every_row(page, results):
    for row in ROWS:
        section = page.split(f'<section id="{row.name}">')[1].split("</section>")[0]
        told = (row.claim, row.source, row.states, row.difference, results[row.name].outcome.sentence)
        assert all(table_text(text) in section for text in told)
        assert section.count("<tr>") == len(results[row.name].outcome.numbers) + 1
        assert section.count("<img") == bool(row.picture)
    assert "13 of 13 rows are reproduced" in page and "Setting: quick" in page


def table_text(text):
    return report.as_html(text)


def test_the_page_needs_nothing_else(page):
    assert set(re.findall(r'(?:src|href)="([^:",]*)', page)) <= {"data", *(f"#{row.name}" for row in ROWS)}
    assert all(re.search(r'alt="[^"]{20,}"', image) for image in re.findall(r"<img[^>]*>", page))
    assert "default-src 'none'" in page and "<script" not in page
    assert all(f"{name} {version}" in page for name, version in report.versions().items())


def test_what_failed_is_told(results):
    page = report.page({"floor": broken(results["floor"])})
    assert "0 of 1 rows are reproduced" in page and "✗ NOT reproduced" in page and "0.0000 … 1.0000" in page


def test_every_text_is_escaped():
    evil = "<script>alert('λ')</script>"
    row = Row("evil", evil, evil, evil, evil, None, evil)
    outcome = Outcome((Number(evil, 1.0, 0.0, 2.0, evil),), evil, evil)
    page = report.page({"evil": Result(row, QUICK, outcome)})
    assert "<script" not in page and page.count("&lt;script&gt;") == 11
    assert "<script" not in table({"evil": Result(row, QUICK, outcome)})._repr_html_()


def test_the_command_writes_the_page(monkeypatch, tmp_path, results, capsys):
    chosen = {name: results[name] for name in ("limit", "mean-path")}
    monkeypatch.setattr(cli, "watched", lambda setting: chosen)
    assert cli.main(["evidence", "--quick", "--output", str(tmp_path / "new")]) == 0
    assert "2 of 2 rows reproduced" in capsys.readouterr().out
    assert (tmp_path / "new" / "index.html").read_text(encoding="utf-8").count("<section") == 2
    monkeypatch.setattr(cli, "watched", lambda setting: {"limit": broken(chosen["limit"])})
    assert cli.main(["evidence", "--output", str(tmp_path / "new")]) == 1
    assert "not reproduced: The limit, and the best rate" in capsys.readouterr().err


def test_the_command_says_what_to_do_with_a_file(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert cli.main(["evidence", "--output", str(tmp_path / "taken")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "is a file: name a folder with --output" in error


def test_the_bar_runs_the_rows(monkeypatch):
    from bgd_helpers import evidence

    chosen = [row for row in ROWS if row.name in ("limit", "mean-path")]
    monkeypatch.setattr(evidence, "ROWS", chosen)
    assert list(cli.watched(QUICK)) == ["limit", "mean-path"]
