# === l2_update: l2-factor-2-missing
def l2_update(w, g, lr, lam):
    return w - lr * g - lr * lam * w

# === l2_update: l2-learning-rate-on-data-only
def l2_update(w, g, lr, lam):
    decay = 2 * lam * w
    return w - lr * g - decay

# === dropout_forward: inverted-scale-by-drop-share
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    if isinstance(rng_or_mask, np.random.Generator):
        mask = (rng_or_mask.random(X.shape) >= p_drop).astype(float)
    else:
        mask = rng_or_mask
    if mode == "inverted":
        return (X * mask / p_drop if train else X.copy()), mask
    return (X * mask if train else X * (1 - p_drop)), mask

# === dropout_forward: classic-test-by-drop-share
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    keep = 1 - p_drop
    mask = rng_or_mask if isinstance(rng_or_mask, np.ndarray) else 1.0 * (rng_or_mask.random(X.shape) < keep)
    Y = X * 1.0
    if train:
        Y *= mask
        if mode == "inverted":
            Y /= keep
    elif mode == "classic":
        Y *= p_drop
    return Y, mask

# === dropout_forward: drops-and-scales-at-test-too
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    q = 1 - p_drop
    mask = rng_or_mask if not hasattr(rng_or_mask, "random") else (rng_or_mask.random(X.shape) < q) + 0.0
    if mode == "inverted":
        return X * mask / q, mask
    return X * mask * (1 if train else q), mask

# === dropout_backward: backward-mask-forgotten
def dropout_backward(dY, mask, p_drop, mode):
    return dY / (1 - p_drop) if mode == "inverted" else dY.copy()

# === dropout_backward: backward-classic-scaled
def dropout_backward(dY, mask, p_drop, mode):
    return dY * mask / (1 - p_drop)

# === vote: vote-wrong-axis
def vote(preds, C):
    return np.array([np.bincount(row, minlength=C).argmax() for row in preds])

# === vote: vote-tie-first-voter
def vote(preds, C):
    from collections import Counter
    return np.array([Counter(preds[:, n].tolist()).most_common(1)[0][0] for n in range(preds.shape[1])])

# === average_probs: average-is-vote
def average_probs(P):
    winners = P.argmax(axis=2)
    C = P.shape[2]
    return np.array([np.bincount(winners[:, n], minlength=C).argmax() for n in range(P.shape[1])])

# === early_stopping: early-stopping-one-late
def early_stopping(val, patience):
    best, best_e, wait = np.inf, 0, 0
    for e, v in enumerate(val):
        if v < best:
            best, best_e, wait = v, e, 0
        else:
            wait += 1
            if wait > patience:
                return e, best_e
    return len(val) - 1, best_e

# === early_stopping: early-stopping-compares-with-last
def early_stopping(val, patience):
    wait, best = 0, 0
    for e in range(1, len(val)):
        if val[e] < val[best]:
            best = e
        if val[e] < val[e - 1]:
            wait = 0
        else:
            wait += 1
        if wait == patience:
            return e, best
    return len(val) - 1, best

# === diagnose: diagnose-first-epoch
def diagnose(train_acc, val_acc, thresholds):
    return truth["diagnose"](train_acc[:1], val_acc[:1], thresholds)

# === l2_update: l2-sign-flipped
def l2_update(w, g, lr, lam):
    return w - lr * (g - 2 * lam * w)

# === l2_update: l2-decay-after-step
def l2_update(w, g, lr, lam):
    return (1 - 2 * lr * lam) * (w - lr * g)

# === dropout_forward: mask-keeps-dropped
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    if isinstance(rng_or_mask, np.ndarray):
        m = rng_or_mask
    else:
        m = (rng_or_mask.random(X.shape) < p_drop).astype(float)
    if not train:
        return X * (1 - p_drop) if mode == "classic" else X.copy(), m
    return X * m / (1 - p_drop) if mode == "inverted" else X * m, m

# === dropout_forward: inverted-not-scaled
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    m = rng_or_mask if isinstance(rng_or_mask, np.ndarray) else (rng_or_mask.random(X.shape) > p_drop) * 1.0
    if train:
        return X * m, m
    if mode == "classic":
        return X * (1 - p_drop), m
    return X + 0.0, m

# === dropout_forward: inverted-scale-by-drawn-share
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    m = rng_or_mask if isinstance(rng_or_mask, np.ndarray) else (rng_or_mask.random(X.shape) > p_drop) * 1.0
    if train:
        Y = X * m
        return (Y / m.mean() if mode == "inverted" else Y), m
    return (X * (1 - p_drop) if mode == "classic" else X.copy()), m

# === dropout_backward: backward-times-keep
def dropout_backward(dY, mask, p_drop, mode):
    g = dY * mask
    if mode == "inverted":
        g = g * (1 - p_drop)
    return g

# === vote: vote-tie-largest
def vote(preds, C):
    counts = np.array([[np.sum(col == c) for c in range(C)] for col in preds.T])
    return C - 1 - counts[:, ::-1].argmax(1)

# === vote: vote-mean-rounded
def vote(preds, C):
    return np.round(preds.mean(0)).astype(int)

# === average_probs: average-is-maximum
def average_probs(P):
    return P.max(axis=0).argmax(axis=1)

# === early_stopping: early-stopping-ties-count
def early_stopping(val, patience):
    best, at = val[0], 0
    for e in range(1, len(val)):
        if val[e] <= best:
            best, at = val[e], e
        elif e - at >= patience:
            return e, at
    return len(val) - 1, at

# === early_stopping: early-stopping-best-is-stop
def early_stopping(val, patience):
    at = 0
    for e in range(len(val)):
        if val[e] < val[at]:
            at = e
        if e - at >= patience:
            return e, e
    return len(val) - 1, len(val) - 1

# === early_stopping: early-stopping-one-early
def early_stopping(val, patience):
    at = 0
    for e in range(len(val)):
        if val[e] < val[at]:
            at = e
        if e - at >= patience - 1 and e > at:
            return e, at
    return len(val) - 1, at

# === diagnose: diagnose-level-of-validation
def diagnose(train_acc, val_acc, thresholds):
    if train_acc[-1] - val_acc[-1] > thresholds["gap"]:
        return "overfitting"
    if val_acc[-1] < thresholds["low"]:
        return "underfitting"
    return "good"

# === dropout_forward: mask-already-scaled
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    m = rng_or_mask if isinstance(rng_or_mask, np.ndarray) else (rng_or_mask.random(X.shape) >= p_drop) * 1.0
    if train:
        if mode == "inverted":
            m = m / (1 - p_drop)
        return X * m, m
    return (X * (1 - p_drop) if mode == "classic" else X * 1.0), m

# === dropout_backward: backward-not-scaled
def dropout_backward(dY, mask, p_drop, mode):
    return dY * mask

# === early_stopping: early-stopping-waits-in-total
def early_stopping(val, patience):
    best, at, wait = np.inf, 0, 0
    for e, v in enumerate(val):
        if v < best:
            best, at = v, e
        else:
            wait += 1
        if wait >= patience:
            return e, at
    return len(val) - 1, at

# === l2_update: l2-is-l1
def l2_update(w, g, lr, lam):
    return w - lr * (g + lam * np.sign(w))

# === dropout_forward: classic-not-scaled-at-test
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    keep = 1 - p_drop
    mask = (rng_or_mask.random(X.shape) < keep) * 1.0 if isinstance(rng_or_mask, np.random.Generator) else rng_or_mask
    if not train:
        return X.copy(), mask
    return X * mask / (keep if mode == "inverted" else 1.0), mask

# === dropout_forward: inverted-drops-at-test-too
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    keep = 1 - p_drop
    mask = (rng_or_mask.random(X.shape) < keep) * 1.0 if isinstance(rng_or_mask, np.random.Generator) else rng_or_mask
    if mode == "inverted":
        return X * mask / keep, mask
    return (X * mask if train else X * keep), mask

# === vote: vote-returns-counts
def vote(preds, C):
    counts = np.array([(preds == c).sum(0) for c in range(C)])
    return counts.max(axis=0)

# === vote: vote-upper-median
def vote(preds, C):
    return np.sort(preds, axis=0)[len(preds) // 2]

# === average_probs: average-is-product
def average_probs(P):
    return np.log(P).mean(axis=0).argmax(axis=1)

# === early_stopping: best-is-global-argmin
def early_stopping(val, patience):
    best, stop = 0, len(val) - 1
    for e in range(len(val)):
        if val[e] < val[best]:
            best = e
        if e - best >= patience:
            stop = e
            break
    return stop, int(np.argmin(val))

# === early_stopping: early-stopping-one-based
def early_stopping(val, patience):
    best = 0
    for e in range(len(val)):
        if val[e] < val[best]:
            best = e
        if e - best >= patience:
            return e + 1, best + 1
    return len(val), best + 1

# === diagnose: diagnose-level-first
def diagnose(train_acc, val_acc, thresholds):
    if train_acc[-1] < thresholds["low"]:
        return "underfitting"
    if train_acc[-1] - val_acc[-1] > thresholds["gap"]:
        return "overfitting"
    return "good"

# === diagnose: diagnose-mean-of-epochs
def diagnose(train_acc, val_acc, thresholds):
    t, v = np.mean(train_acc), np.mean(val_acc)
    if t - v > thresholds["gap"]:
        return "overfitting"
    return "underfitting" if t < thresholds["low"] else "good"

# === diagnose: diagnose-gap-absolute
def diagnose(train_acc, val_acc, thresholds):
    t, v = train_acc[-1], val_acc[-1]
    if abs(t - v) > thresholds["gap"]:
        return "overfitting"
    return "underfitting" if t < thresholds["low"] else "good"

# === augment: augment-mirrors-the-batch
def augment(X, rng):
    Y = np.zeros_like(X)
    H, W = X.shape[2:]
    flip = rng.random() < 0.5
    for n in range(len(X)):
        im = X[n, :, :, ::-1] if flip else X[n]
        dy, dx = rng.integers(-1, 2, 2)
        fr = np.pad(im, ((0, 0), (1, 1), (1, 1)))
        Y[n] = fr[:, 1 - dy:1 - dy + H, 1 - dx:1 - dx + W]
    return Y

# === augment: augment-wraps-around
def augment(X, rng):
    Y = np.zeros_like(X)
    for n in range(len(X)):
        im = X[n, :, :, ::-1] if rng.random() < 0.5 else X[n]
        Y[n] = np.roll(im, tuple(rng.integers(-1, 2, 2)), axis=(1, 2))
    return Y

# === augment: augment-upside-down
def augment(X, rng):
    Y = np.zeros_like(X)
    H, W = X.shape[2:]
    for n in range(len(X)):
        im = X[n, :, ::-1, :] if rng.random() < 0.5 else X[n]
        dy, dx = rng.integers(-1, 2, 2)
        fr = np.pad(im, ((0, 0), (1, 1), (1, 1)))
        Y[n] = fr[:, 1 - dy:1 - dy + H, 1 - dx:1 - dx + W]
    return Y

# === augment: augment-never-by-plus-one
def augment(X, rng):
    Y = np.zeros_like(X)
    H, W = X.shape[2:]
    for n in range(len(X)):
        im = X[n, :, :, ::-1] if rng.random() < 0.5 else X[n]
        dy, dx = rng.integers(-1, 1, 2)
        fr = np.pad(im, ((0, 0), (1, 1), (1, 1)))
        Y[n] = fr[:, 1 - dy:1 - dy + H, 1 - dx:1 - dx + W]
    return Y
