"""Grading a class: workers in parallel, one file a submission as soon as it is graded, then the reports."""

import hashlib
import json
import os
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from bgd_course.grading import collect, course, isolation, report, sandbox, seal, submissions
from bgd_course.grading.judging import Outcome
from bgd_course.grading.results import Result, from_json, row
from bgd_course.grading.worker import RESTART
from bgd_course.notebooks import write_atomically
from bgd_helpers import __version__

FOLDERS = ("results", "junit", "feedback", "gradescope")  # of the output


class Plan(NamedTuple):
    """How a class is graded. `salt` draws the secret cases; `again` grades what is graded already; the answers do not
    see the folders in `private`. `make_worker(plan)` makes one that grades a submission at a time."""

    notebooks: Path
    output: Path
    level: str
    salt: str
    workers: int = 2
    cell_seconds: float = 10
    again: bool = False
    private: tuple = ()
    make_worker: Callable = None


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
    for one in pool:
        one.start()
    try:
        for one in pool:
            one.join()
    except KeyboardInterrupt:
        run.stop()
        for one in pool:
            one.join()
        raise
    ordered = [run.results.get(submission.learner) or lost(submission, run.asked) for submission in found]
    report.write(ordered, plan.output)
    return ordered


class Run:
    """What the threads of one run share: the submissions still to be graded, and the results."""

    def __init__(self, found, plan, asked, done):
        self.plan, self.asked, self.done = plan, asked, done
        self.jobs, self.results, self.busy = SimpleQueue(), {}, {}
        self.stopped = threading.Event()
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
            if result is None:
                result = replace(self._graded(submission, salt, me), key=state)
                if self.stopped.is_set():
                    return
                write_atomically(_path(submission, self.plan), json.dumps(sealed(result), indent=1) + "\n")
        except Exception as error:  # one submission does not end the run
            result = lost(submission, self.asked, f"{type(error).__name__}: {error}")
        self.results[submission.learner] = result
        self.done(result)

    def _graded(self, submission, salt, me):
        """A result, by a worker of the pool that is replaced where it fails."""
        worker = self.busy.get(me)
        if worker is None:
            worker = self.busy[me] = (self.plan.make_worker or Worker)(self.plan)
        result = worker.grade(submission, salt, len(self.asked.tasks))
        if result is None:
            self.busy.pop(me).close()
            return lost(submission, self.asked)
        return result


def sealed(result):
    """A result with a mark by which the next run knows that this user's wrote it."""
    value = result.as_json()
    return value | {"seal": seal.mark(value)}


def finished(submission, plan, state):
    """The result of an earlier run of this user on the same files, for the same course and salt, marked as kept; None
    if there is none, or if it could not be graded."""
    try:
        kept = json.loads(_path(submission, plan).read_text(encoding="utf-8"))
        found = kept.pop("seal")
        is_ours = seal.holds(kept, found)
        return replace(from_json(kept), kept=True) if is_ours and kept["key"] == state and kept["graded"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def fingerprints(submission, plan, asked):
    """A text that changes with what was handed in, what is asked for, and how; and the salt of this very submission:
    inputs that its learner found out by it are no use for another."""
    handed_in = hashlib.sha256(repr([submission.learner, plan.salt]).encode("utf-8", "replace"))
    for path in submission.files:
        handed_in.update(f"{path.name}\n{collect.digest_of(path)}\n".encode("utf-8", "replace"))
    how = repr((course.fingerprint(asked), plan.level, plan.cell_seconds, handed_in.hexdigest()))
    return hashlib.sha256(how.encode("utf-8", "replace")).hexdigest(), list(handed_in.digest()[:16])


def _path(submission, plan):
    return plan.output / "results" / f"{submissions.file_name(submission.learner)}.json"


def lost(submission, asked, why=""):
    """The result of a submission during which the grader itself failed."""
    text = "The grader stopped while it was at work on this submission; grade it again, or look at its notebooks."
    rows = [row(task, Outcome("stopped", "not graded.")) for task in asked.tasks]
    return Result(submission.learner, False, [f"{text} {why}".strip()], rows)


class Worker:
    """A process that grades one submission after another."""

    def __init__(self, plan):
        self.plan = plan
        self.folder = Path(tempfile.mkdtemp(prefix="bgd-"))
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

    def grade(self, submission, salt, tasks):
        """The result of a submission; None if the worker failed or took too long."""
        junit = self.folder / "junit.xml"
        job = {"learner": submission.learner, "salt": salt, "left": submission.left, "junit": str(junit)}
        job["files"] = list(map(os.path.abspath, submission.files))
        alarm = threading.Timer(60 + tasks * (self.plan.cell_seconds + RESTART), self.stop)
        alarm.start()
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            result = from_json(json.loads(self.process.stdout.readline()))
            path = self.plan.output / "junit" / f"{submissions.file_name(submission.learner)}.xml"
            write_atomically(path, junit.read_bytes())  # a link that lies there is replaced, not followed
            junit.unlink()
            return result
        except (OSError, ValueError, LookupError, TypeError):
            return None
        finally:
            alarm.cancel()

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
