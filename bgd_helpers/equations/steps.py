"""A derivation step by step: which hold, which is the first that fails, which follow from it, and which are large."""

from typing import NamedTuple

from bgd_helpers.equations.counterexample import agree
from bgd_helpers.equations.meaning import is_counted
from bgd_helpers.equations.prose import read
from bgd_helpers.equations.reading import line_of
from bgd_helpers.equations.syntax import Derivative, Node, Symbol, chains_of, is_symbol, walk
from bgd_helpers.equations.updates import has_next, nearest_rule, without_next


class Step(NamedTuple):
    """A side and the one before it: `outcome` is "holds", "fails" or "follows" (from a line that fails)."""

    line: int
    span: tuple
    outcome: str
    said: str


def steps_of(latex: str) -> list[Step]:
    """Every step of the equations in a text. Raises Misfit for a text that cannot be read."""
    chains = list(map(_by_its_rule, chains_of(read(latex))))
    steps = [step for chain in chains if set(chain.relations) <= {"=", "~"} for step in _judged(latex, chain)]
    if len(chains) > 1:  # what one of them takes at once another may show
        steps = [step._replace(said="") if step.outcome == "holds" else step for step in steps]
    return steps


def _by_its_rule(chain):
    """The chain with what its update rule makes of w_t in place of w_{t+1}, but where it counts the updates."""
    counted = any(is_counted(part) for side in chain.sides for part in walk(side))
    if counted or not any(map(has_next, chain.sides)):
        return chain
    return without_next(chain, nearest_rule(chain.sides[-1]))


def _judged(latex: str, chain) -> list[Step]:
    head, found, failed = chain.sides[0], [], None
    for left, right, sign in zip(chain.sides, chain.sides[1:], chain.relations):
        line = line_of(latex, right.span[0])
        follows = agree(left, right, sign == "~")
        if follows and not failed:
            found.append(Step(line, right.span, "holds", large(left, right)))
        elif follows:
            found.append(Step(line, right.span, "follows", f"it follows from line {failed}, which does not hold."))
        elif failed and agree(head, right, sign == "~"):
            found.append(Step(line, right.span, "holds", "it equals the first side again."))
            failed = None
        else:
            failed = failed or line
            found.append(Step(line, right.span, "fails", "it does not follow from what stands before it."))
    return found


FAR = 1000  # where the last layer stands: further on than any k + 1
LINKS = {
    0: r"the derivative of z by a, $f'$",
    1: "the derivative of a by the z of the layer before, w",
    "w": "the derivative of a by what it is made with",
    "E": r"the derivative of the loss, $-2 (y - \hat y)$",
    "J": "the mean over the examples (sum rule)",
}


def large(left: Node, right: Node) -> str:
    """Which rules a true step takes at once, in words: more than one link of the way from the weights to the cost by a
    single derivative; empty if it is a small step."""
    gone, come = _ways(left), _ways(right)
    for way in list(come):
        if way in gone:
            gone.remove(way)
            come.remove(way)
    if not gone or max(end - start for start, end in gone) < 2:
        return ""
    points = sorted({point for way in gone + come for point in way})
    hidden = []
    for start, end in zip(points, points[1:]):
        if sum(a <= start < b for a, b in gone) > sum(a <= start < b for a, b in come) and end - start <= 6:
            hidden += [_link(at) for at in range(start, end)]
    hidden = list(dict.fromkeys(hidden))
    return f"a large step: it hides the chain rule, {' and '.join(hidden)}." if len(hidden) > 1 else ""


def _link(at: int) -> str:
    if at >= 2 * FAR + 1:
        return LINKS["E" if at == 2 * FAR + 1 else "J"]
    return LINKS[at % 2]


def _ways(side: Node) -> list:
    """From where to where each derivative of a side leads on the way from the weights to the cost."""
    pairs = [(part.by, part.of) for part in walk(side) if isinstance(part, Derivative)]
    pairs += [(Symbol("a", (), part.layer), Symbol("E")) for part in walk(side) if is_symbol(part, "delta", "Delta")]
    ways = [(_place(by), _place(of)) for by, of in pairs]
    return [(start, end) for start, end in ways if start is not None and end is not None and start < end]


def _place(part: Node) -> int | None:
    """How far on its way a quantity is: w, a, z of a layer, then the next; the loss and the cost at the end."""
    match part:
        case Symbol("E" | "J" as name):
            return 2 * FAR + 2 + (name == "J")
        case Symbol("yhat" | "Yhat"):
            return 2 * FAR + 1
        case Symbol("w" | "W" | "b" | "a" | "A" | "z" | "Z" as name, layer=layer) if layer:
            base = 2 * ((FAR if layer.letter == "L" else 0) + layer.offset)
            return base + {"a": 0, "z": 1}.get(name.lower(), -1)
    return None
