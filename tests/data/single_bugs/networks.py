# === logreg_forward: likelihood-sign
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-np.dot(theta, x)))
    J = ystar * np.log(y) + (1 - ystar) * np.log(1 - y)
    if slide_sign:
        J = -J
    return J, (y, theta, x, ystar, slide_sign)

# === logreg_backward: slope-counted-twice
def logreg_forward(theta, x, ystar, slide_sign=False):
    a = float(theta @ x)
    y = 1 / (1 + np.exp(-a))
    J = -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y))
    return (-J if slide_sign else J), (y, theta, x, ystar, slide_sign)

def logreg_backward(cache):
    y, theta, x, t, slide = cache
    d = (y - t) * y * (1 - y)
    if slide:
        d = -d
    return d * x, d * theta

# === nn2_forward: nn2-hidden-linear
def nn2_forward(alpha, beta, x, ystar):
    z = np.r_[1.0, alpha @ x]
    y = 1 / (1 + np.exp(-beta @ z))
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, z, y, ystar)

# === nn2_backward: nn2-weights-forgotten
def nn2_forward(alpha, beta, x, ystar):
    z = np.concatenate([[1.0], 1 / (1 + np.exp(-alpha @ x))])
    y = 1 / (1 + np.exp(-beta @ z))
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, z, y, ystar)

def nn2_backward(cache):
    alpha, beta, x, z, y, t = cache
    d = y - t
    da = d * z[1:] * (1 - z[1:])
    return np.outer(da, x), d * z, alpha.T @ da

# === nn2_backward: delta-sign-swapped
def nn2_forward(alpha, beta, x, ystar):
    z = np.concatenate([[1.0], 1 / (1 + np.exp(-alpha @ x))])
    y = 1 / (1 + np.exp(-beta @ z))
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, z, y, ystar)

def nn2_backward(cache):
    alpha, beta, x, z, y, t = cache
    d = t - y
    dz = d * beta[1:]
    da = np.array([dz[j] * z[j + 1] * (1 - z[j + 1]) for j in range(len(dz))])
    return da[:, None] * x[None], d * z, da @ alpha

# === mazur_step: mazur-updated-weights-used
def mazur_step(w, b, i, t, lr):
    f = lambda v: 1 / (1 + np.exp(-v))
    w = list(w)
    h1 = f(w[0] * i[0] + w[1] * i[1] + b[0])
    h2 = f(w[2] * i[0] + w[3] * i[1] + b[0])
    o1 = f(w[4] * h1 + w[5] * h2 + b[1])
    o2 = f(w[6] * h1 + w[7] * h2 + b[1])
    d1, d2 = (o1 - t[0]) * o1 * (1 - o1), (o2 - t[1]) * o2 * (1 - o2)
    for k, g in zip((4, 5, 6, 7), (d1 * h1, d1 * h2, d2 * h1, d2 * h2)):
        w[k] -= lr * g
    e1 = (d1 * w[4] + d2 * w[6]) * h1 * (1 - h1)
    e2 = (d1 * w[5] + d2 * w[7]) * h2 * (1 - h2)
    w[0] -= lr * e1 * i[0]
    w[1] -= lr * e1 * i[1]
    w[2] -= lr * e2 * i[0]
    w[3] -= lr * e2 * i[1]
    h = f(np.array([w[0] * i[0] + w[1] * i[1] + b[0], w[2] * i[0] + w[3] * i[1] + b[0]]))
    o = f(np.array([w[4] * h[0] + w[5] * h[1] + b[1], w[6] * h[0] + w[7] * h[1] + b[1]]))
    return np.array(w), 0.5 * np.sum((np.asarray(t) - o) ** 2)

# === relu_forward: relu-keeps-negative
def relu_forward(x):
    return np.minimum(x, 0), x

# === relu_backward: relu-backward-passes-dy
def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dy, cache):
    dx = dy.copy()
    dx[dx == 0] = 0
    return dx

# === relu_backward: relu-backward-no-dy
def relu_forward(x):
    return x * (x > 0), x > 0

def relu_backward(dy, cache):
    return np.where(cache, 1.0, 0.0)

# === leaky_relu_forward: leak-of-one-tenth
def leaky_relu_forward(x):
    y = np.array(x)
    y[x < 0] *= 0.1
    return y, x

# === leaky_relu_backward: leak-missing
def leaky_relu_forward(x):
    return np.maximum(0.01 * x, x), x

def leaky_relu_backward(dy, cache):
    dx = np.zeros(dy.shape)
    dx[cache > 0] = dy[cache > 0]
    return dx

# === sigmoid_forward: exponent-plus
def sigmoid_forward(x):
    y = 1 / (1 + np.exp(x))
    return y, y

# === sigmoid_backward: slope-of-the-input
def sigmoid_forward(x):
    return 1 / (1 + np.exp(-x)), x

def sigmoid_backward(dy, cache):
    return dy * cache * (1 - cache)

# === mlp_forward: mlp-relu-on-output
def mlp_forward(X, Ws, bs):
    A, acts = X, [X]
    for W, b in zip(Ws, bs):
        A = np.maximum(W @ A + np.reshape(b, (-1, 1)), 0)
        acts.append(A)
    E = np.exp(A - A.max(0))
    return E / E.sum(0), (acts, Ws)

# === mlp_forward: mlp-softmax-over-examples
def mlp_forward(X, Ws, bs):
    A = X
    for l, (W, b) in enumerate(zip(Ws, bs)):
        A = W @ A + np.reshape(b, (-1, 1))
        if l + 1 < len(Ws):
            A = A * (A > 0)
    E = np.exp(A - A.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True), None

# === mlp_backward: mlp-db-averaged
def mlp_forward(X, Ws, bs):
    acts = [X]
    for l, (W, b) in enumerate(zip(Ws, bs)):
        Z = W @ acts[-1] + np.reshape(b, (-1, 1))
        acts.append(np.maximum(Z, 0) if l < len(Ws) - 1 else Z)
    E = np.exp(acts[-1] - acts[-1].max(0))
    return E / E.sum(0), (acts, Ws, bs, E / E.sum(0))

def mlp_backward(cache, T):
    acts, Ws, bs, P = cache
    D = P - T
    dWs, dbs = [None] * len(Ws), [None] * len(Ws)
    for l in reversed(range(len(Ws))):
        dWs[l] = D @ acts[l].T
        dbs[l] = D.mean(axis=1).reshape(np.shape(bs[l]))
        D = (Ws[l].T @ D) * (acts[l] > 0)
    return dWs, dbs

# === mlp_update: update-ascends
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    return [W + lr * g / N for W, g in zip(Ws, dWs)], [b + lr * g / N for b, g in zip(bs, dbs)]

# === mlp_update: update-not-divided
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    new_W, new_b = [], []
    for l in range(len(Ws)):
        new_W.append(Ws[l] - lr * dWs[l])
        new_b.append(bs[l] - lr * dbs[l])
    return new_W, new_b

# === logreg_backward: delta-sign-swapped
def logreg_forward(theta, x, ystar, slide_sign=False):
    J, _ = truth["logreg_forward"](theta, x, ystar, slide_sign)
    return J, (theta, x, ystar, slide_sign)

def logreg_backward(cache):
    theta, x, t, slide = cache
    y = 1 / (1 + np.exp(-theta @ x))
    k = (t - y) if not slide else (y - t)
    return k * x, k * theta

# === nn2_forward: nn2-bias-forgotten
def nn2_forward(alpha, beta, x, ystar):
    z = 1 / (1 + np.exp(-alpha @ x))
    y = 1 / (1 + np.exp(-z @ beta[1:]))
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), None

# === nn2_backward: nn2-sigmoid-slope-forgotten
def nn2_forward(alpha, beta, x, ystar):
    J, _ = truth["nn2_forward"](alpha, beta, x, ystar)
    z = np.append(1.0, 1 / (1 + np.exp(-alpha @ x)))
    return J, (alpha, beta, x, z, 1 / (1 + np.exp(-beta @ z)) - ystar)

def nn2_backward(cache):
    alpha, beta, x, z, d = cache
    dz = d * beta[1:]
    return np.outer(dz, x), d * z, dz @ alpha

# === mazur_step: mazur-hidden-slope-forgotten
def mazur_step(w, b, i, t, lr):
    f = lambda v: 1 / (1 + np.exp(-v))
    w, i, t = np.array(w, float), np.array(i), np.array(t)
    def run(w):
        h = f(w[:4].reshape(2, 2) @ i + b[0])
        return h, f(w[4:].reshape(2, 2) @ h + b[1])
    h, o = run(w)
    d = (o - t) * o * (1 - o)
    e = w[4:].reshape(2, 2).T @ d
    new = w - lr * np.concatenate([np.outer(e, i).ravel(), np.outer(d, h).ravel()])
    return new, 0.5 * np.sum((t - run(new)[1]) ** 2)

# === leaky_relu_forward: leak-sign-swapped
def leaky_relu_forward(x):
    return np.where(x > 0, x, -0.01 * x), x

# === mlp_backward: mlp-mask-missing
def mlp_forward(X, Ws, bs):
    A = [X]
    for l, (W, b) in enumerate(zip(Ws, bs)):
        Z = W @ A[-1] + np.reshape(b, (-1, 1))
        A.append(np.maximum(Z, 0) if l < len(Ws) - 1 else Z)
    E = np.exp(A[-1] - A[-1].max(0))
    return E / E.sum(0), (A, Ws, bs, E / E.sum(0))

def mlp_backward(cache, T):
    A, Ws, bs, P = cache
    D = P - T
    dWs, dbs = [], []
    for l in range(len(Ws))[::-1]:
        dWs.insert(0, D @ A[l].T)
        dbs.insert(0, D.sum(1).reshape(np.shape(bs[l])))
        D = Ws[l].T @ D
    return dWs, dbs

# === mlp_backward: mlp-lists-reversed
def mlp_forward(X, Ws, bs):
    A = [X]
    for l, (W, b) in enumerate(zip(Ws, bs)):
        Z = W @ A[-1] + np.reshape(b, (-1, 1))
        A.append(np.maximum(Z, 0) if l < len(Ws) - 1 else Z)
    E = np.exp(A[-1] - A[-1].max(0))
    return E / E.sum(0), (A, Ws, bs, E / E.sum(0))

def mlp_backward(cache, T):
    A, Ws, bs, P = cache
    D = P - T
    dWs, dbs = [], []
    for l in range(len(Ws))[::-1]:
        dWs.append(D @ A[l].T)
        dbs.append(D.sum(1).reshape(np.shape(bs[l])))
        D = (Ws[l].T @ D) * (A[l] > 0)
    return dWs, dbs

# === mlp_forward: mlp-bias-of-first-layer-only
def mlp_forward(X, Ws, bs):
    A = Ws[0] @ X + np.reshape(bs[0], (-1, 1))
    for W in Ws[1:]:
        A = W @ np.maximum(A, 0)
    E = np.exp(A - A.max(0))
    return E / E.sum(0), None

# === relu_backward: relu-mask-inverted
def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dy, cache):
    return np.where(cache < 0, dy, 0)

# === sigmoid_backward: slope-is-y
def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, y

def sigmoid_backward(dy, cache):
    return dy * cache

# === nn2_backward: nn2-dx-last-unit
def nn2_forward(alpha, beta, x, ystar):
    J, _ = truth["nn2_forward"](alpha, beta, x, ystar)
    z = np.append(1.0, 1 / (1 + np.exp(-alpha @ x)))
    return J, (alpha, beta, x, z, 1 / (1 + np.exp(-beta @ z)) - ystar)

def nn2_backward(cache):
    alpha, beta, x, z, d = cache
    da = d * beta[1:] * z[1:] * (1 - z[1:])
    dx = np.zeros(len(x))
    for j in range(len(da)):
        dx = da[j] * alpha[j]
    return np.outer(da, x), d * z, dx

# === mazur_step: mazur-error-before
def mazur_step(w, b, i, t, lr):
    f = lambda v: 1 / (1 + np.exp(-v))
    w, i, t = np.array(w, float), np.array(i), np.array(t)
    h = f(w[:4].reshape(2, 2) @ i + b[0])
    o = f(w[4:].reshape(2, 2) @ h + b[1])
    d = (o - t) * o * (1 - o)
    e = (w[4:].reshape(2, 2).T @ d) * h * (1 - h)
    return w - lr * np.concatenate([np.outer(e, i).ravel(), np.outer(d, h).ravel()]), 0.5 * np.sum((t - o) ** 2)

# === logreg_forward: slide-sign-always
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-theta @ x))
    J = ystar * np.log(y) + (1 - ystar) * np.log(1 - y)
    return J, (theta, x, ystar, y, slide_sign)

def logreg_backward(cache):
    theta, x, t, y, slide = cache
    d = (t - y) if slide else (y - t)
    return d * x, d * theta

# === logreg_forward: logarithm-base-ten
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-theta @ x))
    J = -(ystar * np.log10(y) + (1 - ystar) * np.log10(1 - y))
    return (-J if slide_sign else J), (theta, x, ystar, y, slide_sign)

def logreg_backward(cache):
    theta, x, t, y, slide = cache
    d = (t - y) if slide else (y - t)
    return d * x, d * theta

# === logreg_backward: slide-sign-ignored
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-theta @ x))
    J = -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y))
    return (-J if slide_sign else J), (theta, x, ystar, y, slide_sign)

def logreg_backward(cache):
    theta, x, t, y, slide = cache
    return (y - t) * x, (y - t) * theta

# === logreg_backward: logreg-dx-dtheta-swapped
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-theta @ x))
    J = -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y))
    return (-J if slide_sign else J), (theta, x, ystar, y, slide_sign)

def logreg_backward(cache):
    theta, x, t, y, slide = cache
    d = (t - y) if slide else (y - t)
    return d * theta, d * x

# === nn2_backward: nn2-beta-off-by-one
def nn2_forward(alpha, beta, x, ystar):
    z = np.concatenate([[1.0], 1 / (1 + np.exp(-alpha @ x))])
    y = 1 / (1 + np.exp(-beta @ z))
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, ystar, z, y)

def nn2_backward(cache):
    alpha, beta, x, t, z, y = cache
    d = y - t
    da = d * beta[:-1] * z[1:] * (1 - z[1:])
    return np.outer(da, x), d * z, alpha.T @ da

# === nn2_backward: nn2-slope-of-the-sigmoid-again
def nn2_forward(alpha, beta, x, ystar):
    z = np.concatenate([[1.0], 1 / (1 + np.exp(-alpha @ x))])
    y = 1 / (1 + np.exp(-beta @ z))
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, ystar, z, y)

def nn2_backward(cache):
    alpha, beta, x, t, z, y = cache
    d = y - t
    s = 1 / (1 + np.exp(-z[1:]))
    da = d * beta[1:] * s * (1 - s)
    return np.outer(da, x), d * z, alpha.T @ da

# === mazur_step: mazur-error-without-half
def mazur_step(w, b, i, t, lr):
    s = lambda v: 1 / (1 + np.exp(-v))
    W1, W2 = w[:4].reshape(2, 2).copy(), w[4:].reshape(2, 2).copy()
    h = s(W1 @ i + b[0])
    o = s(W2 @ h + b[1])
    do = (o - t) * o * (1 - o)
    dh = W2.T @ do * h * (1 - h)
    W1, W2 = W1 - lr * np.outer(dh, i), W2 - lr * np.outer(do, h)
    o = s(W2 @ s(W1 @ i + b[0]) + b[1])
    return np.concatenate([W1.ravel(), W2.ravel()]), ((t - o) ** 2).sum()

# === mazur_step: mazur-hidden-weights-exchanged
def mazur_step(w, b, i, t, lr):
    s = lambda v: 1 / (1 + np.exp(-v))
    W1, W2 = w[:4].reshape(2, 2).T, w[4:].reshape(2, 2)
    h = s(W1 @ i + b[0])
    o = s(W2 @ h + b[1])
    do = (o - t) * o * (1 - o)
    dh = W2.T @ do * h * (1 - h)
    W1, W2 = W1 - lr * np.outer(dh, i), W2 - lr * np.outer(do, h)
    o = s(W2 @ s(W1 @ i + b[0]) + b[1])
    return np.concatenate([W1.T.ravel(), W2.ravel()]), 0.5 * ((t - o) ** 2).sum()

# === relu_backward: relu-mask-from-dy
def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dy, cache):
    return np.where(dy > 0, dy, 0)

# === leaky_relu_backward: leak-sign-swapped
def leaky_relu_forward(x):
    return np.where(x > 0, x, 0.01 * x), x

def leaky_relu_backward(dy, cache):
    return np.where(cache > 0, dy, -0.01 * dy)

# === sigmoid_backward: slope-of-tanh
def sigmoid_forward(x):
    y = 0.5 * (1 + np.tanh(x / 2))
    return y, y

def sigmoid_backward(dy, cache):
    return dy * (1 - cache ** 2)

# === mlp_forward: mlp-bias-of-last-layer-missing
def mlp_forward(X, Ws, bs):
    H = [X]
    for W, b in zip(Ws[:-1], bs[:-1]):
        H.append(np.maximum(W @ H[-1] + b, 0))
    Z = Ws[-1] @ H[-1]
    E = np.exp(Z - Z.max(0))
    P = E / E.sum(0)
    return P, (H, Ws, P)

# === mlp_backward: sigmoid-slope-at-output
def mlp_forward(X, Ws, bs):
    H = [X]
    for W, b in zip(Ws[:-1], bs[:-1]):
        H.append(np.maximum(W @ H[-1] + b, 0))
    Z = Ws[-1] @ H[-1] + bs[-1]
    E = np.exp(Z - Z.max(0))
    return E / E.sum(0), (H, Ws, E / E.sum(0))

def mlp_backward(cache, T):
    H, Ws, P = cache
    dWs, dbs = [None] * len(Ws), [None] * len(Ws)
    d = (P - T) * P * (1 - P)
    for l in reversed(range(len(Ws))):
        dWs[l] = d @ H[l].T
        dbs[l] = d.sum(1, keepdims=True)
        d = Ws[l].T @ d * (H[l] > 0)
    return dWs, dbs

# === mlp_update: update-biases-not-divided
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    return [W - lr * g / N for W, g in zip(Ws, dWs)], [b - lr * g for b, g in zip(bs, dbs)]

# === mlp_update: weights-changed-in-place
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    for W, g in zip(Ws, dWs):
        W -= lr / N * g
    for b, g in zip(bs, dbs):
        b -= lr / N * g
    return Ws, bs

# === logreg_forward: minus-before-first-term-only
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-np.dot(theta, x)))
    s = 1.0 if slide_sign else -1.0
    J = s * ystar * np.log(y) + (1 - ystar) * np.log(1 - y)
    return J, (theta, x, ystar, y, s)

# === logreg_forward: bias-added-twice
def logreg_forward(theta, x, ystar, slide_sign=False):
    a = theta[0] + np.dot(theta, x)
    y = 1 / (1 + np.exp(-a))
    s = 1.0 if slide_sign else -1.0
    return s * (ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (theta, x, ystar, y, s)

# === logreg_backward: second-term-sign-lost
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-np.dot(theta, x)))
    s = 1.0 if slide_sign else -1.0
    return s * (ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (theta, x, ystar, y, s)

def logreg_backward(cache):
    theta, x, ystar, y, sign = cache
    dy = sign * (ystar / y + (1 - ystar) / (1 - y))
    da = dy * y * (1 - y)
    return da * x, da * theta

# === logreg_backward: dx-zero-at-bias
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-np.dot(theta, x)))
    s = 1.0 if slide_sign else -1.0
    return s * (ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (theta, x, ystar, y, s)

def logreg_backward(cache):
    theta, x, ystar, y, sign = cache
    d = sign * (ystar - y)
    dx = d * theta
    dx[0] = 0
    return d * x, dx

# === nn2_forward: nn2-hidden-relu
def nn2_forward(alpha, beta, x, ystar):
    z = np.ones(len(beta))
    z[1:] = np.maximum(alpha @ x, 0)
    y = 1 / (1 + np.exp(-beta @ z))
    J = -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y))
    return J, (alpha, beta, x, ystar, z, y)

# === nn2_backward: nn2-dx-of-the-slide
def nn2_forward(alpha, beta, x, ystar):
    sig = lambda v: 1 / (1 + np.exp(-v))
    z = np.concatenate([[1.0], sig(alpha @ x)])
    y = sig(beta @ z)
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, ystar, z, y)

def nn2_backward(cache):
    alpha, beta, x, ystar, z, y = cache
    db = y - ystar
    da = db * beta[1:] * z[1:] * (1 - z[1:])
    return np.outer(da, x), db * z, da[-1] * alpha.sum(axis=0)

# === nn2_backward: nn2-slope-is-one-minus-z
def nn2_forward(alpha, beta, x, ystar):
    sig = lambda v: 1 / (1 + np.exp(-v))
    z = np.concatenate([[1.0], sig(alpha @ x)])
    y = sig(beta @ z)
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, ystar, z, y)

def nn2_backward(cache):
    alpha, beta, x, ystar, z, y = cache
    db = y - ystar
    da = db * beta[1:] * (1 - z[1:])
    return np.outer(da, x), db * z, alpha.T @ da

# === mazur_step: mazur-output-layer-only
def mazur_step(w, b, i, t, lr):
    sig = lambda v: 1 / (1 + np.exp(-v))
    W, V = w[:4].reshape(2, 2), w[4:].reshape(2, 2)
    def fwd(W, V):
        h = sig(W @ i + b[0])
        return h, sig(V @ h + b[1])
    h, o = fwd(W, V)
    do = (o - t) * o * (1 - o)
    dh = (V.T @ do) * h * (1 - h)
    Wn, Vn = W, V - lr * np.outer(do, h)
    h2, o2 = fwd(Wn, Vn)
    return np.concatenate([Wn.ravel(), Vn.ravel()]), 0.5 * np.sum((t - o2) ** 2)

# === mazur_step: mazur-hidden-bias-forgotten
def mazur_step(w, b, i, t, lr):
    sig = lambda v: 1 / (1 + np.exp(-v))
    W, V = w[:4].reshape(2, 2), w[4:].reshape(2, 2)
    def fwd(W, V):
        h = sig(W @ i)
        return h, sig(V @ h + b[1])
    h, o = fwd(W, V)
    do = (o - t) * o * (1 - o)
    dh = (V.T @ do) * h * (1 - h)
    Wn, Vn = W - lr * np.outer(dh, i), V - lr * np.outer(do, h)
    h2, o2 = fwd(Wn, Vn)
    return np.concatenate([Wn.ravel(), Vn.ravel()]), 0.5 * np.sum((t - o2) ** 2)

# === mazur_step: mazur-one-bias-for-both
def mazur_step(w, b, i, t, lr):
    sig = lambda v: 1 / (1 + np.exp(-v))
    W, V = w[:4].reshape(2, 2), w[4:].reshape(2, 2)
    def fwd(W, V):
        h = sig(W @ i + b[0])
        return h, sig(V @ h + b[0])
    h, o = fwd(W, V)
    do = (o - t) * o * (1 - o)
    dh = (V.T @ do) * h * (1 - h)
    Wn, Vn = W - lr * np.outer(dh, i), V - lr * np.outer(do, h)
    h2, o2 = fwd(Wn, Vn)
    return np.concatenate([Wn.ravel(), Vn.ravel()]), 0.5 * np.sum((t - o2) ** 2)

# === mazur_step: mazur-hidden-gradient-transposed
def mazur_step(w, b, i, t, lr):
    sig = lambda v: 1 / (1 + np.exp(-v))
    W, V = w[:4].reshape(2, 2), w[4:].reshape(2, 2)
    def fwd(W, V):
        h = sig(W @ i + b[0])
        return h, sig(V @ h + b[1])
    h, o = fwd(W, V)
    do = (o - t) * o * (1 - o)
    dh = (V.T @ do) * h * (1 - h)
    Wn, Vn = W - lr * np.outer(i, dh), V - lr * np.outer(do, h)
    h2, o2 = fwd(Wn, Vn)
    return np.concatenate([Wn.ravel(), Vn.ravel()]), 0.5 * np.sum((t - o2) ** 2)

# === mazur_step: mazur-columns-for-rows
def mazur_step(w, b, i, t, lr):
    sig = lambda v: 1 / (1 + np.exp(-v))
    W, V = w[:4].reshape(2, 2).T, w[4:].reshape(2, 2).T
    def fwd(W, V):
        h = sig(W @ i + b[0])
        return h, sig(V @ h + b[1])
    h, o = fwd(W, V)
    do = (o - t) * o * (1 - o)
    dh = (V.T @ do) * h * (1 - h)
    Wn, Vn = W - lr * np.outer(dh, i), V - lr * np.outer(do, h)
    h2, o2 = fwd(Wn, Vn)
    return np.concatenate([Wn.T.ravel(), Vn.T.ravel()]), 0.5 * np.sum((t - o2) ** 2)

# === leaky_relu_backward: leak-times-x
def leaky_relu_forward(x): return np.where(x > 0, x, 0.01 * x), x

def leaky_relu_backward(dy, cache):
    return np.where(cache > 0, dy, 0.01 * cache)

# === sigmoid_backward: slope-is-one-minus-y
def sigmoid_forward(x):
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1.0, e) / (1.0 + e)
    return y, y

def sigmoid_backward(dy, cache):
    return dy * (1 - cache)

# === mlp_forward: mlp-sigmoid-at-the-end
def mlp_forward(X, Ws, bs):
    H = [X]
    for l in range(len(Ws) - 1):
        H.append(np.maximum(Ws[l] @ H[l] + bs[l], 0))
    P = 1 / (1 + np.exp(-(Ws[-1] @ H[-1] + bs[-1])))
    return P, (H, Ws, P)

# === mlp_backward: mlp-mask-after-the-gradients
def mlp_forward(X, Ws, bs):
    H = [X]
    for l in range(len(Ws) - 1):
        H.append(np.maximum(Ws[l] @ H[l] + bs[l], 0))
    Z = Ws[-1] @ H[-1] + bs[-1]
    E = np.exp(Z - Z.max(axis=0))
    P = E / E.sum(axis=0)
    return P, (H, Ws, P)

def mlp_backward(cache, T):
    H, Ws, P = cache
    L = len(Ws)
    dWs, dbs = [None] * L, [None] * L
    delta = P - T
    for l in reversed(range(L)):
        dWs[l] = delta @ H[l].T
        dbs[l] = delta.sum(axis=1, keepdims=True)
        if l > 0:
            delta = Ws[l].T @ (delta * (H[l + 1] > 0) if l + 1 < len(H) else delta)
    return dWs, dbs

# === mlp_backward: mlp-db-over-everything
def mlp_forward(X, Ws, bs):
    H = [X]
    for l in range(len(Ws) - 1):
        H.append(np.maximum(Ws[l] @ H[l] + bs[l], 0))
    Z = Ws[-1] @ H[-1] + bs[-1]
    E = np.exp(Z - Z.max(axis=0))
    P = E / E.sum(axis=0)
    return P, (H, Ws, P)

def mlp_backward(cache, T):
    H, Ws, P = cache
    L = len(Ws)
    dWs, dbs = [None] * L, [None] * L
    delta = P - T
    for l in reversed(range(L)):
        dWs[l] = delta @ H[l].T
        dbs[l] = delta.sum()
        if l > 0:
            delta = (Ws[l].T @ delta) * (H[l] > 0)
    return dWs, dbs

# === mlp_update: update-last-layer-left
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    nW, nb = list(Ws), list(bs)
    for l in range(len(Ws) - 1):
        nW[l] = Ws[l] - lr / N * dWs[l]
        nb[l] = bs[l] - lr / N * dbs[l]
    return nW, nb

# === logreg_backward: targets-not-subtracted
def logreg_forward(theta, x, ystar, slide_sign=False):
    y = 1 / (1 + np.exp(-np.dot(theta, x)))
    s = 1.0 if slide_sign else -1.0
    return s * (ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (theta, x, ystar, y, s)

def logreg_backward(cache):
    theta, x, ystar, y, s = cache
    d = -s * y
    return d * x, d * theta

# === nn2_backward: nn2-dx-without-slope
def nn2_forward(alpha, beta, x, ystar):
    sig = lambda v: 1 / (1 + np.exp(-v))
    z = np.concatenate([[1.0], sig(alpha @ x)])
    y = sig(beta @ z)
    return -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y)), (alpha, beta, x, ystar, z, y)

def nn2_backward(cache):
    alpha, beta, x, ystar, z, y = cache
    db = y - ystar
    dz = db * beta[1:]
    da = dz * z[1:] * (1 - z[1:])
    return np.outer(da, x), db * z, alpha.T @ dz

# === mazur_step: mazur-first-output-only
def mazur_step(w, b, i, t, lr):
    s = lambda v: 1 / (1 + np.exp(-v))
    def f(w):
        h1 = s(w[0]*i[0] + w[1]*i[1] + b[0]); h2 = s(w[2]*i[0] + w[3]*i[1] + b[0])
        return h1, h2, s(w[4]*h1 + w[5]*h2 + b[1]), s(w[6]*h1 + w[7]*h2 + b[1])
    h1, h2, o1, o2 = f(w)
    d1 = (o1 - t[0]) * o1 * (1 - o1); d2 = (o2 - t[1]) * o2 * (1 - o2)
    e1 = (d1 * w[4]) * h1 * (1 - h1); e2 = (d1 * w[5]) * h2 * (1 - h2)
    g = np.array([e1*i[0], e1*i[1], e2*i[0], e2*i[1], d1*h1, d1*h2, d2*h1, d2*h2])
    wn = w - lr * g
    _, _, o1, o2 = f(wn)
    return wn, 0.5 * ((t[0]-o1)**2 + (t[1]-o2)**2)

# === mazur_step: mazur-weights-left-out-on-the-way-back
def mazur_step(w, b, i, t, lr):
    s = lambda v: 1 / (1 + np.exp(-v))
    def f(w):
        h = s(w[:4].reshape(2, 2) @ i + b[0])
        return h, s(w[4:].reshape(2, 2) @ h + b[1])
    h, o = f(w)
    do = (o - t) * o * (1 - o)
    dh = do.sum() * h * (1 - h)
    wn = w - lr * np.concatenate([np.outer(dh, i).ravel(), np.outer(do, h).ravel()])
    return wn, 0.5 * np.sum((t - f(wn)[1]) ** 2)

# === mlp_forward: mlp-bias-behind-relu
def mlp_forward(X, Ws, bs):
    H = X
    for l in range(len(Ws) - 1):
        H = np.maximum(Ws[l] @ H, 0) + bs[l]
    Z = Ws[-1] @ H + bs[-1]
    E = np.exp(Z - Z.max(axis=0))
    return E / E.sum(axis=0), None

# === mlp_update: update-weights-not-divided
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    return [W - lr * d for W, d in zip(Ws, dWs)], [b - lr / N * d for b, d in zip(bs, dbs)]
