"""Grading a class: workers in parallel, one file a submission as soon as it is graded, then the reports."""

import hashlib
import json
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from bgd_helpers.grading import collect, course, report, submissions
from bgd_helpers.grading.judging import Outcome
from bgd_helpers.grading.worker import RESTART, row
from bgd_helpers.saving import write_atomically


class Plan(NamedTuple):
    """How a class is graded. `salt` draws the secret cases; `again` grades what is graded already."""

    notebooks: Path
    output: Path
    level: str
    salt: tuple
    workers: int = 2
    cell_seconds: float = 10
    again: bool = False


def salt_of(output, given=None):
    """The salt of a run: the given one, that of the run in this folder, or a new one; it is kept in the folder."""
    path = Path(output) / "run.json"
    if given is not None:
        salt = given
    elif path.exists():
        salt = json.loads(path.read_text(encoding="utf-8"))["salt"]
    else:
        salt = secrets.token_hex(16)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"salt": salt}) + "\n")
    return tuple(hashlib.sha256(salt.encode()).digest()[:16])


def grade(found, plan, done=lambda result: None):
    """The results of all submissions, in order; each is written as soon as it is there, and `done` called with it."""
    for folder in ("results", "junit", "feedback", "gradescope"):
        (plan.output / folder).mkdir(parents=True, exist_ok=True)
    asked = course.read(plan.notebooks)
    jobs, results = SimpleQueue(), {}
    for submission in found:
        state = key(submission, plan, asked)
        kept = None if plan.again else finished(submission, plan, state)
        if kept is None:
            jobs.put((submission, state))
        else:
            results[submission.learner] = kept
            done(kept)
    crew = [threading.Thread(target=_work, args=(jobs, plan, asked, results, done)) for _ in range(plan.workers)]
    for one in crew:
        one.start()
    try:
        for one in crew:
            one.join()
    except KeyboardInterrupt:
        _empty(jobs)
        raise
    ordered = [results.get(submission.learner) or lost(submission, asked) for submission in found]
    report.write(ordered, plan.output)
    return ordered


def _empty(jobs):
    """Leave nothing to begin with: what is being graded is finished."""
    try:
        while True:
            jobs.get_nowait()
    except Empty:
        pass


def finished(submission, plan, state):
    """The result of an earlier run on the same files, for the same course and salt; None if there is none, or if it
    could not be graded."""
    try:
        kept = json.loads(_path(submission, plan).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and kept.get("key") == state and kept["graded"] else None


def key(submission, plan, asked):
    """A text that changes with what was handed in, what is asked for, and the salt."""
    digest = hashlib.sha256(repr((course.fingerprint(asked), plan.salt, plan.level, plan.cell_seconds)).encode())
    for path in submission.files:
        try:
            digest.update(f"{path}\n{collect.cells_of(path)}".encode("utf-8", "replace"))
        except collect.Unreadable as error:
            digest.update(f"{path}\n{error}".encode("utf-8", "replace"))
    return digest.hexdigest()


def _path(submission, plan):
    return plan.output / "results" / f"{submissions.file_name(submission.learner)}.json"


def _work(jobs, plan, asked, results, done):
    """Grade submissions until none is left, with a process that is started anew where it fails."""
    worker = None
    try:
        while True:
            submission, state = jobs.get_nowait()
            worker = worker or Worker(plan)
            result = worker.grade(submission, len(asked.tasks))
            if result is None:
                worker.close()
                worker = None
                result = lost(submission, asked)
            result["key"] = state
            write_atomically(_path(submission, plan), json.dumps(result, indent=1) + "\n")
            results[submission.learner] = result
            done(result)
    except Empty:
        pass
    finally:
        if worker is not None:
            worker.close()


def lost(submission, asked):
    """The result of a submission during which the grader itself failed."""
    text = "The grader stopped while it was at work on this submission; grade it again, or look at its notebooks."
    rows = [row(task, Outcome("stopped", "not graded.")) for task in asked.tasks]
    return {"learner": submission.learner, "graded": False, "notes": [text], "exercises": rows}


class Worker:
    """A process that grades one submission after another."""

    def __init__(self, plan):
        self.plan = plan
        self.folder = tempfile.TemporaryDirectory(prefix="bgd-")
        settings = {
            "folder": self.folder.name,
            "notebooks": str(plan.notebooks),
            "level": plan.level,
            "salt": plan.salt,
            "cell_seconds": plan.cell_seconds,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bgd_helpers.grading.worker", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def grade(self, submission, tasks):
        """The result of a submission; None if the worker failed or took too long."""
        junit = self.plan.output / "junit" / f"{submissions.file_name(submission.learner)}.xml"
        job = {"learner": submission.learner, "files": list(map(str, submission.files)), "junit": str(junit)}
        alarm = threading.Timer(60 + tasks * (self.plan.cell_seconds + RESTART), self.process.kill)
        alarm.start()
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            return None
        finally:
            alarm.cancel()

    def close(self):
        """End the process: at the end of its input it ends by itself, and takes its sandbox with it."""
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()
