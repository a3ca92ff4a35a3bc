"""What the indices of a symbol run over, and the rows and columns of an expression."""

from bgd_helpers.equations import messages, syntax
from bgd_helpers.equations.syntax import Layer, Node, Symbol, children

SHARDS, EXAMPLES, PARAMETERS, DRAWN = "shards", "examples", "parameters", "drawn"


def extents_of(symbol: Symbol) -> tuple:
    """What each index of a symbol runs over."""
    match symbol.name, len(symbol.indices):
        case "w", _:
            return (symbol.layer.moved(-1), symbol.layer) if symbol.layer else (PARAMETERS,)
        case "b", _:
            return (symbol.layer,)
        case "a" | "z" | "delta", _:
            return (EXAMPLES, symbol.layer)[: len(symbol.indices)]
        case "x", _:
            return EXAMPLES, Layer(None, 0)
        case "y" | "yhat", _:
            return EXAMPLES, Layer("L")
        case "E", _:
            return (EXAMPLES,)
        case "J" | "N", 1:
            return (SHARDS,)
        case "g", 1:
            return (EXAMPLES if symbol.indices[0][0] in "nm" else DRAWN,)
        case "theta" | "e", _:
            return (PARAMETERS,)
    return ()


def shape(node: Node) -> tuple:
    """What the rows and the columns of a matrix expression run over."""
    match node:
        case Symbol(name=name) if name in messages.ENTRIES and not messages.form(node):
            return extents_of(Symbol(messages.ENTRIES[name], ("i", "j"), node.layer))
        case Symbol("b", (), Layer() as layer) | Symbol("a" | "z" | "delta", (_,), Layer() as layer):
            return layer, 1
        case Symbol(name="x" | "y" | "yhat" as name, indices=(_,)):
            return Layer(None, 0) if name == "x" else Layer("L"), 1
        case Symbol(name="y", indices=()):
            return EXAMPLES, 1
        case Symbol(name="H" | "I"):
            return PARAMETERS, PARAMETERS
        case Symbol(name="w", layer=None, indices=()) | Symbol(name="g") | syntax.Gradient():
            return PARAMETERS, 1
        case syntax.Trace() | syntax.Norm() | Symbol() | syntax.Entry() | syntax.Variance() | syntax.At():
            return 1, 1
        case syntax.Diagonal(of):
            return (shape(of)[0],) * 2
        case syntax.Transpose(of):
            return shape(of)[::-1]
        case syntax.Derivative(of, by):
            return (shape(of)[0], shape(by)[0]) if shape(by)[1] == 1 != shape(of)[0] else shape(by)
        case syntax.Product(factors):
            shapes = [found for found in map(shape, factors) if found != (1, 1)] or [(1, 1)]
            return shapes[0][0], shapes[-1][1]
    parts = [shape(child) for _, _, child in children(node)]
    return next((found for found in parts if found != (1, 1)), (1, 1))
