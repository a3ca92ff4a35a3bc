"""The evidence as one HTML page that needs nothing else: the table, and for each row its text, numbers and picture."""

import base64
import platform
from html import escape
from importlib import metadata

import bgd_helpers
from bgd_helpers.evidence import fair, networks
from bgd_helpers.evidence.row import shown
from bgd_helpers.evidence.table import MEANING, as_html, picture, sign_of
from bgd_helpers.figures import evidence as figures
from bgd_helpers.pictures.picture import css_size

TITLE = "Gradient descent: the evidence"
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1, h2 { line-height: 1.2 } h2 { margin-top: 3rem; border-top: 2px solid #ddd; padding-top: 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem }
th { white-space: nowrap } th.n { text-align: right }
tr { border-top: 1px solid #ddd }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.yes { color: #00624a } .no { color: #a33b00 } td.s { white-space: nowrap }
dl { display: grid; grid-template-columns: 8.5rem 1fr; gap: .3rem 1rem } dt { font-weight: 600 } dd { margin: 0 }
figure { margin: 1.5rem 0 } img { max-width: 100%; height: auto } figcaption { color: #444; font-size: .9rem }
.setting { background: #f3f3f3; padding: .5rem .8rem }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""


def page(results, clock=fair.seconds):
    """The page of these results; clock(problem, tuned) tells the seconds of a run, for the comparison on three axes."""
    parts = [_head(results), _overview(results), *map(_section, results.values())]
    if "best-rates" in results:
        parts.insert(2, _comparison(results["best-rates"].outcome.drawn, clock))
    return PAGE.format(title=TITLE, style=STYLE, body="\n".join(parts))


def versions():
    """What the results were computed with."""
    packages = {name: metadata.version(name) for name in ("numpy", "matplotlib")}
    return {"Python": platform.python_version(), "bgd_helpers": bgd_helpers.__version__, **packages}


def _head(results):
    settings = " and ".join(sorted({result.setting.name for result in results.values()}))
    good = sum(result.outcome.holds for result in results.values())
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    return (
        f"<p class=setting><b>Setting: {escape(settings)}.</b> {good} of {len(results)} rows are reproduced. Computed "
        f"with {escape(used)}.</p>\n<p>Each row is a claim about gradient descent and the experiment that tests it. "
        "Every number is asserted to lie in an interval; where it is a point, the number is exact. No time is "
        "asserted.</p>"
    )


def _overview(results):
    rows = [
        f'<tr>{_verdict(result)}<td><a href="#{escape(name)}">{as_html(result.row.title)}</a></td>'
        f"<td>{as_html(result.outcome.sentence)}</td></tr>"
        for name, result in results.items()
    ]
    return _table("verdict|claim about|what we get", rows)


def _verdict(result):
    holds = result.outcome.holds
    return f'<td class="s {"yes" if holds else "no"}">{sign_of(result)} {MEANING[holds]}</td>'


def _section(result):
    row, outcome = result.row, result.outcome
    facts = {
        "Claim": row.claim,
        "Source": row.source,
        "It states": row.states,
        "We get": outcome.sentence,
        "Difference": row.difference,
        "Setting": result.setting.name,
        "Seeds": outcome.seeds,
    }
    told = "".join(f"<dt>{name}</dt><dd>{as_html(text)}</dd>" for name, text in facts.items())
    numbers = _table("|number|>we get|>asserted|tolerance", [_number(number) for number in outcome.numbers])
    drawn = picture(result)
    return (
        f'<section id="{escape(row.name)}"><h2>{sign_of(result)} {as_html(row.title)}</h2><dl>{told}</dl>{numbers}'
        f"{_figure(drawn) if drawn else ''}</section>"
    )


def _number(number):
    held = '<td class="s yes">✓</td>' if number.holds else '<td class="s no">✗</td>'
    value = escape(shown(number.value, number.form))
    return (
        f"<tr>{held}<td>{as_html(number.name)}</td><td class=n>{value}</td><td "
        f"class=n>{escape(_interval(number))}</td><td>{as_html(number.why)}</td></tr>"
    )


def _interval(number):
    """The interval of a number, in words that fit a table."""
    low, high = (shown(end, number.form) for end in (number.low, number.high))
    if number.low == number.high:
        return f"= {low}"
    if "∞" in high or "∞" in low:
        return f"≥ {low}" if "∞" in high else f"≤ {high}"
    return f"{low} … {high}"


def _comparison(drawn, clock):
    """The batch sizes on three axes; seconds are of this machine and of this code, and nothing is claimed of them."""
    problem, found = networks.mlp(), drawn["found"]
    seconds = {t.batch_size: clock(problem, t) for t in found}
    rows = [
        f"<tr><td class=n>{t.batch_size}</td><td class=n>{t.eta:.2g}</td><td class=n>{t.updates:,d}</td><td "
        f"class=n>{_band(t)}</td><td class=n>{t.examples:,d}</td><td class=n>{seconds[t.batch_size]:.2g}</td></tr>"
        for t in found
    ]
    return (
        "<section id=fair><h2>A fair comparison, on three axes</h2><p>One start and one cost; for each batch size "
        f"the η that brings the mean cost below {drawn['target']:g} for good after the fewest updates. The seeds are "
        "random orders: the bands in the picture hold all of them, those in the table the means over seeds drawn "
        "again. Seconds are of this machine, of a loop in Python and of one run on its own: elsewhere they differ, "
        "and no verdict here rests on them.</p>"
        + _table(">B|>best η|>updates|>seeds drawn again|>gradients of examples|>seconds here", rows)
        + _figure(figures.three_axes(found, seconds, drawn["target"]))
        + "</section>"
    )


def _band(tuned):
    low, high = tuned.band.min(), tuned.band.max()
    return f"{shown(int(low))} … {shown(int(high)) if high < float('inf') else '∞'}"


def _figure(drawn):
    width, height = css_size(drawn.figure)
    data, text = base64.b64encode(drawn.png()).decode(), escape(drawn.text)
    return (
        f'<figure><img src="data:image/png;base64,{data}" width="{width}" height="{height}" alt="{text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _table(headings, rows):
    """A table; a heading that starts with > stands over numbers."""
    cells = [("<th class=n>", name[1:]) if name.startswith(">") else ("<th>", name) for name in headings.split("|")]
    head = "".join(f"{tag}{name}</th>" for tag, name in cells)
    return "\n".join(["<table>", f"<tr>{head}</tr>", *rows, "</table>"])
