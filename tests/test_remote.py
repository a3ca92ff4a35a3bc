"""Grading on a cluster finds what one machine finds, and a lost worker costs no submission."""

import os
import time
from functools import partial
from threading import Thread

import attacks
import nbformat
import pytest
from classes import level

from bgd_course.grading import classroom, remote, submissions

try:
    from bgd_helpers.scale import cluster
except ImportError:
    cluster = None

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def possible():
    level()
    if cluster is None:
        pytest.skip("grading on a cluster. pip install -e '.[cluster]'")


def write(folder, updates):
    """The submissions of a class, a folder for each answer to `update`; and a link that is not followed."""
    (folder / "course").mkdir()
    (folder / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    for name, update in updates.items():
        (folder / "class" / name).mkdir(parents=True)
        (folder / "class" / name / "a.ipynb").write_text(attacks.as_text(attacks.submission(update)))
    (folder / "class" / "link").mkdir()
    (folder / "class" / "link" / "a.ipynb").symlink_to(folder / "course" / "three.ipynb")
    return submissions.find(folder / "class")


def plan_in(folder, output, **changes):
    return classroom.Plan(folder / "course", folder / output, level(), "a salt", cell_seconds=5, **changes)


def test_the_results_are_those_of_one_machine_though_a_worker_is_lost(tmp_path):
    answers = {"right": attacks.UPDATE, "wrong": attacks.WRONG, "exits": "import os\nos._exit(0)"}
    found = write(tmp_path, answers | {f"right-{number}": attacks.UPDATE for number in range(3)})
    here = classroom.grade(found, plan_in(tmp_path, "here"))
    with cluster.connected(workers=2) as client:
        make_worker = partial(remote.Remote, client=client)
        killer = Thread(target=lose_one_after, args=(client, tmp_path / "there" / "results"))
        killer.start()
        there = classroom.grade(found, plan_in(tmp_path, "there", make_worker=make_worker))
        killer.join()
    assert [row for result in there for row in result.exercises] == [row for result in here for row in result.exercises]
    assert [result.graded for result in there] == [result.graded for result in here]
    assert "links" in " ".join(next(result for result in there if result.learner == "link").notes)
    assert len(list((tmp_path / "there" / "junit").iterdir())) == len(found)


def lose_one_after(client, results):
    """End a worker once the first result is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not (results.exists() and os.listdir(results)):
        time.sleep(0.02)
    cluster.lose_a_worker(client)
