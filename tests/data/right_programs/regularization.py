# === multiplicative-decay
def l2_update(w, g, lr, lam):
    return (1 - 2 * lr * lam) * w - lr * g

def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    if hasattr(rng_or_mask, "random"):
        mask = rng_or_mask.binomial(1, 1 - p_drop, size=X.shape)
    else:
        mask = rng_or_mask
    if train:
        Y = np.where(mask, X, 0.0)
        if mode == "inverted":
            Y = Y / (1.0 - p_drop)
    else:
        Y = X.copy()
        if mode == "classic":
            Y *= 1.0 - p_drop
    return Y, mask

def dropout_backward(dY, mask, p_drop, mode):
    scale = {"inverted": 1 / (1 - p_drop), "classic": 1}[mode]
    return dY * mask * scale

# === bool-masks
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    drawn = type(rng_or_mask) is np.random.Generator
    mask = rng_or_mask.uniform(size=X.shape) >= p_drop if drawn else np.asarray(rng_or_mask).astype(bool)
    q = 1 - p_drop
    factor = 1.0
    if train and mode == "inverted":
        factor = 1 / q
    if not train and mode == "classic":
        factor = q
    if train:
        return factor * X * mask, mask
    return factor * X, mask

def dropout_backward(dY, mask, p_drop, mode):
    dX = np.zeros_like(dY)
    on = np.asarray(mask, bool)
    dX[on] = dY[on]
    if mode == "inverted":
        dX /= 1 - p_drop
    return dX

def l2_update(w, g, lr, lam):
    total = g + lam * w + lam * w
    return np.subtract(w, np.multiply(lr, total))

# === elementwise-loops-and-choice
def l2_update(w, g, lr, lam):
    out = np.empty(np.shape(w))
    for i in np.ndindex(out.shape):
        out[i] = w[i] - lr * g[i] - lr * lam * 2 * w[i]
    return out

def _mask(source, shape, p_drop):
    if isinstance(source, np.ndarray):
        return source
    flat = [0 if source.random() < p_drop else 1 for _ in range(int(np.prod(shape)))]
    return np.array(flat, dtype=float).reshape(shape)

def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    mask = _mask(rng_or_mask, X.shape, p_drop)
    Y = np.zeros(X.shape)
    for i in np.ndindex(*X.shape):
        if not train:
            Y[i] = X[i] * (1 - p_drop) if mode == "classic" else X[i]
        elif mask[i] == 1:
            Y[i] = X[i] / (1 - p_drop) if mode == "inverted" else X[i]
    return Y, mask

def dropout_backward(dY, mask, p_drop, mode):
    dX = np.zeros(dY.shape)
    for i in np.ndindex(*dY.shape):
        if mask[i]:
            dX[i] = dY[i] if mode == "classic" else dY[i] / (1 - p_drop)
    return dX

# === vote-counter
from collections import Counter

def vote(preds, C):
    K, N = preds.shape
    y = []
    for n in range(N):
        counts = Counter(int(v) for v in preds[:, n])
        top = max(counts.values())
        y.append(min(c for c in counts if counts[c] == top))
    return y

def average_probs(P):
    K = len(P)
    total = P[0].copy()
    for k in range(1, K):
        total += P[k]
    return np.array([np.argmax(row / K) for row in total])

# === vote-bincount-apply
def vote(preds, C):
    return np.apply_along_axis(lambda col: np.bincount(col, minlength=C).argmax(), 0, preds)

def average_probs(P):
    return np.argmax(np.einsum("knc->nc", P), axis=-1)

# === vote-add-at-one-hot
def vote(preds, C):
    table = np.zeros((preds.shape[1], C), dtype=int)
    for network in preds:
        np.add.at(table, (np.arange(preds.shape[1]), network), 1)
    return np.argmax(table, axis=1)

def average_probs(P):
    return np.average(P, axis=0).argmax(-1).astype(np.int32)

# === vote-sort
def vote(preds, C):
    return np.eye(C, dtype=int)[preds].sum(axis=0).argmax(axis=1).tolist()

def average_probs(P):
    N = P.shape[1]
    answer = np.zeros(N)
    for n in range(N):
        answer[n] = max(range(P.shape[2]), key=lambda c: P[:, n, c].mean())
    return answer

# === stopping-counter
def early_stopping(val, patience):
    best_loss = float("inf")
    best_epoch = 0
    bad = 0
    for epoch, loss in enumerate(val):
        if loss < best_loss:
            best_loss, best_epoch, bad = loss, epoch, 0
        else:
            bad += 1
            if bad == patience:
                break
    return epoch, best_epoch

def diagnose(train_acc, val_acc, thresholds):
    gap = train_acc[-1] - val_acc[-1]
    if gap > thresholds["gap"]:
        return "overfitting"
    elif train_acc[-1] < thresholds["low"]:
        return "underfitting"
    else:
        return "good"

# === stopping-cummin
def early_stopping(val, patience):
    val = np.asarray(val, dtype=float)
    running = np.minimum.accumulate(val)
    improved = np.r_[True, val[1:] < running[:-1]]
    last = np.maximum.accumulate(np.where(improved, np.arange(len(val)), 0))
    waited = np.arange(len(val)) - last
    hits = np.flatnonzero(waited >= patience)
    stop = hits[0] if hits.size else len(val) - 1
    return stop, np.argmin(val[:stop + 1])

def diagnose(train_acc, val_acc, thresholds):
    rules = [(lambda t, v: t - v > thresholds["gap"], "overfitting"),
             (lambda t, v: t < thresholds["low"], "underfitting"),
             (lambda t, v: True, "good")]
    return next(label for rule, label in rules if rule(train_acc[-1], val_acc[-1]))

# === stopping-recursive
def early_stopping(val, patience, epoch=0, best=0):
    if val[epoch] < val[best]:
        best = epoch
    if epoch - best == patience or epoch == len(val) - 1:
        return {"stop": epoch, "best": best}.values().__iter__().__next__(), best
    return early_stopping(val, patience, epoch + 1, best)

def diagnose(train_acc, val_acc, thresholds):
    t, v = float(np.asarray(train_acc)[-1]), float(np.asarray(val_acc)[-1])
    over = t - v > thresholds["gap"]
    under = not over and t < thresholds["low"]
    return np.str_(("good", "underfitting", "overfitting")[2 * over + under])

# === augment-roll-and-blank
def augment(X, rng):
    out = X.copy()
    for n in range(out.shape[0]):
        img = out[n]
        if rng.integers(2):
            img = np.flip(img, axis=2)
        dy, dx = rng.choice([-1, 0, 1]), rng.choice([-1, 0, 1])
        img = np.roll(img, (dy, dx), axis=(1, 2))
        if dy == 1: img[:, 0, :] = 0
        if dy == -1: img[:, -1, :] = 0
        if dx == 1: img[:, :, 0] = 0
        if dx == -1: img[:, :, -1] = 0
        out[n] = img
    return out

# === augment-index-arrays
def augment(X, rng):
    N, C, H, W = X.shape
    flips = rng.random(N) < 0.5
    shifts = rng.integers(-1, 2, (N, 2))
    framed = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
    framed[flips] = framed[flips][..., ::-1]
    rows = np.arange(H) + 1 - shifts[:, :1]
    cols = np.arange(W) + 1 - shifts[:, 1:]
    n = np.arange(N)[:, None, None, None]
    c = np.arange(C)[None, :, None, None]
    return framed[n, c, rows[:, None, :, None], cols[:, None, None, :]]

# === augment-pixel-loops
def augment(X, rng):
    N, C, H, W = X.shape
    Y = np.zeros(X.shape)
    for n in range(N):
        mirror = rng.binomial(1, 0.5) == 1
        down = int(rng.random() * 3) - 1
        right = int(rng.random() * 3) - 1
        for c in range(C):
            for i in range(H):
                for j in range(W):
                    a, b = i - down, j - right
                    if 0 <= a < H and 0 <= b < W:
                        Y[n, c, i, j] = X[n, c, a, W - 1 - b] if mirror else X[n, c, a, b]
    return Y
