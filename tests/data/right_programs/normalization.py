# === welford
def fit_normalizer(X, ddof):
    mu = np.zeros(X.shape[1])
    M2 = np.zeros(X.shape[1])
    n = 0
    for row in X:
        n += 1
        delta = row - mu
        mu = mu + delta / n
        M2 = M2 + delta * (row - mu)
    return mu, np.sqrt(M2 / (n - ddof))

def apply_normalizer(X, mu, sigma):
    Z = np.empty(X.shape)
    for n in range(X.shape[0]):
        for d in range(X.shape[1]):
            Z[n, d] = (X[n, d] - mu[d]) / sigma[d]
    return Z

# === statistics-module
import statistics

def fit_normalizer(X, ddof):
    columns = [list(map(float, col)) for col in X.T]
    spread = statistics.stdev if ddof == 1 else statistics.pstdev
    return [statistics.fmean(c) for c in columns], [spread(c) for c in columns]

def apply_normalizer(X, mu, sigma):
    return [[(v - m) / s for v, m, s in zip(row, mu, sigma)] for row in X]

# === np-std-divide-out
def fit_normalizer(X, ddof):
    return np.average(X, 0), X.std(0, ddof=ddof)

def apply_normalizer(X, mu, sigma):
    Z = X.astype(float, copy=True)
    Z -= mu[None]
    Z /= sigma[None]
    return Z

# === centred-cov-diag
def fit_normalizer(X, ddof):
    mu = np.ones(len(X)) @ X / len(X)
    C = (X - mu).T @ (X - mu) / (len(X) - ddof)
    return mu, np.diag(C) ** 0.5

def apply_normalizer(X, mu, sigma):
    return (X - mu) @ np.diag(1 / sigma)

# === standard-normal-scaled
SCALES = {
    "small": lambda i, o: 1e-2,
    "xavier_normal": lambda i, o: (2.0 / (i + o)) ** 0.5,
    "he": lambda i, o: (2.0 / i) ** 0.5,
}

def init_weights(fan_in, fan_out, scheme, rng):
    if scheme == "constant":
        return np.ones((fan_out, fan_in)) / 2
    if scheme == "xavier_uniform":
        a = (6.0 / (fan_in + fan_out)) ** 0.5
        return 2 * a * rng.random((fan_out, fan_in)) - a
    return SCALES[scheme](fan_in, fan_out) * rng.standard_normal((fan_out, fan_in))

def activation_stats(Ws, X, act):
    h = X.T
    out = []
    for W in Ws:
        h = act(W @ h)
        out.append([np.mean(h), np.std(h)])
    return tuple(np.array(out).T)

# === row-by-row-draws-match
def init_weights(fan_in: int, fan_out: int, scheme: str, rng: np.random.Generator) -> np.ndarray:
    W = np.empty((fan_out, fan_in))
    for unit in range(fan_out):
        match scheme:
            case "constant":
                W[unit, :] = 0.5
            case "small":
                W[unit] = rng.normal(scale=0.01, size=fan_in)
            case "xavier_normal":
                W[unit] = rng.normal(scale=np.sqrt(2 / (fan_in + fan_out)), size=fan_in)
            case "xavier_uniform":
                half_width = np.sqrt(3) * np.sqrt(2 / (fan_in + fan_out))
                W[unit] = rng.uniform(low=-half_width, high=half_width, size=fan_in)
            case "he":
                W[unit] = rng.normal(scale=np.sqrt(2 / fan_in), size=fan_in)
            case _:
                raise ValueError(scheme)
    return W

def activation_stats(Ws, X, act):
    means, stds = [], []
    h = X
    for W in Ws:
        h = act(np.einsum("nd,md->nm", h, W))
        m = h.sum() / h.size
        means.append(m)
        stds.append(np.sqrt(((h - m) ** 2).sum() / h.size))
    return means, stds

# === transposed-draw-lists
def init_weights(fan_in, fan_out, scheme, rng):
    n = fan_in * fan_out
    draws = {
        "constant": lambda: [0.5] * n,
        "small": lambda: [rng.normal() * 0.01 for _ in range(n)],
        "xavier_normal": lambda: rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), n),
        "xavier_uniform": lambda: [rng.uniform(-1, 1) * np.sqrt(6 / (fan_in + fan_out)) for _ in range(n)],
        "he": lambda: rng.normal(0, np.sqrt(2 / fan_in), n),
    }
    return np.array(draws[scheme]()).reshape(fan_in, fan_out).T

def activation_stats(Ws, X, act):
    if not Ws:
        return np.array([]), np.array([])
    h = act(X @ Ws[0].T)
    m, s = activation_stats(Ws[1:], h, act)
    return np.concatenate([[h.mean()], m]), np.concatenate([[h.std()], s])

# === bn-stepwise-graph
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if not train:
        xhat = (X - running["mean"]) / np.sqrt(running["var"] + eps)
        return xhat * gamma + beta, None
    N = X.shape[0]
    mu = 1.0 / N * np.sum(X, axis=0)
    xmu = X - mu
    sq = xmu ** 2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    out = gamma * xhat + beta
    running["mean"] *= 1 - momentum
    running["mean"] += momentum * mu
    running["var"] *= 1 - momentum
    running["var"] += momentum * var
    return out, (xhat, gamma.copy(), xmu, ivar, sqrtvar, var, eps)

def bn_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar ** 2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    return dx1 + dx2, dgamma, dbeta

# === bn-feature-loop-class
class BN:
    def __init__(self, xhat, inv, gamma):
        self.xhat, self.inv, self.gamma = xhat, inv, gamma

def bn_forward(X, gamma, beta, eps, running, momentum, train):
    Y = np.zeros_like(X)
    xhat = np.zeros_like(X)
    inv = np.zeros(X.shape[1])
    means, variances = [], []
    for d in range(X.shape[1]):
        col = X[:, d]
        if train:
            m = sum(col) / len(col)
            v = sum((c - m) ** 2 for c in col) / len(col)
            means.append(m)
            variances.append(v)
        else:
            m, v = running["mean"][d], running["var"][d]
        inv[d] = (v + eps) ** -0.5
        xhat[:, d] = (col - m) * inv[d]
        Y[:, d] = gamma[d] * xhat[:, d] + beta[d]
    if train:
        running["mean"] = momentum * np.array(means) + (1 - momentum) * running["mean"]
        running["var"] = momentum * np.array(variances) + (1 - momentum) * running["var"]
    return Y, BN(xhat, inv, gamma)

def bn_backward(dY, cache):
    N, D = dY.shape
    dX = np.zeros((N, D))
    dgamma, dbeta = np.zeros(D), np.zeros(D)
    for d in range(D):
        g, h = dY[:, d], cache.xhat[:, d]
        dbeta[d] = g.sum()
        dgamma[d] = (g * h).sum()
        # full jacobian of xhat with respect to x
        J = (np.eye(N) - 1 / N - np.outer(h, h) / N) * cache.inv[d]
        dX[:, d] = cache.gamma[d] * (J @ g)
    return dX, dgamma, dbeta

# === bn-two-projections-and-update
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    mean, var = (X.mean(0), X.var(0)) if train else (running["mean"], running["var"])
    if train:
        running.update(mean=running["mean"] + momentum * (mean - running["mean"]),
                       var=running["var"] + momentum * (var - running["var"]))
    scale = gamma / np.sqrt(var + eps)
    shift = beta - mean * scale
    cache = {"X": np.array(X), "mean": np.array(mean), "var": np.array(var), "eps": eps, "gamma": np.array(gamma)}
    return (X - mean) * scale + beta, cache

def bn_backward(dY, cache):
    s = np.sqrt(cache["var"] + cache["eps"])
    xhat = (cache["X"] - cache["mean"]) / s
    dgamma = np.einsum("nd,nd->d", dY, xhat)
    dbeta = np.einsum("nd->d", dY)
    dX = cache["gamma"] / s * (dY - dbeta / len(dY) - xhat * dgamma / len(dY))
    return dX, dgamma, dbeta

# === bn2d-axis-tuple-standalone
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    ax = (0, 2, 3)
    col = lambda v: v[None, :, None, None]
    if train:
        mean = X.mean(axis=ax)
        var = ((X - col(mean)) ** 2).mean(axis=ax)
        running["mean"][:] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"][:] = (1 - momentum) * running["var"] + momentum * var
    else:
        mean = running["mean"].copy()
        var = running["var"].copy()
    std = np.sqrt(var + eps)
    xhat = (X - col(mean)) / col(std)
    return col(gamma) * xhat + col(beta), (xhat, std, gamma)

def bn2d_backward(dY, cache):
    xhat, std, gamma = cache
    ax = (0, 2, 3)
    m = dY.shape[0] * dY.shape[2] * dY.shape[3]
    dbeta = dY.sum(axis=ax, keepdims=True)
    dgamma = (dY * xhat).sum(axis=ax, keepdims=True)
    dX = (gamma / std).reshape(1, -1, 1, 1) * (dY - dbeta / m - xhat * dgamma / m)
    return dX, dgamma.reshape(-1), dbeta.flatten()

# === bn2d-channel-loop-over-bn
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        mean, var = np.mean(X, 0), np.var(X, 0)
        for name, value in (("mean", mean), ("var", var)):
            running[name] = (1.0 - momentum) * running[name] + momentum * value
    else:
        mean, var = running["mean"], running["var"]
    s = 1 / np.sqrt(var + eps)
    return (X - mean) * s * gamma + beta, ((X - mean) * s, s, gamma)

def bn_backward(dY, cache):
    h, s, gamma = cache
    g = dY * gamma
    return s * (g - g.mean(0) - h * (g * h).mean(0)), (dY * h).sum(0), dY.sum(0)

# %% images

def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    Y, caches = np.empty_like(X), []
    means, variances = [], []
    for c in range(X.shape[1]):
        part = {"mean": running["mean"][c:c + 1], "var": running["var"][c:c + 1]}
        y, cache = bn_forward(X[:, c].reshape(-1, 1), gamma[c:c + 1], beta[c:c + 1], eps, part, momentum, train)
        Y[:, c] = y.reshape(X[:, c].shape)
        caches.append(cache)
        means.append(part["mean"][0])
        variances.append(part["var"][0])
    if train:
        running["mean"], running["var"] = np.array(means), np.array(variances)
    return Y, caches

def bn2d_backward(dY, cache):
    outs = [bn_backward(dY[:, c].reshape(-1, 1), cache[c]) for c in range(dY.shape[1])]
    dX = np.stack([o[0].reshape(dY[:, 0].shape) for o in outs], axis=1)
    return dX, np.concatenate([o[1] for o in outs]), np.concatenate([o[2] for o in outs])

# === bn2d-moveaxis
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    Z = np.moveaxis(X, 1, -1)
    shape = Z.shape
    rows = np.ascontiguousarray(Z).reshape(-1, shape[-1])
    if train:
        mu = rows.mean(axis=0)
        var = (rows * rows).mean(axis=0) - mu * mu
        var = np.mean(np.square(rows - mu), axis=0)
        running["mean"] = running["mean"] * (1 - momentum) + mu * momentum
        running["var"] = running["var"] * (1 - momentum) + var * momentum
    else:
        mu, var = running["mean"], running["var"]
    inv = np.reciprocal(np.sqrt(var + eps))
    hat = (rows - mu) * inv
    Y = np.moveaxis((hat * gamma + beta).reshape(shape), -1, 1)
    return Y, {"hat": hat, "inv": inv, "gamma": gamma, "shape": shape}

def bn2d_backward(dY, cache):
    g = np.moveaxis(dY, 1, -1).reshape(-1, dY.shape[1])
    hat = cache["hat"]
    m = len(g)
    dgamma, dbeta = (g * hat).sum(0), g.sum(0)
    dh = g * cache["gamma"]
    dvar = (dh * hat).sum(0) * -0.5 * cache["inv"] ** 2
    dmu = -(dh * cache["inv"]).sum(0)
    dx = dh * cache["inv"] + dvar * 2 * hat / cache["inv"] / m + dmu / m
    return np.moveaxis(dx.reshape(cache["shape"]), -1, 1), dgamma, dbeta
