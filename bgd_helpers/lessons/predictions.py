"""What learners predict before they see: the questions, and what each guess is answered.

Nothing here is graded, and nothing leaves the notebook: a guess stands in the output of the cell that asked.
"""

import json
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

Guess = Any  # the text of an option, or a number
MIME = "application/vnd.bgd.prediction+json"
AGAIN = "application/vnd.bgd.prediction-again+json"  # a guess at what went wrong before
MOST_AGAIN = 3  # questions in the opening of a notebook
MOST_OUTPUTS = 50  # of a cell, among which a guess is looked for
MOST_BYTES = 50 * 2**20  # of a saved notebook
guesses: dict[str, Guess] = {}  # of this process


class Answer(NamedTuple):
    """An option, or a number near which a guess may lie, and what it is answered. A wrong one that was foreseen has the
    name of its misconception."""

    value: Guess
    reply: str
    misconception: str = ""
    is_right: bool = False


class Question(NamedTuple):
    """What is asked. `shown` stands in the output that proves the right answer; a number may be `tolerance` off, and
    one that is near no answer hears `otherwise`."""

    name: str
    text: str
    answers: list[Answer]
    shown: str
    tolerance: float = 0.0
    otherwise: str = ""

    @property
    def is_number(self) -> bool:
        return bool(self.otherwise)

    @property
    def right(self) -> Answer:
        return next(answer for answer in self.answers if answer.is_right)


@cache
def questions() -> dict[str, Question]:
    """The questions by name, in the order of the notebooks."""
    text = Path(__file__).with_name("predictions.toml").read_text(encoding="utf-8")
    return {name: _question(name, row) for name, row in tomllib.loads(text).items()}


def _question(name: str, row: dict) -> Question:
    if "options" in row:
        answers = [_option(**option) for option in row["options"]]
        return Question(name, row["question"], answers, row["shown"])
    near = [Answer(one["number"], one["reply"], one["misconception"]) for one in row["near"]]
    answers = [Answer(row["number"], row["reply"], is_right=True), *near]
    return Question(name, row["question"], answers, row["shown"], row["tolerance"], row["otherwise"])


def _option(text: str, reply: str, misconception: str = "") -> Answer:
    return Answer(text, reply, misconception, is_right=not misconception)


def question(name: str) -> Question:
    """The question of that name. Raises ValueError if there is none."""
    if name not in questions():
        raise ValueError(f"there is no prediction {name!r}: choose from {', '.join(questions())}")
    return questions()[name]


def answer_to(asked: Question, guess: Guess) -> Answer:
    """What a guess is answered."""
    if not asked.is_number:
        return next(answer for answer in asked.answers if answer.value == guess)
    for answer in asked.answers:
        rounding = 0.0 if answer.is_right else 0.01 * abs(answer.value)
        if abs(answer.value - guess) <= max(asked.tolerance, rounding):
            return answer
    return Answer(guess, asked.otherwise)


def allows(asked: Question, guess: Any) -> bool:
    """Whether a guess is one that this question can have."""
    if asked.is_number:
        return isinstance(guess, int | float) and not isinstance(guess, bool) and abs(guess) < 1e300
    return isinstance(guess, str) and any(answer.value == guess for answer in asked.answers)


def guesses_in(cells: Iterable, kind: str = MIME) -> dict[str, Guess]:
    """The guesses of one kind, MIME or AGAIN, in the outputs of a notebook's cells, by name, the first of each.

    The cells may be anybody's: what is no guess at a question of ours is passed over.
    """
    found: dict[str, Guess] = {}
    for name, kept in kept_in(cells, kind):
        if name in questions() and allows(questions()[name], kept.get("guess")):
            found.setdefault(name, kept["guess"])
    return found


def kept_in(cells: Iterable, kind: str) -> Iterator[tuple[str, dict]]:
    """What the outputs of a notebook's cells, which may be anybody's, keep under a MIME type, each with its name."""
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs[:MOST_OUTPUTS] if isinstance(outputs, list) else ():
            data = output.get("data") if isinstance(output, dict) else None
            kept = data.get(kind) if isinstance(data, dict) else None
            if isinstance(kept, dict) and isinstance(kept.get("id"), str):
                yield kept["id"], kept


def due(before: Iterable[Iterable]) -> list[str]:
    """The names of the questions to ask again, given the cells of each notebook before, in order: of those whose last
    guess was wrong the ones that were asked again least often, then the earliest; MOST_AGAIN of them at most."""
    last: dict[str, Guess] = {}
    times: Counter[str] = Counter()
    for cells in map(list, before):
        again = guesses_in(cells, AGAIN)
        last = guesses_in(cells) | last | again
        times.update(again.keys())
    wrong = [name for name in questions() if name in last and not answer_to(questions()[name], last[name]).is_right]
    return sorted(wrong, key=lambda name: times[name])[:MOST_AGAIN]


def in_words(asked: Question, guess: Guess = None) -> str:
    """The question and its options as text; the guess, if there is one."""
    lines = [f"Predict: {asked.text}"]
    lines += [f"{'●' if one.value == guess else '○'} {one.value}" for one in asked.answers if not asked.is_number]
    if guess is not None:
        lines.append(committed(guess))
    elif asked.is_number:
        lines.append("(a number)")
    return "\n".join(lines)


def committed(guess: Guess) -> str:
    """What is said of a guess before the result is seen."""
    return f"You predict {_shown(guess)}. Now run the cell below that shows it."


def feedback(asked: Question, guess: Guess) -> str:
    """What a guess hears beside the result: right, or which misconception it is, and why."""
    answer = answer_to(asked, guess)
    if answer.is_right:
        return f"✓ You predicted {_shown(guess)}: right. {answer.reply}"
    name = f"The misconception: {answer.misconception}. " if answer.misconception else ""
    return f"✗ You predicted {_shown(guess)}; it is {_shown(asked.right.value)}.\n{name}{answer.reply}"


def summary(guesses: dict[str, Guess], again: dict[str, Guess]) -> str:
    """How many predictions are made, how many are right, how many of those asked `again` are, and which misconceptions
    the first guesses showed."""
    answers = [answer_to(questions()[name], guess) for name, guess in guesses.items()]
    right = sum(answer.is_right for answer in answers)
    left = dict.fromkeys(answer.misconception for answer in answers if answer.misconception)
    text = f"{len(answers)} of {len(questions())} predictions made, {right} right"
    mended = sum(answer_to(questions()[name], guess).is_right for name, guess in again.items())
    text += f"; {len(again)} asked again, {mended} right" * bool(again)
    return f"{text}; misconceptions that showed: {', '.join(left)}" if left else text


def _shown(value: Guess) -> str:
    return f"{value:g}".replace("-", "−") if isinstance(value, Real) else f"“{value}”"


def remember() -> None:
    """Take over the guesses in the saved notebook, where this process has none."""
    guesses.update(guesses_in(saved_cells()) | guesses)


def saved_cells() -> list:
    """The cells of the notebook that this kernel belongs to, as it was saved last; of all in a browser."""
    if sys.platform == "emscripten":
        return [cell for path in Path.cwd().glob("*.ipynb") for cell in cells_of(path)]
    return cells_of(Path(os.environ.get("JPY_SESSION_NAME", "")))  # JupyterLab says it


def cells_of(path: Path) -> list:
    """The cells of a notebook as it was saved last."""
    with suppress(OSError, ValueError, RecursionError, LookupError, TypeError):
        if path.suffix == ".ipynb" and path.stat().st_size <= MOST_BYTES:
            return list(json.loads(path.read_text(encoding="utf-8"))["cells"])
    return []
