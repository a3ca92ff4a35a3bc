"""Derivations whose steps are judged by what must stand on the way: many routes pass, no bare result does."""

import tomllib
from pathlib import Path

import pytest

from bgd_helpers.checks import check_derivation

WRITTEN = tomllib.loads(Path(__file__).with_name("routes.toml").read_text(encoding="utf-8"))
EXERCISES = dict.fromkeys(exercise for exercise, _ in WRITTEN["right"])


@pytest.mark.parametrize("exercise", EXERCISES)
def test_there_are_many_routes_and_many_cheats(exercise):
    assert all(sum(name == exercise for name, _ in WRITTEN[table]) >= 6 for table in ("right", "wrong"))


@pytest.mark.parametrize(("exercise", "answer"), WRITTEN["right"])
def test_every_route_passes_and_none_for_another(exercise, answer):
    verdict = check_derivation(exercise, answer)
    assert verdict.outcome == "right", verdict
    others = [other for other in EXERCISES if other != exercise]
    assert all(check_derivation(other, answer).outcome == "wrong" for other in others)


@pytest.mark.parametrize(("exercise", "answer"), WRITTEN["wrong"])
def test_no_bare_result_and_no_wrong_line_passes(exercise, answer):
    assert check_derivation(exercise, answer).outcome == "wrong"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_bare_result_is_told_what_it_lacks(exercise):
    bare = next(answer for name, answer in WRITTEN["wrong"] if name == exercise)
    assert "nothing leads to it: " in check_derivation(exercise, bare).text
