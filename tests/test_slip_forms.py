"""Each slip in three independently written forms, for each exercise it concerns, is called by its name."""

import pytest
from slip_forms import FORMS
from test_learners_answers import answer

from bgd_helpers import slips
from bgd_helpers.checks import EXERCISES, check

CASES = [  # the first form of each slip; the others take their time
    pytest.param(exercise, name, body, id=f"{exercise}-{name}", marks=[pytest.mark.slow] * (body is not bodies[0]))
    for exercise, named in FORMS.items()
    for name, bodies in named.items()
    for body in bodies
]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_slip_has_three_forms(exercise):
    assert {slip.name for slip in slips.of_exercise(exercise)} == set(FORMS[exercise])
    assert all(len(set(bodies)) >= 3 for bodies in FORMS[exercise].values())


@pytest.mark.parametrize(("exercise", "name", "body"), CASES)
def test_a_slip_is_called_by_its_name_however_it_is_written(exercise, name, body):
    verdict = check(exercise, answer(exercise, body))
    assert (verdict.outcome, verdict.slip) == ("wrong", name), verdict.text
