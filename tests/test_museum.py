"""The museum of wrong gradients: which check notices which slip, as notebook 3d says, and the tables that show it."""

from html.parser import HTMLParser

import numpy as np
import pytest

from bgd_helpers import gradcheck, network, slips
from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.lessons import trials
from bgd_helpers.lessons.trials import NO_SLIP
from bgd_helpers.parameters import flatten
from bgd_helpers.pictures import museum
from bgd_helpers.pictures.museum import NOTICES, SILENT, exhibit

NAMES = [slip.name for slip in slips.of_backprop()]
GOOD = ("2-4-5-3", "3-3-3-3", "2-4-1")
NO_FORMULA = {"dW and db apart", "kept axis"}  # the numbers are right, the arrangement is not
NOT_IN_THE_LANGUAGE = {  # of check_equation
    "the handout's hidden formula",
    "f' of the wrong layer",
    "last unit only",
    "last example only",
    "stale gradients",
    "layers reversed",
}
UNNAMED = {"already-updated weights", "(N,) against (N, 1)", "output layer only", "mean over everything"}
UNNAMED |= {"product of means", "wrong axis"}
ESCAPE = {  # check -> the slips that it does not notice
    "N = 1": {"f' of the wrong layer", "stale gradients", "product of means", "missing 1/N", "1/N twice"}
    | {"bias not averaged", "first example only", "last example only"},
    "θ = 0": {"f' of the wrong layer", "stale gradients", "f'(z) for f'(a)", "last unit only", "tanh everywhere"}
    | {"product of means", "factor 2 again", "no f' at the output", "no f' in hidden layers", "output layer only"}
    | {"bias left out of forward"},
    "ReLU": {"f' of the wrong layer", "stale gradients", "f'(z) for f'(a)"},
    "2-4-5-3": {"f' of the wrong layer", "stale gradients"},
    "3-3-3-3": {"f' of the wrong layer", "stale gradients", "tanh everywhere"},
    "2-4-1": {"stale gradients", "last unit only", "mean over outputs", "first output only"},
}


def noticed_by(name):
    """The titles of the checks that notice a slip."""
    return {title for title, notices in exhibit(name).notices.items() if notices}


def end(name):
    """J after training with a slip."""
    return exhibit(name).costs[-1]


def trained():
    """The slips that training can be tried with: no error, no wrong shape."""
    return [name for name in NAMES if np.isfinite(end(name))]


def test_the_right_gradient_is_noticed_by_no_check():
    assert noticed_by(NO_SLIP) == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_slip_is_noticed_by_one_check_or_more(name):
    assert noticed_by(name)


@pytest.mark.parametrize("title", ESCAPE)
def test_which_slips_escape_a_check(title):
    assert {name for name in NAMES if title not in noticed_by(name)} == ESCAPE[title]


def test_three_checks_together_miss_nothing():
    assert all(noticed_by(name) & {"2-4-5-3", "2-4-1", "same twice"} for name in NAMES)


def test_the_counts_of_the_text():
    counts = {title: sum(title in noticed_by(name) for name in NAMES) for title in exhibit(NO_SLIP).notices}
    assert len(NAMES) == 37
    assert (counts["shapes"], counts["J falls"], max(counts.values())) == (12, 15, 35)
    assert min(counts, key=counts.get) == "shapes"


def test_last_example_only():
    assert noticed_by("last example only") == {"θ = 0", "ReLU", *GOOD}


def test_all_costs_fall_but_those_that_rise():
    assert {name for name in trained() if not end(name) < exhibit(name).costs[0]} == {
        "sign",
        "squared twice",
        "f for f'",
    }
    assert len(NAMES) - len(trained()) == 12


def test_four_wrong_gradients_end_below_the_right_one():
    below = {name for name in trained() if end(name) < end(NO_SLIP) - 5e-4}
    assert below == {"divided by the width", "missing 1/N", "factor 2 again", "no f' at the output"}
    net = museum.training_net()
    steps = {name: np.linalg.norm(flatten(trials.gradient_of(name)(*net))) for name in (NO_SLIP, *below)}
    assert min(steps, key=steps.get) == NO_SLIP
    assert f"{end('already-updated weights'):.3f}" == f"{end(NO_SLIP):.3f}" == "0.023"


@pytest.mark.parametrize("name", [NO_SLIP, *NAMES])
def test_no_cost_hangs_on_how_a_machine_rounds(name):
    """A start that is moved by a thousand rounding errors ends at the same J: training is not chaotic at this rate."""
    net, draw = museum.training_net(), np.random.default_rng(0).standard_normal
    moved = [tuple(part * (1 + 1e-13 * draw(part.shape)) for part in layer) for layer in net.theta]
    costs = trials.costs_in_training(trials.gradient_of(name), net._replace(theta=moved), museum.ETA, museum.UPDATES)
    np.testing.assert_allclose(costs[-1], end(name), atol=1e-9)


def test_the_costs_are_those_of_the_catalogue():
    net, names = museum.training_net(), ["last example only", "f'(z) for f'(a)"]
    costs = slips.costs_after_training(names, *net, museum.ETA, museum.UPDATES)
    assert costs == {name: end(name) for name in (NO_SLIP, *names)}


def test_the_central_difference_says_the_same_as_the_complex_step():
    def judge(trial):
        return trials.agrees(trial, gradcheck.central_difference)

    for name in NAMES:
        for title, net in museum.nets().items():
            assert museum.notices(trials.gradient_of(name), net, judge) == (title in noticed_by(name))


def test_the_nets_hide_as_little_as_they_can():
    widths = [[len(net.X), *(W.shape[0] for W, _ in net.theta)] for net in museum.nets().values()]
    assert len(set(widths[0])) == len(widths[0])
    for net in museum.nets().values():
        assert all(b.all() for _, b in net.theta) and net.activations[-1] != "identity"


def test_the_relu_net_is_away_from_the_kink_and_partly_on():
    relu = museum.checks()["ReLU"].keywords["net"]
    for A in network.forward(relu.theta, relu.X, relu.activations)[0][1:]:
        assert np.abs(A).min() > 1e-4 and 0.2 < (A > 0).mean() < 0.8


@pytest.mark.parametrize("name", NAMES)
def test_the_wrong_equation_is_wrong_and_is_that_slip(name):
    formula = exhibit(name).formula
    assert bool(formula) == (name not in NO_FORMULA)
    if name in NO_FORMULA | NOT_IN_THE_LANGUAGE:
        with pytest.raises(EquationError):
            check_equation(formula)
    else:
        result = check_equation(formula, mend=name not in UNNAMED)
        assert result.verdict == "fails"
        assert name in UNNAMED or result.slip == name


class Cells(HTMLParser):
    """The rows of a table in HTML, and what stands below it."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.note, self.inside = [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside in ("td", "th"):
            self.rows[-1][-1] += data
        elif self.inside == "p":
            self.note += data


TABLES = [museum.table, museum.zeros_against_zeros, museum.drawn_apart, museum.gates]
TABLES.append(lambda: museum.card("f' of the wrong layer"))


@pytest.mark.parametrize("make", TABLES)
def test_the_text_is_the_table(make):
    shown, lines = Cells(make()._repr_html_()), repr(make()).splitlines()
    starts = [max(len(row[column]) for row in shown.rows) + 2 for column in range(len(shown.rows[0]))]
    ends = np.cumsum(starts)
    for row, line in zip(shown.rows, lines, strict=False):
        assert [line[end - width : end].strip() for end, width in zip(ends, starts)] == [cell.strip() for cell in row]
    assert lines[len(shown.rows) :] == [shown.note] * bool(shown.note)


def test_signs_are_not_colours_alone():
    html = museum.table()._repr_html_()
    assert html.count(f'title="notices">{NOTICES}') == sum(len(noticed_by(name)) for name in NAMES)
    assert html.count(f">{SILENT}</td>") == html.count('title="does not notice"')


def test_a_slip_of_the_catalogue_appears_by_itself(monkeypatch):
    new = slips.Slip("three times", "it is.", {"backprop": slips.wrong.times(lambda X, Y: 3)}, formula="w = 3")
    monkeypatch.setattr(slips.catalogue, "EXHIBITED", (*slips.catalogue.EXHIBITED, new))
    monkeypatch.setitem(slips.BY_NAME, new.name, new)
    row = next(row for row in museum.table().rows if row[0] == "three times")
    assert row[2:] == (SILENT,) * 3 + (NOTICES,) * 6 + ("$w = 3$",)


def test_the_curves_in_words():
    words = museum.curves("half convention", "sign", "kept axis").text
    assert words == (
        "J starts at 0.589. After 200 updates with no slip it is 0.023; half convention: 0.045; sign: 4.056, it rises; "
        "kept axis: no training."
    )


def test_the_names_at_the_curves_keep_apart():
    figure = museum.curves(*trained()[:9]).figure
    heights = sorted(text.xyann[1] for text in figure.axes[0].texts)
    assert len(heights) == 10 and np.diff(heights).min() > 0.069


def signs(table):
    """Row's name to its signs and what follows."""
    return {row[0]: ("".join(row[1:-1]), row[-1]) for row in table.rows}


def test_zero_against_zero():
    assert signs(museum.zeros_against_zeros()) == {
        "all of it": ("○○○", "0.589 to 0.023"),
        "the output layer only": ("●○●", "0.589 to 0.172"),
        "nothing": ("○○●", "0.589 to 0.589"),
    }


def test_arrays_drawn_apart_refuse_the_right_answer():
    assert signs(museum.drawn_apart()) == {
        "f'(a)": ("●○○", "0.663 to 0.150"),
        "1 − z²": ("○○●", "0.663 to 0.036"),
    }


def test_a_gate_that_never_closes():
    assert signs(museum.gates()) == {
        "a > 0": ("○○1.000", "0.926 to 0.051"),
        "z > 0": ("○○1.000", "0.926 to 0.051"),
        "z ≥ 0": ("○●0.711", "0.926 to 0.036"),
    }
