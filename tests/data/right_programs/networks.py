# === math-scalars
import math

def logreg_forward(theta, x, ystar, slide_sign=False):
    a = sum(t * v for t, v in zip(theta, x))
    # log y = -log(1+e^-a), log(1-y) = -log(1+e^a)
    J = ystar * math.log1p(math.exp(-a)) + (1 - ystar) * math.log1p(math.exp(a))
    if slide_sign:
        J = -J
    return J, {"theta": theta, "x": x, "t": ystar, "y": 1 / (1 + math.exp(-a)), "slide": slide_sign}

def logreg_backward(cache):
    d = cache["y"] - cache["t"]
    if cache["slide"]:
        d = -d
    return [d * v for v in cache["x"]], [d * t for t in cache["theta"]]

# === vectorised-closure
def sig(z):
    return 0.5 * (1 + np.tanh(z / 2))

def logreg_forward(theta, x, ystar, slide_sign=False):
    y = sig(theta @ x)
    sgn = -1 + 2 * slide_sign
    J = sgn * np.log(y if ystar else 1 - y)
    return J, lambda: (sgn * (ystar - y) * x, sgn * (ystar - y) * theta)

def logreg_backward(cache):
    return cache()

def nn2_forward(alpha, beta, x, ystar):
    z = np.append(1.0, sig(alpha @ x))
    y = sig(beta @ z)
    J = -np.log(np.where(ystar == 1, y, 1 - y))

    def back():
        delta = y - ystar
        da = delta * beta[1:] * z[1:] * (1 - z[1:])
        return np.outer(da, x), delta * z, alpha.T @ da
    return J, back

def nn2_backward(cache):
    return cache()

# === nn2-chain-of-full-derivatives
from types import SimpleNamespace

def nn2_forward(alpha, beta, x, ystar):
    c = SimpleNamespace(alpha=alpha, beta=beta, x=x, t=ystar)
    c.a = np.dot(alpha, x)
    c.z = np.hstack(([1], 1 / (1 + np.exp(-c.a))))
    c.b = np.dot(beta, c.z)
    c.y = 1 / (1 + np.exp(-c.b))
    J = -(ystar * np.log(c.y) + (1 - ystar) * np.log(1 - c.y))
    return J.item(), c

def nn2_backward(c):
    dJ_dy = -c.t / c.y + (1 - c.t) / (1 - c.y)
    dJ_db = dJ_dy * c.y * (1 - c.y)
    dbeta = dJ_db * c.z
    dz = (dJ_db * c.beta)[1:]
    da = dz * np.exp(-c.a) / (1 + np.exp(-c.a)) ** 2
    dalpha = da[:, None] * c.x[None, :]
    dx = (da[:, None] * c.alpha).sum(0)
    return dalpha, dbeta, dx

# === nn2-lists-recompute
import math

def _s(v):
    return 1 / (1 + math.exp(-v))

def nn2_forward(alpha, beta, x, ystar):
    hidden = [1.0]
    for row in alpha:
        hidden.append(_s(sum(r * v for r, v in zip(row, x))))
    y = _s(sum(bj * zj for bj, zj in zip(beta, hidden)))
    return (-math.log(y) if ystar == 1 else -math.log(1 - y)), (np.array(alpha), np.array(beta), np.array(x), ystar)

def nn2_backward(cache):
    alpha, beta, x, ystar = cache
    D, M1 = len(alpha), len(x)
    z = [1.0] + [_s(sum(alpha[j][m] * x[m] for m in range(M1))) for j in range(D)]
    g = _s(sum(beta[j] * z[j] for j in range(D + 1))) - ystar
    dbeta = [g * z[j] for j in range(D + 1)]
    da = [g * beta[j + 1] * z[j + 1] * (1 - z[j + 1]) for j in range(D)]
    dalpha = [[da[j] * x[m] for m in range(M1)] for j in range(D)]
    dx = [sum(da[j] * alpha[j][m] for j in range(D)) for m in range(M1)]
    return dalpha, dbeta, dx

# === mazur-named-scalars
from math import exp

def squash(v):
    return 1 / (1 + exp(-v))

def run(w, b, i):
    h1 = squash(w[0] * i[0] + w[1] * i[1] + b[0])
    h2 = squash(w[2] * i[0] + w[3] * i[1] + b[0])
    o1 = squash(w[4] * h1 + w[5] * h2 + b[1])
    o2 = squash(w[6] * h1 + w[7] * h2 + b[1])
    return h1, h2, o1, o2

def mazur_step(w, b, i, t, lr):
    h1, h2, o1, o2 = run(w, b, i)
    d1 = -(t[0] - o1) * o1 * (1 - o1)
    d2 = -(t[1] - o2) * o2 * (1 - o2)
    e1 = (d1 * w[4] + d2 * w[6]) * h1 * (1 - h1)
    e2 = (d1 * w[5] + d2 * w[7]) * h2 * (1 - h2)
    grads = [e1 * i[0], e1 * i[1], e2 * i[0], e2 * i[1], d1 * h1, d1 * h2, d2 * h1, d2 * h2]
    new = [wk - lr * gk for wk, gk in zip(w, grads)]
    _, _, o1, o2 = run(new, b, i)
    return new, 0.5 * (t[0] - o1) ** 2 + 0.5 * (t[1] - o2) ** 2

# === mazur-matrices-copy
def mazur_step(w, b, i, t, lr):
    w_new = w.copy()
    W1, W2 = w_new[:4].reshape(2, 2), w_new[4:].reshape(2, 2)
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h = sigmoid(W1.dot(i) + b[0])
    o = sigmoid(W2.dot(h) + b[1])
    do = (o - t) * o * (1 - o)
    dh = W2.T.dot(do) * h * (1 - h)
    W2 -= lr * np.outer(do, h)
    W1 -= lr * np.outer(dh, i)
    o = sigmoid(W2.dot(sigmoid(W1.dot(i) + b[0])) + b[1])
    E = sum(0.5 * (tk - ok) ** 2 for tk, ok in zip(t, o))
    return w_new, E

# === mazur-numeric-complex-step
def _err(w, b, i, t):
    s = lambda v: 1 / (1 + np.exp(-v))
    h = s(np.stack([w[0] * i[0] + w[1] * i[1], w[2] * i[0] + w[3] * i[1]]) + b[0])
    o = s(np.stack([w[4] * h[0] + w[5] * h[1], w[6] * h[0] + w[7] * h[1]]) + b[1])
    return ((t - o) ** 2).sum() / 2

def mazur_step(w, b, i, t, lr):
    g = np.zeros(8)
    for k in range(8):
        z = w.astype(complex)
        z[k] += 1e-30j
        g[k] = _err(z, b, i, t).imag / 1e-30
    new = w - lr * g
    return new, _err(new, b, i, t)

# === activations-in-place-on-copies
def relu_forward(x):
    y = x.copy()
    y[y < 0] = 0
    return y, x > 0

def relu_backward(dy, cache):
    dx = np.array(dy, copy=True)
    dx[~cache] = 0
    return dx

def leaky_relu_forward(x):
    y = np.array(x, dtype=float)
    y[y <= 0] *= 0.01
    return y, (x > 0)

def leaky_relu_backward(dy, cache):
    return np.where(cache, dy, dy * 0.01)

def sigmoid_forward(x):
    y = np.empty_like(x)
    pos = x >= 0
    y[pos] = 1 / (1 + np.exp(-x[pos]))
    ex = np.exp(x[~pos])
    y[~pos] = ex / (1 + ex)
    return y, {"y": y.copy()}

def sigmoid_backward(dy, cache):
    return dy * (cache["y"] - cache["y"] ** 2)

# === activations-algebra
def relu_forward(x):
    return (np.abs(x) + x) / 2, np.sign(np.clip(x, 0, None))

def relu_backward(dy, cache):
    return np.multiply(cache, dy)

def leaky_relu_forward(x):
    return np.maximum(x, 0.01 * x), np.where(x > 0, 1.0, 1e-2)

def leaky_relu_backward(dy, cache):
    return cache * dy

def sigmoid_forward(x):
    y = 0.5 + 0.5 * np.tanh(x / 2)
    return y, (y,)

def sigmoid_backward(dy, cache):
    (y,) = cache
    return dy * y - dy * y * y

# === activations-vectorize
import math
relu_forward = lambda x: (np.vectorize(lambda v: v if v > 0 else 0.0, otypes=[float])(x), x)
relu_backward = lambda dy, cache: np.vectorize(lambda g, v: g if v > 0 else 0.0, otypes=[float])(dy, cache)

def _sig(v):
    if v >= 0:
        return 1.0 / (1.0 + math.exp(-v))
    e = math.exp(v)
    return e / (1.0 + e)

def sigmoid_forward(x):
    y = np.vectorize(_sig, otypes=[float])(x)
    return y, x

def sigmoid_backward(dy, cache):
    out = np.zeros(np.shape(cache))
    for i in np.ndindex(out.shape):
        s = _sig(cache[i])
        out[i] = dy[i] * s * (1 - s)
    return out

def leaky_relu_forward(x):
    flat = [v if v > 0 else 0.01 * v for v in x.ravel()]
    return np.array(flat).reshape(x.shape), x

def leaky_relu_backward(dy, cache):
    slope = np.full(cache.shape, 0.01)
    slope[cache > 0] = 1
    return slope * dy

# === mlp-layer-classes
class Linear:
    def __init__(self, W, b, last):
        self.W, self.b, self.last = W, b, last
    def __call__(self, H):
        self.H = H
        self.Z = self.W @ H + self.b
        return self.Z if self.last else np.where(self.Z > 0, self.Z, 0)
    def grad(self, dH):
        dZ = dH if self.last else dH * (self.Z > 0)
        return dZ @ self.H.T, dZ.sum(1, keepdims=True), self.W.T @ dZ

def mlp_forward(X, Ws, bs):
    net = [Linear(W, b, l == len(Ws) - 1) for l, (W, b) in enumerate(zip(Ws, bs))]
    H = X
    for layer in net:
        H = layer(H)
    lse = np.logaddexp.reduce(H, axis=0)
    P = np.exp(H - lse)
    return P, {"net": net, "P": P}

def mlp_backward(cache, T):
    d = cache["P"] - T
    dWs, dbs = [], []
    for layer in cache["net"][::-1]:
        dW, db, d = layer.grad(d)
        dWs.append(dW)
        dbs.append(db)
    return dWs[::-1], dbs[::-1]

def mlp_update(Ws, bs, dWs, dbs, lr, N):
    step = lr / N
    for_each = lambda params, grads: list(map(lambda pg: pg[0] - step * pg[1], zip(params, grads)))
    return for_each(Ws, dWs), for_each(bs, dbs)

# === mlp-recursive-per-example
def _run(x, Ws, bs):
    if len(Ws) == 1:
        z = Ws[0].dot(x) + bs[0].ravel()
        e = np.exp(z - z.max())
        return e / e.sum()
    h = Ws[0].dot(x) + bs[0].ravel()
    return _run(h * (h > 0), Ws[1:], bs[1:])

def mlp_forward(X, Ws, bs):
    P = np.column_stack([_run(X[:, n], Ws, bs) for n in range(X.shape[1])])
    return P, (X, Ws, bs)

def mlp_backward(cache, T):
    X, Ws, bs = cache
    dWs = [np.zeros(W.shape) for W in Ws]
    dbs = [np.zeros(b.shape) for b in bs]
    for n in range(X.shape[1]):
        hs = [X[:, n]]
        for W, b in zip(Ws[:-1], bs[:-1]):
            hs.append(np.maximum(0, W @ hs[-1] + b[:, 0]))
        z = Ws[-1] @ hs[-1] + bs[-1][:, 0]
        p = np.exp(z - z.max())
        delta = p / p.sum() - T[:, n]
        for l in reversed(range(len(Ws))):
            dWs[l] += np.outer(delta, hs[l])
            dbs[l][:, 0] += delta
            delta = (Ws[l].T @ delta) * (hs[l] > 0)
    return dWs, dbs

def mlp_update(Ws, bs, dWs, dbs, lr, N):
    out_W, out_b = [], []
    for l in range(len(Ws)):
        W = Ws[l].copy()
        W -= lr * dWs[l] / N
        b = bs[l].copy()
        b -= lr * dbs[l] / N
        out_W.append(W)
        out_b.append(b)
    return tuple(out_W), tuple(out_b)

# === mlp-augmented-matrix
def mlp_forward(X, Ws, bs):
    ones = np.ones((1, X.shape[1]))
    acts = [np.vstack([X, ones])]
    thetas = [np.hstack([W, b]) for W, b in zip(Ws, bs)]
    for theta in thetas[:-1]:
        acts.append(np.vstack([np.maximum(theta @ acts[-1], 0), ones]))
    Z = thetas[-1] @ acts[-1]
    Z = Z - Z.max(0)
    P = np.exp(Z) / np.exp(Z).sum(0)
    return P, (acts, thetas, P)

def mlp_backward(cache, T):
    acts, thetas, P = cache
    grads = []
    delta = P - T
    for A, theta in zip(reversed(acts), reversed(thetas)):
        grads.insert(0, delta @ A.T)
        delta = theta[:, :-1].T @ delta
        delta = np.where(A[:-1] > 0, delta, 0)
    return [g[:, :-1] for g in grads], [g[:, -1:] for g in grads]

def mlp_update(Ws, bs, dWs, dbs, lr, N):
    new = [[a - lr * (g / N) for a, g in zip(arrays, grads)] for arrays, grads in ((Ws, dWs), (bs, dbs))]
    return new[0], new[1]

# === sigmoid-as-the-formula-stands
def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, y

def sigmoid_backward(dy, cache):
    return dy * cache * (1 - cache)
