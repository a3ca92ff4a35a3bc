"""The models in which equations are evaluated: random networks with data, linear regressions, and batches.

Nothing here knows backpropagation. A derivative is a complex step: move a quantity by ih, run the network on from
there, read the imaginary part. Arrays end in two axes of their own, rows and columns; axes before them are free for
the indices of an equation, and NumPy broadcasts over them.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations, product

import numpy as np

from bgd_helpers.network import activation

STEP = 1e-30  # of the complex step: no two numbers are subtracted, so it can be as small as we like


@dataclass(frozen=True)
class Quantities:
    """All that a forward pass gives: A[k], Z[k] of layer k, the losses E_n in a column, the cost J."""

    theta: np.ndarray
    W: list
    b: list
    A: list
    Z: list
    Y: np.ndarray
    E: np.ndarray
    J: np.ndarray


@dataclass(frozen=True)
class Scene:
    """Where an equation is evaluated: a model, the layers that the letters stand for, the axes of its arrays and their
    lengths, and what has been moved."""

    model: object
    setting: dict
    axes: dict
    sizes: dict
    moved: dict
    quantities: object
    changing: tuple = ()  # what differentials are of
    extents: dict | None = None
    exact: bool = True  # whether the sign is no approximation
    known: dict | None = None  # values of parts that many expressions share, where nothing is moved

    def number(self, layer):
        """The layer's number here."""
        return layer.offset + self.setting[layer.letter]

    def move(self, key, amount):
        """The scene with `amount` added to one quantity, and the network run on from there."""
        moved = {**self.moved, key: self.moved.get(key, 0) + amount}
        return replace(self, moved=moved, quantities=self.model.forward(moved), known=None)

    def index(self, letter):
        """The values of an index, counted from 0, along its own axis."""
        if letter.isdigit():
            return np.full((1,) * len(self.axes), int(letter) - 1)
        return self.along(np.arange(self.sizes[letter]), letter)

    def along(self, values, letter):
        """Values laid along the axis of a letter."""
        shape = [1] * len(self.axes)
        shape[self.axes[letter]] = -1
        return values.reshape(shape)

    def full(self, array):
        """An array of rows and columns with all axes."""
        array = np.asarray(array)
        return array.reshape((1,) * (len(self.axes) + 2 - array.ndim) + array.shape)


class Network:
    """A network with data. `biases=False` makes it a linear regression: theta is then W alone.

    `batch` holds the examples of one update, fewer than `batch_size`: a short last batch.
    """

    def __init__(self, widths, N, activations, seed, biases=True):
        rng = np.random.default_rng(seed)
        self.name = f"a {'-'.join(map(str, widths))} network with N = {N}"
        self.widths, self.N, self.L, self.biases = widths, N, len(widths) - 1, biases
        self.f = [None, *map(activation, activations)]
        sizes = list(zip(widths, widths[1:]))
        W = [rng.normal(0, 1.2 / np.sqrt(rows), (rows, columns)) for rows, columns in sizes]
        b = [rng.normal(0, 0.7, (columns, 1)) for _, columns in sizes]
        self.X, self.Y = rng.normal(size=(N, widths[0])), rng.normal(0, 1.5, (N, widths[-1]))
        self.theta = np.vstack([part.reshape(-1, 1) for pair in zip(W, b) for part in pair[: 1 + biases]])
        self.eta, self.batch, self.batch_size = rng.uniform(0.1, 0.3), np.arange(0, N, 2), N // 2 + 2

    def forward(self, moved):
        """The forward pass (E1, E2, E3) with some quantities moved: (name, layer) to what is added there.

        What comes before the first layer with something moved is taken from the pass with nothing moved.
        """
        theta = self.theta + moved.get(("theta", None), 0)
        W, b = self._unpacked(theta)
        W = [None, *(part + moved.get(("W", k), 0) for k, part in enumerate(W, 1))]
        b = [None, *(part + moved.get(("b", k), 0) for k, part in enumerate(b, 1))]
        first = min((layer or 1 for name, layer in moved if name not in ("Y", "E")), default=self.L + 1 if moved else 1)
        A, Z = (
            (self.still.A[:first], self.still.Z[:first]) if first > 1 else ([None], [self.X + moved.get(("Z", 0), 0)])
        )
        for k in range(first, self.L + 1):
            A.append(Z[-1] @ W[k] + b[k].mT + moved.get(("A", k), 0))
            Z.append(self.f[k].f(A[k]) + moved.get(("Z", k), 0))
        Y = self.Y + moved.get(("Y", None), 0)
        E = ((Y - Z[-1]) ** 2).sum(axis=-1, keepdims=True) + moved.get(("E", None), 0)
        return Quantities(theta, W, b, A, Z, Y, E, E.mean(axis=-2, keepdims=True))

    def _unpacked(self, theta):
        """W and b of each layer from the column theta; leading axes stay."""
        W, b, start = [], [], 0
        for rows, columns in zip(self.widths, self.widths[1:]):
            end = start + rows * columns
            W.append(theta[..., start:end, 0].reshape(*theta.shape[:-2], rows, columns))
            start = end + columns * self.biases
            b.append(theta[..., end:start, :] if self.biases else np.zeros((columns, 1)))
        return W, b

    @cached_property
    def still(self):
        """The forward pass with nothing moved."""
        return self.forward({})

    @cached_property
    def deltas(self):
        """delta_nj^(k) = dE_n / da_nj^(k), N x d_k, each by a complex step of its own; entry k belongs to layer k."""
        n = np.arange(self.N)
        return [None, *(steps(self, ("A", k)).E[n, :, n, 0].imag / STEP for k in range(1, self.L + 1))]

    @property
    def shard_sizes(self):
        """N_s of two unequal shards, in a column: the first examples, and the rest."""
        first = max(1, 2 * self.N // 5)
        return np.array([[first], [self.N - first]])

    @property
    def shard_means(self):
        """What makes J_s, the mean loss of a shard, from the losses: a row for each shard."""
        first = (np.arange(self.N) < self.shard_sizes[0]).astype(float)
        members = np.array([first, 1 - first])
        return members / np.maximum(self.shard_sizes, 1)


@cache
def steps(model, key):
    """The forward pass with a complex step in each entry of one quantity: its rows and columns come first."""
    name, k = key
    part = getattr(model.still, name) if k is None else getattr(model.still, name)[k]
    return model.forward({key: 1j * STEP * np.eye(part.size).reshape(part.shape * 2)})


class Regression(Network):
    """A linear regression: the network of one linear layer without a bias, and what E11 to E17 speak of."""

    def __init__(self, N, d, seed, rate=0.3):
        super().__init__((d, 1), N, ["identity"], seed, biases=False)
        self.name = f"a regression with N = {N}, d = {d}"
        self.X[:, 0] = 1
        self.eta = rate * 2 / self._curvatures[-1]

    def gradient(self, w):
        """grad J at w, by complex steps."""
        moves = (w - self.theta) + 1j * STEP * np.eye(len(w))[:, :, None]
        return self.forward({("theta", None): moves}).J[..., 0].imag / STEP

    constants = {  # what makes them: H column by column from differences of the gradient, the rest from H and X
        "H": lambda model: model._H,
        "I": lambda model: np.eye(len(model._H)),
        "w*": lambda model: np.linalg.lstsq(model.X, model.Y, rcond=None)[0],
        "lambdamax": lambda model: model._curvatures[-1],
        "lambdamin": lambda model: model._curvatures[0],
        "kappa": lambda model: np.linalg.cond(model._H),
        "eta*": lambda model: model._best_rate[0],
        "rate": lambda model: model._best_rate[1],
    }

    @cached_property
    def _H(self):
        origin = self.gradient(np.zeros_like(self.theta))
        return np.hstack([self.gradient(e[:, None]) - origin for e in np.eye(len(origin))])

    @cached_property
    def _curvatures(self):
        return np.linalg.eigvalsh(self._H)

    @cached_property
    def _best_rate(self):
        """The learning rate for which one update shrinks the worst direction most, by ternary search."""

        def worst(eta):
            return np.linalg.norm(np.eye(len(self._H)) - eta * self._H, ord=2)

        low, high = 0.0, 2 / self._curvatures[-1]
        for _ in range(90):  # (2/3)^90 is what a double can tell
            third = (high - low) / 3
            low, high = (low, high - third) if worst(low + third) < worst(high - third) else (low + third, high)
        return low, worst(low)

    def iterate(self, t):
        """w_t of BGD: t updates from w_0, which is theta."""
        w = self.theta
        for _ in range(t):
            w = w - self.eta * self.gradient(w)
        return w

    def converges(self):
        """Whether w_t tends to w^*, from the update itself: w_t - w^* is multiplied by the same matrix each time."""
        w_star = self.constants["w*"](self)
        columns = [e[:, None] - self.eta * self.gradient(w_star + e[:, None]) for e in np.eye(len(w_star))]
        with np.errstate(all="ignore"):
            return bool(np.linalg.norm(np.linalg.matrix_power(np.hstack(columns), 4096)) < 0.5)


class Draws(Regression):
    """A regression of which batches of B examples are drawn with replacement: all N^B of them, enumerated."""

    def __init__(self, N, B, seed):
        super().__init__(N, 2, seed)
        self.name = f"batches of {B} drawn from N = {N} examples"
        self.batch, self.batch_size = np.arange(B), B
        self.draws = np.array(list(product(range(N), repeat=B)))

    @cached_property
    def gradients(self):
        """The gradient of each example in a row."""
        return self.forward({("theta", None): 1j * STEP * np.eye(2)[:, :, None]}).E[..., 0].imag.T / STEP

    @cached_property
    def _spread(self):
        away = self.gradients - self.gradients.mean(axis=0)
        return (away**2).sum(axis=1).mean()

    constants = Regression.constants | {
        "Sigma": lambda model: model._spread,
        "Varwith": lambda model: model._spread / model.batch_size,
        "Varwithout": lambda model: model._spread / model.batch_size * (model.N - model.batch_size) / (model.N - 1),
    }


class Noise:
    """Batches of B of N one-parameter losses c (w - x_n)^2 with curvature 2c: all of them, enumerated."""

    L = 0  # no layers

    def __init__(self, N, B, seed):
        self.name = f"batches of {B} from N = {N} examples"
        self.N, self.B = N, B
        rng = np.random.default_rng(seed)
        self.eta, self.curvature, x = rng.uniform(0.05, 0.3), rng.uniform(0.5, 3), rng.normal(size=N)
        self.gradients = -self.curvature * (x - x.mean())

    constants = {
        "N": lambda model: model.N,
        "B": lambda model: model.B,
        "eta": lambda model: model.eta,
        "Sigma": lambda model: model.gradients.var(),
        "lambda": lambda model: model.curvature,
        "v": lambda model: model._settled,
        "Varwith": lambda model: model._means(product(range(model.N), repeat=model.B)).var(),
        "Varwithout": lambda model: model._means(combinations(range(model.N), model.B)).var(),
    }

    def _means(self, batches):
        return self.gradients[list(map(list, batches))].mean(axis=1)

    @cached_property
    def _settled(self):
        """Where the mean of w^2 settles when each update takes the mean gradient of a drawn batch at w = 0."""
        v, noise = 0.0, (self._means(product(range(self.N), repeat=self.B)) ** 2).mean()
        for _ in range(3000):
            v = (1 - self.eta * self.curvature) ** 2 * v + self.eta**2 * noise
        return v


# first sizes all different, then square ones, one example, one output, several depths
NETWORKS = (
    ((2, 4, 3), 5, "tanh softplus", 11),
    ((3, 2, 5, 4), 7, "sigmoid tanh softplus", 12),
    ((3, 3, 3), 3, "tanh sigmoid", 13),
    ((2, 5, 3, 6, 4), 3, "softplus tanh sigmoid tanh", 14),
    ((4, 2), 6, "sigmoid", 15),
    ((3, 4, 2), 1, "sigmoid tanh", 16),
    ((2, 3, 1), 4, "tanh softplus", 17),
)
DEEP_NETWORKS = (  # in which neither the fourth layer nor the fifth need be the last
    ((2, 3, 4, 2, 3, 4), 3, "tanh softplus sigmoid tanh softplus", 19),
    ((3, 2, 3, 4, 2, 5, 2), 3, "tanh softplus tanh sigmoid tanh softplus", 20),
)
ONE_OUTPUT = (
    ((2, 4, 1), 5, "tanh softplus", 21),
    ((3, 2, 4, 1), 6, "sigmoid tanh softplus", 22),
    ((3, 1), 4, "sigmoid", 23),
    ((3, 2, 5, 3, 1), 2, "softplus tanh sigmoid tanh", 24),
)
DEEP_ONE_OUTPUT = (
    ((2, 3, 4, 2, 3, 1), 3, "tanh softplus sigmoid tanh softplus", 25),
    ((3, 2, 3, 4, 2, 5, 1), 3, "tanh softplus tanh sigmoid tanh softplus", 26),
)


@cache
def networks(one_output=False, deep=False):
    """The networks, or those with one output; with deep ones for an equation that speaks of four layers or five."""
    usual, more = (ONE_OUTPUT, DEEP_ONE_OUTPUT) if one_output else (NETWORKS, DEEP_NETWORKS)
    chosen = usual + more if deep else usual
    return tuple(Network(widths, N, activations.split(), seed) for widths, N, activations, seed in chosen)


@cache
def square(one_output=False):
    """A network as wide everywhere as it has examples, so that no sum and no product fails for its length."""
    widths = (3, 3, 3, 3, 3, 1 if one_output else 3)
    return Network(widths, 3, "tanh softplus sigmoid softplus tanh".split(), 27)


@cache
def regressions():
    """Linear regressions of several sizes."""
    return Regression(5, 3, 31), Regression(7, 2, 142, rate=0.7), Regression(6, 4, 33), Regression(9, 5, 34)


@cache
def regressions_at_all_rates():
    """The same with learning rates on both sides of both ends of the interval of E15."""
    rates = (-0.2, 0.0, 0.02, 0.5, 0.99, 1.0, 1.01, 1.5)
    return tuple(Regression(N, d, seed, rate) for N, d, seed in ((5, 2, 41), (7, 3, 42)) for rate in rates)


@cache
def draws():
    """Batches of several sizes, drawn from few examples."""
    return tuple(Draws(N, B, seed) for seed, (N, B) in enumerate(((3, 2), (4, 3), (5, 2), (2, 4)), start=61))


@cache
def noises():
    """Batches of all sizes up to the whole set."""
    return tuple(Noise(N, B, seed) for seed, (N, B) in enumerate(((5, 2), (4, 3), (6, 1), (4, 4)), start=51))
