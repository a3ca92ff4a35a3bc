"""The value of an expression in a model, for all values of its indices at once.

Every array has an axis for each index of the equation, of length 1 where it does not depend on it, and then rows and
columns: a number is 1 x 1. What does not exist (unit 4 of a layer of 3) is NaN, which equals nothing.
"""

from dataclasses import replace

import numpy as np

from bgd_helpers.equations import syntax
from bgd_helpers.equations.messages import MATRICES
from bgd_helpers.equations.models import STEP, steps
from bgd_helpers.equations.shapes import EXAMPLES, shape

ROWS = ("a", "z", "delta", "x", "y", "yhat")  # with one index: a row of the matrix, as a column
TOLERANCE = 1e-11  # of an entry: two sides that differ by less are equal
SMALLEST = 4e-6  # of the largest term: even the square of a larger one is seen
ROUNDING = 1e-13  # a sum that cancels to less than this share of its terms is zero
FARTHEST = 15  # argument of an activation: its slope is yet no limit


class Undefined(Exception):
    """An operation that cannot be carried out in this model: shapes that do not fit, say."""


def value(node, scene):
    """The value of a node in a scene, with all axes. Raises Undefined."""
    if scene.known is None:
        return _value(node, scene)
    if node not in scene.known:
        scene.known[node] = _value(node, scene)
    return scene.known[node]


def _value(node, scene):
    match node:
        case syntax.Number(constant):
            return scene.full(np.array([[constant]]))
        case syntax.Symbol():
            return _symbol(node, scene)
        case syntax.Activation(layer, slope, argument):
            f, a = scene.model.f[scene.number(layer)], value(argument, scene)
            if np.abs(a).max(initial=0) > FARTHEST:
                raise Undefined("an activation so far out cannot be told from its limit")
            return f.df(a) if slope else f.f(a)
        case syntax.Add(terms):
            return _added_up([value(term, scene) for term in terms], scene)
        case syntax.Product(factors):
            return _product(factors, scene)
        case syntax.Hadamard(factors):
            return _entry_by_entry([value(factor, scene) for factor in factors])
        case syntax.Quotient(top, bottom):
            divisor = value(bottom, scene)
            if divisor.shape[-2:] != (1, 1):
                raise Undefined("one cannot divide by a matrix")
            return value(top, scene) / divisor
        case syntax.Power(base, exponent):
            return _power(value(base, scene), value(exponent, scene))
        case syntax.Norm(of, spectral):
            return _norm(value(of, scene), spectral)
        case syntax.Sum(index, "L", body):
            layers = [value(body, _at_layer(scene, index, k)) for k in range(1, scene.model.L + 1)]
            return _added_up(layers, scene)
        case syntax.Sum(index, over, body):
            return _sum(value(body, scene), index, over, scene)
        case syntax.Entry(of, indices):
            return _entry(value(of, scene), indices, scene)
        case syntax.Expectation(of):
            return _expected(value(of, scene), scene)
        case syntax.Variance(of):
            return _variance(value(of, scene), scene)
        case syntax.Differential(of):
            return _slope(value(of, _changed(scene)))
        case syntax.At(of, point):
            return value(of, scene.move(("theta", None), _at_point(point, scene) - scene.quantities.theta))
        case syntax.Gradient(of):
            return _gradient(of, scene)
        case syntax.Derivative(of, by):
            return _derivative(of, by, scene)
    return OPERATIONS[type(node)](value(node.of, scene))


def _symbol(symbol, scene):
    model, name = scene.model, symbol.name
    constant = getattr(model, "constants", {}).get(name + symbol.mark)
    if constant is not None:
        return scene.full(np.atleast_2d(constant(model)))
    if name == "w" and symbol.mark not in ("", "t"):
        return scene.full(model.iterate(0 if symbol.mark == "0" else scene.setting["t"] + int(symbol.mark[1:])))
    if name == "g":
        return _gradient_of_example(symbol.indices[0], scene)
    if name == "kronecker":
        return (scene.index(symbol.indices[0]) == scene.index(symbol.indices[1])).astype(float)[..., None, None]
    return _taken(scene.full(np.atleast_2d(_array(symbol, scene))), symbol, scene)


def _taken(array, symbol, scene):
    """What a symbol takes from its array: a row as a column, an entry, or all of it."""
    if symbol.name == "e" or symbol.name in ROWS and len(symbol.indices) == 1:
        return _row(array, scene.index(symbol.indices[0]))
    return _picked(array, symbol.indices, scene) if symbol.indices else array


def _gradient_of_example(letter, scene):
    """The gradient of an example n, or of the one in a place b of the batch that is drawn."""
    model, index = scene.model, scene.index(letter)
    if letter[0] in "nm":
        return _row(model.gradients, index)
    drawn = model.draws[scene.along(np.arange(len(model.draws)), "draw"), np.minimum(index, model.batch_size - 1)]
    return np.where((index < model.batch_size)[..., None], model.gradients[drawn], np.nan)[..., None]


def _expected(found, scene):
    """The mean over all batches, and over all examples of a letter that no sum binds."""
    letters = [letter for letter, each in scene.extents.items() if EXAMPLES in each and letter in scene.axes]
    axes = tuple(scene.axes[letter] for letter in ("draw", *letters))
    return _cleared(found.mean(axis=axes, keepdims=True), np.abs(found).max(axis=axes, keepdims=True, initial=0))


def _variance(found, scene):
    away = found - _expected(found, scene)
    return _expected((away * away).sum(axis=(-1, -2), keepdims=True), scene)


def _trace(matrix):
    if matrix.shape[-1] != matrix.shape[-2]:
        raise Undefined(f"{_shapes([matrix], '')} has no trace")
    return np.trace(matrix, axis1=-2, axis2=-1)[..., None, None]


def _diagonal(column):
    if column.shape[-1] != 1:
        raise Undefined("diag is taken of a column")
    return column * np.eye(column.shape[-2])


OPERATIONS = {
    syntax.Negative: np.negative,
    syntax.Transpose: np.matrix_transpose,
    syntax.Imaginary: np.imag,
    syntax.Trace: _trace,
    syntax.Diagonal: _diagonal,
}


def _changed(scene):
    """The scene with what the differentials are of moved, each in a direction of its own."""
    for symbol in dict.fromkeys(replace(part, indices=(), span=None) for part in scene.changing):
        key = ("theta", None) if symbol.name in ("theta", "w") and not symbol.layer else _key(symbol, scene)
        direction = np.random.default_rng([ord(key[0][0]), key[1] or 0]).normal(size=_array(symbol, scene).shape[-2:])
        scene = scene.move(key, 1j * STEP * direction)
    return scene


def _array(symbol, scene):
    """The whole array that a symbol takes its entries from."""
    name = f"{symbol.name}_s" if symbol.name in ("J", "N") and symbol.indices else symbol.name
    return ARRAYS[MATRICES.get(name) or name](scene, symbol.layer and scene.number(symbol.layer))


# of a scene and the number of a layer; "J_s" is J of the shards
ARRAYS = {
    "W": lambda scene, k: scene.quantities.theta if k is None else scene.quantities.W[k],
    "A": lambda scene, k: scene.quantities.A[k],
    "Z": lambda scene, k: scene.quantities.Z[k],
    "b": lambda scene, k: scene.quantities.b[k],
    "X": lambda scene, _: scene.quantities.Z[0],
    "Y": lambda scene, _: scene.quantities.Y,
    "Yhat": lambda scene, _: scene.quantities.Z[-1],
    "Delta": lambda scene, k: scene.model.deltas[k],
    "E": lambda scene, _: scene.quantities.E,
    "J": lambda scene, _: scene.quantities.J,
    "J_s": lambda scene, _: scene.model.shard_means @ scene.quantities.E,
    "N": lambda scene, _: scene.model.N,
    "N_s": lambda scene, _: scene.model.shard_sizes,
    "theta": lambda scene, _: scene.quantities.theta,
    "e": lambda scene, _: np.eye(len(scene.model.theta)),
    "ones": lambda scene, _: np.ones((scene.model.N, 1)),
    "width": lambda scene, k: scene.model.widths[k],
    "eta": lambda scene, _: scene.model.eta,
    "B": lambda scene, _: scene.model.batch_size,
    "batch_size": lambda scene, _: len(scene.model.batch),
    "t": lambda scene, _: scene.setting["t"],
    "h": lambda scene, _: 0.37 if scene.exact else 1e-4,
    "imaginary": lambda scene, _: 1j,
}


def _picked(array, indices, scene):
    """The entries at these indices: rows, and columns if there are two."""
    i, j = _places(indices, scene)
    rows, columns = array.shape[-2:]
    exists = (i < rows) & (j < columns)
    picked = array[(*_mesh(array), np.minimum(i, rows - 1), np.minimum(j, columns - 1))]
    return np.where(exists, picked, np.nan)[..., None, None]


def _places(indices, scene):
    """The rows and the columns of these indices; the first column if there is one index."""
    return [scene.index(letter) for letter in (*indices, "1")[:2]]


def _row(array, n):
    """Row n as a column."""
    rows = array.shape[-2]
    picked = array[(*_mesh(array), np.minimum(n, rows - 1))]
    return np.where((n < rows)[..., None], picked, np.nan)[..., None]


def _mesh(array):
    """Positions along all axes but the last two."""
    places = array.shape[:-2]
    return (0,) * len(places) if set(places) <= {1} else np.indices(places, sparse=True)


def _entry(matrix, indices, scene):
    if len(indices) != 2 and matrix.shape[-1] != 1:
        raise Undefined("an entry of a matrix has two indices")
    return _picked(matrix, indices, scene)


def _added_up(values, scene):
    """The sum of some values of one shape."""
    if len({v.shape[-2:] for v in values}) > 1:
        raise Undefined(f"{_shapes(values, ' + ')} cannot be added")
    return _added(np.stack(np.broadcast_arrays(*values)), 0, SMALLEST * scene.exact)[0]


def _added(values, axis, smallest):
    """The sum along an axis."""
    sizes = np.abs(values)
    tops = np.fmax.reduce(sizes, axis=tuple(each for each in range(values.ndim) if each != axis), initial=0)
    tops = tops[tops > 0]
    if tops.size and tops.min() <= smallest * tops.max():
        raise Undefined("numbers so different in size cannot be added exactly")
    return _cleared(values.sum(axis=axis, keepdims=True), sizes.max(axis=axis, keepdims=True))


def _cleared(total, largest):
    """Zero in place of what only rounding left of a sum."""
    return np.where(np.abs(total) <= ROUNDING * largest, 0, total)


def _entry_by_entry(values):
    if len({v.shape[-2:] for v in values} - {(1, 1)}) > 1:
        raise Undefined(f"{_shapes(values, ' and ')} cannot be multiplied entry by entry")
    return np.prod(np.broadcast_arrays(*values), axis=0)


def _product(factors, scene):
    """Factors from left to right: a number scales, two matrices make a matrix product."""
    result, columns = None, None
    for position, factor in enumerate(factors):
        right = _ones(factor, columns, factors[position + 1 :], scene)
        right = value(factor, scene) if right is None else right
        if right.shape[-2:] != (1, 1):  # nothing fits behind a column but a row
            is_column = syntax.is_symbol(factor, "ones") or shape(factor)[1] == 1 != shape(factor)[0]
            columns = None if is_column else right.shape[-1]
        result = right if result is None else _times(result, right)
    return result


def _ones(factor, columns, following, scene):
    """The ones vector as long as its neighbour in the product needs it; None for any other factor."""
    if syntax.is_symbol(factor, "ones") and columns:
        return scene.full(np.ones((columns, 1)))
    if isinstance(factor, syntax.Transpose) and syntax.is_symbol(factor.of, "ones") and following:
        return scene.full(np.ones((1, value(following[0], scene).shape[-2])))
    return None


def _times(left, right):
    if (1, 1) in (left.shape[-2:], right.shape[-2:]):
        return left * right
    if left.shape[-1] != right.shape[-2]:
        raise Undefined(f"{_shapes([left, right], ' times ')} is no matrix product")
    return _cleared(left @ right, np.abs(left) @ np.abs(right))


def _power(base, exponent):
    if exponent.shape[-2:] != (1, 1):
        raise Undefined("an exponent is a number")
    if base.shape[-2:] == (1, 1):
        return base**exponent
    if exponent.size > 1 or exponent.item() not in range(-1, 9):
        raise Undefined("a matrix has the whole powers -1 to 8 only")
    if base.shape[-1] != base.shape[-2]:
        raise Undefined(f"{_shapes([base], '')} has no powers; entry by entry one multiplies with \\odot")
    if exponent.item() == -1:
        return _inverse(base)
    return np.linalg.matrix_power(base, int(exponent.item()))


def _inverse(matrix):
    if not np.isfinite(matrix).all() or np.linalg.cond(matrix).max() > 1e8:
        raise Undefined(f"the matrix, {_shapes([matrix], '')}, has no inverse")
    return np.linalg.inv(matrix)


def _norm(inside, spectral):
    if not spectral or 1 in inside.shape[-2:]:
        return np.sqrt((inside * inside).sum(axis=(-1, -2), keepdims=True))
    if np.iscomplexobj(inside) or not np.isfinite(inside).all():
        raise Undefined("the norm with a 2, the largest singular value, has no value or no derivative")
    return np.linalg.norm(inside, 2, axis=(-2, -1), keepdims=True)


def _sum(body, index, over, scene):
    axis = scene.axes[index]
    if over == "batch" and hasattr(scene.model, "draws"):
        return _sum_over_drawn(body, index, scene)
    members = _members(index, over, scene)
    if len(members) and members.max() >= scene.sizes[index]:
        raise Undefined(f"a sum runs to {members.max() + 1}, past the last of {scene.sizes[index]}")
    if body.shape[axis] == 1 or not len(members):
        return body.take([0], axis) * len(members)
    return _added(body.take(members, axis), axis, TOLERANCE)


def _sum_over_drawn(body, index, scene):
    """The sum over the examples of every batch that can be drawn, each as often as it is in it."""
    if body.shape[scene.axes[index]] == 1:
        return body * scene.model.batch_size
    drawn = scene.along(np.arange(len(scene.model.draws)), "draw")
    times = (scene.model.draws[drawn] == scene.index(index)[..., None]).sum(axis=-1)
    return (body * times[..., None, None]).sum(axis=scene.axes[index], keepdims=True)


def _at_layer(scene, letter, k):
    """The scene with a letter that is summed over standing for layer k, and the indices as long as its units."""
    setting = {**scene.setting, letter: k}
    sizes = dict(scene.sizes)
    for index, found in scene.extents.items():
        own = [each for each in found if getattr(each, "letter", None) == letter]
        if own:
            sizes[index] = max(scene.model.widths[each.offset + k] for each in own)
    return replace(scene, setting=setting, sizes=sizes, known=None)


def _members(index, over, scene):
    """The values that the index of a sum takes, from 0."""
    if over is None:
        return np.arange(scene.sizes[index])
    if over == "batch":
        return scene.model.batch
    if isinstance(over, syntax.Symbol):
        return np.arange(scene.model.widths[scene.number(over.layer)])
    return np.arange({"N": scene.model.N, "B": getattr(scene.model, "batch_size", 0)}.get(over, over))


def _gradient(of, scene):
    """All partial derivatives by theta: of a number in a column, of a column in a row for each entry."""
    step = _one_hot_column(len(scene.model.theta), scene)
    if isinstance(of, syntax.At):
        step, of = step + _at_point(of.point, scene) - scene.quantities.theta, of.of
    slopes = _slope(value(of, scene.move(("theta", None), step)))
    along = -2 if slopes.shape[-2:] == (1, 1) else -1
    if slopes.shape[along] > 1:
        raise Undefined("a matrix differentiated by a column has three indices: write it with indices")
    if slopes.shape[scene.axes["parameter"]] == 1:  # of a constant
        slopes = np.repeat(slopes, len(scene.model.theta), scene.axes["parameter"])
    return np.swapaxes(slopes, scene.axes["parameter"], along)


def _at_point(point, scene):
    point, theta = value(point, scene), scene.quantities.theta
    if point.shape[-2:] not in ((1, 1), theta.shape[-2:]):
        raise Undefined(f"J is a cost at {_shapes([theta], '')}, and the point is {_shapes([point], '')}")
    return point


def _one_hot_column(length, scene):
    """A step in each entry of a column, one for each position along the axis of the parameters."""
    return 1j * STEP * (scene.along(np.arange(length), "parameter")[..., None, None] == np.arange(length)[:, None])


def _derivative(of, by, scene):
    """A complex step in each entry of `by`, and the network run on from there."""
    if by.name == "theta" or by.name == "w" and not by.layer:
        gradient = _gradient(of, scene)
        return _picked(gradient, by.indices, scene) if by.indices else gradient
    one_row = len(by.indices) == 1 and by.name in ROWS
    whole = not by.indices or one_row
    rows, columns = _array(by, scene).shape[-2:]
    axes = scene.along(np.arange(rows), "row"), scene.along(np.arange(columns), "column")
    i, j = (scene.index(by.indices[0]), axes[1]) if one_row else axes if whole else _places(by.indices, scene)
    if isinstance(of, syntax.Symbol) and not scene.moved:  # known for all entries of both at once
        moved = replace(scene, quantities=steps(scene.model, _key(by, scene)))
        slopes = _slope(np.atleast_2d(_array(of, moved)))
        slopes = np.broadcast_to(slopes, (rows, columns, *slopes.shape[-2:]))
        slopes = _taken(slopes[np.minimum(i, rows - 1), np.minimum(j, columns - 1)], of, scene)
    else:
        here = (i[..., None, None] == np.arange(rows)[:, None]) & (j[..., None, None] == np.arange(columns))
        slopes = _slope(value(of, scene.move(_key(by, scene), 1j * STEP * here)))
    slopes = np.where(((i < rows) & (j < columns))[..., None, None], slopes, np.nan)
    vector = one_row or whole and columns == 1
    if vector:  # of a number the gradient, a column; of a column its Jacobian, a row for each entry
        return np.swapaxes(slopes, scene.axes["column" if one_row else "row"], -2 if shape(of) == (1, 1) else -1)
    if whole:
        slopes = np.swapaxes(np.swapaxes(slopes, scene.axes["row"], -2), scene.axes["column"], -1)
    return slopes


def _key(by, scene):
    """Which quantity of the network one differentiates by."""
    if by.layer:
        return by.name if by.name == "b" else by.name.upper(), scene.number(by.layer)
    layers = {"x": 0, "yhat": scene.model.L}
    return ("Z", layers[by.name.lower()]) if by.name.lower() in layers else (by.name.upper(), None)


def _slope(moved):
    """What the complex step has changed, without what is rounding only."""
    return _cleared(moved.imag / STEP, np.abs(moved.real) / 10)


def _shapes(values, between):
    return between.join(f"({v.shape[-2]} x {v.shape[-1]})" for v in values)
