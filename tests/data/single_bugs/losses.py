# === perceptron: bias-subtracted
def perceptron(x, w, b):
    return int(np.dot(w, x) > b)

# === perceptron: threshold-includes-zero
def perceptron(x, w, b):
    score = b
    for i in range(len(x)):
        score += x[i] * w[i]
    if score < 0:
        return 0
    return 1

# === perceptron_slide: last-window-missing
def perceptron_slide(x, w, b):
    out = []
    for t in range(len(x) - len(w)):
        out.append(int(x[t:t + len(w)] @ w + b > 0))
    return np.array(out)

# === linear_scores: first-example-for-all
def linear_scores(X, W, b):
    S = np.zeros((X.shape[0], W.shape[0]))
    for c in range(W.shape[0]):
        S[:, c] = np.sum(X[0] * W[c]) + b[c]
    return S

# === one_hot: one-hot-classes-from-labels
def one_hot(y, C):
    T = np.zeros((len(y), y.max() + 1))
    T[np.arange(len(y)), y] = 1
    return T

# === predict: predict-over-examples
def predict(F):
    return F.argmax(0)

# === svm_loss: hinge-own-class-counted
def svm_loss(S, y):
    n = len(S)
    right = S[range(n), y][:, None]
    m = np.maximum(0, S - right + 1)
    dS = (m > 0).astype(float)
    dS[range(n), y] = 0
    dS[range(n), y] = -dS.sum(axis=1)
    return m.sum() / n, dS / n

# === svm_loss: gradient-not-averaged
def svm_loss(S, y):
    L, dS = 0.0, np.zeros(S.shape)
    for i in range(len(S)):
        for j in range(S.shape[1]):
            if j == y[i]:
                continue
            gap = S[i, j] - S[i, y[i]] + 1.0
            if gap > 0:
                L += gap
                dS[i, j] += 1
                dS[i, y[i]] -= 1
    return L / len(S), dS

# === svm_loss: hinge-no-delta
def svm_loss(S, y):
    N = S.shape[0]
    idx = np.arange(N)
    M = np.clip(S - S[idx, y].reshape(N, 1), 0, None)
    M[idx, y] = 0
    G = 1.0 * (M > 0)
    G[idx, y] -= G.sum(1)
    return float(M.sum() / N), G / N

# === softmax: softmax-over-examples
def softmax(F):
    e = np.exp(F - np.max(F, axis=0))
    return e / e.sum(axis=0)

# === softmax: softmax-global-max
def softmax(F):
    e = np.exp(F - F.max())
    return e / np.sum(e, axis=-1, keepdims=True)

# === softmax: softmax-sign
def softmax(F):
    m = F.max(axis=1, keepdims=True)
    e = np.exp(m - F)
    return e / e.sum(axis=1, keepdims=True)

# === log_softmax: log-softmax-max-not-restored
def log_softmax(F):
    out = np.zeros_like(F)
    for i, row in enumerate(F):
        out[i] = row - np.log(np.sum(np.exp(row - row.max())))
    return out

# === softmax_loss: gradient-not-averaged
def softmax_loss(F, y):
    P = np.exp(F - F.max(1, keepdims=True))
    P = P / P.sum(1)[:, None]
    L = -np.mean(F[np.arange(len(y)), y] - F.max(1) - np.log(np.exp(F - F.max(1, keepdims=True)).sum(1)))
    T = np.eye(F.shape[1])[y]
    return L, P - T

# === softmax_loss: one-hot-subtracted-after-division
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(axis=1, keepdims=True)
    logP = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dF = np.exp(logP) / n
    for i in range(n):
        dF[i, y[i]] -= 1
    return -logP[np.arange(n), y].sum() / n, dF

# === softmax_loss: all-log-probabilities-summed
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(axis=1, keepdims=True)
    logP = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dF = (np.exp(logP) - np.eye(F.shape[1])[y]) / n
    return -logP.sum() / n, dF

# === bce_loss: bce-gradient-times-slope
def bce_loss(a, y):
    L = np.mean(np.maximum(a, 0) - a * y + np.log1p(np.exp(-np.abs(a))))
    e = np.exp(-np.abs(a))
    p = np.where(a >= 0, 1 / (1 + e), e / (1 + e))
    return L, (p - y) * p * (1 - p) / len(a)

# === bce_loss: nothing-averaged
def bce_loss(a, y):
    L = 0.0
    da = []
    for ai, yi in zip(a, y):
        L += max(ai, 0) - ai * yi + np.log1p(np.exp(-abs(ai)))
        e = np.exp(-abs(ai))
        p = 1 / (1 + e) if ai >= 0 else e / (1 + e)
        da.append((p - yi))
    return L, np.array(da)

# === l2_penalty: l2-gradient-no-two
def l2_penalty(W, lam):
    return lam * (W ** 2).sum(), lam * W

# === l2_penalty: l2-penalty-averaged
def l2_penalty(W, lam):
    return lam * np.mean(W * W), 2 * lam * W

# === perceptron: outputs-exchanged
def perceptron(x, w, b):
    return 0 if x @ w + b > 0 else 1

# === perceptron_slide: weights-flipped
def perceptron_slide(x, w, b):
    return (np.convolve(x, w, "valid") + b > 0).astype(int)

# === linear_scores: scores-transposed
def linear_scores(X, W, b):
    return W @ X.T + b[:, None]

# === svm_loss: hinge-grad-right-class-missing
def svm_loss(S, y):
    N = len(S)
    M = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    M[np.arange(N), y] = 0
    return M.sum() / N, (M > 0) / N

# === svm_loss: hinge-delta-subtracted
def svm_loss(S, y):
    N = len(S)
    L, dS = 0, np.zeros_like(S)
    for n in range(N):
        for c in range(S.shape[1]):
            if c != y[n]:
                m = S[n, c] - S[n, y[n]] - 1
                if m > 0:
                    L += m / N
                    dS[n, c] += 1 / N
                    dS[n, y[n]] -= 1 / N
    return L, dS

# === svm_loss: loss-averaged-over-classes
def svm_loss(S, y):
    N, C = S.shape
    M = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    M[np.arange(N), y] = 0
    dS = (M > 0).astype(float)
    dS[np.arange(N), y] = -dS.sum(1)
    return M.mean(), dS / N

# === log_softmax: log-softmax-sign
def log_softmax(F):
    Z = F - F.max(1, keepdims=True)
    return np.log(np.exp(Z).sum(1, keepdims=True)) - Z

# === log_softmax: log-of-softmax
def log_softmax(F):
    E = np.exp(F - F.max(1, keepdims=True))
    return np.log(E / E.sum(1, keepdims=True))

# === softmax_loss: loss-not-averaged
def softmax_loss(F, y):
    N = len(F)
    Z = F - F.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1))[:, None]
    G = np.exp(lp)
    G[np.arange(N), y] -= 1
    return -lp[np.arange(N), y].sum(), G / N

# === softmax_loss: one-hot-subtracted-in-every-row
def softmax_loss(F, y):
    N = len(F)
    Z = F - F.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    G = np.exp(lp)
    G[:, y] -= 1
    return -lp[np.arange(N), y].mean(), G / N

# === bce_loss: bce-grad-sign
def bce_loss(a, y):
    p = 0.5 * (1 + np.tanh(a / 2))
    L = np.mean(np.logaddexp(0, a) - y * a)
    return L, (y - p) / len(a)

# === bce_loss: bce-log-of-naive-probability
def bce_loss(a, y):
    p = 1 / (1 + np.exp(-a))
    L = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return L, (p - y) / a.size

# === l2_penalty: l2-penalty-absolute+l2-gradient-of-absolute
def l2_penalty(W, lam):
    return lam * np.abs(W).sum(), lam * np.sign(W)

# === l2_penalty: l2-half
def l2_penalty(W, lam):
    return 0.5 * lam * np.sum(W ** 2), lam * W

# === svm_loss: hinge-grad-sign
def svm_loss(S, y):
    L, d = truth["svm_loss"](S, y)
    return L, -d

# === svm_loss: gradient-not-averaged
def svm_loss(S, y):
    N = len(S)
    M = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    L = (M.sum() - N) / N
    D = (M > 0).astype(float)
    D[np.arange(N), y] -= D.sum(1)
    return L, D

# === softmax: softmax-not-normalised
def softmax(F):
    return np.exp(F - F.max(axis=1, keepdims=True))

# === softmax: softmax-over-everything
def softmax(F):
    E = np.exp(F - F.max())
    return E / np.sum(E)

# === log_softmax: log-softmax-over-examples
def log_softmax(F):
    Z = F - F.max(0)
    return Z - np.log(np.exp(Z).sum(0))

# === bce_loss: bce-only-positive-class
def bce_loss(a, y):
    L = np.mean(y * np.logaddexp(0, -a))
    return L, (0.5 * (1 + np.tanh(a / 2)) - y) / len(a)

# === l2_penalty: l2-gradient-without-lam
def l2_penalty(W, lam):
    return lam * (W * W).sum(), 2 * W

# === perceptron_slide: bias-forgotten
def perceptron_slide(x, w, b):
    K = len(w)
    return np.array([1 if x[t:t + K] @ w > 0 else 0 for t in range(len(x) - K + 1)])

# === one_hot: one-hot-transposed
def one_hot(y, C):
    return np.array([[1.0 if yi == c else 0.0 for yi in y] for c in range(C)])

# === perceptron: sum-returned
def perceptron(x, w, b):
    return np.dot(x, w) + b

# === perceptron_slide: windows-do-not-overlap
def perceptron_slide(x, w, b):
    K = len(w)
    return np.array([int(x[t:t + K] @ w + b > 0) for t in range(0, len(x) - K + 1, K)])

# === linear_scores: bias-forgotten
def linear_scores(X, W, b):
    return X @ W.T

# === one_hot: one-hot-counts-from-one
def one_hot(y, C):
    T = np.zeros((len(y), C))
    for n in range(len(y)):
        T[n, y[n] - 1] = 1
    return T

# === predict: predict-smallest
def predict(F):
    return np.argmin(F, axis=1)

# === predict: predict-last-of-ties
def predict(F):
    return np.array([max(range(len(r)), key=lambda j: (r[j], j)) for r in F])

# === predict: predict-largest-score
def predict(F):
    return F.max(axis=1)

# === svm_loss: hinge-kink-counted
def svm_loss(S, y):
    n = len(S)
    m = S - S[np.arange(n), y][:, None] + 1
    m[np.arange(n), y] = -1
    on = (m >= 0) * 1.0
    d = on.copy()
    d[np.arange(n), y] = -on.sum(1)
    return (m * on).sum() / n, d / n

# === svm_loss: hinge-grad-no-count
def svm_loss(S, y):
    n = len(S)
    m = np.maximum(0, S - S[np.arange(n), y][:, None] + 1)
    m[np.arange(n), y] = 0
    d = (m > 0) * 1.0
    d[np.arange(n), y] = -1.0
    return m.sum() / n, d / n

# === svm_loss: hinge-grad-is-the-margin
def svm_loss(S, y):
    n = len(S)
    m = np.maximum(0, S - S[np.arange(n), y][:, None] + 1)
    m[np.arange(n), y] = 0
    d = m.copy()
    d[np.arange(n), y] = -m.sum(1)
    return m.sum() / n, d / n

# === svm_loss: hinge-worst-class-only
def svm_loss(S, y):
    n = len(S)
    r = np.arange(n)
    m = S - S[r, y][:, None] + 1
    m[r, y] = 0
    j = m.argmax(1)
    d = np.zeros(S.shape)
    hit = m[r, j] > 0
    d[r, j] += hit
    d[r, y] -= hit
    return np.maximum(0, m.max(1)).mean(), d / n

# === softmax: softmax-overflow
def softmax(F):
    E = np.exp(F)
    return E / E.sum(1, keepdims=True)

# === log_softmax: log-softmax-maximum-subtracted-once-more
def log_softmax(F):
    m = F.max(1, keepdims=True)
    Z = F - m
    with np.errstate(all="ignore"):
        return Z - np.log(np.exp(F).sum(1, keepdims=True))

# === log_softmax: log-softmax-padded
def log_softmax(F):
    E = np.exp(F - F.max(1, keepdims=True))
    return np.log(E / E.sum(1, keepdims=True) + 1e-12)

# === softmax_loss: softmax-loss-grad-sign
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    T = np.eye(F.shape[1])[y]
    return -lp[np.arange(n), y].mean(), (T - np.exp(lp)) / n

# === softmax_loss: loss-averaged-over-classes
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    T = np.eye(F.shape[1])[y]
    return -(T * lp).mean(), (np.exp(lp) - T) / n

# === softmax_loss: loss-sign-swapped
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    T = np.eye(F.shape[1])[y]
    return (T * lp).sum() / n, (np.exp(lp) - T) / n

# === softmax_loss: one-hot-not-subtracted
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(1, keepdims=True))
    return -lp[np.arange(n), y].mean(), np.exp(lp) / n

# === softmax_loss: loss-is-one-minus-p
def softmax_loss(F, y):
    n = len(F)
    Z = F - F.max(1, keepdims=True)
    P = np.exp(Z) / np.exp(Z).sum(1, keepdims=True)
    T = np.eye(F.shape[1])[y]
    return (1 - P[np.arange(n), y]).mean(), (P - T) / n

# === bce_loss: gradient-not-averaged
def bce_loss(a, y):
    L = np.mean(np.maximum(a, 0) - a * y + np.log1p(np.exp(-np.abs(a))))
    return L, 0.5 * (1 + np.tanh(a / 2)) - y

# === bce_loss: bce-absolute-value-forgotten
def bce_loss(a, y):
    with np.errstate(all="ignore"):
        L = np.mean(np.maximum(a, 0) - a * y + np.log1p(np.exp(-a)))
    return L, (0.5 * (1 + np.tanh(a / 2)) - y) / len(a)

# === bce_loss: bce-loss-labels-exchanged
def bce_loss(a, y):
    L = np.mean(np.maximum(a, 0) - a * (1 - y) + np.log1p(np.exp(-np.abs(a))))
    return L, (0.5 * (1 + np.tanh(a / 2)) - y) / len(a)

# === l2_penalty: l2-norm-not-squared
def l2_penalty(W, lam):
    return lam * np.sqrt((W ** 2).sum()), 2 * lam * W

# === l2_penalty: l2-penalty-lam-squared
def l2_penalty(W, lam):
    return ((lam * W) ** 2).sum(), 2 * lam * W

# === perceptron: bias-for-every-input
def perceptron(x, w, b):
    total = 0
    for i in range(len(x)):
        total += w[i] * x[i] + b
    return int(total > 0)

# === perceptron_slide: sums-returned
def perceptron_slide(x, w, b):
    K = len(w)
    out = np.zeros(len(x) - K + 1)
    for t in range(len(out)):
        out[t] = np.sum(x[t:t+K] * w) + b
    return out

# === linear_scores: scores-cut-off-at-zero
def linear_scores(X, W, b):
    return np.maximum(0, X @ W.T + b)

# === predict: predict-best-starts-at-zero
def predict(F):
    y = []
    for row in F:
        best, cls = 0, 0
        for c, s in enumerate(row):
            if s > best:
                best, cls = s, c
        y.append(cls)
    return np.array(y)

# === one_hot: one-hot-of-labels-that-occur
def one_hot(y, C):
    classes = np.unique(y)
    return (y[:, None] == classes[None, :]).astype(float)

# === l2_penalty: l2-gradient-summed
def l2_penalty(W, lam):
    R = lam * np.sum(W ** 2)
    dW = 2 * lam * np.sum(W)
    return R, dW

# === softmax: softmax-clipped
def softmax(F):
    E = np.exp(np.clip(F, -500, 500))
    return E / E.sum(axis=1, keepdims=True)

# === log_softmax: log-softmax-sum-of-logarithms
def log_softmax(F):
    Z = F - F.max(axis=1, keepdims=True)
    return Z - np.sum(np.log(np.exp(Z)), axis=1, keepdims=True)

# === log_softmax: log-softmax-base-ten
def log_softmax(F):
    Z = F - F.max(axis=1, keepdims=True)
    return Z - np.log10(np.exp(Z).sum(axis=1, keepdims=True))

# === softmax_loss: loss-of-padded-probability-1e-9
def log_softmax(F):
    Z = F - F.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))

def softmax_loss(F, y):
    N = len(F)
    P = np.exp(log_softmax(F))
    L = -np.mean(np.log(P[np.arange(N), y] + 1e-9))
    T = np.zeros(F.shape)
    T[np.arange(N), y] = 1
    return L, (P - T) / N

# === softmax_loss: gradient-at-the-probabilities
def log_softmax(F):
    Z = F - F.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))

def softmax_loss(F, y):
    N = len(F)
    logP = log_softmax(F)
    P = np.exp(logP)
    L = -logP[np.arange(N), y].mean()
    dP = np.zeros(F.shape)
    dP[np.arange(N), y] = -1 / P[np.arange(N), y]
    return L, dP / N

# === bce_loss: bce-maximum-forgotten
def bce_loss(a, y):
    L = np.mean(np.log1p(np.exp(-np.abs(a))) - a * y)
    p = np.exp(-np.logaddexp(0, -a))
    return L, (p - y) / len(a)

# === perceptron_slide: first-window-missing
def perceptron_slide(x, w, b):
    K = len(w)
    return np.array([int(np.dot(x[t:t + K], w) + b > 0) for t in range(1, len(x) - K + 1)])

# === linear_scores: last-feature-missing
def linear_scores(X, W, b):
    N, D = X.shape
    C = W.shape[0]
    S = np.zeros((N, C))
    for n in range(N):
        for c in range(C):
            for d in range(D - 1):
                S[n, c] += X[n, d] * W[c, d]
            S[n, c] += b[c]
    return S

# === linear_scores: last-feature-only
def linear_scores(X, W, b):
    N, D = X.shape
    C = W.shape[0]
    S = np.zeros((N, C))
    for n in range(N):
        for c in range(C):
            for d in range(D):
                S[n, c] = X[n, d] * W[c, d]
            S[n, c] += b[c]
    return S

# === svm_loss: hinge-scores-exchanged
def svm_loss(S, y):
    N = len(y)
    r = np.arange(N)
    M = np.maximum(0, S[r, y][:, None] - S + 1)
    M[r, y] = 0
    H = (M > 0).astype(float)
    dS = -H
    dS[r, y] = H.sum(1)
    return M.sum() / N, dS / N

# === svm_loss: gradient-divided-by-classes
def svm_loss(S, y):
    N, C = S.shape
    r = np.arange(N)
    M = np.maximum(0, S - S[r, y][:, None] + 1)
    M[r, y] = 0
    dS = (M > 0).astype(float)
    dS[r, y] = -dS.sum(1)
    return M.sum() / N, dS / C

# === l2_penalty: l2-gradient-averaged
def l2_penalty(W, lam):
    return lam * (W ** 2).sum(), 2 * lam * W / W.size

# === l2_penalty: l2-square-of-the-sum
def l2_penalty(W, lam):
    return lam * np.sum(W) ** 2, 2 * lam * W

# === softmax: softmax-sum-without-keepdims
def softmax(F):
    E = np.exp(F - F.max(axis=1, keepdims=True))
    return E / E.sum(axis=1)

# === softmax: softmax-maximum-added
def softmax(F):
    E = np.exp(F + F.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)

# === softmax_loss: gradient-divided-by-classes
def softmax_loss(F, y):
    Z = F - F.max(axis=1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    T = np.eye(F.shape[1])[y]
    return -(T * lp).sum() / len(F), (np.exp(lp) - T) / F.shape[1]

# === softmax_loss: gradient-from-logarithms
def softmax_loss(F, y):
    Z = F - F.max(axis=1, keepdims=True)
    lp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    T = np.eye(F.shape[1])[y]
    return -(T * lp).sum() / len(F), (lp - T) / len(F)

# === bce_loss: bce-clipped-probability-1e-15
def bce_loss(a, y):
    p = 1 / (1 + np.exp(-np.clip(a, -700, 700)))
    p2 = np.clip(p, 1e-15, 1 - 1e-15)
    return -np.mean(y * np.log(p2) + (1 - y) * np.log(1 - p2)), (p - y) / len(a)

# === bce_loss: bce-exponent-plus
def bce_loss(a, y):
    L = np.mean(np.maximum(a, 0) - a * y + np.log(1 + np.exp(np.abs(a))))
    p = 0.5 * (1 + np.tanh(a / 2))
    return L, (p - y) / len(a)
