"""Random rewrites of true equations, which stay true, whatever their form."""

import random
from dataclasses import replace

import pytest

from bgd_helpers.equations import check_equation
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.syntax import (
    Activation,
    Add,
    Entry,
    Layer,
    Negative,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    latex,
    mapped,
    walk,
)

TRUE = [
    r"a_{nj}^{(k)} = \sum_i z_{ni}^{(k-1)} w_{ij}^{(k)} + b_j^{(k)}",
    r"E_n = \sum_j (y_{nj} - \hat y_{nj})^2",
    r"J = \frac1N \sum_n E_n",
    r"\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
    r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    r"\frac{\partial J}{\partial b_j^{(k)}} = \frac1N \sum_n \delta_{nj}^{(k)}",
    r"\frac{\partial E_n}{\partial w_{ij}^{(k)}} = \frac{\partial E_n}{\partial a_{nj}^{(k)}} z_{ni}^{(k-1)}",
    r"\frac{\partial E_n}{\partial z_{ni}^{(k)}} = \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
]  # fmt: skip


def renamed(side, letters):
    """Every index under another name."""

    def change(node):
        if isinstance(node, Symbol | Entry):
            return replace(node, indices=tuple(letters.get(index, index) for index in node.indices))
        return replace(node, index=letters.get(node.index, node.index)) if isinstance(node, Sum) else node

    return mapped(side, change)


def moved(side, by):
    """Every free layer further on."""

    def change(node):
        layer = getattr(node, "layer", None)
        return replace(node, layer=layer.moved(by)) if isinstance(layer, Layer) and layer.letter == "k" else node

    return mapped(side, change)


def reordered(node, rng):
    """Factors and terms in another order."""
    if isinstance(node, Product):
        return replace(node, factors=tuple(rng.sample(node.factors, len(node.factors))))
    if isinstance(node, Add):
        return replace(node, terms=tuple(rng.sample(node.terms, len(node.terms))))
    return node


def letters_of(node):
    """The indices in an expression."""
    return {i for part in walk(node) if isinstance(part, Symbol | Entry) for i in part.indices}


def with_factors_inside(node, rng):
    """Factors that do not have the index of a sum, moved into it."""
    if not isinstance(node, Product) or not isinstance(node.factors[-1], Sum):
        return node
    *factors, last = node.factors
    if any(last.index in letters_of(factor) for factor in factors):
        return node
    return replace(last, body=Product((*factors, last.body)))


def doubled_and_halved(node, rng):
    """The same, times 2, by 2."""
    if isinstance(node, Symbol) and node.name in ("z", "delta", "w", "yhat") and rng.random() < 0.3:
        return Quotient(Product((Number(2.0), node)), Number(2.0))
    return node


def twice_negative(node, rng):
    """Minus minus the same."""
    return Negative(Negative(node)) if isinstance(node, Activation) and rng.random() < 0.5 else node


def with_definition(node, rng):
    """delta by its definition, and y-hat as z of the last layer."""
    if isinstance(node, Symbol) and node.name == "delta" and rng.random() < 0.5:
        n, j = node.indices
        (chain,) = read(rf"\frac{{\partial E_{n}}}{{\partial a_{{{n}{j}}}^{{({node.layer})}}}} = 0")
        return chain.sides[0]
    if isinstance(node, Symbol) and node.name == "yhat":
        return replace(node, name="z", layer=Layer("L"))
    return node


LOCAL = [reordered, with_factors_inside, doubled_and_halved, twice_negative, with_definition]


def rewritten(text, seed):
    """An equation after some random rewrites of its sides, as LaTeX."""
    rng = random.Random(seed)
    (chain,) = read(text)
    names = dict(zip("nijm", rng.sample("pqrsuv", 4)))
    by = rng.choice([-1, 0, 1])
    sides = [moved(renamed(side, names), by) for side in chain.sides]
    for rewrite in rng.sample(LOCAL, 3):
        sides[1] = mapped(sides[1], lambda node, rewrite=rewrite: rewrite(node, rng))
    return " = ".join(latex(side) for side in rng.sample(sides, 2))


@pytest.mark.parametrize("seeds", [10, pytest.param(25, marks=pytest.mark.slow)])
@pytest.mark.parametrize("text", TRUE, ids=range(len(TRUE)))
def test_a_rewrite_never_fails(text, seeds):
    texts = {rewritten(text, seed) for seed in range(seeds)}
    assert len(texts) > 0.4 * seeds
    for rewrite in sorted(texts):
        assert check_equation(rewrite, mend=False).verdict == "holds", rewrite
