"""The door, `import bgd_helpers as bgd`: what `bgd.` and Tab offers."""

from importlib.util import find_spec
from pathlib import Path

import pytest

import bgd_helpers as bgd


@pytest.mark.parametrize("name", dir(bgd))
def test_a_name_is_loaded_and_says_what_it_is(name):
    first = (getattr(bgd, name).__doc__ or "").partition("\n")[0]
    assert first and "same picture" not in first


def test_tab_shows_the_vocabulary_and_nothing_else():
    assert {"check", "descend", "sgd_explorer"} <= set(dir(bgd))
    assert not {"sys", "former", "lazy_loader", "shadows", "checks"} & set(dir(bgd))
    with pytest.raises(AttributeError, match="descent_"):
        getattr(bgd, "descent_")  # noqa: B009


def test_the_stub_is_in_the_package():
    assert Path(find_spec("bgd_helpers").origin).with_suffix(".pyi").exists()
