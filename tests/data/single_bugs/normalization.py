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
