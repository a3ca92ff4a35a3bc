"""What an instructor and each learner get to read. Every text that came out of a submission is escaped."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from bgd_course.grading.results import Result
from bgd_course.grading.submissions import Recognised, file_name
from bgd_course.notebooks import write_atomically
from bgd_helpers.lessons.predictions import answer_to, questions

SIGNS = {"right": "✓", "wrong": "✗", "stopped": "■", "not attempted": "○"}
BECAUSE = {"right": "", "wrong": "because ", "stopped": "", "not attempted": ""}
# Where a spreadsheet would begin a formula.
COMPUTED = (
    r"(?=[\s\u00ad\u200b-\u200f\u2060-\u206f\ufeff]*"
    r"[-=+@|\uff1d\uff0b\uff0d\uff20\uff5c\ufe62\ufe63\ufe66\ufe6b\u207a-\u207c\u208a-\u208c])"
)
FORMULA = re.compile(r"\$([^$`<>&]+)\$")
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse } th, td { text-align: left; vertical-align: top; padding: .4rem .6rem }
tr { border-top: 1px solid #ccc } td.n { text-align: right; white-space: nowrap }
.right { color: #00624a } .wrong { color: #a33b00 } .stopped { color: #6a3d9a } td { overflow-wrap: anywhere }
td.o { white-space: nowrap } td:first-child { overflow-wrap: normal }
code { white-space: nowrap }
details { margin-top: .3rem; color: #444 } pre { background: #f5f5f5; padding: .5rem; overflow-x: auto }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""


class Table(NamedTuple):
    """How scores.csv is written: what separates cells, and whether a mark of UTF-8 begins it, which Excel needs."""

    delimiter: str = ","
    bom: bool = False


def write(results: list[Result], output: Path, table: Table = Table(), layout: str = "") -> None:
    """Write every report of a class, recognised in this layout, into the folder `output`, and remove those of learners
    that a roster renamed."""
    _remove_renamed(results, output)
    write_atomically(output / "scores.csv", "\ufeff" * table.bom + scores(results, table.delimiter))
    if layout in GRADEBOOKS:
        write_atomically(output / f"gradebook-{layout}.csv", _as_csv(GRADEBOOKS[layout](results)))
    write_atomically(output / "feedback" / "index.html", overview(results))
    write_atomically(output / "predictions.html", predictions([result.guesses for result in results]))
    for result in results:
        name = file_name(result.learner)
        write_atomically(output / "feedback" / f"{name}.md", feedback_markdown(result))
        write_atomically(output / "feedback" / f"{name}.html", feedback_html(result))
        write_atomically(output / "gradescope" / f"{name}.json", gradescope(result))
        if result.junit:
            write_atomically(output / "junit" / f"{name}.xml", result.junit)
    if len(results) == 1:
        write_atomically(output / "results.json", gradescope(results[0]))


def _remove_renamed(results, output):
    names = {file_name(result.learner) for result in results}
    for former in {file_name(result.former or result.learner) for result in results} - names:
        for path in (
            f"feedback/{former}.md",
            f"feedback/{former}.html",
            f"gradescope/{former}.json",
            f"junit/{former}.xml",
        ):
            (output / path).unlink(missing_ok=True)


def total(result):
    """The score of a submission, and what could be had."""
    rows = result.exercises
    return sum(row.score for row in rows), sum(row.points for row in rows)


def scores(results: list[Result], delimiter: str = ",") -> str:
    """The table of scores as CSV: a row for each learner, a column for each exercise."""
    names = [row.exercise for row in results[0].exercises] if results else []
    rows: list[list] = [["learner", "score", "of", "graded", *names, "notes"]]
    for result in results:
        each = [row.score for row in result.exercises]
        notes = " ".join(result.notes)
        rows.append([_cell(result.learner), *total(result), graded(result), *each, _later_cell(notes)])
    return _as_csv(rows, delimiter)


def plan(found: Recognised) -> str:
    """The table of who would be graded from which files, who has nothing, and what is nobody's."""
    rows = [["learner", "what", "file", "recognised as", "layout"]]
    for one in found.submissions:
        files = [("to be graded", path) for path in one.files] + [(_what(line), line) for line in one.left]
        files = files or [("nothing handed in", "")]
        files += [("beside it", name) for name in one.others]
        rows += [[one.learner, what, str(name), one.key, found.layout] for what, name in files]
    rows += [["", "nobody's", name, "", found.layout] for name in found.nobodys]
    return _as_csv([[_cell(first), *map(_later_cell, later)] for first, *later in rows])


def _what(line):
    return "not graded" if "was not graded:" in line else "note"


def _as_csv(rows, delimiter=","):
    """Rows as CSV in which no other program parts a cell: one with any separator is quoted. Where semicolons separate
    cells, numbers have a decimal comma."""
    return "".join(delimiter.join(_quoted(value, delimiter) for value in row) + "\n" for row in rows)


def _quoted(value, delimiter):
    if isinstance(value, float):
        return f"{value:g}".replace(".", "," if delimiter == ";" else ".")
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if re.search(r"[;,\t|\"'\r\n]|^\s|\s$", text) else text


def gradebook_canvas(results: list[Result]) -> list[list]:
    """The rows that Canvas's gradebook imports: it knows a learner by its own number, which its downloads name."""
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT]]
    rows += [["    Points Possible", "", "", "", "", total(result)[1]] for result in results[:1]]
    return rows + [[_cell(name), number, "", "", "", _grade(result)] for result, name, number in _numbered(results)]


def gradebook_moodle(results: list[Result]) -> list[list]:
    """The rows of the grading worksheet that Moodle's assignment imports: it knows a learner by "Participant" and the
    number that its downloads name. It has no column of comments: an empty one removes those that are there."""
    rows = [["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)"]]
    return rows + [
        [f"Participant {number}", _later_cell(name), _grade(result), total(result)[1], "-"]
        for result, name, number in _numbered(results)
    ]


def _grade(result):
    """The score to import; nothing, which changes nothing, where it could not be graded or nothing was handed in."""
    return "" if graded(result) in ("no", "nothing handed in") else total(result)[0]


def _numbered(results):
    """The results with the name and the number that the system gives to a learner."""
    found = [(result, re.fullmatch(r"(.+)_(\d+)", result.recognised, re.S)) for result in results]
    return [(result, match[1], match[2]) for result, match in found if match]


def not_in_gradebook(results: Sequence[Result], layout: str) -> list[str]:
    """The learners without a score in the gradebook of that layout, if there is one: a system knows them by no number,
    or they could not be graded."""
    numbered = [result.learner for result, *_ in _numbered(results) if _grade(result) != ""]
    return [result.learner for result in results if layout in GRADEBOOKS and result.learner not in numbered]


ASSIGNMENT = "Gradient descent and backpropagation"
GRADEBOOKS = {"canvas": gradebook_canvas, "moodle": gradebook_moodle}


def graded(result):
    """Whether all that was handed in was graded: "yes", "in part", "no"; "nothing handed in", or "nothing answered"."""
    if not result.graded:
        return "no"
    if not any(row.file for row in result.exercises):
        return "nothing handed in"
    if any("was not graded:" in note and not note.endswith(", which is later.") for note in result.notes):
        return "in part"
    return "yes" if any(row.outcome != "not attempted" for row in result.exercises) else "nothing answered"


def of_others(results, output):
    """The names of the feedback pages in the folder `output` that are of no learner of these results."""
    own = {"index", *(file_name(result.learner) for result in results)}
    return sorted(path.stem for path in (output / "feedback").glob("*.html") if path.stem not in own)


def _cell(text):
    """A text for a table: as it came in, but for what no name has, and no spreadsheet takes it for a formula."""
    return re.sub("^" + COMPUTED, "'", printable(text))


def _later_cell(text):
    """A text behind the first column: a program that parts columns by another sign looks for it in there, too."""
    return re.sub("(?<=[;,\t])" + COMPUTED, "'", _cell(text))


def printable(text: str) -> str:
    """A text on one line, without what steers a terminal, breaks a line or turns the direction of reading."""
    text = " ".join(text.split("\n"))
    return "".join("\N{REPLACEMENT CHARACTER}" if STEERING.match(c) else c for c in text)


STEERING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def says(row):
    """What an exercise's row says: right, wrong because, stopped or not attempted."""
    return f"{row.outcome}: {row.text}" if row.outcome != "wrong" else f"wrong because {row.text}"


def feedback_markdown(result):
    """The page of one learner as Markdown."""
    score, points = total(result)
    lines = [f"# {_markdown(result.learner)}: {score:g} of {points:g} points", ""]
    lines += [f"- {_markdown(note)}" for note in result.notes] + [""] * bool(result.notes)
    rows, missing = _handed_in(result)
    for row in rows:
        slip = f" *({_markdown(row.slip)})*" if row.slip else ""
        heading = f"{SIGNS[row.outcome]} **{_markdown(row.exercise)}**, {row.score:g} of {row.points:g}"
        lines.append(f"- {heading}{slip}  \n  {_markdown(says(row))}")
    folded = f"- {SIGNS['not attempted']} **{_count(missing)}**, {_of(missing)}: {_why_missing(result)}"
    lines += [folded] * bool(missing)
    return "\n".join(lines) + "\n"


def _handed_in(result):
    """The rows of a page: those of the notebooks that were handed in, and those of the others, which are one line."""
    missing = [row for row in result.exercises if row.outcome == "not attempted" and not row.file]
    return [row for row in result.exercises if row not in missing], missing


def _count(rows):
    notebooks = len({row.notebook for row in rows})
    return f"{len(rows)} exercise{'s' * (len(rows) > 1)} in {notebooks} notebook{'s' * (notebooks > 1)}"


def _of(rows):
    return f"0 of {sum(row.points for row in rows):g}"


def _why_missing(result):
    return "not handed in, or not graded (see above)." if graded(result) in ("in part", "no") else "not handed in."


def _markdown(text):
    """Text for Markdown: escaped, and each formula between dollars as code."""
    parts = FORMULA.split(printable(text))  # by turns text and formula
    parts[::2] = (re.sub(r"([\\`*_{}\[\]()#!|$~])", r"\\\1", escape(part, quote=False)) for part in parts[::2])
    return "`".join(parts)


def feedback_html(result):
    """The page of one learner as HTML; nothing in it can run."""
    score, points = total(result)
    notes = "".join(f"<p>{_html(note)}</p>\n" for note in result.notes)
    found, missing = _handed_in(result)
    rows = [_html_row(row) for row in found] + [_html_missing(missing, _why_missing(result))] * bool(missing)
    table = _table(("exercise", "points", "outcome", "reason"), rows)
    body = f"<p><strong>{score:g} of {points:g} points</strong></p>\n{notes}{table}"
    return PAGE.format(title=_html(result.learner), style=STYLE, body=body)


def _html_row(row):
    outcome = row.outcome
    slip = f"<br><small>slip: {_html(row.slip)}</small>" if row.slip else ""
    sign = f'<td class="o {outcome.split()[0]}">{SIGNS[outcome]} {outcome}</td>'
    text = f"{BECAUSE[outcome]}{row.text}"
    return (
        f"<tr><td class=o>{_html(row.exercise)}</td><td class=n>{row.score:g} of {row.points:g}</td>"
        f"{sign}<td>{_with_formulas(text)}{slip}{_answer(row)}</td></tr>"
    )


def _html_missing(rows, why):
    sign = f'<td class="o not">{SIGNS["not attempted"]} not attempted</td>'
    return f"<tr><td>{_count(rows)}</td><td class=n>{_of(rows)}</td>{sign}<td>{why}</td></tr>"


def _answer(row):
    """What was graded, to be opened."""
    if not row.answer:
        return ""
    source = "\n".join(map(_html, row.answer.split("\n")))
    return f"<details><summary>the answer, in {_html(row.file)}</summary><pre>{source}</pre></details>"


def _html(text):
    return escape(printable(text))


def _with_formulas(text):
    """A text of ours for HTML: escaped, and each formula between dollars as code."""
    return FORMULA.sub(r"<code>\1</code>", _html(text))


def overview(results):
    """The class on one page: scores, how each exercise went, and which slips were made how often."""
    learners = [
        f'<tr><td><a href="{escape(file_name(result.learner))}.html">{_html(result.learner)}</a></td>'
        f"<td class=n>{total(result)[0]:g} of {total(result)[1]:g}</td><td class=o>{graded(result)}</td>"
        f"<td>{_html(' '.join(result.notes))}</td></tr>"
        for result in results
    ]
    slips = Counter((row.exercise, row.slip) for result in results for row in result.exercises if row.slip)
    made = [
        f"<tr><td>{_html(exercise)}</td><td>{_html(slip)}</td><td class=n>{count}</td></tr>"
        for (exercise, slip), count in slips.most_common()
    ]
    body = _table(("learner", "points", "graded", "notes"), learners)
    body += "<h2>Exercises</h2>\n" + _table(("exercise", *SIGNS, "points on average"), _exercises(results))
    body += "<h2>Slips</h2>\n" + (_table(("exercise", "slip", "times"), made) if made else "<p>No known slip.</p>\n")
    return PAGE.format(title=f"Scores of {len(results)} learners", style=STYLE, body=body)


def predictions(guesses: Sequence[dict[str, str | float]]) -> str:
    """What a class predicted, on a page without names: where most were wrong first, and which wrong guesses were made
    how often. `guesses` has a dictionary for each learner."""
    made = {name: Counter(each[name] for each in guesses if name in each) for name in questions()}
    rows = [_predicted(questions()[name], counts) for name, counts in made.items() if counts]
    rows = [row for _, row in sorted(rows, key=lambda pair: -pair[0])]
    body = _table(("prediction", "made", "right", "wrong guesses, and what they show"), rows)
    return PAGE.format(title="Predictions of the class", style=STYLE, body=body if rows else "<p>None was made.</p>")


def _predicted(asked, counts):
    """The number of wrong guesses at a question, and its row in the table."""
    answers = [(answer_to(asked, guess), guess, count) for guess, count in counts.most_common()]
    wrong = [(answer.misconception, guess, count) for answer, guess, count in answers if not answer.is_right]
    many, missed = sum(counts.values()), sum(count for *_, count in wrong)
    said = "<br>".join(
        f"{count} × {_html(str(guess))}" + f" <em>({_html(name)})</em>" * bool(name) for name, guess, count in wrong
    )
    title = f"<td>{_html(asked.text)}<br><small>{_html(asked.name)}</small></td>"
    return missed, f"<tr>{title}<td class=n>{many}</td><td class=n>{many - missed}</td><td>{said}</td></tr>"


def _exercises(results):
    """A row for each exercise, and one for all: how many answers had which outcome, and the mean of the points."""
    for rows in zip(*(result.exercises for result in results)):
        counts = Counter(row.outcome for row in rows)
        numbers = "".join(f"<td class=n>{counts[outcome] or '–'}</td>" for outcome in SIGNS)
        score = f"{mean(row.score for row in rows):.1f} of {rows[0].points:g}"
        yield f"<tr><td>{_html(rows[0].exercise)}</td>{numbers}<td class=n>{score}</td></tr>"
    scores, points = zip(*map(total, results))
    empty = "<td></td>" * len(SIGNS)
    yield f"<tr><td>all</td>{empty}<td class=n>{mean(scores):.1f} of {points[0]:g}</td></tr>"


def _table(headings, rows):
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    return "\n".join(["<table>", f"<tr>{head}</tr>", *rows, "</table>\n"])


def gradescope(result):
    """The result of one submission as Gradescope's autograder reads it."""
    tests = [
        {
            "name": row.exercise,
            "score": row.score,
            "max_score": row.points,
            "status": "passed" if row.outcome == "right" else "failed",
            "output": printable(says(row)),
            "output_format": "text",
        }
        for row in result.exercises
    ]
    output = printable(" ".join(result.notes))
    return json.dumps({"score": total(result)[0], "output": output, "output_format": "text", "tests": tests}, indent=1)
