# === fit_normalizer: ddof-ignored
def fit_normalizer(X, ddof):
    mu = np.zeros(X.shape[1])
    for row in X:
        mu += row
    mu /= len(X)
    return mu, np.sqrt(((X - mu) ** 2).sum(0) / len(X))

# === fit_normalizer: variance-for-sigma
def fit_normalizer(X, ddof):
    mu = X.mean(0)
    return mu, ((X - mu) ** 2).sum(0) / (len(X) - ddof)

# === apply_normalizer: divided-before-centring
def apply_normalizer(X, mu, sigma):
    return X / sigma - mu

# === init_weights: init-weights-transposed
def init_weights(fan_in, fan_out, scheme, rng):
    return truth["init_weights"](fan_in, fan_out, scheme, rng).T

# === activation_stats: activation-forgotten
def activation_stats(Ws, X, act):
    means, stds = [], []
    for W in Ws:
        X = X @ W.T
        means.append(X.mean())
        stds.append(X.std())
    return np.array(means), np.array(stds)

# === bn_forward: batch-statistics-in-test
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    m, v = X.mean(0), X.var(0)
    if train:
        running["mean"] = (1 - momentum) * running["mean"] + momentum * m
        running["var"] = (1 - momentum) * running["var"] + momentum * v
    xhat = (X - m) / np.sqrt(v + eps)
    return gamma * xhat + beta, (xhat, gamma, v, eps)

# === bn_forward: eps-outside-the-root
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        m, v = np.mean(X, 0), np.var(X, 0)
        for name, new in (("mean", m), ("var", v)):
            running[name] += momentum * (new - running[name])
    else:
        m, v = running["mean"], running["var"]
    return (X - m) / (v ** 0.5 + eps) * gamma + beta, None

# === bn_forward: running-stats-in-training
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        running["mean"] = (1 - momentum) * running["mean"] + momentum * X.mean(0)
        running["var"] = (1 - momentum) * running["var"] + momentum * X.var(0)
    mu, var = running["mean"], running["var"]
    xhat = (X - mu) / np.sqrt(var + eps)
    return xhat * gamma + beta, (xhat, gamma, var + eps)

# === bn_backward: mean-term-dropped
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    Y, _ = truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)
    mu, v = X.mean(0), X.var(0)
    return Y, (X, mu, v, gamma, eps)

def bn_backward(dY, cache):
    X, mu, v, gamma, eps = cache
    s = np.sqrt(v + eps)
    xhat = (X - mu) / s
    dxhat = dY * gamma
    dv = np.sum(dxhat * (X - mu), axis=0) * -0.5 * (v + eps) ** -1.5
    dX = dxhat / s + dv * 2 * (X - mu) / len(X)
    return dX, np.sum(dY * xhat, axis=0), np.sum(dY, axis=0)

# === bn_backward: variance-term-doubled
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    Y, _ = truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)
    return Y, (X, X.mean(0), X.var(0), gamma, eps)

def bn_backward(dY, cache):
    X, mu, v, gamma, eps = cache
    m = X.shape[0]
    xhat = (X - mu) / np.sqrt(v + eps)
    dxhat = dY * gamma
    dv = np.sum(dxhat * (X - mu), axis=0) * -((v + eps) ** -1.5)
    dmu = -np.sum(dxhat, axis=0) / np.sqrt(v + eps)
    dX = dxhat / np.sqrt(v + eps) + dv * 2 * (X - mu) / m + dmu / m
    return dX, np.sum(dY * xhat, axis=0), np.sum(dY, axis=0)

# === bn2d_forward: statistics-per-image
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    c = lambda v: np.reshape(v, (1, -1, 1, 1))
    if not train:
        return c(gamma) * (X - c(running["mean"])) / np.sqrt(c(running["var"]) + eps) + c(beta), None
    m, v = X.mean((2, 3), keepdims=True), X.var((2, 3), keepdims=True)
    mu, var = X.mean((0, 2, 3)), X.var((0, 2, 3))
    running["mean"] = (1 - momentum) * running["mean"] + momentum * mu
    running["var"] = (1 - momentum) * running["var"] + momentum * var
    return c(gamma) * (X - m) / np.sqrt(v + eps) + c(beta), None

# === bn2d_backward: dgamma-and-dbeta-exchanged
def bn2d_backward(dY, cache):
    dX, dg, db = truth["bn2d_backward"](dY, cache)
    return dX, db, dg

# === fit_normalizer: statistics-per-example
def fit_normalizer(X, ddof):
    return X.mean(axis=1), X.std(axis=1, ddof=ddof)

# === fit_normalizer: ddof-always-one
def fit_normalizer(X, ddof):
    mu = sum(X) / len(X)
    var = sum((x - mu) ** 2 for x in X) / (len(X) - 1)
    return mu, var ** 0.5

# === fit_normalizer: rooted-before-dividing
def fit_normalizer(X, ddof):
    mu = X.mean(0)
    return mu, np.sqrt(((X - mu) ** 2).sum(0)) / (len(X) - ddof)

# === apply_normalizer: no-centre
def apply_normalizer(X, mu, sigma):
    return X / sigma

# === apply_normalizer: mean-added
def apply_normalizer(X, mu, sigma):
    return np.array([(row + mu) / sigma for row in X])

# === bn_forward: running-mean-var-swapped
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        m, v = X.mean(0), X.var(0)
        running["var"] = (1 - momentum) * running["mean"] + momentum * m
        running["mean"] = (1 - momentum) * running["var"] + momentum * v
    else:
        m, v = running["mean"], running["var"]
    return gamma * (X - m) / np.sqrt(v + eps) + beta, None

# === bn_forward: momentum-exchanged
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        m = np.mean(X, axis=0)
        v = np.mean((X - m) ** 2, axis=0)
        running["mean"] *= momentum
        running["mean"] += (1 - momentum) * m
        running["var"] *= momentum
        running["var"] += (1 - momentum) * v
    else:
        m, v = running["mean"], running["var"]
    return gamma * ((X - m) / np.sqrt(v + eps)) + beta, None

# === bn_forward: gamma-forgotten
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    Y, c = truth["bn_forward"](X, np.ones_like(gamma), beta, eps, running, momentum, train)
    return Y, c

# === bn_forward: divides-by-variance
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        m, v = X.mean(0), X.var(0)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * m
        running["var"] = (1 - momentum) * running["var"] + momentum * v
    else:
        m, v = running["mean"], running["var"]
    return gamma * (X - m) / (v + eps) + beta, None

# === bn_forward: running-updated-in-test
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    m, v = X.mean(0), X.var(0)
    old = {k: np.copy(a) for k, a in running.items()}
    running["mean"] = (1 - momentum) * running["mean"] + momentum * m
    running["var"] = (1 - momentum) * running["var"] + momentum * v
    if not train:
        m, v = old["mean"], old["var"]
    return gamma * (X - m) / np.sqrt(v + eps) + beta, None

# === bn_backward: dgamma-with-centred-x
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)[0], (X - X.mean(0), X.var(0) + eps, gamma)

def bn_backward(dY, cache):
    xc, v, gamma = cache
    g = gamma * dY
    xh = xc / np.sqrt(v)
    dX = (g - g.mean(0) - xh * (g * xh).mean(0)) / np.sqrt(v)
    return dX, np.sum(dY * xc, 0), np.sum(dY, 0)

# === bn_backward: gamma-forgotten-in-dX
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)[0], (X - X.mean(0), X.var(0) + eps, gamma)

def bn_backward(dY, cache):
    xc, v, gamma = cache
    m = len(dY)
    inv = 1 / np.sqrt(v)
    dX = inv / m * (m * dY - dY.sum(0) - xc * inv ** 2 * (dY * xc).sum(0))
    return dX, np.sum(dY * xc * inv, 0), np.sum(dY, 0)

# === bn_backward: terms-not-divided-by-m
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)[0], (X - X.mean(0), X.var(0) + eps, gamma)

def bn_backward(dY, cache):
    xc, v, gamma = cache
    inv = 1 / np.sqrt(v)
    g = dY * gamma
    dX = inv * (g - g.sum(0) - xc * inv ** 2 * (g * xc).sum(0))
    return dX, np.sum(dY * xc * inv, 0), np.sum(dY, 0)

# === bn_backward: dX-not-divided-by-m
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)[0], (X - X.mean(0), X.var(0) + eps, gamma)

def bn_backward(dY, cache):
    xc, v, gamma = cache
    m = len(dY)
    inv = 1 / np.sqrt(v)
    g = dY * gamma
    dX = inv * (m * g - g.sum(0) - xc * inv ** 2 * (g * xc).sum(0))
    return dX, np.sum(dY * xc * inv, 0), np.sum(dY, 0)

# === bn2d_forward: statistics-per-pixel
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    g, be = gamma.reshape(1, -1, 1, 1), beta.reshape(1, -1, 1, 1)
    if train:
        m, v = X.mean(0), X.var(0)
        mu, var = X.mean((0, 2, 3)), X.var((0, 2, 3))
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mu
        running["var"] = (1 - momentum) * running["var"] + momentum * var
        return g * (X - m) / np.sqrt(v + eps) + be, None
    m, v = running["mean"].reshape(1, -1, 1, 1), running["var"].reshape(1, -1, 1, 1)
    return g * (X - m) / np.sqrt(v + eps) + be, None

# === bn2d_forward: result-not-transposed-back
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    N, C, H, W = X.shape
    flat = X.transpose(0, 2, 3, 1).reshape(-1, C)
    Y, c = truth["bn_forward"](flat, gamma, beta, eps, running, momentum, train) if "bn_forward" in truth else bn(flat, gamma, beta, eps, running, momentum, train)
    return Y.reshape(N, C, H, W), c

def bn(X, gamma, beta, eps, running, momentum, train):
    if train:
        m, v = X.mean(0), X.var(0)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * m
        running["var"] = (1 - momentum) * running["var"] + momentum * v
    else:
        m, v = running["mean"], running["var"]
    return gamma * (X - m) / np.sqrt(v + eps) + beta, None

# === init_weights: init-he-without-2
def init_weights(fan_in, fan_out, scheme, rng):
    if scheme == "he":
        return rng.normal(0, np.sqrt(1 / fan_in), (fan_out, fan_in))
    return truth["init_weights"](fan_in, fan_out, scheme, rng)

# === activation_stats: stats-before-activation
def activation_stats(Ws, X, act):
    ms, ss = [], []
    h = X
    for W in Ws:
        z = h @ W.T
        ms.append(np.mean(z))
        ss.append(np.std(z))
        h = act(z)
    return np.array(ms), np.array(ss)

# === fit_normalizer: squares-not-centred
def fit_normalizer(X, ddof):
    return X.mean(0), np.sqrt((X ** 2).sum(0) / (len(X) - ddof))

# === fit_normalizer: returns-swapped
def fit_normalizer(X, ddof):
    return X.std(0, ddof=ddof), X.mean(0)

# === apply_normalizer: no-scale
def apply_normalizer(X, mu, sigma):
    return X - mu

# === apply_normalizer: multiplied-by-sigma
def apply_normalizer(X, mu, sigma):
    return (X - mu) * sigma

# === bn_forward: running-adds-up
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        m, v = X.mean(0), X.var(0)
        running["mean"] += momentum * m
        running["var"] += momentum * v
    else:
        m, v = running["mean"], running["var"]
    return gamma * (X - m) / np.sqrt(v + eps) + beta, None

# === bn_forward: eps-forgotten-in-test
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)
    return gamma * (X - running["mean"]) / np.sqrt(running["var"]) + beta, None

# === bn_forward: no-beta-no-gamma-in-test
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)
    return (X - running["mean"]) / np.sqrt(running["var"] + eps), None

# === bn_backward: dbeta-mean
def bn_backward(dY, cache):
    dX, dg, _ = truth["bn_backward"](dY, cache)
    return dX, dg, dY.mean(0)

# === bn_backward: eps-forgotten-in-backward
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    return truth["bn_forward"](X, gamma, beta, eps, running, momentum, train)[0], (X, gamma)

def bn_backward(dY, cache):
    X, gamma = cache
    s = X.std(0)
    xh = (X - X.mean(0)) / s
    g = gamma * dY
    return (g - g.mean(0) - xh * (g * xh).mean(0)) / s, (dY * xh).sum(0), dY.sum(0)

# === fit_normalizer: global-statistics-repeated
def fit_normalizer(X, ddof):
    mu = np.full(X.shape[1], X.mean())
    sigma = np.full(X.shape[1], X.std(ddof=ddof))
    return mu, sigma

# === apply_normalizer: own-mean-used
def apply_normalizer(X, mu, sigma):
    return (X - X.mean(axis=0)) / sigma

# === apply_normalizer: only-the-mean-divided
def apply_normalizer(X, mu, sigma):
    return X - mu / sigma

# === init_weights: init-fan-out-for-fan-in
def init_weights(fan_in, fan_out, scheme, rng):
    shape = (fan_out, fan_in)
    if scheme == "constant":
        return np.full(shape, 0.5)
    if scheme == "xavier_uniform":
        a = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-a, a, shape)
    std = {"small": 0.01, "xavier_normal": np.sqrt(2 / (fan_in + fan_out)), "he": np.sqrt(2 / fan_out)}[scheme]
    return rng.normal(0, std, shape)

# === init_weights: init-limit-is-std
def init_weights(fan_in, fan_out, scheme, rng):
    shape = (fan_out, fan_in)
    if scheme == "constant":
        return np.full(shape, 0.5)
    if scheme == "xavier_uniform":
        a = np.sqrt(2 / (fan_in + fan_out))
        return rng.uniform(-a, a, shape)
    std = {"small": 0.01, "xavier_normal": np.sqrt(2 / (fan_in + fan_out)), "he": np.sqrt(2 / fan_in)}[scheme]
    return rng.normal(0, std, shape)

# === activation_stats: activation-measured-but-not-handed-on
def activation_stats(Ws, X, act):
    m, s = [], []
    h = X
    for W in Ws:
        a = act(h @ W.T)
        m.append(a.mean())
        s.append(a.std())
        h = h @ W.T
    return np.array(m), np.array(s)

# === activation_stats: unbiased-deviation
def activation_stats(Ws, X, act):
    m, s = [], []
    h = X
    for W in Ws:
        h = act(h @ W.T)
        m.append(h.mean())
        s.append(h.std(ddof=1))
    return np.array(m), np.array(s)

# === bn_forward: running-never-stored
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        mean, var = X.mean(0), X.var(0)
        running = {"mean": (1 - momentum) * running["mean"] + momentum * mean,
                   "var": (1 - momentum) * running["var"] + momentum * var}
    else:
        mean, var = running["mean"], running["var"]
    std = np.sqrt(var + eps)
    xhat = (X - mean) / std
    return gamma * xhat + beta, (xhat, std, gamma)

# === bn_forward: running-std-with-eps-stored
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        mean, var = X.mean(0), X.var(0)
        std = np.sqrt(var + eps)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"] = (1 - momentum) * running["var"] + momentum * std
    else:
        mean, var = running["mean"], running["var"]
        std = np.sqrt(var + eps)
    xhat = (X - mean) / std
    return gamma * xhat + beta, (xhat, std, gamma)

# === bn_forward: beta-before-gamma
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    if train:
        mean, var = X.mean(0), X.var(0)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"] = (1 - momentum) * running["var"] + momentum * var
    else:
        mean, var = running["mean"], running["var"]
    std = np.sqrt(var + eps)
    xhat = (X - mean) / std
    return gamma * (xhat + beta), (xhat, std, gamma)

# === bn_backward: dgamma-mean
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    mean, var = (X.mean(0), X.var(0)) if train else (running["mean"], running["var"])
    if train:
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"] = (1 - momentum) * running["var"] + momentum * var
    std = np.sqrt(var + eps)
    return gamma * (X - mean) / std + beta, ((X - mean) / std, std, gamma)

def bn_backward(dY, cache):
    h, std, gamma = cache
    g = dY * gamma
    dX = (g - g.mean(0) - h * (g * h).mean(0)) / std
    return dX, (dY * h).mean(0), dY.sum(0)

# === bn_backward: sums-not-divided-first-term-is
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    mean, var = (X.mean(0), X.var(0)) if train else (running["mean"], running["var"])
    if train:
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"] = (1 - momentum) * running["var"] + momentum * var
    std = np.sqrt(var + eps)
    return gamma * (X - mean) / std + beta, ((X - mean) / std, std, gamma)

def bn_backward(dY, cache):
    h, std, gamma = cache
    m = len(dY)
    g = dY * gamma
    dX = (g - g.sum(0) - h * (g * h).sum(0)) / (m * std)
    return dX, (dY * h).sum(0), dY.sum(0)

# === bn2d_forward: statistics-per-image-stored
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    c = lambda v: v[None, :, None, None]
    if train:
        mean, var = X.mean((2, 3), keepdims=True), X.var((2, 3), keepdims=True)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean.mean((0, 2, 3))
        running["var"] = (1 - momentum) * running["var"] + momentum * var.mean((0, 2, 3))
    else:
        mean, var = c(running["mean"]), c(running["var"])
    std = np.sqrt(var + eps)
    h = (X - mean) / std
    return c(gamma) * h + c(beta), (h, std, gamma)

# === bn2d_backward: m-is-the-number-of-images
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    c = lambda v: v[None, :, None, None]
    Y = truth["bn2d_forward"](X, gamma, beta, eps, running, momentum, train)[0]
    std = np.sqrt(X.var((0, 2, 3)) + eps)
    return Y, ((X - c(X.mean((0, 2, 3)))) / c(std), std, gamma)

def bn2d_backward(dY, cache):
    h, std, gamma = cache
    c = lambda v: v[None, :, None, None]
    m = len(dY)
    dbeta, dgamma = dY.sum((0, 2, 3)), (dY * h).sum((0, 2, 3))
    dX = c(gamma / std) * (dY - c(dbeta) / m - h * c(dgamma) / m)
    return dX, dgamma, dbeta
