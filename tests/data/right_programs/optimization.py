# === preallocated-path
def gd(grad, w0, lr, steps):
    path = np.zeros((steps + 1, len(w0)))
    path[0] = w0
    for t in range(1, steps + 1):
        path[t] = path[t - 1] - lr * grad(path[t - 1])
    return path

def momentum_slide(grad, w0, lr, alpha, steps):
    path = np.empty((steps + 1, np.size(w0)))
    path[0, :] = w0
    grads = np.zeros((steps + 1, np.size(w0)))
    for t in range(steps):
        grads[t + 1] = grad(path[t])
        path[t + 1] = path[t] - lr * (alpha * grads[t] + grads[t + 1])
    return path

def momentum_classical(grad, w0, lr, alpha, steps):
    path = np.empty((steps + 1, np.size(w0)))
    path[0, :] = w0
    v = 0
    for t in range(steps):
        v = grad(path[t]) + alpha * v
        path[t + 1] = path[t] - lr * v
    return path

# === recursion
def gd(grad, w0, lr, steps):
    w0 = np.array(w0, dtype=float)
    if steps == 0:
        return w0[None, :]
    return np.vstack([w0, gd(grad, w0 - lr * grad(w0), lr, steps - 1)])

def random_restarts(f, grad, starts, lr, steps):
    ends = np.vstack([gd(grad, s, lr, steps)[-1] for s in starts])
    return min(ends, key=f), ends

# === generators-accumulate
from itertools import accumulate, islice, repeat

def _walk(grad, w, lr):
    while True:
        yield w
        w = w - lr * np.asarray(grad(w))

def gd(grad, w0, lr, steps):
    return np.array(list(islice(_walk(grad, np.array(w0, float), lr), steps + 1)))

def momentum_classical(grad, w0, lr, alpha, steps):
    start = (np.array(w0, float), np.zeros(len(w0)))

    def step(state, _):
        w, v = state
        v = alpha * v + grad(w)
        return w - lr * v, v
    return np.array([w for w, _ in accumulate(repeat(None, steps), step, initial=start)])

def momentum_slide(grad, w0, lr, alpha, steps):
    start = (np.array(w0, float), np.zeros(len(w0)))

    def step(state, _):
        w, old = state
        g = np.array(grad(w), float)
        return w - lr * alpha * old - lr * g, g
    return np.array([w for w, _ in accumulate(repeat(None, steps), step, initial=start)])

# === class-optimizer
class Optimizer:
    def __init__(self, lr):
        self.lr = lr
    def update(self, w, g):
        return w - self.lr * g

class Momentum(Optimizer):
    def __init__(self, lr, alpha):
        super().__init__(lr)
        self.alpha = alpha
        self.v = None
    def update(self, w, g):
        self.v = g if self.v is None else self.alpha * self.v + g
        return super().update(w, self.v)

class SlideMomentum(Momentum):
    def update(self, w, g):
        use = g if self.v is None else self.alpha * self.v + g
        self.v = g
        return Optimizer.update(self, w, use)

def run(opt, grad, w0, steps):
    path = [np.copy(w0).astype(float)]
    while len(path) <= steps:
        path.append(opt.update(path[-1], grad(path[-1])))
    return np.stack(path)

def gd(grad, w0, lr, steps):
    return run(Optimizer(lr), grad, w0, steps)

def momentum_slide(grad, w0, lr, alpha, steps):
    return run(SlideMomentum(lr, alpha), grad, w0, steps)

def momentum_classical(grad, w0, lr, alpha, steps):
    return run(Momentum(lr, alpha), grad, w0, steps)

# === heavy-ball-in-place-copy
def momentum_classical(grad, w0, lr, alpha, steps):
    # v_t lr = w_{t-1} - w_t : heavy ball
    w = np.array(w0, dtype=float)
    before = w.copy()
    path = [w.copy()]
    for _ in range(steps):
        new = w - lr * grad(w) + alpha * (w - before)
        before, w = w, new
        path.append(new.copy())
    return np.array(path)

def momentum_slide(grad, w0, lr, alpha, steps):
    w = np.array(w0, dtype=float)
    path = [w.copy()]
    old = None
    for k in range(steps):
        g = grad(w.copy())
        direction = g if k == 0 else g + alpha * old
        w -= lr * direction
        old = g
        path.append(w.copy())
    return path

def gd(grad, w0, lr, steps):
    w = w0 + 0.0
    history = w.reshape(1, -1).copy()
    for _ in range(steps):
        w -= lr * grad(w)
        history = np.append(history, w.reshape(1, -1), axis=0)
    return history

# === wiggle-if-else
def wiggle_step(loss, w, eps):
    current = loss(np.array(w))
    new = []
    for i, wi in enumerate(w):
        trial = np.concatenate([w[:i], [wi + eps], w[i + 1:]])
        after = loss(trial)
        if after < current:
            new.append(wi + eps)
        elif after > current:
            new.append(wi - eps)
        else:
            new.append(wi)
    return new

def iterations_per_epoch(n, batch):
    return n // batch + (n % batch > 0)

def minibatches(N, batch, rng):
    p = list(range(N))
    rng.shuffle(p)
    out = []
    while p:
        out.append(np.array(p[:batch]))
        p = p[batch:]
    return out

# === wiggle-identity-matrix
def wiggle_step(loss, w, eps):
    tried = np.asarray(w, float) + eps * np.eye(len(w))
    losses = np.array([loss(row) for row in tried])
    base = loss(w)
    return w + eps * ((losses < base).astype(int) - (losses > base).astype(int))

def iterations_per_epoch(n, batch):
    return int(np.ceil(n / batch))

def minibatches(N, batch, rng):
    order = rng.choice(N, size=N, replace=False)
    return np.split(order, np.arange(batch, N, batch))

# === wiggle-restore-entry
def wiggle_step(loss, w, eps):
    work = np.array(w, dtype=np.float64)
    base = loss(work.copy())
    signs = np.zeros(len(work))
    for i in range(len(work)):
        saved = work[i]
        work[i] = saved + eps
        diff = base - loss(work)
        signs[i] = 0 if diff == 0 else diff / abs(diff)
        work[i] = saved
    return work + eps * signs

def iterations_per_epoch(n, batch):
    return len(range(0, n, batch))

def minibatches(N, batch, rng):
    keys = rng.random(N)
    order = np.argsort(keys)
    groups = {}
    for position, example in enumerate(order):
        groups.setdefault(position // batch, []).append(int(example))
    return [np.array(groups[g], dtype=int) for g in sorted(groups)]

# === minibatches-draw-without-replacement
import math

def minibatches(N, batch, rng):
    left = np.arange(N)
    out = []
    while left.size:
        take = rng.choice(left, size=min(batch, left.size), replace=False)
        left = np.setdiff1d(left, take)
        out.append(take)
    return tuple(out)

def iterations_per_epoch(n: int, batch: int) -> int:
    return (n + batch - 1) // batch

def sgd_epoch(X, y, w, grad, lr, batch, order):
    n = len(order)
    iters = math.ceil(n / batch)
    path = np.zeros((iters + 1, len(w)))
    path[0] = w
    for it in range(iters):
        idx = order[it * batch:(it + 1) * batch]
        path[it + 1] = path[it] - lr * grad(path[it], X[idx, :], y[idx])
    return path

# === sgd-reordered-data
def sgd_epoch(X, y, w, grad, lr, batch, order):
    Xs, ys = X[order], y[order]
    w = w.copy()
    path = [w]
    lo = 0
    while lo < len(ys):
        hi = lo + batch
        w = w - lr * grad(w, Xs[lo:hi], ys[lo:hi])
        path.append(w)
        lo = hi
    return np.vstack(path)

def random_restarts(f, grad, starts, lr, steps):
    W = np.array(starts, dtype=float)
    for s in range(W.shape[0]):
        w = W[s].copy()
        for _ in range(steps):
            w = w - lr * grad(w)
        W[s] = w
    best = 0
    for s in range(1, len(W)):
        if f(W[s]) < f(W[best]):
            best = s
    return W[best].copy(), W

# === sgd-lists-array-split
def sgd_epoch(X, y, w, grad, lr, batch, order):
    path = [[float(v) for v in w]]
    for k in range(-(-len(order) // batch)):
        rows = list(order[k * batch:k * batch + batch])
        g = grad(np.array(path[-1]), X[rows], y[rows])
        path.append([wi - lr * gi for wi, gi in zip(path[-1], g)])
    return path

def random_restarts(f, grad, starts, lr, steps):
    results = []
    for start in starts:
        w = np.array(start, float)
        for _ in range(steps):
            w = w - lr * grad(w)
        results.append((f(w), w))
    values, ends = zip(*results)
    return ends[np.argmin(values)], list(ends)
