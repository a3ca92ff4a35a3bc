"""The environment report: ✓ where a bound holds, ✗ with what was found and what to do where it does not."""

from packaging.requirements import Requirement

from bgd_helpers import environment


def test_the_declared_requirements_are_met_here():
    text = environment.report()
    assert "✗" not in text
    named = {" ".join(line.split()[:2]) for line in text.splitlines()}
    assert {"✓ Python", "✓ numpy", "✓ matplotlib", "✓ ipywidgets"} <= named


def test_a_missing_package_is_named():
    assert "✗ no-such-package is missing: run the set-up" in environment.report(["no-such-package>=1"])


def test_an_old_package_is_named_with_its_version():
    text = environment.report(["numpy>=999"])
    assert "✗ numpy " in text and "does not satisfy >=999" in text


def test_a_requirement_without_bounds_is_met():
    assert environment.report(["numpy"]).endswith("✓ numpy")


def test_what_another_system_needs_is_not_asked_for_here():
    text = environment.report(["nothing>=1; sys_platform == 'elsewhere'", "neither; extra == 'test'", "numpy"])
    assert "nothing" not in text and "neither" not in text and text.endswith("✓ numpy")


def test_a_browser_is_asked_only_for_what_it_has(monkeypatch):
    browser = {"sys_platform": "emscripten", "extra": ""}
    asked = map(Requirement, environment._declared())
    wanted = {one.name for one in asked if one.marker is None or one.marker.evaluate(browser)}
    widgets = {"ipywidgets", "anywidget", "traitlets"}
    assert wanted == widgets | {"numpy", "matplotlib", "contourpy", "pillow", "lark", "packaging", "lazy-loader"}


def test_it_is_the_same_however_the_course_is_installed():
    assert "editables" not in environment.report()


def test_it_shows_itself_without_quotes():
    assert repr(environment.report(["numpy"])) == str(environment.report(["numpy"]))
