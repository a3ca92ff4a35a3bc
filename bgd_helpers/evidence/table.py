"""Running the rows, and their results as a table."""

from dataclasses import dataclass
from html import escape

from bgd_helpers.evidence.catalogue import ROWS
from bgd_helpers.evidence.row import Result, silent

SIGNS = {True: "✓", False: "✗"}
LEFT = "<td style='text-align: left'>"
MEANING = {True: "reproduced", False: "NOT reproduced"}


def collect(setting, rows=ROWS, progress=silent):
    """The results of the rows in one setting, by their names; progress(share) is called as the work goes on."""
    results = {}
    for done, row in enumerate(rows):
        outcome = row.run(setting, lambda share, done=done: progress((done + share) / len(rows)))
        results[row.name] = Result(row, setting, outcome)
        progress((done + 1) / len(rows))
    return results


def picture(result):
    """The picture of a result, None if it has none."""
    if not result.row.picture:
        return None
    from bgd_helpers.figures import evidence  # Matplotlib only for who wants a picture

    return getattr(evidence, result.row.picture)(**result.outcome.drawn)


@dataclass(frozen=True)
class Table:
    """Results in a table that a notebook shows as it is."""

    results: dict

    def __repr__(self):
        lines = [f"{sign_of(r)} {r.row.title} ({r.row.source}): {r.outcome.sentence}" for r in self.results.values()]
        return "\n".join([self.summary(), *lines])

    def _repr_html_(self):
        rows = [
            f"<tr><td>{sign_of(r)}</td>{LEFT}<b>{as_html(r.row.title)}</b><br>{as_html(r.row.source)}</td>"
            f"{LEFT}{as_html(r.outcome.sentence)}</td></tr>"
            for r in self.results.values()
        ]
        return f"<p>{self.summary()}</p><table>{''.join(rows)}</table>"

    def summary(self):
        """How many rows are reproduced, and in which setting."""
        names = {r.setting.name for r in self.results.values()}
        good = sum(r.outcome.holds for r in self.results.values())
        return f"{good} of {len(self.results)} rows reproduced, {' and '.join(sorted(names))} setting"


def as_html(text):
    """Text for a page: escaped, with λ_max and λ_min set as indices."""
    return escape(text).replace("_max", "<sub>max</sub>").replace("_min", "<sub>min</sub>")


def table(results):
    """The results in a table: whether each is reproduced, and what we get."""
    return Table(results)


def sign_of(result):
    """✓ if every number of the result lies in its interval, else ✗."""
    return SIGNS[result.outcome.holds]
