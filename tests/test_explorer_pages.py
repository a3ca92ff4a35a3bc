"""Explorers without a kernel: a fragment of HTML that moves with the network cut, and is Agg's."""

import io
import json
import re
from base64 import b64decode, b64encode
from gzip import decompress
from itertools import product

import in_browser
import numpy as np
import pytest
from PIL import Image

import bgd_helpers as bgd
from bgd_helpers.lessons import experiments
from bgd_helpers.pictures import page
from bgd_helpers.pictures.picture import css_size

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Explorers</title><main><h1>Explorers</h1>{}</main>"""
BIRDS = bgd.load_penguins()
X, y = bgd.with_ones(bgd.standardise(BIRDS.X)), bgd.standardise(BIRDS.y)
EXPLORERS = {
    "slope": bgd.slope_explorer,
    "bgd": lambda: bgd.bgd_explorer(X[:, 1:], y),
    "sgd": lambda: bgd.sgd_explorer(X, y),
    "weight": bgd.weight_explorer,
    "backprop": bgd.backprop_explorer,
    "gradient size": bgd.gradient_size_explorer,
    "break it": bgd.break_it_explorer,
    "fit": bgd.fit_explorer,
    "noise": lambda: bgd.noise_explorer(experiments.penguin_problem()),
    "comparison": lambda: bgd.comparison_explorer(experiments.penguin_problem(), epochs=5),
}
SQUARE, APART = 20, 15
UNSEEN = {"note", "off", "best"}  # empty at first, or below another marker
MOST = 6  # positions of a control, of those that are compared with Agg's picture


@pytest.fixture(scope="module")
def explorer():
    return bgd.weight_explorer()


@pytest.fixture(scope="module")
def fragment(explorer):
    return explorer.page({"weight": None, "example": (1, 3)})


@pytest.fixture(scope="module")
def chromium():
    if remedy := in_browser.missing():
        pytest.skip(f"pages in a browser. {remedy}")
    with in_browser.chromium() as browser:
        yield browser


def data_of(fragment):
    (packed,) = re.findall('<script type="application/gzip">(.*?)</script>', fragment)
    return json.loads(decompress(b64decode(packed)))


def test_a_page_holds_a_scene_and_the_words_of_each_state(explorer, fragment):
    data = data_of(fragment)
    states = list(product(explorer.controls["weight"].options, (1, 3)))
    assert len(data["scenes"]) == len(data["texts"]) == len(states)
    for (weight, example), scene, text in zip(states, data["scenes"], data["texts"]):
        explorer.set(weight=weight, example=example)
        assert text == explorer.text
        assert [data["parts"][number] for number in scene[1:]] == explorer.scene
    assert len(data["parts"]) < len(data["scenes"]) * len(explorer.scene)  # what does not change is there once


def test_making_a_page_leaves_the_explorer_as_it_is(explorer):
    explorer.set(weight=(1, 1, 2), example=4)
    before = explorer.scene, explorer.text
    data = data_of(explorer.page({"example": (1, 2)}))
    assert (explorer.scene, explorer.text) == before
    assert all("weight = w₁₂ into layer 1" in text for text in data["texts"])  # what the grid leaves out stays
    assert data["spec"]["start"] == [0]


@pytest.mark.parametrize(
    ("grid", "message"),
    [({"wait": None}, "there is no control 'wait'"), ({"example": (1, 9)}, "example = 9: give a whole number")],
)
def test_a_grid_of_what_is_not_there_is_refused(explorer, grid, message):
    with pytest.raises(ValueError, match=message):
        explorer.page(grid)


def test_a_page_that_is_too_large_is_refused(explorer, monkeypatch):
    monkeypatch.setattr(page, "LIMIT", 1000)
    with pytest.raises(ValueError, match="the scenes of this grid are .* MB: choose fewer values"):
        explorer.page()


def test_without_scripts_it_is_the_picture_with_its_words(explorer, fragment, chromium):
    tab = chromium.new_page(java_script_enabled=False)
    tab.set_content(PAGE.format(fragment))
    image = tab.locator("img")
    assert image.bounding_box()["width"] == css_size(explorer.picture.figure)[0]
    assert image.get_attribute("alt") == tab.locator(".bgd-words").text_content()
    tab.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_moves_with_the_network_cut_and_all_can_use_it(fragment, chromium, tmp_path, width, scheme):
    tab, told = opened(chromium, tmp_path, f"{fragment}<p style='height: 2000px'>Below.</p>{fragment}", width, scheme)
    tab.wait_for_selector("input")
    assert tab.locator("input").count() == 2  # the other one has not been seen
    slider, data = tab.get_by_label("weight"), data_of(fragment)
    words, at = tab.locator(".bgd-words").first, data["spec"]["start"][0]
    for key, step in (("ArrowRight", 1), ("ArrowLeft", -1), ("Home", -99), ("End", 99), ("PageDown", None)):
        slider.press(key)
        at = int(slider.input_value()) if step is None else min(max(at + step, 0), 11)
        assert slider.input_value() == str(at) and slider.get_attribute("aria-valuetext") in data["texts"][2 * at]
        tab.wait_for_function(
            "([e, text]) => e.textContent === text", arg=[words.element_handle(), data["texts"][2 * at]]
        )
    assert words.get_attribute("aria-live") == "polite"
    assert in_browser.inaccessible(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert slider.bounding_box()["height"] >= 24 and slider.bounding_box()["width"] > 150
    tab.get_by_role("button", name="Reset").first.click()
    assert slider.input_value() == str(data["spec"]["start"][0])
    tab.mouse.wheel(0, 4000)
    tab.wait_for_function("document.querySelectorAll('input').length === 4")
    assert told == []
    tab.close()


def opened(chromium, folder, fragment, width=1280, scheme="light", scale=1):
    """(tab, what it complained of) with a page of the fragment, opened from disk, without network."""
    (folder / "page.html").write_text(PAGE.format(fragment), encoding="utf-8")
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=scale, offline=True
    )
    tab, told = context.new_page(), []
    tab.on("console", lambda message: message.type == "error" and told.append(message.text))
    tab.on("pageerror", lambda error: told.append(str(error)))
    tab.on("request", lambda request: request.url.startswith(("http", "ws")) and told.append(request.url))
    tab.goto((folder / "page.html").as_uri())
    return tab, told


def sweep(control):
    """Some of its values, both ends among them."""
    return [control.options[n] for n in sorted({*np.linspace(0, len(control.options) - 1, MOST).astype(int)})]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_what_is_painted_is_the_picture_of_agg(name, chromium, tmp_path):
    """But for the edges, which are smoothed otherwise."""
    explorer = EXPLORERS[name]()
    for control in explorer.controls:
        values = sweep(explorer.controls[control])
        tab, told = opened(chromium, tmp_path, explorer.page({control: values}), scale=2)
        tab.wait_for_selector(".bgd-controls")
        for n, value in enumerate(values):
            tab.evaluate(
                "n => { const e = document.querySelector('input, select'); e.valueAsNumber = n;"
                " for (const name of ['input', 'change']) e.dispatchEvent(new Event(name)); }",
                n,
            )
            tab.wait_for_function("document.querySelector('.bgd-picture img').complete")
            explorer.set(**{control: value})
            painted = in_browser.pixels(tab.locator(".bgd-page").evaluate(in_browser.PAINTED))
            assert apart(painted, in_browser.pixels(b64encode(explorer.png()))) <= APART, f"{control} = {value}"
        explorer.reset()
        assert told == []
        tab.close()


def apart(painted, exact):
    """The mean difference, of 255, where two pictures are most apart: in a square of SQUARE pixels.

    Edges that are smoothed otherwise come to 11.
    """
    high, wide = (size // SQUARE for size in exact.shape[:2])
    each = np.abs(painted - exact).max(axis=2)[: high * SQUARE, : wide * SQUARE]
    return each.reshape(high, SQUARE, wide, SQUARE).mean(axis=(1, 3)).max()


@pytest.mark.parametrize("name", ["slope", *(pytest.param(name, marks=pytest.mark.slow) for name in ("bgd", "fit"))])
def test_an_artist_that_is_missing_or_elsewhere_is_seen(name):
    explorer = EXPLORERS[name]()
    exact, seen = in_browser.pixels(b64encode(explorer.png())), set(explorer.picture.moving) - UNSEEN
    assert apart(np.roll(exact, 2, axis=1), exact) > APART  # by one pixel of a page
    for artist in [artist for key, artist in explorer.picture.moving.items() if key in seen and artist.get_visible()]:
        artist.set_visible(False)
        assert apart(in_browser.pixels(b64encode(explorer.png())), exact) > APART, artist
        artist.set_visible(True)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_the_page_of_each_explorer_is_small(name):
    fragment = EXPLORERS[name]().page()  # raises if it is not
    assert len(data_of(fragment)["scenes"]) > 25


def test_png_of_a_page_is_a_picture(explorer, fragment):
    (png,) = re.findall('src="data:image/png;base64,(.*?)"', fragment)
    assert Image.open(io.BytesIO(b64decode(png))).size == tuple(explorer.spec["size"])
