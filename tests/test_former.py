"""Names of earlier versions: every import that a notebook of the course has ever had."""

import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import bgd_helpers
from bgd_course.grading import package
from bgd_helpers import former

IMPORTS = """
from bgd_helpers import cluster
from bgd_helpers import data, descent, evidence, experiments, network, theory
from bgd_helpers import data, descent, experiments, network, theory
from bgd_helpers import data, descent, gradcheck, handout, museum, network, slips
from bgd_helpers import data, descent, gradcheck, handout, network, slips
from bgd_helpers import data, network, shards
from bgd_helpers import descent, handout, network
from bgd_helpers import environment
from bgd_helpers import theory
from bgd_helpers.data import load_penguins, standardise
from bgd_helpers.descent import descend
from bgd_helpers.descent import descend, update
from bgd_helpers.equations import check_equation
from bgd_helpers.exercises import check
from bgd_helpers.exercises import check, check_derivation
from bgd_helpers.explorers.backprop import backprop_explorer, backprop_figure
from bgd_helpers.explorers.bgd import bgd_explorer, bgd_figure
from bgd_helpers.explorers.bgd import bgd_explorer, bgd_figure, shifted
from bgd_helpers.explorers.break_it import break_it_explorer
from bgd_helpers.explorers.comparison import comparison_explorer, comparison_figure
from bgd_helpers.explorers.comparison import comparison_explorer, comparison_tables
from bgd_helpers.explorers.fit import fit_explorer
from bgd_helpers.explorers.gradient_size import gradient_size_explorer
from bgd_helpers.explorers.noise import noise_explorer
from bgd_helpers.explorers.one_weight import weight_explorer
from bgd_helpers.explorers.sgd import bowl_of, run_of
from bgd_helpers.explorers.sgd import sgd_explorer, sgd_figure
from bgd_helpers.explorers.start import slope_explorer
from bgd_helpers.figures import comparison as pictures
from bgd_helpers.figures import network as pictures
from bgd_helpers.figures.cluster import steps_picture
from bgd_helpers.figures.descent import Section, along_the_step, cost_panels, gradient_arrows
from bgd_helpers.figures.descent import along_the_step, cost_panels, gradient_arrows, section
from bgd_helpers.figures.descent import contour_panels, cost_curves
from bgd_helpers.figures.start import slope_picture
from bgd_helpers.gradcheck import central_difference, compare
from bgd_helpers.gradcheck import compare
from bgd_helpers.gradcheck import compare, complex_step
from bgd_helpers.theory import linear_cost, linear_example_gradients, linear_gradient, minimiser, with_ones
from bgd_helpers.theory import linear_cost, linear_example_gradients, linear_gradient, with_ones
from bgd_helpers.theory import linear_cost, linear_gradient
"""
PROGRAM = """
import sys
for line in sys.stdin.read().split(chr(10)):
    try:
        exec(line, {})
    except Exception as error:
        print(line, '->', repr(error))
"""
needs_dask = pytest.mark.skipif(find_spec("dask") is None, reason="Dask is not installed")


def failing(lines, folder=None):
    """The lines that fail in a fresh Python, which finds the package in that folder first; each with its error."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=lines, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_dask
def test_every_import_of_a_notebook_ever_released_works():
    assert failing(IMPORTS) == []


def test_every_import_works_while_an_answer_is_graded(tmp_path):
    package.write(tmp_path)
    assert failing(IMPORTS, tmp_path) == []


def test_an_import_that_fails_is_noticed():
    found = failing("from bgd_helpers import nothing\nfrom bgd_helpers.exercises.nothing import check\nimport sys")
    assert ["nothing" in line and "Error" in line for line in found] == [True, True]


NAMES = [*(name for name in former.FORMER if "cluster" not in name), "bgd_helpers.exercises.cases"]


@pytest.mark.parametrize("name", NAMES)
def test_a_former_name_is_another_name_of_the_module(name):
    assert import_module(name) is import_module(former.present(name))


def test_a_folder_that_an_update_leaves_behind_is_not_taken_for_the_room(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "datasets")
    shutil.copytree(Path(bgd_helpers.__file__).parent, tmp_path / "bgd_helpers", ignore=ignored)
    (tmp_path / "bgd_helpers" / "exercises" / "__pycache__").mkdir(parents=True)
    assert failing("from bgd_helpers.exercises import check", tmp_path) == []


def test_a_former_room_is_a_module_like_any_other():
    import bgd_helpers.explorers as former

    assert not hasattr(former, "nothing_of_this_name") and not hasattr(former, "__file__")
    assert former.sgd.sgd_explorer
