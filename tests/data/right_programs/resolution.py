# === pool-windows-view
from numpy.lib.stride_tricks import sliding_window_view

def maxpool_forward(X, k, s):
    V = sliding_window_view(X, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    flat = V.reshape(*V.shape[:4], k * k)
    idx = flat.argmax(-1)
    u, v = np.unravel_index(idx, (k, k))
    rows = u + s * np.arange(idx.shape[2])[:, None]
    cols = v + s * np.arange(idx.shape[3])[None, :]
    return flat.max(-1), np.stack((rows, cols), axis=-1)

def maxpool_backward(dY, argmax, shape):
    dX = np.zeros(shape)
    n, c = np.indices(dY.shape)[:2]
    np.add.at(dX, (n, c, argmax[..., 0], argmax[..., 1]), dY)
    return dX

def max_unpool(Z, argmax, shape):
    out = np.zeros(shape)
    n, c = np.ogrid[:shape[0], :shape[1]]
    out[n[..., None, None], c[..., None, None], argmax[..., 0], argmax[..., 1]] = Z
    return out

# === pool-pure-loops
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    Ho = 1 + int((H - k) / s)
    Wo = 1 + int((W - k) / s)
    Y = np.zeros((N, C, Ho, Wo))
    where = np.zeros((N, C, Ho, Wo, 2), dtype=np.int32)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    best = -np.inf
                    for r in range(i * s, i * s + k):
                        for q in range(j * s, j * s + k):
                            if X[n, c, r, q] > best:
                                best = X[n, c, r, q]
                                where[n, c, i, j] = [r, q]
                    Y[n, c, i, j] = best
    return Y, where

def maxpool_backward(dY, argmax, shape):
    N, C, H, W = shape
    dX = [[[[0.0] * W for _ in range(H)] for _ in range(C)] for _ in range(N)]
    for n in range(N):
        for c in range(C):
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    r, q = argmax[n][c][i][j]
                    dX[n][c][r][q] += dY[n][c][i][j]
    return dX

def max_unpool(Z, argmax, shape):
    X = np.zeros(shape)
    for index, value in np.ndenumerate(Z):
        r, q = argmax[index]
        X[index[0], index[1], r, q] = value
    return X

def avgpool_forward(X, k, s):
    N, C, H, W = X.shape
    Ho, Wo = (H - k) // s + 1, (W - k) // s + 1
    Y = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    total = 0.0
                    for u in range(k):
                        for v in range(k):
                            total += X[n, c, i * s + u, j * s + v]
                    Y[n, c, i, j] = total / k ** 2
    cache = (H, W, k, s)
    return Y, cache

def avgpool_backward(dY, cache):
    H, W, k, s = cache
    N, C, Ho, Wo = dY.shape
    dX = np.zeros((N, C, H, W))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    for u in range(k):
                        for v in range(k):
                            dX[n, c, i * s + u, j * s + v] += dY[n, c, i, j] / k ** 2
    return dX

# === pool-bincount-flat
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    rows = np.arange(0, H - k + 1, s)
    cols = np.arange(0, W - k + 1, s)
    Y = np.full((N, C, len(rows), len(cols)), -np.inf)
    R = np.zeros(Y.shape, int)
    Q = np.zeros(Y.shape, int)
    for u in range(k):
        for v in range(k):
            cand = X[:, :, rows[:, None] + u, cols[None, :] + v]
            better = cand > Y
            Y = np.where(better, cand, Y)
            R = np.where(better, rows[:, None] + u, R)
            Q = np.where(better, cols[None, :] + v, Q)
    return Y, np.concatenate((R[..., None], Q[..., None]), axis=4)

def maxpool_backward(dY, argmax, shape):
    N, C, H, W = shape
    maps = np.arange(N * C).reshape(N, C, 1, 1)
    flat = maps * (H * W) + argmax[..., 0] * W + argmax[..., 1]
    return np.bincount(flat.ravel(), weights=dY.ravel(), minlength=N * C * H * W).reshape(shape)

def max_unpool(Z, argmax, shape):
    N, C, H, W = shape
    flat = np.zeros(N * C * H * W)
    maps = np.arange(N * C).reshape(N, C, 1, 1)
    flat[(maps * (H * W) + argmax[..., 0] * W + argmax[..., 1]).ravel()] = Z.ravel()
    return flat.reshape(shape)

# === avgpool-cumsum
def avgpool_forward(X, k, s):
    # integral image
    I = np.zeros(X.shape[:2] + (X.shape[2] + 1, X.shape[3] + 1))
    I[:, :, 1:, 1:] = X.cumsum(2).cumsum(3)
    box = I[:, :, k:, k:] - I[:, :, :-k, k:] - I[:, :, k:, :-k] + I[:, :, :-k, :-k]
    return (box / (k * k))[:, :, ::s, ::s], {"shape": X.shape, "k": k, "s": s}

def avgpool_backward(dY, cache):
    k, s = cache["k"], cache["s"]
    dX = np.zeros(cache["shape"])
    share = dY / k / k
    for u in range(k):
        for v in range(k):
            h, w = dY.shape[2:]
            dX[:, :, u:u + (h - 1) * s + 1:s, v:v + (w - 1) * s + 1:s] += share
    return dX

# === avgpool-matrix-products
def _averager(n, k, s):
    m = (n - k) // s + 1
    A = np.zeros((m, n))
    for i in range(m):
        A[i, i * s:i * s + k] = 1 / k
    return A

def avgpool_forward(X, k, s):
    A, B = _averager(X.shape[2], k, s), _averager(X.shape[3], k, s)
    return A @ X @ B.T, (A, B)

def avgpool_backward(dY, cache):
    A, B = cache
    return np.matmul(np.matmul(A.T, dY), B)

# === kron-stamps
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    big = np.zeros((N, F, (H - 1) * s + k + output_padding, (Wd - 1) * s + k + output_padding))
    for u in range(k):
        for v in range(k):
            big[:, :, u:u + (H - 1) * s + 1:s, v:v + (Wd - 1) * s + 1:s] += np.einsum("ncij,cf->nfij", X, W[:, :, u, v])
    end_h, end_w = big.shape[2] - p, big.shape[3] - p
    return big[:, :, p:end_h, p:end_w] + b[:, None, None]

def conv_transpose_via_conv(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    k = W.shape[-1]
    Z = np.zeros((N, C, (H - 1) * s + 1, (Wd - 1) * s + 1))
    Z[:, :, ::s, ::s] = X
    q = k - 1 - p
    lo, hi = max(q, 0), max(q + output_padding, 0)
    Z = np.pad(Z, ((0, 0), (0, 0), (lo, hi), (lo, hi)))
    if q < 0:
        Z = Z[:, :, -q:, -q:]
        cut = -(q + output_padding)
        if cut > 0:
            Z = Z[:, :, :-cut, :-cut]
    K = np.flip(W, (2, 3)).transpose(1, 0, 2, 3)
    ho, wo = Z.shape[2] - k + 1, Z.shape[3] - k + 1
    Y = np.zeros((N, W.shape[1], ho, wo))
    for i in range(ho):
        for j in range(wo):
            Y[:, :, i, j] = np.tensordot(Z[:, :, i:i + k, j:j + k], K, axes=([1, 2, 3], [1, 2, 3])) + b
    return Y

# === gather-transpose-with-cache
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    _, F, k, _ = W.shape
    Ho = (H - 1) * s + k - 2 * p + output_padding
    Wo = (Wd - 1) * s + k - 2 * p + output_padding
    Y = np.tile(b.reshape(1, F, 1, 1), (N, 1, Ho, Wo))
    for r in range(Ho):
        for q in range(Wo):
            for i in range(H):
                for j in range(Wd):
                    u, v = r + p - i * s, q + p - j * s
                    if 0 <= u < k and 0 <= v < k:
                        Y[:, :, r, q] += X[:, :, i, j] @ W[:, :, u, v]
    return Y, {"X": X, "W": W, "s": s, "p": p}

def conv_transpose_backward(dY, cache):
    X, W, s, p = cache["X"], cache["W"], cache["s"], cache["p"]
    k = W.shape[2]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i in range(X.shape[2]):
        for j in range(X.shape[3]):
            for u in range(k):
                for v in range(k):
                    r, q = i * s + u - p, j * s + v - p
                    if 0 <= r < dY.shape[2] and 0 <= q < dY.shape[3]:
                        dX[:, :, i, j] += dY[:, :, r, q] @ W[:, :, u, v].T
                        dW[:, :, u, v] += X[:, :, i, j].T @ dY[:, :, r, q]
    return dX, dW, dY.sum((0, 2, 3))

# === transpose-as-conv-layer
def _corr(A, K, s):
    k = K.shape[-1]
    V = np.lib.stride_tricks.sliding_window_view(A, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    return np.einsum("nchwuv,fcuv->nfhw", V, K)

def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    k = W.shape[2]
    e = k - 1
    Z = np.zeros((N, C, (H - 1) * s + 1 + 2 * e + output_padding, (Wd - 1) * s + 1 + 2 * e + output_padding))
    Z[:, :, e:e + (H - 1) * s + 1:s, e:e + (Wd - 1) * s + 1:s] = X
    Y = _corr(Z, W.swapaxes(0, 1)[:, :, ::-1, ::-1], 1)
    h, w = Y.shape[2:]
    Y = Y[:, :, p:h - p, p:w - p] + b.reshape(1, -1, 1, 1)
    return Y, (X, W, s, p, output_padding)

def conv_transpose_backward(dY, cache):
    X, W, s, p, op = cache
    G = np.pad(dY, ((0, 0), (0, 0), (p, p), (p, p)))
    H, Wd = X.shape[2:]
    k = W.shape[2]
    dX = _corr(G, W, s)[:, :, :H, :Wd]
    dW = np.stack([np.stack([np.einsum("ncij,nfij->cf", X, G[:, :, u:u + (H - 1) * s + 1:s, v:v + (Wd - 1) * s + 1:s])
                             for v in range(k)], -1) for u in range(k)], -2)
    return dX, dW, np.add.reduce(dY, (0, 2, 3))

# === dilated-take-and-flip
def dilated_conv(X, W, b, s, p, d, flip=False):
    K = np.rot90(W, 2, axes=(2, 3)) if flip else W
    k = K.shape[2]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Ho = (Xp.shape[2] - d * (k - 1) - 1) // s + 1
    Wo = (Xp.shape[3] - d * (k - 1) - 1) // s + 1
    rows = np.arange(Ho)[:, None] * s + np.arange(k) * d
    cols = np.arange(Wo)[:, None] * s + np.arange(k) * d
    patches = Xp[:, :, rows][:, :, :, :, cols]           # N C Ho k Wo k
    return np.einsum("nciujv,fcuv->nfij", patches, K) + b[:, None, None]

def receptive_field(layers):
    return 1 + sum((k - 1) * d * int(np.prod([t for _, t, _ in layers[:i]])) for i, (k, _, d) in enumerate(layers))

def causal_conv1d(x, w, d):
    K = len(w)
    xp = np.concatenate([np.zeros((K - 1) * d), x])
    return sum(w[j] * xp[j * d:j * d + len(x)] for j in range(K))

# === dilated-sparse-kernel-loops
def dilated_conv(X, W, b, s, p, d, flip=False):
    N, C, H, Wd = X.shape
    F, _, k, _ = W.shape
    span = d * k - d + 1
    out = np.zeros((N, F, (H + 2 * p - span) // s + 1, (Wd + 2 * p - span) // s + 1))
    for n, f, i, j in np.ndindex(*out.shape):
        acc = b[f]
        for c in range(C):
            for u in range(k):
                for v in range(k):
                    r = i * s + u * d - p
                    q = j * s + v * d - p
                    if r in range(H) and q in range(Wd):
                        acc += X[n, c, r, q] * (W[f, c, k - 1 - u, k - 1 - v] if flip else W[f, c, u, v])
        out[n, f, i, j] = acc
    return out

def receptive_field(layers):
    # from the last layer back
    size = 1
    for k, s, d in reversed(layers):
        size = (size - 1) * s + d * (k - 1) + 1
    return size

def causal_conv1d(x, w, d):
    y = []
    for t in range(len(x)):
        taps = [t - d * i for i in range(len(w))]
        y.append(sum(wi * x[i] for wi, i in zip(reversed(w), taps) if i >= 0))
    return y

# === causal-np-convolve-recursive-field
def causal_conv1d(x, w, d):
    K = len(w)
    wide = np.zeros((K - 1) * d + 1)
    wide[::d] = w[::-1]
    return np.convolve(x, wide)[:len(x)]

def receptive_field(layers):
    if len(layers) == 0:
        return 1
    k, s, d = layers[0]
    return (receptive_field(layers[1:]) - 1) * s + (k - 1) * d + 1

# === field-by-sets-and-lag-matrix
def receptive_field(layers):
    seen = {0}
    for k, s, d in reversed(list(layers)):
        seen = {i * s + u * d for i in seen for u in range(k)}
    return max(seen) - min(seen) + 1

def causal_conv1d(x, w, d):
    T, K = len(x), len(w)
    lags = np.zeros((T, K))
    for j in range(K):
        shift = (K - 1 - j) * d
        if shift < T:
            lags[shift:, j] = x[:T - shift]
    return lags @ w

def avgpool_forward(X, k, s):
    V = np.lib.stride_tricks.sliding_window_view(X, (k, k), axis=(-2, -1))[..., ::s, ::s, :, :]
    cache = X.shape, k, s
    return V.mean(axis=(-1, -2)), cache

def avgpool_backward(dY, cache):
    shape, k, s = cache
    dX = np.zeros(shape)
    for (n, c, i, j), g in np.ndenumerate(dY):
        dX[n, c, i * s:i * s + k, j * s:j * s + k] += np.full((k, k), g / k**2)
    return dX

# === spread-by-kron-and-matrix-of-taps
def conv_transpose_via_conv(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[-1]
    one = np.zeros((s, s))
    one[0, 0] = 1.0
    Z = np.kron(X, one)[:, :, :(H - 1) * s + 1, :(Wd - 1) * s + 1]
    Z = np.pad(Z, ((0, 0), (0, 0), (k - 1, k - 1 + output_padding), (k - 1, k - 1 + output_padding)))
    Z = Z[:, :, p:, p:][:, :, :Z.shape[2] - 2 * p, :Z.shape[3] - 2 * p]
    ho, wo = Z.shape[2] - k + 1, Z.shape[3] - k + 1
    Y = np.zeros((N, F, ho, wo)) + b.reshape(1, F, 1, 1)
    for u in range(k):
        for v in range(k):
            tap = W[:, :, k - 1 - u, k - 1 - v]
            Y += np.moveaxis(np.tensordot(Z[:, :, u:u + ho, v:v + wo], tap, axes=(1, 0)), -1, 1)
    return Y
