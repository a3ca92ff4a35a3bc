"""What grading finds: the result of a submission, with a row for each exercise."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bgd_course.grading.course import Task
from bgd_course.grading.judging import Outcome


@dataclass(frozen=True)
class Row:
    """What was found of one exercise, the file in which it was looked for, and the answer in it."""

    exercise: str
    notebook: str
    cell: str
    points: float
    score: float
    outcome: str
    text: str
    slip: str | None
    file: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Result:
    """What was found of a submission. `key` changes with what it was graded from; `kept`: by an earlier run, when the
    learner was called `former`. `recognised`: the name that the layout gives. `guesses`: its predictions, on which no
    point depends."""

    learner: str
    graded: bool
    notes: list[str]
    exercises: list[Row]
    key: str = ""
    kept: bool = False
    junit: str = ""
    former: str = ""
    recognised: str = ""
    guesses: dict[str, str | float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The result as JSON can hold it."""
        return asdict(self)


def from_json(value: dict[str, Any]) -> Result:
    """The Result that `as_json` gave. Raises TypeError or LookupError where it is none."""
    return Result(**value | {"exercises": [Row(**row) for row in value["exercises"]]})


def row(task: Task, outcome: Outcome, file: str = "", answer: str = "") -> Row:
    """The Row of a task and its outcome: its points, or none."""
    score = task.points if outcome.outcome == "right" else 0
    asked = task.exercise, task.notebook, task.cell, task.points
    return Row(*asked, score, *outcome, file, answer)
