# === gd: gd-gradient-at-start
def gd(grad, w0, lr, steps):
    path = [np.array(w0, float)]
    g = grad(w0)
    for _ in range(steps):
        path.append(path[-1] - lr * g)
    return np.array(path)

# === gd: gd-rows-are-one-array
def gd(grad, w0, lr, steps):
    w = np.array(w0, dtype=float)
    path = [w]
    for t in range(steps):
        w -= lr * grad(w)
        path.append(w)
    return np.array(path)

# === gd: gd-start-missing
def gd(grad, w0, lr, steps):
    w, rows = np.copy(w0), []
    for t in range(steps):
        w = w - lr * grad(w)
        rows.append(w)
    return np.stack(rows) if rows else np.zeros((0, len(w0)))

# === wiggle_step: wiggle-one-after-the-other
def wiggle_step(loss, w, eps):
    w = w.copy()
    for i in range(len(w)):
        before = loss(w)
        v = w.copy()
        v[i] += eps
        w[i] -= eps * np.sign(loss(v) - before)
    return w

# === wiggle_step: wiggle-adds-the-difference
def wiggle_step(loss, w, eps):
    base, new = loss(w), w.copy()
    for i in range(w.size):
        e = np.zeros(w.size)
        e[i] = eps
        new[i] = w[i] - eps * (loss(w + e) - base) / eps
    return new

# === minibatches: last-batch-dropped
def minibatches(N, batch, rng):
    order = rng.permutation(N)
    return [order[b * batch:(b + 1) * batch] for b in range(N // batch)]

# === minibatches: batches-of-equal-share
def minibatches(N, batch, rng):
    order = np.arange(N)
    rng.shuffle(order)
    return np.array_split(order, -(-N // batch))

# === sgd_epoch: epoch-full-gradient
def sgd_epoch(X, y, w, grad, lr, batch, order):
    path = [w.copy()]
    for i in range(0, len(order), batch):
        w = w - lr * grad(w, X, y)
        path.append(w)
    return np.array(path)

# === sgd_epoch: epoch-gradient-at-start
def sgd_epoch(X, y, w, grad, lr, batch, order):
    start, path = w.copy(), [w.copy()]
    for i in range(0, len(y), batch):
        rows = order[i:i + batch]
        path.append(path[-1] - lr * grad(start, X[rows], y[rows]))
    return np.array(path)

# === momentum_slide: slide-is-classical
def momentum_slide(grad, w0, lr, alpha, steps):
    w, v, path = np.copy(w0), 0.0 * w0, [np.copy(w0)]
    for _ in range(steps):
        v = alpha * v - lr * grad(w)
        w = w + v
        path.append(w)
    return np.array(path)

# === momentum_classical: classical-memory-subtracted
def momentum_classical(grad, w0, lr, alpha, steps):
    v = np.zeros(len(w0))
    path = np.zeros((steps + 1, len(w0)))
    path[0] = w0
    for t in range(steps):
        v = -alpha * v - lr * grad(path[t])
        path[t + 1] = path[t] + v
    return path

# === momentum_classical: classical-nesterov
def momentum_classical(grad, w0, lr, alpha, steps):
    v, w = np.zeros_like(w0), w0.copy()
    path = [w]
    for t in range(steps):
        v = alpha * v - lr * grad(w + alpha * v)
        w = w + v
        path.append(w)
    return np.array(path)

# === iterations_per_epoch: iterations-always-one-more
def iterations_per_epoch(n, batch):
    return n // batch + 1

# === iterations_per_epoch: iterations-rounded
def iterations_per_epoch(n, batch):
    return int(round(n / batch))

# === random_restarts: restarts-best-start
def random_restarts(f, grad, starts, lr, steps):
    ends = []
    for w in starts:
        for _ in range(steps):
            w = w - lr * grad(w)
        ends.append(w)
    ends = np.array(ends)
    return ends[np.argmin([f(w) for w in starts])], ends

# === random_restarts: restarts-each-from-the-last
def random_restarts(f, grad, starts, lr, steps):
    ends, w = [], starts[0].copy()
    for s in range(len(starts)):
        for _ in range(steps):
            w = w - lr * grad(w)
        ends.append(w)
    return min(ends, key=f), np.array(ends)

# === gd: gd-ascent
def gd(grad, w0, lr, steps):
    p = np.empty((steps + 1,) + w0.shape)
    p[0] = w0
    for t in range(1, steps + 1):
        p[t] = p[t - 1] + lr * grad(p[t - 1])
    return p

# === gd: gd-one-step-more
def gd(grad, w0, lr, steps):
    path = [w0]
    for t in range(steps + 1):
        path.append(path[-1] - lr * grad(path[-1]))
    return np.array(path)

# === gd: gd-learning-rate-decays
def gd(grad, w0, lr, steps):
    path = [w0]
    for t in range(steps):
        path.append(path[-1] - lr / (t + 1) * grad(path[-1]))
    return np.array(path)

# === wiggle_step: wiggle-central-difference
def wiggle_step(loss, w, eps):
    out = np.zeros_like(w)
    for i in range(len(w)):
        e = np.eye(len(w))[i] * eps
        out[i] = w[i] - eps * np.sign(loss(w + e) - loss(w - e))
    return out

# === minibatches: batch-count-for-size-rest-dropped
def minibatches(N, batch, rng):
    idx = rng.permutation(N)
    size = N // batch
    return [idx[i * size:(i + 1) * size] for i in range(batch)]

# === minibatches: shuffled-within-batches-only
def minibatches(N, batch, rng):
    return [rng.permutation(np.arange(i, min(i + batch, N))) for i in range(0, N, batch)]

# === sgd_epoch: epoch-labels-not-shuffled
def sgd_epoch(X, y, w, grad, lr, batch, order):
    Xs, path = X[order], [w]
    for i in range(0, len(Xs), batch):
        path.append(path[-1] - lr * grad(path[-1], Xs[i:i + batch], y[i:i + batch]))
    return np.array(path)

# === momentum_slide: slide-first-gradient-twice
def momentum_slide(grad, w0, lr, alpha, steps):
    w, old = w0, grad(w0)
    path = [w]
    for t in range(steps):
        g = grad(w)
        w = w - lr * (g + alpha * old)
        old = g
        path.append(w)
    return np.array(path)

# === momentum_classical: classical-learning-rate-twice
def momentum_classical(grad, w0, lr, alpha, steps):
    w, v = w0, np.zeros_like(w0)
    path = [w]
    for t in range(steps):
        v = alpha * v - lr * grad(w)
        w = w + lr * v
        path.append(w)
    return np.array(path)

# === random_restarts: restarts-returns-index
def random_restarts(f, grad, starts, lr, steps):
    ends = starts.copy()
    for _ in range(steps):
        ends = np.array([w - lr * grad(w) for w in ends])
    return int(np.argmin([f(w) for w in ends])), ends

# === iterations_per_epoch: iterations-not-whole
def iterations_per_epoch(n, batch):
    return n / batch

# === momentum_classical: classical-no-memory
def momentum_classical(grad, w0, lr, alpha, steps):
    path = [w0]
    for t in range(steps):
        v = np.zeros_like(w0)
        v = alpha * v - lr * grad(path[-1])
        path.append(path[-1] + v)
    return np.array(path)

# === momentum_slide: slide-gradients-added-up
def momentum_slide(grad, w0, lr, alpha, steps):
    w, s, path = w0, np.zeros_like(w0), [w0]
    for t in range(steps):
        g = grad(w)
        w = w - lr * (g + alpha * s)
        s = s + g
        path.append(w)
    return np.array(path)

# === wiggle_step: wiggle-step-of-one
def wiggle_step(loss, w, eps):
    b = loss(w)
    return np.array([w[i] - np.sign(loss(w + eps * (np.arange(len(w)) == i)) - b) for i in range(len(w))])

# === sgd_epoch: epoch-order-ignored
def sgd_epoch(X, y, w, grad, lr, batch, order):
    path = [w]
    for i in range(0, len(X), batch):
        path.append(path[-1] - lr * grad(path[-1], X[i:i + batch], y[i:i + batch]))
    return np.array(path)

# === gd: gd-last-only
def gd(grad, w0, lr, steps):
    w = np.array(w0, float)
    for _ in range(steps):
        w = w - lr * grad(w)
    return w

# === wiggle_step: wiggle-old-loss-new-weights
def wiggle_step(loss, w, eps):
    w = np.array(w, float)
    base = loss(w)
    for i in range(len(w)):
        t = w.copy()
        t[i] += eps
        new = loss(t)
        if new < base:
            w[i] += eps
        elif new > base:
            w[i] -= eps
    return w

# === wiggle_step: wiggle-only-upward
def wiggle_step(loss, w, eps):
    base = loss(w)
    out = np.array(w, float)
    for i in range(len(w)):
        t = np.array(w, float)
        t[i] += eps
        if loss(t) < base:
            out[i] += eps
    return out

# === wiggle_step: wiggle-ties-go-down
def wiggle_step(loss, w, eps):
    base = loss(w)
    out = np.array(w, float)
    for i in range(len(w)):
        t = np.array(w, float)
        t[i] += eps
        out[i] += eps if loss(t) < base else -eps
    return out

# === wiggle_step: wiggle-sign-forgotten
def wiggle_step(loss, w, eps):
    base = loss(w)
    out = np.array(w, float)
    for i in range(len(w)):
        t = np.array(w, float)
        t[i] += eps
        out[i] -= eps * (loss(t) - base)
    return out

# === minibatches: global-random-used
def minibatches(N, batch, rng):
    p = np.random.permutation(N)
    return [p[i:i + batch] for i in range(0, N, batch)]

# === sgd_epoch: epoch-step-divided-by-batch
def sgd_epoch(X, y, w, grad, lr, batch, order):
    path = [np.array(w, float)]
    for i in range(0, len(order), batch):
        r = order[i:i + batch]
        path.append(path[-1] - lr / len(r) * grad(path[-1], X[r], y[r]))
    return np.array(path)

# === momentum_classical: classical-stale-velocity
def momentum_classical(grad, w0, lr, alpha, steps):
    w = np.array(w0, float)
    v = np.zeros(len(w0))
    path = [w]
    for _ in range(steps):
        g = grad(w)
        w = w - lr * v
        v = alpha * v + g
        path.append(w)
    return np.array(path)

# === random_restarts: restarts-highest-loss
def random_restarts(f, grad, starts, lr, steps):
    ends = np.array(starts, float)
    for _ in range(steps):
        ends = np.array([e - lr * grad(e) for e in ends])
    return ends[np.argmax([f(e) for e in ends])], ends

# === wiggle_step: wiggle-result-in-w
def wiggle_step(loss, w, eps):
    base = loss(w)
    s = np.zeros(len(w))
    for i in range(len(w)):
        w[i] += eps
        s[i] = np.sign(base - loss(w))
        w[i] -= eps
    w += eps * s
    return w

# === wiggle_step: wiggle-not-undone
def wiggle_step(loss, w, eps):
    base = loss(w)
    new = np.array(w, float)
    v = np.array(w, float)
    for i in range(len(w)):
        v[i] += eps
        new[i] += eps * np.sign(base - loss(v))
    return new

# === iterations_per_epoch: iterations-upside-down
def iterations_per_epoch(n, batch):
    return int(np.ceil(batch / n))

# === iterations_per_epoch: iterations-floor-but-one
def iterations_per_epoch(n, batch):
    return max(1, n // batch)

# === iterations_per_epoch: iterations-rest-added
def iterations_per_epoch(n, batch):
    return n // batch + n % batch

# === minibatches: order-of-batches-shuffled-only
def minibatches(N, batch, rng):
    parts = [np.arange(i, min(i + batch, N)) for i in range(0, N, batch)]
    return [parts[k] for k in rng.permutation(len(parts))]

# === minibatches: shuffled-anew-for-each-batch
def minibatches(N, batch, rng):
    out = []
    for i in range(0, N, batch):
        out.append(rng.permutation(N)[i:i + batch])
    return out

# === minibatches: last-batch-filled-up
def minibatches(N, batch, rng):
    order = rng.permutation(N)
    out = []
    for i in range(0, N, batch):
        b = order[i:i + batch]
        if len(b) < batch:
            b = np.concatenate([b, order[:batch - len(b)]])
        out.append(b)
    return out

# === minibatches: batches-overlap
def minibatches(N, batch, rng):
    order = rng.permutation(N)
    return [order[i:i + batch] for i in range(0, N - batch + 1)]

# === sgd_epoch: epoch-one-example-at-a-time
def sgd_epoch(X, y, w, grad, lr, batch, order):
    path = [np.array(w, float)]
    for i in order:
        path.append(path[-1] - lr * grad(path[-1], X[[i]], y[[i]]))
    return np.array(path)

# === sgd_epoch: epoch-rows-are-one-array
def sgd_epoch(X, y, w, grad, lr, batch, order):
    w = w.copy()
    path = [w]
    for i in range(0, len(order), batch):
        idx = order[i:i + batch]
        w -= lr * grad(w, X[idx], y[idx])
        path.append(w)
    return np.array(path)

# === momentum_slide: slide-old-gradient-overwritten
def momentum_slide(grad, w0, lr, alpha, steps):
    path = [np.array(w0, float)]
    old = np.zeros(len(w0))
    for _ in range(steps):
        g = grad(path[-1])
        old = g
        path.append(path[-1] - lr * (alpha * old + g))
    return np.array(path)

# === random_restarts: restarts-one-step-short
def random_restarts(f, grad, starts, lr, steps):
    ends = []
    for s in starts:
        w = s.copy()
        for _ in range(steps - 1):
            w = w - lr * grad(w)
        ends.append(w)
    ends = np.array(ends)
    return ends[np.argmin([f(e) for e in ends])], ends

# === random_restarts: restarts-lowest-on-the-way
def random_restarts(f, grad, starts, lr, steps):
    best, bv, ends = None, np.inf, []
    for s in starts:
        path = truth["gd"](grad, s, lr, steps)
        for w in path:
            if f(w) < bv:
                best, bv = w, f(w)
        ends.append(path[-1])
    return best, np.array(ends)

# === random_restarts: restarts-smallest-absolute
def random_restarts(f, grad, starts, lr, steps):
    ends = np.array([truth["gd"](grad, s, lr, steps)[-1] for s in starts])
    return ends[np.argmin(np.abs([f(e) for e in ends]))], ends

# === gd: gd-stops-where-it-is-flat
def gd(grad, w0, lr, steps):
    path = [w0.copy()]
    for _ in range(steps):
        g = grad(path[-1])
        if np.linalg.norm(g) < 1e-6:
            break
        path.append(path[-1] - lr * g)
    return np.array(path)

# === random_restarts: restarts-uphill
def random_restarts(f, grad, starts, lr, steps):
    ends = []
    for s in starts:
        w = s
        for _ in range(steps):
            w = w + lr * grad(w)
        ends.append(w)
    ends = np.array(ends)
    return ends[np.argmin([f(e) for e in ends])], ends
