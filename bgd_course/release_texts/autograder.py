"""The autograder of Classroom 50: grades the repository that it is started in, and writes result.json there.

Put the whole release, with this file, into CLASSROOM/autograders/ASSIGNMENT of your classroom50 repository. Classroom
50 brings it to the learner's repository and runs it there: your copy of the course grades, not the learner's.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

COURSE = Path(__file__).resolve().parent
SANDBOX = (
    "sudo -n apt-get update -qq",
    "sudo -n apt-get install -y -qq bubblewrap libseccomp2",
    "sudo -n sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
)


def main():
    """The exit status: 0 where it was graded, whatever the score; else Classroom 50 reports an error."""
    with tempfile.TemporaryDirectory() as folder:
        python, graded = Path(folder, "venv", "bin", "python"), Path(folder, "graded")
        if "--installed" in sys.argv:
            python = Path(sys.executable)
        else:
            install(python)
        command = [python, "-I", "-m", "bgd_course", "grade", Path.cwd(), "--assume", "one", "--output", graded]
        status = subprocess.run([*map(str, command), *sys.argv[2:]], cwd=folder).returncode
        if status > 1:
            return 1
        result = result_of(json.loads((graded / "results.json").read_text(encoding="utf-8")), os.environ)
        write("result.json", json.dumps(result, indent=2) + "\n")
        pages = sorted(path for path in (graded / "feedback").glob("*.md"))
        write("release-body.md", pages[0].read_text(encoding="utf-8"))
    return 0


def install(python):
    """Make an environment with the course and what grading needs, and let the sandbox have its namespaces."""
    for command in SANDBOX:
        subprocess.run(command.split(), check=True)
    subprocess.run([sys.executable, "-I", "-m", "venv", str(python.parent.parent)], check=True)
    pip = [str(python), "-I", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, "--require-hashes", "-r", str(COURSE / "requirements-grade.lock")], check=True, cwd=COURSE)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(COURSE)], check=True, cwd=COURSE)


def result_of(graded, environment):
    """What Classroom 50 wants to know of a submission, from the result as Gradescope reads it."""
    tests = [
        {
            "test-name": test["name"],
            "passed": test["status"] == "passed",
            "score": round(test["score"]),
            "max-score": round(test["max_score"]),
            "output": test["output"],
        }
        for test in graded["tests"]
    ]
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema": "classroom50/result/v1",
        "classroom": environment["CLASSROOM"],
        "assignment": environment["ASSIGNMENT"],
        "assignment_type": environment.get("ASSIGNMENT_TYPE", "individual"),
        "owner": environment.get("OWNER") or environment.get("USERNAME", ""),
        "submission": environment["SUBMISSION_TAG"],
        "commit": environment["COMMIT_URL"],
        "release": environment["RELEASE_URL"],
        "review": environment.get("REVIEW_URL") or environment["COMMIT_URL"],
        "datetime": committed() or now,
        "graded_at": now,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def committed():
    """When the graded commit was made; None outside a repository."""
    command = ["git", "show", "-s", "--format=%ct", "HEAD"]
    try:
        seconds = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(name, text):
    """Write a file here; a link of that name, which may lead anywhere, is replaced."""
    Path(name).unlink(missing_ok=True)
    Path(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
