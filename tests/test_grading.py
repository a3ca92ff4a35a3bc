"""Grading as an instructor does it: a release, a class of submissions made from it, scores and feedback."""

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import attacks
import nbformat
import pytest
import slip_sources

from bgd_helpers import cli, network, release
from bgd_helpers.exercises import EXERCISES
from bgd_helpers.exercises.observing import observe
from bgd_helpers.exercises.outcomes import Failure, one_array
from bgd_helpers.grading import classroom, collect, course, package, report, sandbox, submissions, wire

ROOT = Path(cli.__file__).parent.parent
COURSE = course.read(ROOT / "notebooks")
FULL = sum(task.points for task in COURSE.tasks)


def level():
    """The strongest level of this machine, or the reason to leave a test out."""
    try:
        return sandbox.level()
    except sandbox.NoSandbox as error:
        pytest.skip(str(error))


def solved(text, task):
    """The answer cell's source without its marks."""
    return "\n".join(line for line in text.splitlines() if "### " not in line)


RIGHT = {task.exercise: solved(task.solution, task) for task in COURSE.tasks}


def hand_in(released, folder, answers):
    """A learner's folder, from the release, with these answers by exercise."""
    folder.mkdir(parents=True)
    for path in sorted(released.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for task in COURSE.tasks_of(path.name):
            for cell in notebook.cells:
                if cell.id == task.cell and task.exercise in answers:
                    cell.source = answers[task.exercise]
        (folder / path.name).write_text(nbformat.writes(notebook), encoding="utf-8")


def class_of_slips():
    """Learner to answers: one all right, one blank, and the others with a slip in every exercise that has one more."""
    wrong = slip_sources.with_batches()
    learners = {"right": RIGHT, "blank": {}}
    for number in range(38):
        learners[f"slips-{number:02}"] = {
            exercise: found[number][1] for exercise, found in wrong.items() if number < len(found)
        }
    return learners, wrong


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The results by learner of the class of 40, and the folder."""
    folder = tmp_path_factory.mktemp("grading")
    release.write(ROOT, folder / "release")
    learners, _ = class_of_slips()
    for name, answers in learners.items():
        hand_in(folder / "release" / "notebooks", folder / "class" / name, answers)
    plan = classroom.Plan(ROOT / "notebooks", folder / "out", level(), classroom.salt_of(folder / "out"))
    results = classroom.grade(submissions.find(folder / "class"), plan)
    return {result["learner"]: result for result in results}, folder


@pytest.mark.slow
def test_right_and_blank_score_as_they_should(graded):
    assert len(graded[0]) == 40
    assert report.total(graded[0]["right"]) == (FULL, FULL) and report.total(graded[0]["blank"]) == (0, FULL)
    assert {row["outcome"] for row in graded[0]["blank"]["exercises"]} == {"not attempted"}


@pytest.mark.slow
def test_every_slip_scores_nothing_and_is_named_in_the_feedback(graded, say):
    results, folder = graded
    _, wrong = class_of_slips()
    named = 0
    for number in range(38):
        learner = f"slips-{number:02}"
        rows = {row["exercise"]: row for row in results[learner]["exercises"]}
        page = (folder / "out" / "feedback" / f"{learner}.html").read_text(encoding="utf-8")
        for exercise, found in wrong.items():
            if number < len(found):
                name, source = found[number]
                assert (rows[exercise]["outcome"], rows[exercise]["slip"]) == ("wrong", name), (
                    exercise,
                    source,
                    rows[exercise],
                )
                assert f"slip: {report._html(name)}" in page
                named += 1
        blank = [row for name, row in rows.items() if number >= len(wrong.get(name, ()))]
        assert all(row["outcome"] == "not attempted" for row in blank)
    say(f"grading: {named} slips in 38 submissions, each scored 0 and named")
    assert named > 100


# ------------------------------------------------------------------------------- the release


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released") / "class"
    release.write(ROOT, folder)
    return folder


def test_no_solution_and_no_hidden_test_is_in_the_notebooks_of_a_release(released):
    lines = {line.strip() for task in COURSE.tasks for line in task.solution.splitlines()[2:] if "###" not in line}
    blank = {line.strip() for task in COURSE.tasks for line in task.blank.splitlines()}
    secret = {line for line in lines - blank if len(line) > 12}
    assert len(secret) > 25
    for path in released.rglob("*.ipynb"):
        sources = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
        assert [line for line in secret if line in sources] == [], path
        assert "### " not in sources
    for path in released.rglob("*"):
        if path.is_file() and path.suffix in (".md", ".yml", ".json", ".toml", ".txt"):
            assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8")


def test_source_and_release_differ_in_exercises_and_their_checks_only(released):
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        mine, theirs = (nbformat.read(one, as_version=4) for one in (path, released / "notebooks" / path.name))
        tasks = COURSE.tasks_of(path.name)
        exercises = {cell for task in tasks for cell in (task.cell, task.check)}
        different = {a.id for a, b in zip(mine.cells, theirs.cells) if a != b}
        assert different == exercises and len(mine.cells) == len(theirs.cells)
        assert not any(cell.outputs for cell in theirs.cells if cell.id in exercises)


def test_a_release_is_written_again_but_nothing_else_is_overwritten(tmp_path):
    release.write(ROOT, tmp_path / "a")
    release.write(ROOT, tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is no release"):
        release.write(ROOT, tmp_path / "b")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.txt"]


def test_worked_solutions_are_given_out_on_demand_only(released, tmp_path):
    assert not (released / "solutions").exists()
    release.write(ROOT, tmp_path / "a", solutions=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = (tmp_path / "a" / "solutions" / path.name).read_text(encoding="utf-8")
        code = [cell for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]
        sources = {cell.id: cell.source for cell in code}
        assert "### " not in "".join(sources.values())
        for task in COURSE.tasks_of(path.name):
            assert sources[task.cell] == RIGHT[task.exercise] and "must_be_right" not in sources[task.check]


@pytest.mark.slow
def test_a_learner_grades_their_own_release(released, tmp_path):
    shutil.copytree(released, tmp_path / "mine")
    notebook = tmp_path / "mine" / "notebooks" / "00-start-here.ipynb"
    text = json.loads(notebook.read_text())
    next(cell for cell in text["cells"] if cell["id"] == "exercise-loss")["source"] = RIGHT["loss"]
    text["cells"] = [cell for cell in text["cells"] if cell["id"] != "check-loss"]
    notebook.write_text(json.dumps(text))
    done = subprocess.run(
        [sys.executable, "-m", "bgd_helpers", "grade", "notebooks", *([] if level() != "none" else ["--no-sandbox"])],
        cwd=tmp_path / "mine",
        env=os.environ | {"PYTHONPATH": str(tmp_path / "mine")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "mine" / "graded" / "results.json").read_text())
    assert {test["name"]: test["score"] for test in result["tests"] if test["score"]} == {"loss": 1}


def graded_by_command(tmp_path, notebook, *options):
    """The finished process of `bgd grade` on one submission for the course of this checkout."""
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text(notebook, encoding="utf-8")
    words = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), "--workers", "1", *options]
    return subprocess.run([sys.executable, "-m", "bgd_helpers", *words], capture_output=True, text=True)


@pytest.mark.slow
def test_the_command_tells_by_its_exit_status_what_could_not_be_graded(tmp_path):
    level()
    start = (ROOT / "notebooks" / "00-start-here.ipynb").read_text(encoding="utf-8")
    good, bad = graded_by_command(tmp_path / "good", start), graded_by_command(tmp_path / "bad", start[:500])
    assert good.returncode == 0 and "1 of 1 submissions graded" in good.stdout and "Sandbox:" in good.stdout
    assert bad.returncode == 1 and "no valid JSON" in bad.stderr and "Traceback" not in bad.stderr
    assert (tmp_path / "bad" / "out" / "scores.csv").exists()


MISUSES = [["nowhere"], [".", "--workers", "0"], [], ["FOLDER"], ["FOLDER", "--roster", "ROSTER"]]


@pytest.mark.parametrize("words", MISUSES)
def test_wrong_use_of_the_command_is_two(words, tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("a,1\na,2\n")
    names = {"FOLDER": str(tmp_path), "ROSTER": str(tmp_path / "roster.csv")}
    assert cli.main(["grade", *(names.get(word, word) for word in words)]) == 2
    assert capsys.readouterr().err


def test_a_machine_without_a_sandbox_is_told_what_to_install(monkeypatch, tmp_path, capsys):
    (tmp_path / "a.ipynb").write_text("{}")
    sandbox.level.cache_clear()
    monkeypatch.setattr(sandbox, "_bubblewrap_works", lambda: False)
    monkeypatch.setattr(sandbox, "_landlock_works", lambda: False)
    try:
        assert cli.main(["grade", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    finally:
        sandbox.level.cache_clear()
    error = capsys.readouterr().err
    assert "install" in error and "--no-sandbox" in error


@pytest.mark.slow
def test_hostile_latex_costs_its_exercise_only(tmp_path):
    hostile = ["(" * 3000, r"\frac" * 500, "x^{" * 900, "a = b" * 2000, "\\sum_{" * 400, "q" * 30_000]
    release.write(ROOT, tmp_path / "release")
    for number, text in enumerate(hostile):
        wrong = {"E4": f"derivation_e4 = {text!r}", "E5": "derivation_e5 = 7", "matrix forms": "matrix_forms = 1 / 0"}
        hand_in(tmp_path / "release" / "notebooks", tmp_path / "class" / f"ada{number}", RIGHT | wrong)
    plan = classroom.Plan(ROOT / "notebooks", tmp_path / "out", level(), (5,))
    for result in classroom.grade(submissions.find(tmp_path / "class"), plan):
        found = {row["exercise"]: row["outcome"] for row in result["exercises"]}
        assert {name for name, outcome in found.items() if outcome != "right"} == {"E4", "E5", "matrix forms"}, found
        assert result["graded"] and found["matrix forms"] in ("wrong", "not attempted")


# --------------------------------------------------------------------- who handed in what


@pytest.mark.parametrize(
    ("files", "learners"),
    [
        (["submitted/ada/hw1/00.ipynb", "submitted/bob/hw1/00.ipynb"], {"ada": 1, "bob": 1}),
        (
            ["Ada Lovelace_123_assignsubmission_file_/a.ipynb", "Bob_4_assignsubmission_file/b.ipynb"],
            {"Ada Lovelace": 1, "Bob": 1},
        ),
        (
            ["lovelaceada_12_345_a.ipynb", "lovelaceada_12_346_a-1.ipynb", "bob_LATE_7_8_x y.ipynb"],
            {"lovelaceada_12": 2, "bob_7": 1},
        ),
        (["submission_77/a.ipynb", "submission_77/sub/b.ipynb", "submission_metadata.yml"], {"77": 2}),
        (
            ["ada/notebooks/a.ipynb", "ada/.git/x.ipynb", "bob/notebooks/a.ipynb", "bob/.ipynb_checkpoints/a.ipynb"],
            {"ada": 1, "bob": 1},
        ),
    ],
    ids=["nbgrader", "Moodle", "Canvas", "Gradescope", "git"],
)
def test_learners_are_found_as_each_system_lays_them_out(tmp_path, files, learners):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert {one.learner: len(one.files) for one in submissions.find(tmp_path)} == learners


def test_one_folder_or_one_file_is_one_learner(tmp_path):
    (tmp_path / "ada").mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / "ada" / name).write_text("{}")
    assert [one.learner for one in submissions.find(tmp_path / "ada")] == ["ada"]
    assert [one.learner for one in submissions.find(tmp_path / "ada" / "a.ipynb")] == ["ada"]


def test_a_roster_renames_learners_and_shows_who_is_missing(tmp_path):
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text("{}")
    (tmp_path / "roster.csv").write_text("\ufefflearner,id\nada,S1\nbob,S2\n", encoding="utf-8")
    found = submissions.find(tmp_path / "class", tmp_path / "roster.csv")
    assert [(one.learner, len(one.files)) for one in found] == [("S1", 1), ("S2", 0)]
    (tmp_path / "roster.csv").write_text("ada,S1\nada,S2\n")
    with pytest.raises(ValueError, match="twice"):
        submissions.find(tmp_path / "class", tmp_path / "roster.csv")


def test_the_latest_valid_file_counts_and_the_others_are_named(tmp_path):
    names = ("ada_1_10_three.ipynb", "ada_1_11_three-1.ipynb", "ada_1_12_three-2.ipynb")
    texts = (attacks.submission(attacks.WRONG), attacks.submission(), None)
    for name, notebook in zip(names, texts):
        (tmp_path / name).write_text(attacks.as_text(notebook) if notebook else "{")
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    asked = course.read(tmp_path / "course")
    from bgd_helpers.grading.worker import answers

    one = next(s for s in submissions.find(tmp_path) if s.learner == "ada_1")
    pieces, notes = answers(list(map(str, one.files)), asked)
    assert attacks.UPDATE in [piece.source for piece in pieces["three.ipynb"]]
    assert sorted(note.split()[0] for note in notes) == ["ada_1_10_three.ipynb", "ada_1_12_three-2.ipynb"]


def test_odd_names_make_different_harmless_files():
    names = [submissions.file_name(name) for name in [*attacks.LEARNERS, "a b", "a_b", "A/b", "../x", ""]]
    assert len(set(names)) == len(names)
    assert all(name and not set(name) & set('/\\<>:"|?*\n ') and not name.startswith((".", "-")) for name in names)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_links_pipes_folders_and_huge_files_are_refused_at_once(tmp_path):
    solution = ROOT / "notebooks" / "00-start-here.ipynb"
    (tmp_path / "link.ipynb").symlink_to(solution)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    with open(tmp_path / "huge.ipynb", "wb") as file:
        file.truncate(collect.MOST_BYTES + 1)
    for name in ("link", "pipe", "folder", "huge", "missing"):
        with pytest.raises(collect.Unreadable):
            collect.cells_of(tmp_path / f"{name}.ipynb")


# -------------------------------------------------------------------------- the walls


def test_a_graded_package_has_no_right_answer_in_it(tmp_path):
    package.write(tmp_path)
    for room, names in package.ASKED.items():
        tree = ast.parse((tmp_path / "bgd_helpers" / f"{room}.py").read_text())
        bodies = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name in names.split():
            assert [ast.unparse(line) for line in bodies[name]] == [f"_refuse('{room}.{name}')"]
    assert not (tmp_path / "bgd_helpers" / "slips" / "catalogue.py").exists()
    with pytest.raises(ValueError, match="no nothing"):
        package.without_bodies("x = 1", "network", {"nothing"})


@pytest.mark.slow
def test_no_connection_leaves_the_sandbox(tmp_path):
    level()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        code = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)"
        found = run_alone(tmp_path, attacks.inside(code))
        assert found["outcome"] == "wrong" and "Error" in found["text"]
        with pytest.raises(TimeoutError):
            listener.accept()


def run_alone(tmp_path, update, **changes):
    """What is found of `update` in a submission of its own."""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text(attacks.as_text(attacks.submission(update)))
    plan = classroom.Plan(tmp_path / "course", tmp_path / "out", level(), (1, 2), 1, **changes)
    [result] = classroom.grade(submissions.find(tmp_path / "class"), plan)
    return next(row for row in result["exercises"] if row["exercise"] == "update")


@pytest.mark.slow
def test_what_an_answer_sees_of_this_machine(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    os.environ["BGD_SECRET"] = "secret"
    code = f"""
import os
seen = [os.environ.get("BGD_SECRET")]
for path in ({str(secret)!r}, {str(ROOT / "README.md")!r}, "/etc/passwd", "/proc/1/environ"):
    try:
        seen.append(open(path).read()[:5])
    except OSError:
        pass
raise ValueError(f"{{[one for one in seen if one]}}")"""
    try:
        assert "ValueError: []" in run_alone(tmp_path, attacks.inside(code))["text"]
    finally:
        del os.environ["BGD_SECRET"]


@pytest.mark.slow
def test_an_answer_that_calls_the_package_is_told_so(tmp_path):
    source = "from bgd_helpers.descent import update as u\n" + attacks.inside("", "return u(theta, gradient, eta)")
    assert "write it yourself" in run_alone(tmp_path, source)["text"]


@pytest.mark.slow
def test_a_killed_run_is_resumed_and_loses_nothing(tmp_path):
    level()
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    for number in range(6):
        (tmp_path / "class" / f"ada{number}").mkdir(parents=True)
        text = attacks.as_text(attacks.submission(attacks.UPDATE if number < 3 else "while True: pass"))
        (tmp_path / "class" / f"ada{number}" / "a.ipynb").write_text(text)
    plan = classroom.Plan(tmp_path / "course", tmp_path / "out", level(), (1, 2), 1, 1)
    settings = {"level": plan.level, "salt": plan.salt, "workers": 1, "cell_seconds": 1}
    code = "from pathlib import Path; from bgd_helpers.grading import classroom, submissions\n"
    code += f"plan = classroom.Plan(Path({str(plan.notebooks)!r}), Path({str(plan.output)!r}), **{settings!r})\n"
    code += f"classroom.grade(submissions.find({str(tmp_path / 'class')!r}), plan)"
    running = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    results = tmp_path / "out" / "results"
    until = time.monotonic() + 60
    while len(list(results.glob("*.json")) if results.exists() else []) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(running.pid, 9)
    running.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert 2 <= len(kept) < 6
    again = classroom.grade(submissions.find(tmp_path / "class"), plan)
    assert [report.total(result)[0] for result in again] == [6, 6, 6, 4, 4, 4]
    assert {name: (results / name).stat().st_mtime_ns for name in kept} == kept


# --------------------------------------------------------------------------- the wire


@pytest.mark.parametrize("exercise", EXERCISES)
def test_cases_cross_into_the_sandbox_as_they_are(exercise):
    task = EXERCISES[exercise]
    cases = list(task.cases(3))
    again = wire.arguments(json.dumps(wire.packed(cases)))
    here, there = (observe(task.right, task.parameters, one, task.read) for one in (list(task.cases(3)), again))
    for mine, theirs in zip(here.found, there.found):
        assert wire.packed(mine) == wire.packed(theirs)


def test_observations_cross_back_as_they_are():
    sent = [
        True,
        [False] * 3,
        [["none"], wire.packed(one_array([1.5])), wire.packed(Failure("E", "no 1.25"))],
        [["none"]] * 3,
    ]
    seen = wire.observation(sent)
    assert seen.found[0] is None and seen.found[1][0][0].tolist() == [1.5] and seen.found[2] == Failure("E", "no …")


ARRAY = ["array", "<f8", [1], "AAAAAAAA8D8="]


@pytest.mark.parametrize(
    "outcome",
    [
        None, 3, [], ["list"] + [["list"]] * 20_000, ["failure", 1, 2], ["array"], ["list", ARRAY],
        ["list", ["list", 1]],
        *(["list", ["list", [*ARRAY[:1], *changed]]] for changed in (
            ["O", [1], ""], ["<f8", [10**6, 10**6], ""], ["<f8", [-1], ""], ["<f8", [2], ARRAY[3]], ["<f8", [1], "?"],
            ["<M8[s]", [1], ARRAY[3]], ["<f8", [True], ARRAY[3]], ["<f8", "1", ARRAY[3]], ["V8", [1], ARRAY[3]],
        )),
    ],
)  # fmt: skip
def test_whatever_is_not_just_so_is_refused(outcome):
    with pytest.raises(ValueError):
        wire.observation([True, [False], [outcome], [["none"]]])


def test_a_well_formed_array_is_read():
    assert wire.observation([True, [False], [["list", ["list", ARRAY]]], [["none"]]]).found[0][0][0].tolist() == [1.0]


def test_only_the_named_slopes_cross():
    assert wire.packed(network.activation("tanh").df) == ["slope", "tanh"]
    with pytest.raises(TypeError):
        wire.packed(lambda a: a)


def test_numbers_that_may_be_secret_are_left_out_of_a_text():
    assert wire.tidy("shape (7, 3), 0.125 -3e5 1.5e-7 123456\n<b>") == "shape (7, 3), … -3e5 … … <b>"


# ------------------------------------------------------------------------- the reports


def result_of(text, learner="ada", outcome="wrong"):
    row = {"exercise": "loss", "points": 1, "score": 0, "outcome": outcome, "text": text, "slip": None}
    return {"learner": learner, "graded": True, "notes": [text], "exercises": [row]}


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![](http://x)", "a\x00b\x1b[0m"]
)
def test_nothing_that_a_learner_wrote_can_run(text):
    result = result_of(text, learner=text)
    page, plain = report.feedback_html(result), report.feedback_markdown(result)
    assert "<script" not in page + plain and "](" not in plain and "\x1b" not in page + plain
    assert "default-src 'none'" in page


def test_no_cell_of_the_table_is_a_formula():
    table = report.scores([result_of("=1+1", learner="@SUM(A1)")])
    assert "'@SUM(A1)" in table and "'=1+1" in table


# ------------------------------------------------------------------ where the grader itself fails


class FailingWorker:
    """A worker whose process ends before it answers."""

    def __init__(self, plan):
        pass

    def grade(self, submission, tasks):
        return None

    def close(self):
        pass


class GoodWorker(FailingWorker):
    def grade(self, submission, tasks):
        return {"learner": submission.learner, "graded": True, "notes": [], "exercises": []}


def test_a_submission_that_the_grader_lost_has_its_row_and_is_graded_by_the_next_run(tmp_path, monkeypatch):
    found = [submissions.Submission("ada", ())]
    plan = classroom.Plan(ROOT / "notebooks", tmp_path, "none", (1,))
    monkeypatch.setattr(classroom, "Worker", FailingWorker)
    [lost] = classroom.grade(found, plan)
    assert not lost["graded"] and {row["outcome"] for row in lost["exercises"]} == {"stopped"}
    assert "grade it again" in (tmp_path / "scores.csv").read_text(encoding="utf-8")
    monkeypatch.setattr(classroom, "Worker", GoodWorker)
    assert classroom.grade(found, plan)[0]["graded"]
    monkeypatch.setattr(classroom, "Worker", FailingWorker)
    assert classroom.grade(found, plan)[0]["graded"]
    assert not classroom.grade(found, plan._replace(again=True))[0]["graded"]


def test_who_handed_in_nothing_is_told_so():
    from bgd_helpers.grading.worker import answers

    assert answers([], COURSE) == ({}, ["Nothing was handed in."])
