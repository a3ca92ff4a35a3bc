"""Grading a class: workers in parallel, one file a submission as soon as it is graded, then the reports."""

import fcntl
import hashlib
import json
import os
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from bgd_course.grading import archives, course, isolation, report, sandbox, seal, submissions
from bgd_course.grading.files import digest_of
from bgd_course.grading.judging import Outcome
from bgd_course.grading.kernel import MOST_WAITING
from bgd_course.grading.results import Result, from_json, row
from bgd_course.notebooks import remove_leftovers, write_atomically
from bgd_helpers import __version__

FOLDERS = ("results", "junit", "feedback", "gradescope")  # of the output


class Plan(NamedTuple):
    """How a class is graded. `salt` draws the secret cases; `again` grades what is graded already; the answers do not
    see the folders in `private`. `make_worker(plan)` makes one that grades a submission at a time. `table` is how
    scores.csv is written, `layout` in which the class was handed in."""

    notebooks: Path
    output: Path
    level: str
    salt: str
    workers: int = 2
    cell_seconds: float = 10
    again: bool = False
    private: tuple = ()
    make_worker: Callable | None = None
    table: report.Table = report.Table()
    layout: str = ""


@contextmanager
def only_run(output: Path) -> Iterator[None]:
    """Hold the output folder for one run, and remove what a killed one has left in it. Raises ValueError where
    another run is at work there."""
    Path(output).mkdir(parents=True, exist_ok=True)
    with open(os.open(Path(output) / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"another run is at work in {output}: wait for it, or name another folder") from None
        remove_leftovers(output, *(Path(output) / folder for folder in FOLDERS))
        yield


def salt_of(output, given=None):
    """The salt of a run: the given one, that of the run in this folder, or a new one; it is kept in the folder, with
    the version of the course.

    Raises ValueError if what the folder holds cannot be read, or was not written by this user: whoever wrote it may
    know the inputs.
    """
    path = Path(output) / "run.json"
    salt = given if given is not None else _kept_salt(path) if path.exists() else secrets.token_hex(16)
    path.parent.mkdir(parents=True, exist_ok=True)
    run = {"salt": salt, "version": __version__}
    write_atomically(path, json.dumps(run | {"seal": seal.mark(salt)}) + "\n")
    return salt


def refuse_links(output):
    """Raise ValueError where a folder in the output is a link: it leads to files that are not this run's."""
    for path in (Path(output) / folder for folder in FOLDERS):
        if path.is_symlink():
            raise ValueError(f"{path} is a link, and what it leads to would be written: remove it")


def other_version(output):
    """The version of the course that made the run in this folder, None if it is this one or if there is no run."""
    try:
        version = json.loads((Path(output) / "run.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return None if version == __version__ else version


def _kept_salt(path):
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        salt, found = run["salt"], run.get("seal")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        salt = None
    remedy = "name another folder with --output, or the salt with --salt"
    if not isinstance(salt, str):
        raise ValueError(f"{path} cannot be read: {remedy}")
    if not seal.holds(salt, found):
        raise ValueError(f"{path} was not written by this course for you, here, so its inputs may be known: {remedy}")
    return salt


def grade(found, plan, done=lambda result: None):
    """The results of all submissions, in order; each is written as soon as it is there, and `done` called with it.

    Ended by KeyboardInterrupt, it keeps what is graded; the next run goes on from there.
    """
    for folder in FOLDERS:
        (plan.output / folder).mkdir(parents=True, exist_ok=True)
    run = Run(found, plan, course.read(plan.notebooks), done)
    pool = [threading.Thread(target=run.work) for _ in range(plan.workers)]
    try:
        for one in pool:
            one.start()
        for one in pool:
            one.join()
    except KeyboardInterrupt:
        run.stop()
        for one in filter(threading.Thread.is_alive, pool):
            one.join()
        raise
    if run.failed:
        raise run.failed
    ordered = [run.results.get(submission.learner) or lost(submission, run.asked) for submission in found]
    report.write(ordered, plan.output, plan.table, plan.layout)
    return ordered


class Run:
    """What the threads of one run share: the submissions still to be graded, and the results."""

    def __init__(self, found, plan, asked, done):
        self.plan, self.asked, self.done = plan, asked, done
        self.jobs, self.results, self.busy = SimpleQueue(), {}, {}
        self.stopped, self.failed = threading.Event(), None
        for submission in found:
            self.jobs.put(submission)

    def stop(self):
        """Begin nothing more, and end what is being graded: the next run grades it."""
        self.stopped.set()
        for worker in list(self.busy.values()):
            worker.stop()

    def work(self):
        """Grade submissions until none is left."""
        me = threading.get_ident()
        try:
            while not self.stopped.is_set():
                self._one(self.jobs.get_nowait(), me)
        except Empty:
            pass
        finally:
            if me in self.busy:
                self.busy.pop(me).close()

    def _one(self, submission, me):
        try:
            state, salt = fingerprints(submission, self.plan, self.asked)
            result = None if self.plan.again else finished(submission, self.plan, state)
            new = replace(self._graded(submission, salt, me), key=state) if result is None else None
        except Exception as error:  # one submission does not end the run
            result, new = lost(submission, self.asked, f"{type(error).__name__}: {error}"), None
        if self.stopped.is_set():
            return
        try:
            if new:
                write_atomically(_path(submission, self.plan), json.dumps(sealed(new), indent=1) + "\n")
        except OSError as error:  # a full disk: what is graded from now on would be lost
            self.failed = error
            self.stop()
            return
        found = result or new
        notes = [*found.notes, *beside(submission)]
        self.results[submission.learner] = replace(found, recognised=submission.key, notes=notes)
        self.done(self.results[submission.learner])

    def _graded(self, submission, salt, me):
        """A result, by a worker of the pool that is replaced where it fails."""
        worker = self.busy.get(me)
        if worker is None:
            worker = self.busy[me] = (self.plan.make_worker or Worker)(self.plan)
        result = None if self.stopped.is_set() else worker.grade(submission, salt)
        if result is None:
            self.busy.pop(me).close()
            return lost(submission, self.asked)
        return result


def beside(submission):
    """A note on the files of a learner that are no notebooks."""
    return [f"Beside the notebooks, not graded: {', '.join(map(str, submission.others))}."] if submission.others else []


def sealed(result):
    """A result with a mark by which the next run knows that this user's wrote it."""
    value = result.as_json()
    return value | {"seal": seal.mark(value)}


def finished(submission, plan, state):
    """The result of an earlier run of this user on the same files, for the same course and salt, marked as kept, under
    the id of today; None if there is none, or if it could not be graded."""
    try:
        kept = json.loads(_path(submission, plan).read_text(encoding="utf-8"))
        found = kept.pop("seal")
        is_ours, result = seal.holds(kept, found), from_json(kept)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if not is_ours or result.key != state or not result.graded:
        return None
    former = result.learner if result.learner != submission.learner else ""
    return replace(result, kept=True, learner=submission.learner, former=former)


def fingerprints(submission, plan, asked):
    """A text that changes with what was handed in, what is asked for, and how; and the salt of this very submission:
    inputs that its learner found out by it are no use for another."""
    handed_in = hashlib.sha256(repr([_key(submission), plan.salt, submission.left]).encode("utf-8", "replace"))
    for path in submission.sources:
        handed_in.update(f"{path.name}\n".encode("utf-8", "replace"))
    for path in dict.fromkeys(
        (archives.of(path) or [path])[0] for path in submission.sources
    ):  # an archive once, packed
        handed_in.update(f"{digest_of(path)}\n".encode("utf-8", "replace"))
    how = repr((course.fingerprint(asked), plan.level, plan.cell_seconds, handed_in.hexdigest()))
    return hashlib.sha256(how.encode("utf-8", "replace")).hexdigest(), list(handed_in.digest()[:16])


def _key(submission):
    """What the layout says of a learner: it stays where a roster gives another id."""
    return submission.key or submission.learner


def _path(submission, plan):
    return plan.output / "results" / f"{submissions.file_name(_key(submission))}.json"


def lost(submission, asked, why=""):
    """The result of a submission during which the grader itself failed."""
    text = "The grader stopped while it was at work on this submission; grade it again, or look at its notebooks."
    rows = [row(task, Outcome("stopped", "not graded.")) for task in asked.tasks]
    return Result(submission.learner, False, [f"{text} {why}".strip()], rows)


class Worker:
    """A process that grades one submission after another."""

    def __init__(self, plan):
        self.plan = plan
        self.folder = Path(tempfile.mkdtemp(prefix=FOLDER))
        self.held = open(self.folder / HELD, "w")  # noqa: SIM115  until this process ends, however it does
        fcntl.flock(self.held, fcntl.LOCK_EX)
        settings = {
            "folder": str(self.folder),
            "notebooks": str(plan.notebooks.resolve()),
            "level": plan.level,
            "cell_seconds": plan.cell_seconds,
            "private": [str(path.resolve()) for path in (plan.notebooks, plan.output, *plan.private)],
        }
        self.process = isolation.started(
            "bgd_course.grading.worker",
            self.folder / "home",
            json.dumps(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the process that has the others
        )

    def grade(self, submission, salt):
        """The result of a submission; None if the worker failed, or was not heard of for too long."""
        junit = self.folder / "junit.xml"
        job = {"learner": submission.learner, "salt": salt, "left": submission.left, "junit": str(junit)}
        job["files"] = list(map(os.path.abspath, submission.sources))
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            result = replace(from_json(json.loads(self._line())), junit=junit.read_text(encoding="utf-8"))
            junit.unlink()
            return result
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def _line(self):
        """The line that comes after any number of empty ones: after each, the worker has its time anew."""
        line = "\n"
        while line == "\n":
            alarm = threading.Timer(sandbox.START + MOST_WAITING * self.plan.cell_seconds, self.stop)
            alarm.start()
            try:
                line = self.process.stdout.readline()
            finally:
                alarm.cancel()
        return line

    def stop(self):
        """End the process at once, whatever it is doing; its sandbox ends with it."""
        self.process.kill()

    def close(self):
        """End the process: at the end of its input it ends by itself, and takes its sandbox with it."""
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        sandbox.remove(self.folder)
        self.held.close()


FOLDER, HELD = "bgd-worker-", "held"  # a worker's folder, and the file in it that is locked while its owner lives


def remove_folders_of_the_dead() -> None:
    """Remove the folders that workers of this user left behind when their run was killed: nothing holds them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        try:
            if folder.lstat().st_uid != os.getuid() or folder.is_symlink():
                continue
            with open(folder / HELD) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                sandbox.remove(folder)
        except OSError:  # it is in use, or is being made or removed
            continue
