"""The BGD explorer shows the run that its controls name, and what it says of rates and limits is the theory's."""

import re

import numpy as np
import pytest
from descents import BOWL, H, run

from bgd_helpers import theory
from bgd_helpers.data import load_penguins, standardise
from bgd_helpers.pictures import bgd, paths
from bgd_helpers.pictures.bgd import CONDITIONS, EPOCHS, SHARES, bgd_explorer, bgd_figure, shifted

pytestmark = pytest.mark.usefixtures("no_warnings")
BIRDS = load_penguins()
x, y = standardise(BIRDS.X), standardise(BIRDS.y)
N = len(x)


@pytest.fixture(scope="module")
def made():
    return bgd_explorer(x, y)


@pytest.fixture
def explorer(made):
    made.reset()
    return made


def excess_of(path, X):
    """J - J* of each row of a path, by the sums of squares."""
    w_star = np.linalg.solve(X.T @ X, X.T @ y)
    return np.array([((y - X @ w.reshape(2, 1)) ** 2).mean() for w in path]) - ((y - X @ w_star) ** 2).mean()


@pytest.mark.parametrize("kappa", CONDITIONS)
def test_the_shift_gives_the_condition_number(kappa):
    assert np.isclose(theory.condition_number(theory.hessian(shifted(x, kappa))), kappa, rtol=1e-9)


@pytest.mark.parametrize(("share", "kappa"), [(0.5, 10), (0.99, 2), (1.01, 50), (0.05, 1)])
def test_path_is_the_closed_form(explorer, share, kappa):
    explorer.set(share=share, kappa=kappa)
    X = shifted(x, kappa)
    eta = share * theory.learning_rate_limit(theory.hessian(X))
    expected = theory.linear_path(np.zeros((2, 1)), X, y, eta, EPOCHS)[:, :, 0]
    assert np.allclose(explorer.picture.moving["path"].get_xydata(), expected, rtol=1e-9, atol=1e-12)
    assert explorer.error == ""


@pytest.mark.parametrize("kappa", [1, 10, 100])
def test_no_share_below_the_limit_crosses_its_bound(explorer, kappa):
    explorer.set(kappa=kappa)
    for share in SHARES[::3]:
        explorer.set(share=share)
        curve, bound = (explorer.picture.moving[name].get_ydata() for name in ("curve", "bound"))
        assert (curve <= bound * (1 + 1e-6) + 1e-10).all()


def test_eta_and_the_eigenvalues_stand_in_the_picture(explorer):
    for share, kappa in ((0.9, 10), (0.05, 100), (1.1, 2)):
        explorer.set(share=share, kappa=kappa)
        X = shifted(x, kappa)
        trace, determinant = (2 / N * X.T @ X).trace(), np.linalg.det(2 / N * X.T @ X)
        high = trace / 2 + np.sqrt(trace**2 / 4 - determinant)
        low = determinant / high
        moving = explorer.picture.moving
        assert moving["bowl"].get_text() == f"λmin = {low:.4g}, λmax = {high:.4g}, κ = {kappa}"
        assert moving["eta"].get_text() == f"η = {share * 2 / high:.4g} is {share:.2f} of 2/λmax"


@pytest.mark.parametrize(("share", "kappa"), [(0.9, 10), (0.5, 5), (1.1, 2), (0.98, 100), (0.65, 2), (0.01, 20)])
def test_the_measured_factor_is_that_of_the_run_and_the_theory_stands_beside_it(explorer, share, kappa):
    explorer.set(share=share, kappa=kappa)
    excess = excess_of(explorer.picture.moving["path"].get_xydata(), shifted(x, kappa))
    found = re.search(
        r"From epoch (\d+) to (\d+) each epoch multiplies J − J\* by (\S+); rate² is (\S+)\.", explorer.words
    )
    start, end, factor, squared = (float(number) for number in found.groups())
    assert end - start == 5 and (end == EPOCHS or excess[int(end) + 1] < 1.1e-11)
    assert np.isclose(factor, (excess[int(end)] / excess[int(start)]) ** 0.2, atol=6e-5)
    slow, steep = 1 - 2 * share / kappa, 1 - 2 * share
    assert np.isclose(squared, max(abs(slow), abs(steep)) ** 2, atol=6e-5)
    assert factor <= squared + 1e-4


def test_the_words_say_when_only_rounding_is_left(explorer):
    explorer.set(share=0.5, kappa=1)
    assert "From epoch 1 on it is below 1e-11: rounding." in explorer.words
    assert "down to rounding before a factor can be measured" in explorer.words
    explorer.set(share=0.65, kappa=2)
    excess = excess_of(explorer.picture.moving["path"].get_xydata(), shifted(x, 2))
    assert f"From epoch {(excess > 1e-11).sum()} on it is below 1e-11" in explorer.words
    explorer.set(share=0.9, kappa=10)
    assert "rounding" not in explorer.words


@pytest.mark.parametrize(
    ("share", "kappa", "best", "here"),
    [
        (0.9, 10, "0.909 (E16), with rate 0.8182 (E17)", "below it: the shallow direction is the slower one"),
        (0.95, 10, "0.909 (E16), with rate 0.8182 (E17)", "above it: the steep direction is the slower one"),
        (0.5, 1, "0.500 (E16), with rate 0.0000 (E17)", "This is it: both directions are equally slow"),
        (1.05, 100, "0.990 (E16), with rate 0.9802 (E17)", "above the limit itself: the steep direction grows"),
    ],
)
def test_the_best_share_is_marked(explorer, share, kappa, best, here):
    explorer.set(share=share, kappa=kappa)
    assert f"κ/(κ + 1) = {best}" in explorer.words and here in explorer.words


def test_summing_is_averaging_with_n_times_the_learning_rate(explorer):
    explorer.set(share=0.01, combine="sum")
    X = shifted(x, 10)
    eta = 0.01 * theory.learning_rate_limit(theory.hessian(X))
    assert np.allclose(explorer.picture.moving["path"].get_xydata()[1], (eta * 2 * X.T @ y)[:, 0])
    assert "leaves the picture at epoch" in explorer.text
    assert "a step is 342 times as long" in explorer.words
    assert explorer.picture.moving["eta"].get_text().endswith(f"summed, like η = {N * eta:.3g}")


def test_a_sum_over_one_example_is_its_mean(explorer):
    explorer.set(share=0.05, batch_size=1)
    mean = explorer.picture.moving["path"].get_xydata().copy()
    explorer.set(combine="sum")
    assert np.array_equal(explorer.picture.moving["path"].get_xydata(), mean)
    assert "times as long" not in explorer.words


@pytest.mark.parametrize("name", ["share", "kappa", "batch_size", "combine"])
def test_each_control_sweeps_its_whole_range_and_changes_the_picture(explorer, name):
    seen = set()
    for value in explorer.controls[name].options:
        explorer.set(**{name: value})
        seen.add((repr(explorer.scene), explorer.words))
        assert explorer.error == ""
    assert len(seen) == len(explorer.controls[name].options)


def test_every_corner_can_be_drawn(explorer):
    for share in (SHARES[0], SHARES[-1]):
        for kappa in (CONDITIONS[0], CONDITIONS[-1]):
            for batch_size in (1, 8, N):
                for combine in ("mean", "sum"):
                    explorer.set(share=share, kappa=kappa, batch_size=batch_size, combine=combine)


def test_mini_batches_are_recorded_after_each_epoch(explorer):
    explorer.set(share=0.05, batch_size=128)
    assert explorer.picture.moving["path"].get_xydata().shape == (EPOCHS + 1, 2)
    assert "an epoch has 3 updates here" in explorer.words


def test_the_gradients_are_a_menu_and_all_controls_have_tooltips(explorer):
    assert explorer.controls["combine"].kind == "menu"
    assert all(control.tooltip != control.description for control in explorer.controls.values())


@pytest.mark.parametrize("values", [{}, dict(share=0.3, batch_size=32), dict(share=0.05, combine="sum", batch_size=8)])
def test_the_static_figure_is_the_explorers_picture(explorer, values):
    explorer.set(**values)
    assert bgd_figure(x, y, **dict(share=0.9, condition_number=10) | values).text == explorer.words


def test_a_learners_own_gradient_gives_the_same_run(explorer):
    def own(w, X, y):
        return -2 / len(X) * X.T @ (y - X @ w)

    theirs = bgd_explorer(x, y, gradient=own)
    for values in (dict(share=0.5), dict(share=0.02, combine="sum", batch_size=8)):
        theirs.set(**values), explorer.set(**values)
        paths = [each.picture.moving["path"].get_xydata() for each in (theirs, explorer)]
        assert np.allclose(*paths, rtol=1e-9, atol=1e-12)


def test_a_gradient_that_raises_is_shown_below_the_picture():
    def picky(w, X, y):
        if len(X) == 32:
            raise ArithmeticError("no batch of thirty-two")
        return theory.linear_gradient(w, X, y)

    theirs = bgd_explorer(x, y, gradient=picky)
    with pytest.raises(ArithmeticError, match="thirty-two"):
        theirs.set(batch_size=32)
    assert "no batch of thirty-two" in theirs.error
    theirs.reset()
    assert theirs.error == ""


def setting(rate):
    """BGD at a learning rate above the best one that has this rate: the steep direction decides."""
    return bgd.Setting((1 + rate) / np.linalg.eigvalsh(H)[-1], 7, 7)


def test_bgd_bound_falls_by_the_square_of_the_rate():
    shown = run("bgd")
    picture = bgd.picture(BOWL, shown, setting(0.75))
    bound = picture.moving["bound"].get_ydata()
    assert np.allclose(bound, (shown.cost[0] - BOWL.lowest) * 0.5625 ** np.arange(5))
    assert np.allclose(picture.moving["curve"].get_ydata(), shown.cost - BOWL.lowest)


def test_bgd_text_has_the_factor_of_the_last_epochs_before_rounding():
    excess = np.array([1.0, 0.9, 0.8, 0.4, 0.2, 0.1, 0.05, 0.025, 1e-14, 0.0])
    shown = paths.Run("bgd", np.zeros((10, 2)), BOWL.lowest + excess)
    text = bgd.picture(BOWL, shown, setting(0.75)).text
    assert "From epoch 8 on it is below 1e-11: rounding." in text
    assert "From epoch 2 to 7 each epoch multiplies J − J* by 0.5000; rate² is 0.5625." in text


def test_bgd_text_has_a_factor_up_to_the_end_of_floating_point():
    shown = paths.Run("bgd", np.zeros((5, 2)), np.array([1.25, 10.25, 100.25, np.inf, np.nan]))
    text = bgd.picture(BOWL, shown, setting(2.0)).text
    assert "J − J* is beyond floating point" in text
    assert "From epoch 0 to 2 each epoch multiplies J − J* by 10.0000; rate² is 4.0000." in text


def test_a_cost_that_grows_inside_the_picture_is_said_to():
    shown = paths.Run("bgd", np.zeros((3, 2)), np.array([1.0, 2.0, 3.0]))
    picture = bgd.picture(BOWL, shown, setting(1.4))
    assert "higher at the end" in picture.text
    assert picture.moving["note"].get_text() == "higher than at the start: 2.7500"
