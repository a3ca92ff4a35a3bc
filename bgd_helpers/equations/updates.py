"""The update rule E9 in its three batch sizes, as equations of the language itself."""

from dataclasses import replace
from functools import cache

from bgd_helpers.equations.reading import read
from bgd_helpers.equations.syntax import Derivative, Gradient, Symbol, is_symbol, mapped, walk

# what the update makes of the target T; \nabla stands for the derivative by it
RULES = {
    "SGD": r"\theta_t - \eta \nabla E_n",
    "mini-batch SGD": r"\theta_t - \frac{\eta}{|\mathcal B_t|} \sum_{m \in \mathcal B_t} \nabla E_m",
    "BGD": r"\theta_t - \eta \nabla J",
}
TARGETS = ("w", "b", "theta", "W")


def is_update(chain):
    """Whether a chain says what an update makes of the parameters."""
    head = chain.sides[0]
    return chain.relations[0] == "<-" or _is_next(head) and chain.relations[0] == "="


def has_next(node):
    """Whether parameters after the update stand somewhere in an expression."""
    return any(map(_is_next, walk(node)))


def updated(target, rule, example):
    """What the rule makes of the target: a weight, a bias, a matrix of them, or all parameters."""
    target = now(target)

    def in_terms_of_target(node):
        if is_symbol(node, "theta"):
            return target
        if isinstance(node, Symbol) and node.indices == ("n",):
            return replace(node, indices=(example or "n",))
        if isinstance(node, Gradient) and (target.layer or target.indices):
            return Derivative(node.of, target)
        return node

    return mapped(_rule(rule), in_terms_of_target)


@cache
def _rule(name):
    (chain,) = read(f"{RULES[name]} = 0")
    return mapped(chain.sides[0], lambda node: replace(node, span=None))


def now(target):
    """The parameters before the update; any other node as it is."""
    return replace(target, mark="t") if _is_next(target) else target


def without_next(chain, rule):
    """The chain with w_{t+1} replaced by what the rule makes of w_t."""
    example = next(filter(None, map(example_of, chain.sides)), None)

    def step(node):
        return replace(updated(node, rule, example), span=node.span) if _is_next(node) else node

    return chain.mapped(step)


def nearest_rule(node):
    """The rule that an expression looks like: a batch, one example, or all of them."""
    overs = [part.over for part in walk(node) if hasattr(part, "over")]
    sizes = ("batch_size",) if None in overs or "N" in overs else ("batch_size", "B")
    if "batch" in overs or any(is_symbol(part, *sizes) for part in walk(node)):
        return "mini-batch SGD"
    return "SGD" if example_of(node) else "BGD"


def example_of(node):
    """The free index of the one example that SGD takes, or None."""
    bound = {part.index for part in walk(node) if hasattr(part, "over")}
    for part in walk(node):
        if is_symbol(part, "E", "x", "y", "z", "delta", "a", "yhat") and part.indices and part.indices[0] not in bound:
            return part.indices[0]
    return None


def _is_next(node):
    return isinstance(node, Symbol) and node.mark == "t+1"
