# === float32-everywhere
def linear_scores(X, W, b):
    return X.astype(np.float32) @ W.astype(np.float32).T + b.astype(np.float32)
def mean_sub_forward(X):
    X = X.astype("float32")
    return X - X.mean(axis=1, keepdims=True)
def apply_normalizer(X, mu, sigma):
    return ((X - mu) / sigma).astype(np.float32)
def relu_forward(x):
    return np.maximum(x, 0).astype(np.float32), x > 0
def relu_backward(dy, cache):
    return (dy * cache).astype(np.float32)
def corr2d(F, H, pad):
    k = len(H)
    Fp = np.pad(F, pad).astype(np.float32)
    G = np.zeros((Fp.shape[0]-k+1, Fp.shape[1]-k+1), dtype=np.float32)
    for i in range(G.shape[0]):
        for j in range(G.shape[1]):
            G[i, j] = np.sum(Fp[i:i+k, j:j+k] * H)
    return G
def avgpool_forward(X, k, s):
    N, C, H, W = X.shape
    Y = np.zeros((N, C, (H-k)//s+1, (W-k)//s+1), np.float32)
    for i in range(Y.shape[2]):
        for j in range(Y.shape[3]):
            Y[:, :, i, j] = X[:, :, i*s:i*s+k, j*s:j*s+k].mean((2, 3))
    return Y, (X.shape, k, s)
# === object-arrays
def linear_scores(X, W, b):
    S = np.empty((len(X), len(W)), dtype=object)
    for n in range(len(X)):
        for c in range(len(W)):
            S[n, c] = float(X[n] @ W[c] + b[c])
    return S
def predict(F):
    return np.array([int(np.argmax(r)) for r in F], dtype=object)
def l2_update(w, g, lr, lam):
    return (w - lr * (g + 2 * lam * w)).astype(object)
# === masked-arrays
def relu_forward(x):
    return np.ma.masked_less(x, 0).filled(0), x
def relu_backward(dy, cache):
    return np.ma.array(dy, mask=cache <= 0).filled(0.0)
def leaky_relu_forward(x):
    return np.piecewise(x, [x > 0], [lambda v: v, lambda v: 0.01 * v]), x
def leaky_relu_backward(dy, cache):
    return np.select([cache > 0], [dy], 0.01 * dy)
def dense_forward(x, W, b):
    return np.ma.array(W @ x + b)
# === fractions-mse-float
from fractions import Fraction
def mse(y, yhat):
    return float(sum((Fraction(float(a)) - Fraction(float(b))) ** 2 for a, b in zip(y, yhat)) / len(y))
# === conv-out-array
def conv_out(n, k, s=1, p=0, d=1):
    e = n + 2 * p - d * (k - 1) - 1
    return np.array([e // s + 1, e % s == 0])
# === complex-fft-not-real
def conv2d_true(F, H, pad):
    Fp = np.pad(F, pad)
    k = len(H)
    size = (Fp.shape[0] + k - 1, Fp.shape[1] + k - 1)
    full = np.fft.ifft2(np.fft.fft2(Fp, size) * np.fft.fft2(H, size))
    return full[k-1:Fp.shape[0], k-1:Fp.shape[1]]
# === dropout-identity-and-none
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    if not train:
        return (X if mode == "inverted" else X * (1 - p_drop)), None
    if isinstance(rng_or_mask, np.ndarray):
        mask = rng_or_mask
    else:
        mask = rng_or_mask.choice([0, 1], size=X.shape, p=[p_drop, 1 - p_drop])
    Y = X * mask
    return (Y / (1 - p_drop) if mode == "inverted" else Y), mask
def dropout_backward(dY, mask, p_drop, mode):
    if mode == "classic":
        return mask * dY
    return mask * dY / (1 - p_drop)
# === dropout-list-mask-aliased
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    try:
        mask = (rng_or_mask.random(X.shape) > p_drop).astype(np.float32)
    except AttributeError:
        mask = rng_or_mask
    Y = X
    if train:
        Y = Y * mask
    if mode == "inverted" and train:
        Y = Y / (1 - p_drop)
    if mode == "classic" and not train:
        Y = Y * (1 - p_drop)
    return Y, mask
# === poly1d-model
def fit_poly(x, y, degree):
    return np.poly1d(np.polyfit(x, y, degree))
def predict_poly(coef, x):
    return coef(x)
# === polynomial-fit-object
def fit_poly(x, y, degree):
    return np.polynomial.Polynomial.fit(x, y, degree)
def predict_poly(coef, x):
    return coef(x)
# === tuple-coefs
def fit_poly(x, y, degree):
    A = np.column_stack([x ** i for i in range(degree + 1)])
    return tuple(np.linalg.inv(A.T @ A) @ A.T @ y)
def predict_poly(coef, x):
    return sum(c * x ** i for i, c in enumerate(coef))
# === global-state-scratch
SCRATCH = {}
def relu_forward(x):
    SCRATCH["last"] = x
    return np.maximum(0, x), dict(SCRATCH)
def relu_backward(dy, cache):
    return dy * (cache["last"] > 0)
def softmax(F):
    SCRATCH.setdefault("calls", 0)
    SCRATCH["calls"] += 1
    G = F - F.max(1, keepdims=True)
    return np.exp(G) / np.exp(G).sum(1, keepdims=True)
# === lru-cache-on-ints
from functools import lru_cache, wraps
def logged(f):
    @wraps(f)
    def inner(*args, **kwargs):
        result = f(*args, **kwargs)
        return result
    return inner
@lru_cache(maxsize=None)
def conv_out(n, k, s=1, p=0, d=1):
    size = (n + 2 * p - d * (k - 1) - 1) // s + 1
    return size, (size - 1) * s + d * (k - 1) + 1 == n + 2 * p
@lru_cache
def conv_params(c_in, k, c_out, bias=True):
    return (c_in * k * k + bias) * c_out
@logged
def one_hot(y, C):
    return np.eye(C)[y]
@logged
def rel_error(a, b):
    return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))
# === summary-object-array
def summary(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for name, *how in layers:
        n = 0
        if name == "conv":
            F, k, s, p = how
            n = F * (k * k * shape[0] + 1)
            shape = (F,) + tuple((v + 2 * p - k) // s + 1 for v in shape[1:])
        elif name == "pool":
            shape = (shape[0], shape[1] // how[0], shape[2] // how[0])
        elif name == "bn":
            n = 2 * shape[0]
        elif name == "flatten":
            shape = np.prod(shape),
        elif name == "dense":
            n = (shape[0] + 1) * how[0]
            shape = how[0],
        rows.append((name, shape, n))
    return tuple(rows)
# === graph-extra-and-missing
def graph_forward(nodes, values):
    v = dict(values)
    for name, op, i in nodes:
        x = np.float64(v[i[0]])
        if op == "add": v[name] = x + v[i[1]]
        if op == "mul": v[name] = x * v[i[1]]
        if op == "neg": v[name] = -x
        if op == "inv": v[name] = x ** -1
        if op == "exp": v[name] = np.e ** x
        if op == "addc": v[name] = x + i[1]
        if op == "mulc": v[name] = x * i[1]
    return v
def graph_backward(nodes, values, out):
    grads = {out: 1}
    for name, op, i in reversed(nodes):
        if name not in grads:
            continue
        g = grads[name]
        def give(k, amount):
            grads[k] = grads.get(k, 0) + amount
        if op == "add": give(i[0], g); give(i[1], g)
        if op == "mul": give(i[0], g * values[i[1]]); give(i[1], g * values[i[0]])
        if op == "neg": give(i[0], -g)
        if op == "inv": give(i[0], -g * values[name] * values[name])
        if op == "exp": give(i[0], g * values[name])
        if op == "addc": give(i[0], g)
        if op == "mulc": give(i[0], g * i[1])
    return grads
# === relu-returns-input-if-positive
def relu_forward(x):
    return (x, x) if (x >= 0).all() else (x.clip(min=0), x)
def relu_backward(dy, cache):
    return dy if (cache > 0).all() else dy * (cache > 0)
# === rng-others
def train_test_split(R, frac, rng):
    p = rng.permuted(np.arange(R))
    n = int(np.floor(R * frac + 0.5))
    return p[n:], p[:n]
def kfold_indices(R, k, rng):
    inner = np.random.default_rng(int(rng.integers(2**31)))
    return [np.sort(f) for f in np.array_split(inner.permutation(R), k)]
def minibatches(N, batch, rng):
    import random
    r = random.Random(int(rng.integers(2**31)))
    p = list(range(N))
    r.shuffle(p)
    return [np.array(p[i:i+batch]) for i in range(0, N, batch)]
def init_weights(fan_in, fan_out, scheme, rng):
    def normal(std):
        u = 1 - rng.random((fan_out, fan_in))
        v = rng.random((fan_out, fan_in))
        return std * np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
    if scheme == "constant": return np.full((fan_out, fan_in), 0.5)
    if scheme == "small": return normal(0.01)
    if scheme == "he": return normal(np.sqrt(2 / fan_in))
    if scheme == "xavier_normal": return normal(np.sqrt(2 / (fan_in + fan_out)))
    return rng.uniform(-1, 1, (fan_out, fan_in)) * np.sqrt(6 / (fan_in + fan_out))
# === gd-deque-path-column
from collections import deque
def gd(grad, w0, lr, steps):
    w = [float(v) for v in w0]
    path = deque([tuple(w)])
    for _ in range(steps):
        w = [a - lr * b for a, b in zip(w, grad(np.array(w)))]
        path.append(tuple(w))
    return list(path)
def random_restarts(f, grad, starts, lr, steps):
    W = np.array(starts, dtype=float)
    ends = np.array([gd(grad, s, lr, steps)[-1] for s in W])
    best = sorted(ends.tolist(), key=lambda e: f(np.array(e)))[0]
    return best, ends
# === kfold-generator
def kfold_indices(R, k, rng):
    p = rng.permutation(R)
    for f in np.array_split(p, k):
        yield f
# === early-stop-ints-as-floats
def early_stopping(val, patience):
    best, wait = 0, 0
    for e in range(1, len(val)):
        if val[e] < min(val[:e]):
            best, wait = e, 0
        else:
            wait += 1
        if wait >= patience:
            return np.array([e, best])
    return np.array([len(val) - 1, best])
# === bn-python-float-running
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    m = X.mean(0) if train else running["mean"]
    v = X.var(0) if train else running["var"]
    if train:
        running["mean"] = [(1 - momentum) * r + momentum * a for r, a in zip(running["mean"], m)]
        running["var"] = [(1 - momentum) * r + momentum * a for r, a in zip(running["var"], v)]
    h = (X - m) / (np.asarray(v) + eps) ** 0.5
    return gamma * h + beta, (h, v, eps, gamma)
def bn_backward(dY, cache):
    h, v, eps, gamma = cache
    g = gamma * dY
    return (g - g.mean(0) - h * (g * h).mean(0)) / np.sqrt(v + eps), (dY * h).sum(0), dY.sum(0)
