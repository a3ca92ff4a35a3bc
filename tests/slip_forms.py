"""Every slip of the catalogue in three forms for each exercise it concerns, written without the package: loops, einsum and
matrices, other operand orders, `df(A)` alone, other learning rates and names. The parameters are those of EXERCISES."""

from learners_answers import _BACK, _DIFF, _EXAMPLES, _NIELSEN, _PASS, _RESTORE, _TAKE, _but

# fmt: off
_LOSS = (
    "return {k}np.sum(np.power(y_hat - y, 2))",
    "total = 0.0\nfor j in range(len(y)):\n    total += (y[j] - y_hat[j]) * (y[j] - y_hat[j])\nreturn {k}total",
    "e = np.subtract(y, y_hat)\nreturn {k}np.einsum('j,j', e, e)",
)
_STEP = (
    "return theta {s} {k} * gradient",
    "return np.add(theta, {s}np.multiply(gradient, {k}))",
    "new = np.empty(theta.shape)\nfor i in np.ndindex(theta.shape):\n    new[i] = theta[i] {s} {k} * gradient[i]\nreturn new",
)
_MEAN = (  # g: the mean gradient of the batch, in three ways
    "g = np.mean(example_gradients[batch], axis=0)\n",
    "g = np.zeros(len(theta))\nfor n in batch:\n    g = g + example_gradients[n] / len(batch)\n",
    "g = np.einsum('np->p', example_gradients.take(batch, 0)) / np.size(batch)\n",
)
_SUM = (
    "g = np.sum(example_gradients[batch], 0)\n",
    "g = 0\nfor n in batch:\n    g = g + example_gradients[n]\n",
    "g = np.ones(len(batch)) @ example_gradients[batch]\n",
)
_E4 = (  # k number, d difference, f slope: whole arrays and entries
    "return {k} * ({d}) * {f}",
    "return np.einsum('nj,nj->nj', {f}, {k} * ({d}))",
    "out = np.zeros(Y.shape)\nD, F = {d}, {f}\nfor n in range(len(Y)):\n    for j in range(Y.shape[1]):\n"
    "        out[n, j] = F[n, j] * {k} * D[n, j]\nreturn out",
)
_E5 = (
    "return {k} * {f} * np.dot({d}, np.transpose({w}))",
    "return np.einsum('ni,nj,ij->ni', {f}, {d}, {w}) * {k}",
    "F, D, V = {f}, {d}, {w}\nout = np.zeros((len(D), len(V)))\nfor n in range(len(D)):\n    for i in range(len(V)):\n"
    "        for j in range(V.shape[1]):\n            out[n, i] += {k} * D[n, j] * V[i, j] * F[n, i]\nreturn out",
)
_E7 = (
    "return {k} * np.dot(np.transpose({z}), {d})",
    "return np.einsum('ni,nj->ij', {z}, {d}) * {k}",
    "g = 0\nfor a, b in zip({z}, {d}):\n    g = g + {k} * np.outer(a, b)\nreturn g",
)
_E8 = (
    "return {k} * np.sum({d}, axis=0)",
    "g = np.zeros(delta.shape[1])\nfor row in {d}:\n    g = g + row * {k}\nreturn g",
    "return np.einsum('nj->j', {d}) * {k}",
)


def _fill(templates, **knobs):
    return [_put(template, knobs) for template in templates]


def _put(template, knobs):
    for name, text in knobs.items():
        template = template.replace("{" + name + "}", text)
    return template


def _e4(k="-2", d="Y - Y_hat", f="df(A)"):
    return _fill(_E4, k=k, d=d, f=f)


def _e5(k="1", d="delta_next", w="W_next", f="df(A)"):
    return _fill(_E5, k=k, d=d, w=w, f=f)


def _e7(k="1 / len(delta)", z="Z_prev", d="delta"):
    return _fill(_E7, k=k, z=z, d=d)


def _e8(k="1 / len(delta)", d="delta"):
    return _fill(_E8, k=k, d=d)


def _each(bodies, end):
    return [body + end for body in bodies]


def _cut(*orders):
    ends = (
        "\nreturn [o[s:s + batch_size] for s in range(0, N, batch_size)]",
        "\nout = []\nwhile len(o):\n    out.append(o[:batch_size])\n    o = o[batch_size:]\nreturn out",
        "\nreturn np.split(np.array(o), range(batch_size, N, batch_size))",
    )
    return [order + end for order, end in zip(orders * 3, ends)]


def _all(*changes, bodies=(_DIFF, _RESTORE, None)):
    """The same changes of costs and divisor in three central differences."""
    eye = "return [({up} - {down}) / {width} for e in np.eye(len(theta))]"
    up, down, width = (f"({part})" if " + cost" in part else part for part in changes)
    return [
        _but(_DIFF, "(cost(theta + h * e) - cost(theta - h * e)) / (2 * h)", f"({up} - {down}) / {width}"),
        _put(eye, {"up": up, "down": down, "width": width}),
        f"g = []\nfor i in range(len(theta)):\n    e = np.zeros(len(theta))\n    e[i] = 1.0\n    a, b = {up}, {down}\n"
        f"    g += [(a - b) / {width}]\nreturn np.array(g)",
    ]


_VARIANCE = (  # s, t, u: the variance of the examples in three ways; b divides; w and o with and without replacement
    "N, B = len(gradients), batch_size\ns = {s}\nif replacement:\n    return {r}({w} * s / ({b}))\nreturn {r}({o} * s / ({b}))",
    "N, B = gradients.shape[0], batch_size\nmean, t = np.average(gradients, axis=0), 0.0\nfor g in gradients:\n    t = t + {t}\n"
    "f = {w} if replacement else {o}\nreturn {r}(f / ({b}) * t)",
    "N, B = len(gradients), batch_size\nD = gradients - np.ones((N, 1)) * gradients.sum(0) / N\nu = {u}\n"
    "return {r}(np.where(replacement, {w}, {o}) / ({b}) * u)",
)
_COMPARED = (  # a: a table of batch sizes by rates to choose by, m: one to tell from, p: which of a row
    "a, m = {a}, {m}\nout = np.zeros((len(a), 2))\nfor s in range(len(a)):\n    r = {p}(a[s])\n    out[s] = {out}\nreturn out",
    "a, m = {a}, {m}\nbest = [{p}(row) for row in a]\nreturn np.array([{out} for s, r in enumerate(best)])",
    "A, M = {a}, {m}\nrows = []\nfor s, (a_s, m_s) in enumerate(zip(A, M)):\n    r = list(a_s).index(a_s[{p}(a_s)])\n    m = {{s: m_s}}\n"
    "    rows.append({out})\nreturn rows",
)
_SHARDS = (  # w: the weight of shard s, with N, S and counts; d: what all is divided by
    "N, S = sum(counts), len(counts)\ntotal = 0\nfor s in range(S):\n    total = total + ({w}) * gradients[s]\nreturn total / ({d})",
    "N, S = counts.sum(), counts.size\nweights = [{w} for s in range(S)]\nreturn np.dot(np.transpose(gradients), weights) / ({d})",
    "N, S = np.sum(counts), gradients.shape[0]\nreturn np.einsum('s,sp->p', [({w}) / ({d}) for s in range(S)], gradients)",
)
_WORKERS = (  # f: the condition for K workers
    "for K in range(2, 500):\n    if {f}:\n        return K\nreturn 0",
    "K = 2\nwhile not ({f}):\n    K += 1\n    if K > 5000:\n        return 0\nreturn K",
    "return min([K for K in range(2, 1000) if {f}], default=0)",
)


def _variance(s="gradients.var(axis=0).sum()", t="np.sum((g - mean) ** 2) / N", u="np.einsum('np,np', D, D) / N", **knobs):
    defaults = {"b": "B", "w": "1", "o": "(N - B) / (N - 1)", "r": ""}
    return _fill(_VARIANCE, s=s, t=t, u=u, **defaults | knobs)


def _compared(a="costs[..., epochs].mean(axis=2)", m="", p="np.argmin", out="(etas[r], m[s][r])"):
    return [form.replace("{{", "{").replace("}}", "}") for form in _fill(_COMPARED, a=a, m=m or a, p=p, out=out)]


def _shards(w="counts[s]", d="1"):
    return _fill(_SHARDS, w=w, d=d)


def _workers(f):
    return _fill(_WORKERS, f=f)


UP, DOWN = "cost(theta + h * e)", "cost(theta - h * e)"
FORMS = {
    "loss": {
        "R^2 for the loss": (
            "spread = y - np.mean(y)\nreturn 1 - np.sum((y_hat - y)**2) / np.sum(spread * spread)",
            "rest = total = 0.0\nfor a, b in zip(y, y_hat):\n    rest += (a - b)**2\n    total += (a - sum(y) / len(y))**2\nreturn 1 - rest / total",
            "e, m = y - y_hat, y - y.mean()\nreturn (m @ m - e @ e) / (m @ m)",
        ),
        "half convention": _fill(_LOSS, k="0.5 * "),
        "factor 2 again": _fill(_LOSS, k="2 * "),
        "sign": _fill(_LOSS, k="-"),
        "mean over outputs": _fill(_LOSS, k="1 / len(y) * "),
        "not squared": ["return np.sum(y) - np.sum(y_hat)", "return sum(abs(a - b) for a, b in zip(y, y_hat))", "return np.linalg.norm(y_hat - y, 1)"],
        "not summed": ["return np.power(y - y_hat, 2)", "return [(a - b) ** 2 for a, b in zip(y, y_hat)]", "e = y_hat - y\nreturn e * e"],
        "square of the sum": ["return np.square(np.sum(y) - y_hat.sum())", "t = 0\nfor a, b in zip(y, y_hat):\n    t = t + b - a\nreturn t * t", "return np.einsum('j->', y - y_hat) ** 2"],
        "every pair": ["return ((y[:, None] - y_hat[None, :]) ** 2).sum()", "return sum((a - b) ** 2 for a in y for b in y_hat)", "t = 0\nfor i in range(len(y)):\n    for j in range(len(y)):\n        t += (y[i] - y_hat[j]) ** 2\nreturn t"],
        "difference of squares": ["return np.sum(y ** 2) - np.sum(y_hat ** 2)", "return sum(a * a - b * b for a, b in zip(y, y_hat))", "return y @ y - y_hat @ y_hat"],
        "root of the sum": ["return np.linalg.norm(y_hat - y)", "t = 0\nfor a, b in zip(y, y_hat):\n    t += (a - b) ** 2\nreturn t ** 0.5", "return np.sqrt(np.mean(np.square(y - y_hat)))"],
        "first output only": ["return np.square(y - y_hat)[0]", "for a, b in zip(y, y_hat):\n    return (a - b) ** 2", "return sum((y[:1] - y_hat[:1]) ** 2)"],
        "last unit only": ["return np.square(y_hat - y)[-1]", "for a, b in zip(y, y_hat):\n    t = (a - b) ** 2\nreturn t", "j = len(y) - 1\nreturn (y_hat[j] - y[j]) ** 2"],
        "first term left out": ["return np.sum(np.square(y[1:] - y_hat[1:]))", "t = 0\nfor j in range(1, len(y)):\n    t += (y[j] - y_hat[j]) ** 2\nreturn t", "return sum([(a - b) ** 2 for a, b in zip(y, y_hat)][1:])"],
        "last term left out": ["return np.sum(np.square(y[:-1] - y_hat[:-1]))", "t = j = 0\nwhile j < len(y) - 1:\n    t += (y[j] - y_hat[j]) ** 2\n    j += 1\nreturn t", "return sum([(a - b) ** 2 for a, b in zip(y, y_hat)][:-1])"],
    },
    "update": {
        "factor 2 again": _fill(_STEP, s="-", k="2 * eta"),
        "sign": _fill(_STEP, s="+", k="eta"),
        "learning rate left out": _fill(_STEP, s="-", k="1"),
        "eta of its own": [_put(form, {"s": "-", "k": own}) for form, own in zip(_STEP, ("0.01", "0.05", "1e-3"))],
        "step without theta": ["return eta * gradient", "return -np.multiply(gradient, eta)", "return [-eta * g for g in gradient]"],
        "no step": ["theta - eta * gradient\nreturn theta", "return np.array(theta)", "new = theta.copy()\nnew - eta * gradient\nreturn new"],
        "gradient left out": ["return theta - eta", "return np.subtract(theta, eta)", "return [p - eta for p in theta]"],
        "theta and gradient exchanged": ["return gradient - theta * eta", "return np.subtract(gradient, eta * theta)", "return [g - eta * p for p, g in zip(theta, gradient)]"],
        "brackets around theta - eta": ["return (theta - eta) * gradient", "return gradient * np.subtract(theta, eta)", "return [(p - eta) * g for p, g in zip(theta, gradient)]"],
        "theta changed in place": ["theta -= eta * gradient\nreturn theta", "for i in np.ndindex(theta.shape):\n    theta[i] -= eta * gradient[i]\nreturn theta", "np.subtract(theta, eta * gradient, out=theta)\nreturn theta"],
    },
    "mini_batch_update": {
        "missing 1/N": _each(_SUM, "return theta - eta * g"),
        "1/N twice": _each(_MEAN, "return theta - eta / len(batch) * g"),
        "factor 2 again": _each(_MEAN, "return theta - (eta * g + eta * g)"),
        "sign": _each(_MEAN, "return g * eta + theta"),
        "learning rate left out": _each(_MEAN, "return np.subtract(theta, g)"),
        "theta and gradient exchanged": _each(_MEAN, "return g - theta * eta"),
        "brackets around theta - eta": _each(_MEAN, "return (theta - eta) * g"),
        "step without theta": _each(_MEAN, "return -(g * eta)"),
        "divided by N": _each(_SUM, "return theta - eta * g / example_gradients.shape[0]"),
        "short last batch divided by B": _each(_SUM, "return theta - eta * g / 4"),
        "divided by the width": _each(_SUM, "return theta - eta * g / example_gradients.shape[1]"),
        "eta of its own": [form + f"return theta - {own} * g" for form, own in zip(_MEAN, ("0.1", "0.01", "0.02"))],
        "no step": ["return theta + 0", "return np.array(theta)", "new = [p for p in theta]\nreturn new"],
        "gradient left out": ["return theta - eta", "return [p - eta for p in theta]", "return np.add(theta, -eta)"],
        "first example only": ["return theta - eta * example_gradients[batch][0]", "for n in batch:\n    return theta - eta * example_gradients[n]", "return theta - eta * example_gradients[batch[:1]].sum(0) / len(batch)"],
        "last example only": ["return theta - eta * example_gradients[batch][-1]", "for n in batch:\n    new = theta - eta * example_gradients[n]\nreturn new", "for n in batch:\n    g = example_gradients[n] / len(batch)\nreturn theta - eta * g"],
        "mean over everything": ["return theta - eta * np.mean(example_gradients[batch])", "t = 0\nfor n in batch:\n    for g in example_gradients[n]:\n        t += g\nreturn theta - eta * t / len(batch)", "return theta - eta * np.average(example_gradients.take(batch, 0))"],
        "not the mean": ["return theta - eta * np.median(example_gradients[batch], 0)", "return theta - eta * np.array([max(c) for c in example_gradients[batch].T])", "return theta - eta * np.sort(example_gradients[batch], 0)[0]"],
        "theta changed in place": ["theta -= eta * example_gradients[batch].mean(0)\nreturn theta", "for n in batch:\n    theta -= eta * example_gradients[n] / len(batch)\nreturn theta", "theta[:] = theta - eta * np.mean(example_gradients[batch], 0)\nreturn theta"],
        "batch ignored": ["return theta - eta * np.average(example_gradients, 0)", "g = 0\nfor row in example_gradients:\n    g = g + row\nreturn theta - eta * g / len(batch)", "return theta - eta * np.einsum('np->p', example_gradients)"],
        "one row for each example": ["return theta - eta * example_gradients.take(batch, 0)", "return [theta - eta * example_gradients[n] for n in batch]", "return np.stack([theta] * len(batch)) - eta * example_gradients[batch]"],
        "biased mini-batch": ["return theta - eta * example_gradients[:batch.size].mean(0)", "g = 0\nfor i in range(len(batch)):\n    g = g + example_gradients[i]\nreturn theta - eta * g / len(batch)", "return theta - eta * np.mean(example_gradients[np.arange(len(batch))], 0)"],
        "first term left out": ["return theta - eta * example_gradients[batch[1:]].sum(0) / len(batch)", "g = 0 * theta\nfor i in range(1, len(batch)):\n    g += example_gradients[batch[i]]\nreturn theta - eta * g / len(batch)", "g = sum(example_gradients[n] for n in list(batch)[1:]) + 0 * theta\nreturn theta - eta * g / len(batch)"],
        "last term left out": ["return theta - eta * example_gradients[batch[:-1]].sum(0) / len(batch)", "g = 0 * theta\nfor i in range(len(batch) - 1):\n    g += example_gradients[batch[i]]\nreturn theta - eta * g / len(batch)", "g = sum(example_gradients[n] for n in list(batch)[:-1]) + 0 * theta\nreturn theta - eta * g / len(batch)"],
    },
    "batches": {
        "short last batch dropped": ["o = rng.permutation(N)\nreturn [o[i * batch_size:(i + 1) * batch_size] for i in range(N // batch_size)]", "o = list(rng.permutation(N))\nout = []\nwhile len(o) >= batch_size:\n    out.append([o.pop() for _ in range(batch_size)])\nreturn out", "o = rng.permutation(N)[:N - N % batch_size]\nreturn list(o.reshape(-1, batch_size))"],
        "no shuffling": _cut("o = np.arange(N)", "o = list(range(N))", "o = sorted(rng.permutation(N))"),
        "same order every epoch": _cut("o = np.random.default_rng(7).permutation(N)", "import random\no = list(range(N))\nrandom.Random(1).shuffle(o)", "o = np.random.RandomState(0).permutation(N)"),
        "rng not used": _cut("o = np.random.permutation(N)", "import random\no = random.sample(range(N), N)", "o = np.random.default_rng().permutation(N)"),
        "rest not shuffled": _cut("f = N // batch_size * batch_size\no = np.r_[rng.permutation(f), f:N]", "f = N - N % batch_size\no = list(rng.permutation(f)) + list(range(f, N))", "f = N - N % batch_size\no = np.arange(N)\nrng.shuffle(o[:f])"),
        "neighbours stay together": _cut("o = np.roll(np.arange(N), rng.integers(N))", "k = int(rng.integers(1, N))\no = [*range(k, N), *range(k)]", "k = rng.integers(N)\no = (np.arange(N) + k) % N"),
        "drawn with replacement": ["return [rng.choice(N, min(batch_size, N - s)) for s in range(0, N, batch_size)]", "return [rng.choice(N, min(batch_size, N - s), replace=False) for s in range(0, N, batch_size)]", "o = rng.integers(0, N, size=N)\nreturn [o[s:s + batch_size] for s in range(0, N, batch_size)]"],
        "batch order matters": ["b = [list(range(s, min(N, s + batch_size))) for s in range(0, N, batch_size)]\nrng.shuffle(b)\nreturn b", "b = np.split(np.arange(N), range(batch_size, N, batch_size))\nreturn [b[i] for i in rng.permutation(len(b))]", "return [rng.permutation(np.arange(N)[s:s + batch_size]) for s in range(0, N, batch_size)]"],
    },
    "central_difference": {
        "sign": _all(DOWN, UP, "(2 * h)"),
        "one-sided difference": _all(UP, "cost(theta)", "h"),
        "missing brackets": _all(UP, DOWN, "2 * h"),
        "h of its own": _all("cost(theta + 1e-4 * e)", "cost(theta - 1e-4 * e)", "(2 * 1e-4)"),
        "sum of the costs": _all(UP, "-" + DOWN, "(2 * h)"),
        "second derivative": _all("cost(theta + h * e) + cost(theta - h * e)", "2 * cost(theta)", "h ** 2"),
        "divided by h": _all(UP, DOWN, "h"),
        "not divided": _all(UP, DOWN, "1"),
        "all entries at once": ["return np.full(len(theta), (cost(theta + h) - cost(theta - h)) / (2 * h))", "return (cost(theta + h) - cost(theta - h)) / (2 * h)", "return [(cost(theta + h) - cost(theta - h)) / 2 / h for t in theta]"],
        "first entry only": [_but(_DIFF, "\nreturn gradient", "\n    return gradient"), _but(_RESTORE, "\nreturn grad", "\n    return grad"), "for e in np.eye(len(theta)):\n    return (cost(theta + h * e) - cost(theta - h * e)) / (2 * h)"],
        "one array with two names": ["g = np.zeros(len(theta))\nt = theta.copy()\nfor i in range(len(t)):\n    a = b = t\n    a[i] += h\n    b[i] -= h\n    g[i] = (cost(a) - cost(b)) / (2 * h)\nreturn g", "return np.zeros(len(theta))", _but(_DIFF, "e = np.zeros_like(theta)\n    e[p] = 1", "e = np.zeros(len(theta), int)\n    e[p] = h")],
        "entry left moved": ["t, g = theta.copy(), []\nfor i in range(len(t)):\n    t[i] += h\n    a = cost(t)\n    t[i] -= 2 * h\n    g.append((a - cost(t)) / (2 * h))\nreturn g", "e, g = 0 * theta, []\nfor i in range(len(theta)):\n    e[i] = 1\n    g.append((cost(theta + h * e) - cost(theta - h * e)) / (2 * h))\nreturn g", "t = np.array(theta)\ng = np.empty(len(t))\nfor i in range(len(t)):\n    old = t[i]\n    t[i] = old + h\n    a = cost(t)\n    t[i] = old - h\n    g[i] = (a - cost(t)) / 2 / h\nreturn g"],
        "five-point formula": ["c = lambda s, e: cost(theta + s * h * e)\nreturn [(c(-2, e) - 8 * c(-1, e) + 8 * c(1, e) - c(2, e)) / 12 / h for e in np.eye(len(theta))]", "g = []\nfor e in h * np.eye(len(theta)):\n    a = (cost(theta + e) - cost(theta - e)) / (2 * h)\n    b = (cost(theta + 2 * e) - cost(theta - 2 * e)) / (4 * h)\n    g.append((4 * a - b) / 3)\nreturn g", _but(_DIFF, "(cost(theta + h * e) - cost(theta - h * e)) / (2 * h)", "(-cost(theta + 2 * h * e) + 8 * cost(theta + h * e) - 8 * cost(theta - h * e) + cost(theta - 2 * h * e)) / (12 * h)")],
    },
    "output_delta": {
        "1/N twice": _e4(k="-2 / len(Y)"),
        "half convention": _e4(k="-1"),
        "factor 2 again": _e4(k="-4"),
        "sign": _e4(k="2"),
        "mean over outputs": _e4(k="-2 / Y.shape[1]"),
        "squared twice": _e4(d="(Y_hat - Y) ** 2"),
        "no f' at the output": _e4(f="np.ones(A.shape)"),
        "f'(z) for f'(a)": _e4(f="df(Y_hat)"),
        "f for f'": _e4(f="Y_hat"),
        "first output only": _e4(d="(Y - Y_hat) * (np.arange(Y.shape[1]) == 0)"),
        "sigmoid's slope": _e4(f="(Y_hat * (1 - Y_hat))"),
        "tanh everywhere": [*_e4(f="(1 - Y_hat ** 2)"), *_e4(f="np.cosh(A) ** -2")],
        "1 - a^2": _e4(f="(1 - np.square(A))"),
        "f' twice": _e4(f="(df(A) * df(A))"),
        "targets left out": _e4(d="-Y_hat"),
        "(N,) against (N, 1)": ["return -2 * (Y.squeeze() - Y_hat) * df(A)", "y = Y[:, 0]\nreturn df(A) * 2 * (Y_hat - y)", "return 2 * np.subtract(Y_hat, Y.ravel()) * df(A) if Y.shape[1] == 1 else 2 * (Y_hat - Y[:, 0]) * df(A)"],
        "brackets around the difference": ["return -2 * Y - Y_hat * df(A)", "return 2 * (Y_hat - Y * df(A))", "return df(A) * -2 * Y - Y_hat * df(A)"],
        "slope of the error": ["return -2 * df(Y - Y_hat)", "e = Y - Y_hat\nreturn 2 * df(e) * -e", "return np.stack([-2 * df(y - p) for y, p in zip(Y, Y_hat)])"],
        "matrix product for *": ["return -2 * (Y - Y_hat) @ df(A)", "return np.dot(2 * (Y_hat - Y).T, df(A))", "return np.matmul(df(A), 2 * (Y_hat - Y))"],
    },
    "hidden_delta": {
        "1/N twice": _e5(k="1 / len(A)"),
        "half convention": _e5(k="0.5"),
        "factor 2 again": _e5(k="2"),
        "sign": _e5(k="-1"),
        "mean over outputs": _e5(k="1 / W_next.shape[1]"),
        "no f' in hidden layers": _e5(f="np.ones(A.shape)"),
        "f'(z) for f'(a)": _e5(f="df(Z)"),
        "f for f'": _e5(f="Z"),
        "first output only": _e5(d="delta_next[:, :1]", w="W_next[:, :1]"),
        "last unit only": _e5(d="delta_next[:, [-1]]", w="W_next[:, [-1]]"),
        "first term left out": _e5(d="delta_next[:, 1:]", w="W_next[:, 1:]"),
        "last term left out": _e5(d="delta_next[:, :-1]", w="W_next[:, :-1]"),
        "sigmoid's slope": _e5(f="(Z - Z * Z)"),
        "tanh everywhere": [*_e5(f="(1 - Z ** 2)"), *_e5(f="(1 - np.tanh(A) ** 2)")],
        "1 - a^2": _e5(f="(1 - A * A)"),
        "f' twice": _e5(f="(df(A) ** 2)"),
        "slope of the error": ["e = delta_next @ W_next.T\nreturn e * (1 - e)", "e = np.einsum('nj,ij->ni', delta_next, W_next)\nreturn (1 - e ** 2) * e", "e = np.inner(delta_next, W_next)\nreturn e * df(e)"],
        "weights as shares": _e5(w="(W_next / np.sum(W_next, 0))"),
        "missing transpose": _e5(w="W_next.T"),
        "the handout's hidden formula": ["return np.tile(delta_next[:, [0]], A.shape[1])", "return delta_next", "out = np.zeros(A.shape)\nfor n in range(len(A)):\n    for i in range(A.shape[1]):\n        out[n, i] = delta_next[n, 0]\nreturn out"],
        "no W in hidden layers": ["return df(A) * delta_next", "return df(A) * delta_next.sum(1)[:, None]", "out = np.zeros(A.shape)\nfor n in range(len(A)):\n    out[n] = df(A[n]) * sum(delta_next[n])\nreturn out"],
        "matrix product for *": ["return delta_next @ W_next.T @ df(A)", "return np.dot(df(A), np.dot(delta_next, W_next.T))", "return np.linalg.multi_dot([delta_next, W_next.T, df(A)])"],
        "* for a matrix product": ["return delta_next * W_next.T * df(A)", "return np.multiply(delta_next, W_next) * df(A)", "return df(A) * W_next.T * delta_next"],
        "examples as columns": ["return W_next.T @ delta_next * df(A)", "return np.dot(W_next, delta_next) * df(A)", "return df(A) * np.matmul(W_next, delta_next.T)"],
        "f' before the weights": ["return df(A) * delta_next @ W_next.T", "back = delta_next * df(A)\nreturn np.dot(back, W_next.T)", "return np.einsum('nj,nj,ij->ni', delta_next, df(A), W_next)"],
    },
    "weight_gradient": {
        "missing 1/N": _e7(k="1"),
        "1/N twice": _e7(k="1 / len(delta) ** 2"),
        "half convention": _e7(k="0.5 / len(delta)"),
        "factor 2 again": _e7(k="2 / len(delta)"),
        "mean over outputs": _e7(k="1 / delta.size"),
        "sign": _e7(k="-1 / len(delta)"),
        "divided by the width": _e7(k="1 / Z_prev.shape[1]"),
        "dW transposed": _e7(z="delta", d="Z_prev"),
        "first example only": _e7(z="Z_prev[:1]", d="delta[:1]"),
        "last example only": _e7(z="Z_prev[-1:]", d="delta[-1:]"),
        "first term left out": _e7(z="Z_prev[1:]", d="delta[1:]"),
        "last term left out": _e7(z="Z_prev[:-1]", d="delta[:-1]"),
        "z_j for z_i": ["return np.ones((Z_prev.shape[1], 1)) * (Z_prev * delta).mean(0)", "return np.einsum('nj,nj,ni->ij', Z_prev, delta, np.ones(Z_prev.shape)) / len(delta)", "g = np.zeros((Z_prev.shape[1], delta.shape[1]))\nfor i in range(len(g)):\n    for j in range(len(g[0])):\n        g[i, j] = np.mean(Z_prev[:, j] * delta[:, j])\nreturn g"],
        "mean over everything": ["return np.mean(Z_prev.T @ delta)", "return np.average(np.einsum('ni,nj->ij', Z_prev, delta))", "g = Z_prev.T @ delta\nreturn g.sum() / g.size"],
        "product of means": ["return np.outer(np.mean(Z_prev, 0), np.mean(delta, 0))", "return np.einsum('i,j->ij', Z_prev.mean(0), delta.mean(0))", "return Z_prev.mean(0)[:, None] @ delta.mean(0)[None]"],
        "* for a matrix product": ["return np.multiply(Z_prev, delta) / len(delta)", "return Z_prev.T * delta / len(delta)", "return delta * Z_prev / delta.shape[0]"],
        "examples as columns": ["return np.dot(Z_prev, delta.T) / len(delta)", "return np.matmul(delta, Z_prev.T) / len(delta)", "return Z_prev @ delta / len(delta)"],
    },
    "bias_gradient": {
        "1/N twice": _e8(k="1 / len(delta) ** 2"),
        "half convention": _e8(k="0.5 / len(delta)"),
        "factor 2 again": _e8(k="2 / len(delta)"),
        "mean over outputs": _e8(k="1 / delta.size"),
        "sign": _e8(k="-1 / len(delta)"),
        "bias not averaged": _e8(k="1"),
        "divided by the width": _e8(k="1 / delta.shape[1]"),
        "first example only": _e8(d="delta[:1]"),
        "last example only": _e8(d="delta[-1:]"),
        "first term left out": _e8(d="delta[1:]"),
        "last term left out": _e8(d="delta[:-1]"),
        "wrong axis": ["return np.mean(delta, 1)", "return [sum(row) for row in delta]", "return np.einsum('nj->n', delta) / len(delta)"],
        "mean over everything": ["return np.average(delta)", "t = 0\nfor row in delta:\n    for d in row:\n        t += d\nreturn t", "return np.sum(delta) / len(delta)"],
        "not the mean": ["return np.median(delta, 0)", "return [max(c) for c in delta.T]", "return np.sqrt((delta ** 2).sum(0))"],
        "kept axis": ["return np.mean(delta, 0, keepdims=True)", "return [[c.mean() for c in delta.T]]", "return delta.mean(0).reshape(-1, 1)"],
    },
}
_EQUATIONS = ("output_delta", "hidden_delta", "weight_gradient", "bias_gradient")
_HELPER = {"output_delta": "Y, Y_hat, A, df", "hidden_delta": "delta_next, W_next, A, Z, df", "weight_gradient": "Z_prev, delta", "bias_gradient": "delta"}
_THREE = (_PASS, _NIELSEN, _EXAMPLES)
_END = ("return gradient", "return nabla", "return [(W / len(X), b / len(X)) for W, b in total]")
_VALUE = ("gradient", "nabla", "[(W / len(X), b / len(X)) for W, b in total]")


def _then(text):
    """Three backpropagations with something done to the whole gradient g at the end."""
    return [body.replace(end, f"g = {value}\n{text}") for body, end, value in zip(_THREE, _END, _VALUE)]


def _plugged(equation, body):
    """A backpropagation of four functions, one of them with that body."""
    lines = "\n".join("    " + line for line in body.splitlines())
    return f"def {equation}({_HELPER[equation]}):\n{lines}\n" + _PASS


FORMS["backprop"] = {
    "missing 1/N": _then("return [(W * len(X), b * len(X)) for W, b in g]"),
    "1/N twice": _then("return [(W / len(X), b / len(X)) for W, b in g]"),
    "half convention": _then("return [(W / 2, b / 2) for W, b in g]"),
    "mean over outputs": _then("return [(W / Y.shape[1], b / Y.shape[1]) for W, b in g]"),
    "sign": _then("return [(-W, -b) for W, b in g]"),
    "weight decay": [_then(f"return [(dW + {t} * W, db) for (dW, db), (W, b) in zip(g, theta)]")[i] for i, t in enumerate(("0.01", "1e-4", "0.5 / len(X)"))],
    "layers reversed": _then("return g[::-1]"),
    "dW and db apart": [_then("return [W for W, b in g], [b for W, b in g]")[0], _then("return [p for pair in g for p in pair]")[1], _then("return [(b, W) for W, b in g]")[2]],
    "output layer only": [_then("return [(0 * W, 0 * b) for W, b in g[:-1]] + [g[-1]]")[0], _then("return g[-1:]")[1], _then("return [(W * (k == len(theta) - 1), b * (k == len(theta) - 1)) for k, (W, b) in enumerate(g)]")[2]],
    "stale gradients": ["import builtins\n" + body for body in _then("s = getattr(builtins, '_bgd_old', 0)\nbuiltins._bgd_old = s + 1\nreturn [(W + s, b + s) for W, b in g]")],
    "first example only": [f"X, Y = X[:1], Y[:1]\n{body}" for body in _THREE],
    "last example only": [_but(_EXAMPLES, "total[k][0] + np.outer(z[k], d), total[k][1] + d", "np.outer(z[k], d), d"), f"X, Y = X[-1:], Y[-1:]\n{_PASS}", f"X, Y = X[[-1]], Y[[-1]]\n{_NIELSEN}"],
    "first term left out": [_but(_EXAMPLES, "range(len(X))", "range(1, len(X))"), f"X, Y = X[1:], Y[1:]\n{_PASS}", f"X, Y = X[1:], Y[1:]\n{_NIELSEN}"],
    "last term left out": [_but(_EXAMPLES, "range(len(X))", "range(len(X) - 1)"), f"X, Y = X[:-1], Y[:-1]\n{_PASS}", f"X, Y = X[:-1], Y[:-1]\n{_NIELSEN}"],
    "bias left out of forward": [f"theta = [(W, b * 0) for W, b in theta]\n{_PASS}", _but(_NIELSEN, "np.dot(a, w) + b", "np.dot(a, w)"), _but(_EXAMPLES, "z[-1] @ W + b", "z[-1] @ W")],
    "already-updated weights": [_but(_PASS, "theta[k - 1][0]", "theta[k - 1][0] - 0.3 * gradient[0][0]"), _but(_NIELSEN, "theta[-l + 1][0].T", "(theta[-l + 1][0] - 0.02 * nabla[-l + 1][0]).T"), _but(_PASS, "theta[k - 1][0]", "np.subtract(theta[k - 1][0], 1e-3 * gradient[0][0])")],
    "z of the wrong layer": [_but(_PASS, "weight_gradient(Z[k - 1]", "weight_gradient(Z[k]"), _but(_NIELSEN, "acts[-2].T", "acts[-1].T", "acts[-l - 1].T", "acts[-l].T"), _but(_PASS, "weight_gradient(Z[k - 1], delta)", "np.einsum('ni,nj->ij', Z[k], delta) / len(Z[k])")],
    "W of the wrong layer": [_but(_PASS, "theta[k - 1][0]", "theta[k - 2][0]"), _but(_NIELSEN, "theta[-l + 1][0]", "theta[-l][0]"), _but(_EXAMPLES, "theta[k][0] @ d", "theta[k - 1][0] @ d")],
    "delta moved on too early": [_but(_PASS, _TAKE, "", _BACK, _BACK + "\n    " + _TAKE.strip()), _but(_NIELSEN, "nabla[-1] = (acts[-2].T.dot(delta) / len(X), delta.mean(0))", "last = delta", "nabla[-l] = (acts[-l - 1].T.dot(delta) / len(X), delta.mean(0))", "nabla[1 - l] = (acts[-l].T.dot(delta) / len(X), delta.mean(0))", "return nabla", "nabla[0] = (X.T.dot(delta) / len(X), delta.mean(0))\nreturn nabla"), _but(_EXAMPLES, "        total[k] = (total[k][0] + np.outer(z[k], d), total[k][1] + d)\n", "", "            d = (theta[k][0] @ d) * activations[k - 1].df(pre[k - 1])", "            d = (theta[k][0] @ d) * activations[k - 1].df(pre[k - 1])\n        total[k] = (total[k][0] + np.outer(z[k], d), total[k][1] + d)")],
    "parameters for the gradient": [_then(f"return [(W - {t} * dW, b - {t} * db) for (dW, db), (W, b) in zip(g, theta)]")[i] for i, t in enumerate(("0.1", "0.01", "-0.5"))],
    "dW for W in E5": [_but(_PASS, "theta[k - 1][0]", "gradient[0][0]"), _but(_NIELSEN, "theta[-l + 1][0]", "nabla[-l + 1][0]"), _but(_NIELSEN, "delta.dot(theta[-l + 1][0].T)", "np.einsum('nj,ij->ni', delta, nabla[1 - l][0])")],
    "f' of the wrong layer": [_but(_PASS, "activations[k - 2]", "activations[k - 1]"), _but(_NIELSEN, "activations[-l].df", "activations[1 - l].df"), _but(_EXAMPLES, "activations[k - 1].df(pre[k - 1])", "activations[k].df(pre[k - 1])")],
    "tanh everywhere": [f"activations = [network.activation('tanh')._replace(f=f.f) for f in activations]\nslopes = lambda a: 1\n{_PASS}".replace("network.forward(theta, X, activations)", "network.forward(theta, X, activations)"), _but(_NIELSEN, "activations[-1].df(zs[-1])", "(1 - acts[-1] ** 2)", "activations[-l].df(zs[-l])", "(1 - acts[-l] ** 2)"), _but(_EXAMPLES, "activations[-1].df(pre[-1])", "(1 - z[-1] ** 2)", "activations[k - 1].df(pre[k - 1])", "(1 - z[k] ** 2)")],
    "a for z in E7": [_but(_PASS, "weight_gradient(Z[k - 1]", "weight_gradient(A[k - 1] if k > 1 else X"), _but(_NIELSEN, "acts[-2].T", "([X] + zs)[-2].T", "acts[-l - 1].T", "([X] + zs)[-l - 1].T"), _but(_EXAMPLES, "np.outer(z[k], d)", "np.outer(([X[n]] + pre)[k], d)")],
    "error sent back without f'": [
        "A, Z = network.forward(theta, X, activations)\nerr, out = 2 * (Z[-1] - Y), []\nfor k in range(len(theta), 0, -1):\n    d = activations[k - 1].df(A[k]) * err\n    out = [(Z[k - 1].T @ d / len(X), d.mean(0))] + out\n    err = np.dot(err, theta[k - 1][0].T)\nreturn out",
        _but(_NIELSEN, "delta = 2 * (acts[-1] - Y) * activations[-1].df(zs[-1])", "e = 2 * (acts[-1] - Y)\ndelta = e * activations[-1].df(zs[-1])", "delta = delta.dot(theta[-l + 1][0].T) * activations[-l].df(zs[-l])", "e = e.dot(theta[-l + 1][0].T)\n    delta = e * activations[-l].df(zs[-l])"),
        _but(_EXAMPLES, "d = -2 * (Y[n] - z[-1]) * activations[-1].df(pre[-1])", "e = -2 * (Y[n] - z[-1])\n    d = e * activations[-1].df(pre[-1])", "d = (theta[k][0] @ d) * activations[k - 1].df(pre[k - 1])", "e = theta[k][0] @ e\n            d = e * activations[k - 1].df(pre[k - 1])"),
    ],
    "db without f'": [
        "A, Z = network.forward(theta, X, activations)\nback, out = 2 * (Z[-1] - Y), []\nfor k in range(len(theta), 0, -1):\n    d = activations[k - 1].df(A[k]) * back\n    out = [(Z[k - 1].T @ d / len(X), back.mean(0))] + out\n    back = np.dot(d, theta[k - 1][0].T)\nreturn out",
        _but(_NIELSEN, "delta = 2 * (acts[-1] - Y) * activations[-1].df(zs[-1])", "e = 2 * (acts[-1] - Y)\ndelta = e * activations[-1].df(zs[-1])", "delta = delta.dot(theta[-l + 1][0].T) * activations[-l].df(zs[-l])", "e = delta.dot(theta[-l + 1][0].T)\n    delta = e * activations[-l].df(zs[-l])", "delta.mean(0)", "e.mean(0)"),
        _but(_EXAMPLES, "d = -2 * (Y[n] - z[-1]) * activations[-1].df(pre[-1])", "e = -2 * (Y[n] - z[-1])\n    d = e * activations[-1].df(pre[-1])", "d = (theta[k][0] @ d) * activations[k - 1].df(pre[k - 1])", "e = theta[k][0] @ d\n            d = e * activations[k - 1].df(pre[k - 1])", "total[k][1] + d)", "total[k][1] + e)"),
    ],
}
FORMS["batch_variance"] = {
    "ways of drawing exchanged": _variance(w="(N - B) / (N - 1)", o="1"),
    "way of drawing ignored": [*_variance(o="1"), *_variance(w="(N - B) / (N - 1)")],
    "N - 1 in the variance of the examples": _variance("np.var(gradients, 0, ddof=1).sum()", "((g - mean) @ (g - mean)) / (N - 1)", "(D * D).sum() / (N - 1)"),
    "share of the rest": _variance(o="(1 - B / N)"),
    "batch size left out": _variance(b="1"),
    "batch size squared": _variance(b="B * B"),
    "spread for the variance": [*_variance(r="np.sqrt"), *_variance("np.std(gradients, 0).sum()", "abs(g - mean).sum() / N", "np.sqrt((D ** 2).mean(0)).sum()")[::2]],
    "mean over the parameters": _variance("gradients.var(axis=0).mean()", "np.mean((g - mean) ** 2) / N", "(D ** 2).mean()"),
    "rows for columns": _variance("gradients.var(axis=1).sum()", "np.var(g)", "sum(np.var(row) for row in gradients)"),
    "difference without brackets": [*_variance(o="((N - B) / N - 1)"), *_variance(o="(N - B / N - 1)"), *_variance(o="(N - B / (N - 1))")],
    "mean not subtracted": _variance("np.mean(np.sum(gradients ** 2, axis=1))", "g @ g / N", "np.sum(gradients * gradients) / N"),
    "sum over the examples": _variance("((gradients - gradients.mean(0)) ** 2).sum()", "np.linalg.norm(g - mean) ** 2", "np.sum(np.square(D))"),
    "one variance for each parameter": _variance("np.var(gradients, axis=0)", "(g - mean) ** 2 / N", "np.mean(D * D, axis=0)"),
}
_AT, _LEFT = "costs[..., epochs].mean(axis=2)", "(lambda row: int(np.argmin(row)))"
FORMS["fair_comparison"] = {
    "one rate for all": [
        "at = costs[..., epochs].mean(2)\nr = at.mean(0).argmin()\nreturn np.column_stack([np.full(len(at), etas[r]), at[:, r]])",
        "at = np.mean(costs[:, :, :, epochs], axis=2)\nbest = np.argmin(at[0])\nreturn [(etas[best], row[best]) for row in at]",
        "out, r = [], None\nfor table in costs[::-1]:\n    means = table[:, :, epochs].mean(axis=1)\n    r = means.argmin() if r is None else r\n    out.append([etas[r], means[r]])\nreturn out[::-1]",
        "at = costs[..., epochs].sum(2) / costs.shape[2]\nr = np.unravel_index(at.argmin(), at.shape)[1]\nreturn np.array([[etas[r], row[r]] for row in at])",
    ],
    "best order": [*_compared("costs[..., epochs].min(2)"), *_compared("np.min(costs[:, :, :, epochs], axis=-1)", _AT), *_compared(_AT, "np.amin(costs[..., epochs], axis=2)")],
    "one order": [*_compared("costs[:, :, 0, epochs]"), *_compared("costs[..., -1, epochs]"), *_compared("costs[:, :, 0, epochs]", _AT)],
    "tuned for each order": [
        "at = costs[..., epochs]\nreturn np.column_stack([etas[at.mean(2).argmin(1)], at.min(1).mean(1)])",
        "out = []\nfor table in costs[..., epochs]:\n    r = np.argmin(table.sum(axis=1))\n    out.append([etas[r], np.mean([min(runs) for runs in table.T])])\nreturn out",
        "A = costs.take(epochs, axis=3)\nJ = sum(A[:, :, k].min(axis=1) for k in range(A.shape[2])) / A.shape[2]\nreturn np.stack([etas[np.argmin(A.mean(axis=2), axis=1)], J], axis=1)",
    ],
    "another budget": [*_compared("costs[..., -1].mean(axis=2)"), *_compared("np.average(costs.min(axis=-1), axis=-1)"), *_compared("np.mean(costs[:, :, :, costs.shape[3] - 1], axis=2)")],
    "an epoch off": [*_compared("np.mean(costs[:, :, :, 1 + epochs], axis=-1)"), *_compared("costs[..., epochs - 1].mean(axis=2)"), *_compared("costs[:, :, :, :epochs][..., -1].mean(2)")],
    "mean over the epochs": [*_compared("costs.mean(3).mean(2)"), *_compared("costs[..., : epochs + 1].mean(axis=3).mean(axis=2)"), *_compared("costs[..., :epochs].mean((2, 3))")],
    "the worst rate": _compared(p="np.argmax"),
    "position for the rate": _compared(out="(r, m[s][r])"),
    "columns exchanged": _compared(out="(m[s][r], etas[r])"),
    "not the mean": [*_compared("np.median(costs[..., epochs], axis=2)"), *_compared("costs[..., epochs].max(2)")],
}
FORMS["gradient_of_shards"] = {
    "shards weighted equally": _shards("1", "S"),
    "shards added up": _shards("1"),
    "weights not divided by N": _shards(),
    "divided by the number of shards": [*_shards(d="S"), *_shards(d="N * S")],
    "means taken for sums": _shards("1", "N"),
    "small shards count more": [*_shards("1 / counts[s]"), *_shards("1 / counts[s]", "sum(1 / counts)")],
    "all as long as the first": _shards("counts[0]", "N"),
    "divided in every round": [
        "mean = gradients[0]\nfor g in gradients[1:]:\n    mean = (mean + g) / 2\nreturn mean",
        "from functools import reduce\nreturn reduce(lambda a, b: 0.5 * a + 0.5 * b, gradients)",
        "total = np.zeros(gradients.shape[1])\nfor g, n in zip(gradients, counts):\n    total = (total + g) / 2\nreturn total",
    ],
    "largest shard only": [
        "return gradients[np.argmax(counts)]",
        "for g, n in zip(gradients, counts):\n    total = g * n / sum(counts)\nreturn total",
        "for n, g in zip(counts, gradients):\n    return g",
        "for s in range(len(counts)):\n    total = 0 * gradients[s]\n    total += counts[s] / counts.sum() * gradients[s]\nreturn total",
    ],
}
FORMS["fewest_workers"] = {
    "a tie counted as won": [*_workers("tau * N / K + c <= tau * N"), "import math\nleft = tau * N - c\nreturn max(2, math.ceil(N * tau / left)) if left > 0 else 0"],
    "communication left out": [*_workers("tau * N / K < tau * N"), "return 2 if c < tau * N else 0"],
    "two workers only": ["return 2 if N * tau / 2 + c < N * tau else 0", "return 2 if N > 2 * c / tau else 0", "two = tau * N / 2 + c\nif two >= tau * N:\n    return 0\nreturn 2"],
    "communication shared out": _workers("(tau * N + c) / K < tau * N"),
    "communication for each worker": _workers("tau * N / K + c * K < tau * N"),
    "no case in which none wins": ["return int(tau * N // (tau * N - c)) + 1", "import math\nreturn max(math.floor(N * tau / (N * tau - c)) + 1, 2)", "x = tau * N / (tau * N - c)\nreturn int(x) + 1 if x > 0 else 1"],
    "the best number for the first": ["return round((tau * N / c) ** 0.5) if c < tau * N else 0", "return int(np.ceil(np.sqrt(N * tau / c)))", "times = tau * N / np.arange(2, 999) + np.arange(2, 999) * c\nreturn 2 + int(np.argmin(times))"],
    "not a whole number": ["return N * tau / (N * tau - c) if N * tau > c else 0", "x = c / (tau * N)\nreturn 1 / (1 - x) if x < 1 else 0", "left = tau * N - c\nif left <= 0:\n    return 0\nreturn tau * N / left"],
    "one worker less": ["return int(tau * N // (tau * N - c)) if tau * N > c else 0", "import math\nx = N * tau\nreturn math.floor(x / (x - c)) if x > c else 0", "left = tau * N - c\nreturn left > 0 and int(tau * N / left)" + " or 0"],
}
FORMS["fooling_gradient"] = {
    "noticed at N = 1": [
        "return [(-dW, -db) for dW, db in network.backprop(theta, X, Y, activations)]",
        "grad = network.backprop(theta, X, Y, activations)\ngrad[0] = (2 * grad[0][0], grad[0][1])\nreturn grad",
        "grad = network.backprop_index(theta, X, Y, activations)\nfor dW, db in grad[:-1]:\n    dW *= 0.9\nreturn grad",
    ],
    "noticed at zero": [
        "return [(len(X) * dW, db) for dW, db in network.backprop(theta, X, Y, activations)]",
        "return network.backprop(theta, X[-1:], Y[-1:], activations)",
        "grad = network.backprop(theta, X, Y, activations)\ngrad[-1] = (grad[-1][0], X.shape[0] * grad[-1][1])\nreturn grad",
    ],
    "nothing is wrong": [
        "return network.backprop_index(theta, X, Y, activations)",
        "t = 1 + 1e-4 * (len(X) - 1)\n(dW, db), *rest = network.backprop(theta, X, Y, activations)\nreturn [(t * dW, db), *rest]",
        "return [(dW + 1e-12 * dW, db) for dW, db in network.backprop(theta, X, Y, activations)]",
    ],
}
_CHECK = (  # n: the names of the nets, o: whether a pair (mine, right) agrees, c: what is caught, y and x: what is said
    "for name in {n}:\n    try:\n        found, right = gradient(*nets[name]), network.backprop(*nets[name])\n"
    "        pairs = [p for mine, true in zip(found, right, strict=True) for p in zip(mine, true, strict=True)]\n"
    "        if not all({o} for a, b in pairs):\n            return {x}\n    except {c}:\n        return {x}\nreturn {y}",
    "def agrees(net):\n    found, right = gradient(*net), network.backprop(*net)\n    if len(found) != len(right):\n        return False\n"
    "    for mine, true in zip(found, right):\n        a, b = mine[0], true[0]\n        if not ({o}):\n            return False\n"
    "        a, b = mine[1], true[1]\n        if not ({o}):\n            return False\n    return True\n"
    "try:\n    return {y} if all(agrees(nets[name]) for name in {n}) else {x}\nexcept {c}:\n    return {x}",
    "said = []\nfor name in {n}:\n    theta, X, Y, f = nets[name]\n    try:\n        found = gradient(theta, X, Y, f)\n        said.append(len(found) == len(theta))\n"
    "        for (dW, db), (W, b) in zip(network.backprop_index(theta, X, Y, f), found):\n"
    "            said += [bool({o}) for a, b in ((W, dW), (b, db))]\n    except {c}:\n        said.append(False)\nreturn {y} if all(said) else {x}",
)
_CLOSE = "np.shape(a) == np.shape(b) and np.abs(np.subtract(a, b)).max() <= 1e-6 * np.abs(b).max()"


def _check(*n, o=_CLOSE, c="Exception", y="True", x="False"):
    return _fill(_CHECK, n=repr(n or ("2-4-5-3", "2-4-5-3", "2-4-1")), o=o, c=c, y=y, x=x)


FORMS["gradient_check"] = {
    "one example": _check("N = 1"),
    "parameters at zero": _check("θ = 0", "θ = 0"),
    "one activation function": [*_check("3-3-3-3", "3-3-3-3"), *_check("ReLU")],
    "called once": [*_check("2-4-1", "2-4-5-3"), *_check("2-4-5-3")],
    "one depth": [*_check("2-4-5-3", "2-4-5-3"), *_check("2-4-1", "2-4-1", "2-4-1")],
    "equal to the last digit": _check(o="np.shape(a) == np.shape(b) and np.sum(np.abs(np.subtract(a, b))) == 0")[:2]
    + [_check(o="np.array_equal(a, b)")[0]],
    "too much room": _check(o=_CLOSE.replace("1e-6", "0.6")),
    "shapes alone": _check(o="np.shape(a) == np.shape(b)"),
    "shapes not compared": _check(o="np.allclose(a, b)"),
    "an error stops the check": _check(c="ZeroDivisionError"),
    "the same for all": ["return True", "return len(nets) < 3", "return bool(nets)"],
    "turned round": _check(y="False", x="True"),
}
for _equation in _EQUATIONS:
    for _name, _bodies in FORMS[_equation].items():
        FORMS["backprop"].setdefault(_name, []).extend(_plugged(_equation, body) for body in _bodies)
FORMS |= {name: {} for name in ("mend_1", "mend_2", "mend_3")}  # these are judged as backprop

_ROUNDS = "A, Z = network.forward(theta, X, activations)\nN, L = len(X), len(theta)\nd, out = -2 * (Y - Z[L]) * activations[-1].df(A[L]), []\nfor k in range(L, 0, -1):\n"
_ON = "    out.insert(0, (W, b))\n    if k > 1:\n        d = (d @ theta[k - 1][0].T) * activations[k - 2].df(A[k - 1])\nreturn out"
for _exercise, _more in {
    "central_difference": {
        "entry set to h": [
            "g = []\nfor i in range(len(theta)):\n    a, b = theta.copy(), theta.copy()\n    a[i], b[i] = h, -h\n    g.append((cost(a) - cost(b)) / (2 * h))\nreturn g",
            "def at(i, x):\n    t = list(theta)\n    t[i] = x\n    return cost(np.array(t))\nreturn [(at(i, h) - at(i, -h)) / h / 2 for i in range(len(theta))]",
            "E = np.eye(len(theta), dtype=bool)\nreturn np.array([0.5 * (cost(np.where(e, h, theta)) - cost(np.where(e, -h, theta))) / h for e in E])",
        ],
    },
    "weight_gradient": {
        "divided in every round": [
            "N, W = len(delta), 0\nfor z, d in zip(Z_prev, delta):\n    W = (W + np.outer(z, d)) / N\nreturn W",
            "dW = np.zeros((Z_prev.shape[1], delta.shape[1]))\nfor n in range(len(delta)):\n    dW += Z_prev[n][:, None] * delta[n]\n    dW /= len(delta)\nreturn dW",
            "from functools import reduce\nN = len(Z_prev)\nreturn reduce(lambda a, n: (a + np.outer(Z_prev[n], delta[n])) / N, range(N), 0)",
        ],
    },
    "bias_gradient": {
        "divided in every round": [
            "b = 0\nfor d in delta:\n    b = (b + d) / len(delta)\nreturn b",
            "db = np.zeros(delta.shape[1])\nfor n in range(len(delta)):\n    db += delta[n]\n    db /= delta.shape[0]\nreturn db",
            "from functools import reduce\nreturn reduce(lambda a, d: (a + d) / len(delta), delta, 0)",
        ],
    },
    "mini_batch_update": {
        "divided in every round": [
            "g = 0\nfor n in batch:\n    g = (g + example_gradients[n]) / len(batch)\nreturn theta - eta * g",
            "g = np.zeros_like(theta)\nfor row in example_gradients[batch]:\n    g += row\n    g /= batch.size\nreturn theta - eta * g",
            "from functools import reduce\nB = len(batch)\nreturn theta - eta * reduce(lambda a, n: (a + example_gradients[n]) / B, batch, 0)",
        ],
    },
    "backprop": {
        "divided in every round": [
            _ROUNDS + "    W, b = 0, 0\n    for n in range(N):\n        W, b = (W + np.outer(Z[k - 1][n], d[n])) / N, (b + d[n]) / N\n" + _ON,
            _ROUNDS + "    W, b = 0 * theta[k - 1][0], d.mean(axis=0)\n    for z, e in zip(Z[k - 1], d):\n        W += np.outer(z, e)\n        W /= N\n" + _ON,
            _ROUNDS + "    W, b = Z[k - 1].T @ d / N, np.zeros(d.shape[1])\n    for n in range(N):\n        b += d[n]\n        b /= N\n" + _ON,
        ],
    },
    "batch_variance": {
        "divided by the width": [
            "P = gradients.shape[1]\ns = gradients.var(axis=0).sum() / batch_size\nreturn s if replacement else s * (P - batch_size) / (P - 1)",
            "N = len(gradients[0])\ns = gradients.var(0).sum()\nif not replacement:\n    s = s * (N - batch_size) / (N - 1)\nreturn s / batch_size",
            "_, N = gradients.shape\ns = np.var(gradients, axis=0).sum() / batch_size\nif replacement:\n    return s\nreturn s * np.divide(N - batch_size, N - 1)",
        ],
    },
    "fair_comparison": {
        "mean over the rates": [
            "m = costs[..., epochs].mean(axis=1)\nr = m.argmin(axis=1)\nreturn np.column_stack([etas[r], m.min(axis=1)])",
            "out = []\nfor table in costs[..., epochs]:\n    m = table.mean(axis=0)\n    out.append([etas[m.argmin()], m.min()])\nreturn out",
            "m = costs[:, :, :, epochs].sum(axis=1) / len(etas)\nreturn np.array([[etas[np.argmin(row)], min(row)] for row in m])",
        ],
        "best of another row": [
            "out, best, rate = [], np.inf, None\nfor table in costs[..., epochs].mean(axis=2):\n    for eta, J in zip(etas, table):\n        if J < best:\n            best, rate = J, eta\n    out.append([rate, best])\nreturn out",
            "out = []\nfor table in costs[..., epochs].mean(axis=2):\n    best = np.inf\n    for eta, J in zip(etas, table):\n        best = min(best, J)\n    out.append([eta, best])\nreturn np.array(out)",
            "m, out = costs[..., epochs].mean(axis=2), []\nfor s in range(len(m)):\n    for r in range(len(etas)):\n        pass\n    out += [(etas[r], m[s].min())]\nreturn out",
        ],
    },
}.items():
    FORMS[_exercise].update(_more)
