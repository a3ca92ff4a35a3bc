"""The SGD explorer shows the run and the arrows that its controls name: compared with E9 and E11 in plain loops."""

from math import acos, ceil, degrees, hypot

import numpy as np
import pytest
from descents import BOWL, run

from bgd_helpers import descent, theory
from bgd_helpers.data import load_penguins, standardise
from bgd_helpers.pictures import paths, sgd
from bgd_helpers.pictures.sgd import RATES, sgd_explorer, sgd_figure

pytestmark = pytest.mark.usefixtures("no_warnings")
BIRDS = load_penguins()
X, y = theory.with_ones(standardise(BIRDS.X)), standardise(BIRDS.y)
N = len(X)


@pytest.fixture(scope="module")
def made():
    return sgd_explorer(X, y)


@pytest.fixture
def explorer(made):
    made.reset()
    return made


def plain_run(eta, batch_size, updates, order, seed):
    """E9 in a loop, with the batches of the package: (path, the batch that comes next)."""
    rng, w = np.random.default_rng(seed), np.zeros((2, 1))
    path, drawn = [w], []
    while len(drawn) <= updates:
        drawn += descent.batches(N, batch_size, rng, order)
    for batch in drawn[:updates]:
        w = w - eta / len(batch) * sum(2 * X[n : n + 1].T * (X[n] @ w - y[n]) for n in batch)
        path.append(w)
    return np.array(path)[:, :, 0], drawn[updates]


def plain_arrows(w):
    """-grad E_n of every example, by complex steps of its own loss."""

    def loss(b, slope, n):
        return (y[n, 0] - b - slope * X[n, 1]) ** 2

    h = 1e-30
    return np.array(
        [[-loss(w[0] + 1j * h, w[1], n).imag / h, -loss(w[0], w[1] + 1j * h, n).imag / h] for n in range(N)]
    )


CASES = [
    dict(eta=0.1, batch_size=1, updates=342, order="shuffled", seed=3),
    dict(eta=0.01, batch_size=1, updates=200, order="as given", seed=0),
    dict(eta=0.05, batch_size=64, updates=17, order="shuffled", seed=1),
    dict(eta=0.2, batch_size=32, updates=40, order="with replacement", seed=2),
    dict(eta=0.02, batch_size=128, updates=5, order="shuffled", seed=4),
    dict(eta=0.1, batch_size=N, updates=9, order="shuffled", seed=0),
    dict(eta=0.02, batch_size=2, updates=0, order="shuffled", seed=5),
]


@pytest.mark.parametrize("values", CASES)
def test_path_and_cost_are_those_of_the_update_rule(explorer, values):
    before = repr(explorer.scene)
    explorer.set(**values)
    moving, (expected, _) = explorer.picture.moving, plain_run(**values)
    assert np.allclose(moving["path"].get_xydata(), expected, rtol=1e-10, atol=1e-12)
    J = ((y - X @ expected[-1:].T) ** 2).mean()
    assert np.isclose(moving["curve"].get_ydata()[-1], J, rtol=1e-10)
    assert f"J = {J:.4f}" in explorer.text
    assert repr(explorer.scene) != before
    assert explorer.error == ""


@pytest.mark.parametrize("values", CASES)
def test_every_example_has_its_arrow_and_the_batch_is_the_next_one(explorer, values):
    explorer.set(**values)
    moving, (path, batch) = explorer.picture.moving, plain_run(**values)
    arrows = plain_arrows(path[-1])
    assert np.allclose(moving["each"].get_segments(), [[[0, 0], arrow] for arrow in arrows], rtol=1e-9, atol=1e-9)
    assert np.allclose(moving["each ends"].get_xydata(), arrows, rtol=1e-9, atol=1e-9)
    assert np.allclose(moving["batch ends"].get_xydata(), arrows[batch], rtol=1e-9, atol=1e-9)
    assert np.allclose(moving["batch"].get_segments(), [[[0, 0], arrows[n]] for n in batch], rtol=1e-9, atol=1e-9)
    mean, step = arrows.mean(axis=0), sum(arrows[n] for n in batch) / len(batch)
    assert np.allclose(moving["mean"].get_xydata(), [[0, 0], mean], rtol=1e-8, atol=1e-9)
    assert np.allclose(moving["step"].get_xydata(), [[0, 0], step], rtol=1e-8, atol=1e-9)
    across = moving["angle"].get_xydata()
    assert np.allclose(across @ mean, 0, atol=1e-8) and np.allclose(across[0], -across[1]) and across.any()


@pytest.mark.parametrize("values", CASES)
def test_the_words_count_the_arrows_against_the_mean(explorer, values):
    explorer.set(**values)
    path, batch = plain_run(**values)
    arrows = plain_arrows(path[-1])
    (mean_b, mean_w), (step_b, step_w) = arrows.mean(axis=0), arrows[batch].mean(axis=0)
    against = sum(1 for b, w in arrows if b * mean_b + w * mean_w < 0)
    assert f"{against} of them point against the mean" in explorer.words
    assert explorer.picture.moving["count"].get_text() == f"{against} of 342 against the mean"
    assert f"The mean of the 342 arrows is {hypot(mean_b, mean_w):.4f} long" in explorer.words
    cosine = (step_b * mean_b + step_w * mean_w) / hypot(mean_b, mean_w) / hypot(step_b, step_w)
    angle = degrees(acos(max(-1, min(1, cosine))))
    assert f"the step is {hypot(step_b, step_w):.4f} times η long, {angle:.0f}° from the mean" in explorer.words
    assert "not the mean of the batch" not in explorer.words


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (dict(updates=0), "draws example n = 156;"),
        (dict(order="as given", updates=342), "draws example n = 1;"),
        (dict(order="as given", updates=341), "draws example n = 342;"),
        (dict(batch_size=64, updates=5), "draws 22 examples;"),
        (dict(batch_size=N), "draws all 342 examples;"),
        (
            dict(batch_size=N, updates=0, order="with replacement"),
            f"draws 342 examples, {len(set(np.random.default_rng(0).integers(0, N, N)))} of them different;",
        ),
    ],
)
def test_the_next_batch_has_its_name(explorer, values, names):
    explorer.set(**values)
    assert names in explorer.words


def test_the_step_that_is_announced_is_the_one_taken(explorer):
    for updates in (0, 10, 341):
        explorer.set(eta=0.05, updates=updates)
        step = explorer.picture.moving["step"].get_xydata()[1]
        if updates < N:
            explorer.set(updates=updates + 1)
        before, after = explorer.picture.moving["path"].get_xydata()[-2:]
        assert np.allclose(after - before, 0.05 * step, rtol=1e-9)


def test_at_the_star_the_mean_vanishes_but_the_arrows_do_not(explorer):
    explorer.set(eta=0.5, batch_size=N)
    moving = explorer.picture.moving
    assert np.allclose(moving["mean"].get_xydata(), 0, atol=1e-12)
    assert np.hypot(*moving["each ends"].get_xydata().T).mean() > 1
    assert moving["angle"].get_xydata().size == 0
    assert moving["count"].get_text() == "mean = 0"
    assert (
        "The mean of the 342 arrows is zero up to rounding, but an arrow is on average 1.0579 long." in explorer.words
    )
    assert "the step is zero up to rounding." in explorer.words
    assert "0 of the updates raised J" in explorer.words


def test_arrows_that_leave_the_picture_are_counted(explorer):
    explorer.set(updates=0)
    outside = sum(1 for b, w in plain_arrows([0, 0]) if not (-6.2 <= b <= 6.2 and -4.4 <= w <= 8.0))
    assert outside > 0
    assert explorer.picture.moving["cut_off"].get_text() == f"{outside} cut off"
    assert f"and {outside} end outside the picture" in explorer.words


@pytest.mark.parametrize("name", ["eta", "batch_size", "updates", "order", "seed"])
def test_each_control_sweeps_its_whole_range_and_changes_the_picture(explorer, name):
    control = explorer.controls[name]
    values = control.options
    seen = set()
    for value in values[:: ceil(len(values) / 20)]:
        explorer.set(**{name: value})
        seen.add((repr(explorer.scene), explorer.words))
        assert explorer.error == ""
    assert len(seen) == len(values[:: ceil(len(values) / 20)])


def test_divergence_is_shown(explorer):
    explorer.set(eta=RATES[-1])
    moving = explorer.picture.moving
    assert "leaves the picture at update 2" in explorer.text
    assert moving["off"].get_xydata().shape == (1, 2)
    assert "342 of the updates raised J" in explorer.words
    assert np.hypot(*moving["each ends"].get_xydata().T).max() < 1e4


def test_with_all_examples_the_seed_does_not_matter(explorer):
    explorer.set(batch_size=N)
    words = explorer.words
    explorer.set(seed=5)
    assert explorer.words == words


def test_every_control_has_a_tooltip_and_the_order_is_a_menu(explorer):
    assert all(control.tooltip != control.description for control in explorer.controls.values())
    assert explorer.controls["order"].kind == "menu"


def test_the_static_figure_is_the_explorers_first_picture(explorer):
    assert sgd_figure(X, y, 0.02).text == explorer.words


@pytest.mark.parametrize("values", CASES[2:5])
def test_the_static_figure_is_the_explorers_picture_at_other_values(explorer, values):
    explorer.set(**values)
    assert sgd_figure(X, y, **values).text == explorer.words


def in_a_loop(w, X_batch, y_batch):
    """E11, as a learner may write it."""
    total = np.zeros_like(w)
    for x_n, y_n in zip(X_batch, y_batch):
        total = total - 2 * (y_n - x_n @ w) * x_n.reshape(-1, 1)
    return total / len(X_batch)


def test_a_learners_own_gradient_gives_the_same_run(explorer):
    own = sgd_explorer(X, y, gradient=in_a_loop)
    for values in (dict(eta=0.05), dict(batch_size=32, updates=30)):
        own.set(**values), explorer.set(**values)
        paths = [each.picture.moving["path"].get_xydata() for each in (own, explorer)]
        assert np.allclose(*paths, rtol=1e-10, atol=1e-12)
        assert own.words == explorer.words


def test_a_gradient_that_raises_is_shown_below_the_picture():
    def picky(w, X_batch, y_batch):
        if len(X_batch) == 16:
            raise ArithmeticError("sixteen is too many")
        return theory.linear_gradient(w, X_batch, y_batch)

    own = sgd_explorer(X, y, gradient=picky)
    with pytest.raises(ArithmeticError, match="sixteen"):
        own.set(batch_size=16)
    assert "sixteen is too many" in own.error
    own.controls["batch_size"].value = 8
    assert own.error == ""
    own.controls["batch_size"].value = 16  # by hand nothing is raised, the error stands there
    assert "sixteen is too many" in own.error


def test_a_gradient_with_a_slip_is_noticed_in_the_words():
    own = sgd_explorer(X, y, gradient=lambda w, X, y: len(X) * theory.linear_gradient(w, X, y))
    assert "not the mean of the batch's arrows" not in own.words  # B = 1: sum and mean are the same
    own.set(batch_size=4)
    assert "not the mean of the batch's arrows" in own.words
    step, ends = (own.picture.moving[name].get_xydata() for name in ("step", "batch ends"))
    assert np.allclose(step[1], ends.sum(axis=0))


def test_a_gradient_that_climbs_leaves_floating_point_without_a_warning():
    own = sgd_explorer(X, y, gradient=lambda w, X, y: -50 * theory.linear_gradient(w, X, y))
    own.set(eta=1.01)
    assert "there are no arrows to draw" in own.words
    assert own.picture.moving["each ends"].get_xydata().size == 0
    own.reset()
    assert own.error == ""


STEPS = np.array([[1.0, -2.0], [-3.0, 1.0], [5.0, 4.0], [-1.0, -1.0], [9.0, 3.0]])  # mean (2.2, 1)


def arrows(batch=(1, 3), step=None, steps=STEPS):
    batch = np.array(batch)
    return sgd.Arrows(steps, batch, steps[batch].mean(axis=0) if step is None else np.array(step))


def test_sgd_picture_holds_the_path_and_the_cost():
    shown = run()
    moving = sgd.picture(BOWL, shown, arrows(), 10).moving
    assert np.array_equal(moving["path"].get_xydata(), shown.path)
    assert np.array_equal(moving["curve"].get_ydata(), shown.cost)
    assert np.array_equal(moving["end"].get_xydata(), shown.path[-1:])
    assert np.array_equal(moving["best"].get_xydata(), BOWL.w_star.T)
    assert moving["note"].get_text() == ""


def test_sgd_picture_holds_the_arrows_and_the_batch():
    picture = sgd.picture(BOWL, run(), arrows(), 10)
    moving = picture.moving
    assert np.array_equal(moving["each ends"].get_xydata(), STEPS)
    assert np.array_equal(moving["each"].get_segments(), [[[0, 0], step] for step in STEPS])
    assert np.array_equal(moving["batch ends"].get_xydata(), STEPS[[1, 3]])
    assert np.allclose(moving["mean"].get_xydata(), [[0, 0], [2.2, 1.0]])
    assert np.allclose(moving["step"].get_xydata(), [[0, 0], [-2.0, 0.0]])
    assert moving["cut_off"].get_text() == "1 cut off"
    assert "2 of them point against the mean, by more than a right angle, and 1 end outside" in picture.text
    assert "draws 2 examples; the step is 2.0000 times η long, 156° from the mean of all." in picture.text


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (arrows([4]), "draws example n = 5;"),
        (arrows(range(5)), "draws all 5 examples;"),
        (arrows([1, 1, 3]), "draws 3 examples, 2 of them different;"),
        (arrows(step=(0, 0)), "the step is zero up to rounding. This is not the mean of the batch's arrows"),
        (arrows(step=(-2, 1e-3)), "This is not the mean of the batch's arrows"),
        (arrows(steps=STEPS - STEPS.mean(axis=0)), "arrows is zero up to rounding, but an arrow is on average"),
        (arrows(step=(0, 0), steps=STEPS * np.inf), "there are no arrows to draw"),
        (arrows(step=(np.nan, 0)), "there are no arrows to draw"),
        (arrows(step=(0, 0), steps=STEPS * 1e307), "there are no arrows to draw"),
    ],
)
def test_sgd_text_says_what_comes_next(shown, words):
    assert words in sgd.picture(BOWL, run(), shown, 10).text


def test_arrows_far_out_keep_their_direction():
    ends = sgd.picture(BOWL, run(), arrows(steps=STEPS * 1e200), 10).moving["each ends"].get_xydata()
    assert np.allclose(ends / np.hypot(*ends.T)[:, None], STEPS / np.hypot(*STEPS.T)[:, None])
    assert np.allclose(np.hypot(*ends.T), sgd.FAR)


def test_sgd_text_counts_the_updates_that_raise_the_cost():
    shown = paths.Run("sgd", np.zeros((6, 2)), np.array([1.0, 0.5, 0.7, 0.6, 0.9, 0.9 * (1 + 1e-15)]))
    text = sgd.picture(BOWL, shown, arrows(), 10).text
    assert "After 5 updates J = 0.9000" in text and "2 of the updates raised J" in text


@pytest.mark.parametrize("end", [1e300, np.inf, np.nan])
def test_divergence_is_marked_where_the_cost_leaves_the_picture(end):
    shown = paths.Run("sgd", np.array([[0, 0], [1, 1], [9, 9], [end, end]]), np.array([1.0, 5.0, 60.0, end]))
    picture = sgd.picture(BOWL, shown, arrows(step=(0, 0), steps=STEPS * end), 10)
    assert picture.moving["off"].get_xydata().tolist() == [[2, sgd.COSTS[1]]]
    ends = "1.0e+300" if end == 1e300 else "∞"
    assert picture.moving["note"].get_text() == f"out of the picture; at the end {ends}"
    assert "leaves the picture at update 2" in picture.text
    assert picture.png().startswith(b"\x89PNG")
