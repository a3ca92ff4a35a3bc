"""The pictures of descent show what the arrays hold, and say the same in words."""

import numpy as np
import pytest

from bgd_helpers.figures import bgd, sgd
from bgd_helpers.pictures import paths as figures

H = np.array([[2.0, 0.6], [0.6, 1.0]])
BOWL = figures.Bowl(np.array([[0.3], [0.8]]), H, 0.25)


def cost(path):
    error = path - BOWL.w_star.T
    return BOWL.lowest + 0.5 * (error @ H * error).sum(axis=1)


def run(kind="sgd", length=5):
    path = np.linspace([0.0, 0.0], [0.2, 0.7], length)
    return figures.Run(kind, path, cost(path))


def test_the_cost_is_constant_along_each_contour():
    for ellipse, excess in zip(figures.contours(BOWL), figures.EXCESSES):
        assert np.allclose(cost(ellipse) - BOWL.lowest, excess, rtol=1e-12)


@pytest.mark.parametrize(("batch_size", "kind"), [(1, "sgd"), (2, "minibatch"), (6, "minibatch"), (7, "bgd")])
def test_a_descent_is_named_by_its_batch_size(batch_size, kind):
    assert figures.kind_of(batch_size, 7) == kind


STEPS = np.array([[1.0, -2.0], [-3.0, 1.0], [5.0, 4.0], [-1.0, -1.0], [9.0, 3.0]])  # mean (2.2, 1)


def arrows(batch=(1, 3), step=None, steps=STEPS):
    batch = np.array(batch)
    return sgd.Arrows(steps, batch, steps[batch].mean(axis=0) if step is None else np.array(step))


def test_sgd_picture_holds_the_path_and_the_cost():
    shown = run()
    moving = sgd.sgd_picture(BOWL, shown, arrows(), 10).moving
    assert np.array_equal(moving["path"].get_xydata(), shown.path)
    assert np.array_equal(moving["curve"].get_ydata(), shown.cost)
    assert np.array_equal(moving["end"].get_xydata(), shown.path[-1:])
    assert np.array_equal(moving["best"].get_xydata(), BOWL.w_star.T)
    assert moving["note"].get_text() == ""


def test_sgd_picture_holds_the_arrows_and_the_batch():
    picture = sgd.sgd_picture(BOWL, run(), arrows(), 10)
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
    assert words in sgd.sgd_picture(BOWL, run(), shown, 10).text


def test_arrows_far_out_keep_their_direction():
    ends = sgd.sgd_picture(BOWL, run(), arrows(steps=STEPS * 1e200), 10).moving["each ends"].get_xydata()
    assert np.allclose(ends / np.hypot(*ends.T)[:, None], STEPS / np.hypot(*STEPS.T)[:, None])
    assert np.allclose(np.hypot(*ends.T), sgd.FAR)


def test_sgd_text_counts_the_updates_that_raise_the_cost():
    shown = figures.Run("sgd", np.zeros((6, 2)), np.array([1.0, 0.5, 0.7, 0.6, 0.9, 0.9 * (1 + 1e-15)]))
    text = sgd.sgd_picture(BOWL, shown, arrows(), 10).text
    assert "After 5 updates J = 0.9000" in text and "2 of the updates raised J" in text


@pytest.mark.parametrize("end", [1e300, np.inf, np.nan])
def test_divergence_is_marked_where_the_cost_leaves_the_picture(end):
    shown = figures.Run("sgd", np.array([[0, 0], [1, 1], [9, 9], [end, end]]), np.array([1.0, 5.0, 60.0, end]))
    picture = sgd.sgd_picture(BOWL, shown, arrows(step=(0, 0), steps=STEPS * end), 10)
    assert picture.moving["off"].get_xydata().tolist() == [[2, sgd.COSTS[1]]]
    ends = "1.0e+300" if end == 1e300 else "∞"
    assert picture.moving["note"].get_text() == f"out of the picture; at the end {ends}"
    assert "leaves the picture at update 2" in picture.text
    assert picture.png().startswith(b"\x89PNG")


def setting(rate):
    """BGD at a learning rate above the best one that has this rate: the steep direction decides."""
    return bgd.Setting((1 + rate) / np.linalg.eigvalsh(H)[-1], 7, 7)


def test_bgd_bound_falls_by_the_square_of_the_rate():
    shown = run("bgd")
    picture = bgd.bgd_picture(BOWL, shown, setting(0.75), 10)
    bound = picture.moving["bound"].get_ydata()
    assert np.allclose(bound, (shown.cost[0] - BOWL.lowest) * 0.5625 ** np.arange(5))
    assert np.allclose(picture.moving["curve"].get_ydata(), shown.cost - BOWL.lowest)


def test_bgd_text_has_the_factor_of_the_last_epochs_before_rounding():
    excess = np.array([1.0, 0.9, 0.8, 0.4, 0.2, 0.1, 0.05, 0.025, 1e-14, 0.0])
    shown = figures.Run("bgd", np.zeros((10, 2)), BOWL.lowest + excess)
    text = bgd.bgd_picture(BOWL, shown, setting(0.75), 10).text
    assert "From epoch 8 on it is below 1e-11: rounding." in text
    assert "From epoch 2 to 7 each epoch multiplies J − J* by 0.5000; rate² is 0.5625." in text


def test_bgd_text_has_a_factor_up_to_the_end_of_floating_point():
    shown = figures.Run("bgd", np.zeros((5, 2)), np.array([1.25, 10.25, 100.25, np.inf, np.nan]))
    text = bgd.bgd_picture(BOWL, shown, setting(2.0), 10).text
    assert "J − J* is beyond floating point" in text
    assert "From epoch 0 to 2 each epoch multiplies J − J* by 10.0000; rate² is 4.0000." in text


def test_a_cost_that_grows_inside_the_picture_is_said_to():
    shown = figures.Run("bgd", np.zeros((3, 2)), np.array([1.0, 2.0, 3.0]))
    picture = bgd.bgd_picture(BOWL, shown, setting(1.4), 10)
    assert "higher at the end" in picture.text
    assert picture.moving["note"].get_text() == "higher than at the start: 2.7500"


def test_the_arrows_and_their_mean():
    gradients = np.array([[1.0, -2.0], [-3.0, 1.0], [5.0, 4.0]])
    picture = figures.gradient_arrows(gradients)
    thin, thick = picture.figure.axes[0].collections
    assert np.array_equal(np.stack([thin.U, thin.V], axis=1), -gradients)
    assert np.allclose([thick.U, thick.V], [[-1], [-1]])
    assert "(-1.00, -1.00). 2 of them point away" in picture.text


def test_sections_say_where_the_cost_falls():
    eta = np.linspace(0, 1, 101)
    falls = figures.Section("a", eta, (1 - 2 * eta) ** 2, (1 - 2.5 * eta) ** 2, 0.9, 1.0)
    rises = figures.Section("b", eta, (1 - 2 * eta) ** 2, 1 + eta, 0.1, 1.0)
    text = figures.along_the_step([falls, rises]).text
    assert "J falls for learning rates below 0.790" in text
    assert "J falls for no learning rate" in text


def test_curves_and_panels_say_start_and_end():
    t, fall = np.arange(3), np.array([1.0, 0.5, 0.3])
    assert figures.cost_curves([("bgd", "B = 7", t, fall)], "epochs").text == (
        "B = 7: J = 1.0000 at the start, 0.3000 after 2 epochs."
    )
    panels = figures.cost_panels({"small": fall, "large": np.array([1.0, 50.0, 1e9])}, 0.25)
    assert panels.text.splitlines()[1] == "large: J = 1.0000 at the start, 1.0e+09 after 2 updates."


def test_contour_panels_share_a_view_that_holds_every_path():
    picture = figures.contour_panels([BOWL, BOWL], [run(), run("bgd", 9)], ["one", "two"])
    views = {(*axis.get_xlim(), *axis.get_ylim()) for axis in picture.figure.axes}
    assert len(views) == 1
    left, right, bottom, top = views.pop()
    assert left < 0 and right > 0.3 and bottom < 0 and top > 0.8
    assert "two: 8 updates, J from" in picture.text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "below 1e-10"),
        (1e-4, "1.0e-04"),
        (0.25, "0.2500"),
        (12345.0, "1.2e+04"),
        (np.inf, "beyond floating point"),
    ],
)
def test_numbers_in_words(value, words):
    assert figures.number(value) == words


def test_a_section_meets_the_limit_of_its_example():
    X, y = np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [-3.0]])
    section = figures.section("b", X, y, np.zeros((2, 1)), n=0, eta=0.1)
    assert section.limit == 0.5 and section.used == 0.1
    assert np.allclose([section.own[0], section.cost[0]], 1)
    assert np.allclose(np.interp(0.5, section.eta, section.own), 1, atol=1e-3)
    assert np.interp(0.25, section.eta, section.own) < 1e-3 and (section.cost[1:] > 1).all()
