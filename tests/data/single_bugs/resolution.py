# === maxpool_forward: zero-start-right-positions
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    Y = np.zeros((N, C, h, w))
    pos = np.zeros((N, C, h, w, 2), int)
    for n, c, i, j in np.ndindex(N, C, h, w):
        win = X[n, c, i * s:i * s + k, j * s:j * s + k]
        r, q = np.unravel_index(win.argmax(), win.shape)
        pos[n, c, i, j] = i * s + r, j * s + q
        Y[n, c, i, j] = max(0, win[r, q])
    return Y, pos

# === maxpool_forward: argmax-without-stride
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    Y, pos = np.zeros((N, C, h, w)), np.zeros((N, C, h, w, 2), dtype=int)
    for i in range(h):
        for j in range(w):
            win = X[:, :, i * s:i * s + k, j * s:j * s + k].reshape(N, C, -1)
            Y[:, :, i, j] = win.max(-1)
            at = win.argmax(-1)
            pos[:, :, i, j, 0] = i + at // k
            pos[:, :, i, j, 1] = j + at % k
    return Y, pos

# === maxpool_forward: ties-last-wins
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    Y = np.full((N, C, h, w), -np.inf)
    pos = np.zeros((N, C, h, w, 2), dtype=int)
    for n, c, i, j in np.ndindex(N, C, h, w):
        for r in range(i * s, i * s + k):
            for q in range(j * s, j * s + k):
                if X[n, c, r, q] >= Y[n, c, i, j]:
                    Y[n, c, i, j] = X[n, c, r, q]
                    pos[n, c, i, j] = r, q
    return Y, pos

# === maxpool_backward: row-and-column-exchanged
def maxpool_backward(dY, argmax, shape):
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dY.shape):
        r, q = argmax[n, c, i, j]
        if q < shape[2] and r < shape[3]:
            dX[n, c, q, r] += dY[n, c, i, j]
    return dX

# === maxpool_backward: overlap-overwrites
def maxpool_backward(dY, argmax, shape):
    dX = np.zeros(shape)
    n, c = np.indices(dY.shape)[:2]
    dX[n, c, argmax[..., 0], argmax[..., 1]] += dY
    return dX

# === avgpool_forward: stride-k-everywhere
def avgpool_forward(X, k, s):
    h, w = (X.shape[2] - k) // s + 1, (X.shape[3] - k) // s + 1
    out = np.zeros(X.shape[:2] + ((X.shape[2] - k) // k + 1, (X.shape[3] - k) // k + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = X[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k].mean((2, 3))
    return out, (X.shape, k, s)

# === avgpool_backward: avg-overwrite
def avgpool_forward(X, k, s):
    return truth["avgpool_forward"](X, k, s)[0], (X.shape, k, s)

def avgpool_backward(dY, cache):
    shape, k, s = cache
    dX = np.zeros(shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            dX[:, :, i * s:i * s + k, j * s:j * s + k] = dY[:, :, i, j][:, :, None, None] / (k * k)
    return dX

# === max_unpool: unpool-top-left
def max_unpool(Z, argmax, shape):
    X = np.zeros(shape)
    k = shape[2] // Z.shape[2]
    for i in range(Z.shape[2]):
        for j in range(Z.shape[3]):
            X[:, :, i * k, j * k] = Z[:, :, i, j]
    return X

# === conv_transpose: crop-top-left-only
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    ho = (H - 1) * s - 2 * p + k + output_padding
    wo = (Wd - 1) * s - 2 * p + k + output_padding
    big = np.zeros((N, F, ho + 2 * p, wo + 2 * p))
    for i in range(H):
        for j in range(Wd):
            big[:, :, i * s:i * s + k, j * s:j * s + k] += np.einsum("nc,cfuv->nfuv", X[:, :, i, j], W)
    return big[:, :, p:, p:] + b[None, :, None, None]

# === conv_transpose: bias-forgotten
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    full = np.zeros((N, F, (H - 1) * s + k + output_padding, (Wd - 1) * s + k + output_padding))
    for u in range(k):
        for v in range(k):
            full[:, :, u:u + s * H:s, v:v + s * Wd:s][:, :, :H, :Wd] += np.einsum("ncij,cf->nfij", X, W[:, :, u, v])
    return full[:, :, p:full.shape[2] - p, p:full.shape[3] - p]

# === conv_transpose_via_conv: kernel-flipped
def conv_transpose_via_conv(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    Z = np.zeros((N, C, (H - 1) * s + 1 + 2 * (k - 1) + output_padding, (Wd - 1) * s + 1 + 2 * (k - 1) + output_padding))
    Z[:, :, k - 1:k - 1 + (H - 1) * s + 1:s, k - 1:k - 1 + (Wd - 1) * s + 1:s] = X
    win = np.lib.stride_tricks.sliding_window_view(Z, (k, k), axis=(2, 3))
    Y = np.einsum("ncijuv,cfuv->nfij", win, W)
    return Y[:, :, p:Y.shape[2] - p, p:Y.shape[3] - p] + b[:, None, None]

# === dilated_conv: flip-ignored
def dilated_conv(X, W, b, s, p, d, flip=False):
    k = W.shape[-1]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    win = np.lib.stride_tricks.sliding_window_view(Xp, (e, e), axis=(2, 3))[:, :, ::s, ::s, ::d, ::d]
    return np.tensordot(win, W, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + b.reshape(-1, 1, 1)

# === causal_conv1d: dilation-ignored
def causal_conv1d(x, w, d):
    K = len(w)
    y = np.zeros(len(x))
    for t in range(len(x)):
        for i in range(K):
            past = t - (K - 1 - i)
            if past >= 0:
                y[t] += w[i] * x[past]
    return y

# === causal_conv1d: centred-window-later
def causal_conv1d(x, w, d):
    K = len(w)
    half = d * (K - 1) // 2
    z = np.pad(x, (half, d * (K - 1) - half))
    return sum(w[i] * z[i * d:i * d + len(x)] for i in range(K))

# === receptive_field: field-own-stride-counted
def receptive_field(layers):
    r, jump = 1, 1
    for k, s, d in layers:
        jump *= s
        r += (k - 1) * d * jump
    return r

# === receptive_field: field-effective-kernel-dk
def receptive_field(layers):
    r, j = 1, 1
    for k, s, d in layers:
        r = r + (k * d - 1) * j
        j = j * s
    return r

# === maxpool_forward: argmax-inside-window
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    win = np.lib.stride_tricks.sliding_window_view(X, (k, k), (2, 3))[:, :, ::s, ::s]
    flat = win.reshape(N, C, h, w, k * k)
    a = flat.argmax(-1)
    return flat.max(-1), np.stack([a // k, a % k], -1)

# === maxpool_forward: argmax-column-first
def maxpool_forward(X, k, s):
    Y, pos = truth["maxpool_forward"](X, k, s)
    return Y, pos[..., ::-1]

# === maxpool_forward: width-from-height
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    o = (H - k) // s + 1
    Y, pos = np.zeros((N, C, o, o)), np.zeros((N, C, o, o, 2), int)
    for n, c, i, j in np.ndindex(N, C, o, o):
        win = X[n, c, i * s:i * s + k, j * s:j * s + k]
        a = win.argmax()
        Y[n, c, i, j] = win.max()
        pos[n, c, i, j] = i * s + a // win.shape[1], j * s + a % win.shape[1]
    return Y, pos

# === maxpool_forward: argmax-exchanged-inside-window
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    Y, pos = np.zeros((N, C, h, w)), np.zeros((N, C, h, w, 2), int)
    for n, c, i, j in np.ndindex(N, C, h, w):
        win = X[n, c, i * s:i * s + k, j * s:j * s + k]
        a = win.argmax()
        Y[n, c, i, j] = win.max()
        pos[n, c, i, j] = i * s + a % k, j * s + a // k
    return Y, pos

# === maxpool_backward: gradient-at-window-corner
def maxpool_backward(dY, argmax, shape):
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dY.shape):
        dX[n, c, i, j] += dY[n, c, i, j]
    return dX

# === maxpool_backward: positions-of-first-channel
def maxpool_backward(dY, argmax, shape):
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dY.shape):
        r, q = argmax[n, 0, i, j]
        dX[n, c, r, q] += dY[n, c, i, j]
    return dX

# === avgpool_forward: avg-divides-by-k
def avgpool_forward(X, k, s):
    h, w = (X.shape[2] - k) // s + 1, (X.shape[3] - k) // s + 1
    Y = np.zeros(X.shape[:2] + (h, w))
    for u in range(k):
        for v in range(k):
            Y += X[:, :, u:u + s * h:s, v:v + s * w:s][:, :, :h, :w]
    return Y / k, (X.shape, k, s)

# === avgpool_backward: avg-backward-divides-by-positions
def avgpool_forward(X, k, s):
    return truth["avgpool_forward"](X, k, s)[0], (X.shape, k, s)

def avgpool_backward(dY, cache):
    shape, k, s = cache
    dX = np.zeros(shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            dX[:, :, i * s:i * s + k, j * s:j * s + k] += dY[:, :, i:i + 1, j:j + 1]
    return dX / (dY.shape[2] * dY.shape[3])

# === max_unpool: row-and-column-exchanged
def max_unpool(Z, argmax, shape):
    X = np.zeros(shape)
    for n, c, i, j in np.ndindex(*Z.shape):
        q, r = argmax[n, c, i, j]
        X[n, c, r, q] = Z[n, c, i, j]
    return X

# === max_unpool: only-first-example
def max_unpool(Z, argmax, shape):
    X = np.zeros(shape)
    n = 0
    for c in range(Z.shape[1]):
        for i in range(Z.shape[2]):
            for j in range(Z.shape[3]):
                X[n, c, argmax[n, c, i, j, 0], argmax[n, c, i, j, 1]] = Z[n, c, i, j]
    return X

# === conv_transpose: overlap-overwrites
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    full = np.zeros((N, F, (H - 1) * s + k + output_padding, (Wd - 1) * s + k + output_padding))
    for i in range(H):
        for j in range(Wd):
            full[:, :, i * s:i * s + k, j * s:j * s + k] = np.einsum("nc,cfuv->nfuv", X[:, :, i, j], W)
    return full[:, :, p:full.shape[2] - p, p:full.shape[3] - p] + b[:, None, None]

# === conv_transpose: output-padding-ignored
def conv_transpose(X, W, b, s, p, output_padding=0):
    return truth["conv_transpose"](X, W, b, s, p)

# === conv_transpose: kernel-transposed
def conv_transpose(X, W, b, s, p, output_padding=0):
    return truth["conv_transpose"](X, W.transpose(0, 1, 3, 2), b, s, p, output_padding)

# === conv_transpose: bias-per-stamp
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    full = np.zeros((N, F, (H - 1) * s + k + output_padding, (Wd - 1) * s + k + output_padding))
    for i in range(H):
        for j in range(Wd):
            full[:, :, i * s:i * s + k, j * s:j * s + k] += np.einsum("nc,cfuv->nfuv", X[:, :, i, j], W) + b[:, None, None]
    return full[:, :, p:full.shape[2] - p, p:full.shape[3] - p]

# === conv_transpose_backward: dW-flipped
def conv_transpose_backward(dY, cache):
    dX, dW, db = truth["conv_transpose_backward"](dY, cache)
    return dX, dW[..., ::-1, ::-1], db

# === dilated_conv: dilation-used-as-stride
def dilated_conv(X, W, b, s, p, d, flip=False):
    if flip:
        W = W[..., ::-1, ::-1]
    k = W.shape[-1]
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    win = np.lib.stride_tricks.sliding_window_view(Xp, (k, k), axis=(2, 3))[:, :, ::d, ::d]
    return np.einsum("ncijuv,fcuv->nfij", win, W) + b[:, None, None]

# === dilated_conv: flip-left-right-only
def dilated_conv(X, W, b, s, p, d, flip=False):
    return truth["dilated_conv"](X, W[..., ::-1] if flip else W, b, s, p, d)

# === causal_conv1d: valid-only
def causal_conv1d(x, w, d):
    K = len(w)
    n = len(x) - d * (K - 1)
    return np.array([sum(w[i] * x[t + i * d] for i in range(K)) for t in range(max(n, 0))])

# === causal_conv1d: reversed-taps
def causal_conv1d(x, w, d):
    y = np.zeros(len(x))
    for t in range(len(x)):
        for i, a in enumerate(w):
            if t - i * d >= 0:
                y[t] += a * x[t - i * d]
    return y

# === causal_conv1d: negative-index-wraps
def causal_conv1d(x, w, d):
    K = len(w)
    return np.array([sum(w[i] * x[t - (K - 1 - i) * d] for i in range(K)) for t in range(len(x))])

# === receptive_field: field-strides-ignored
def receptive_field(layers):
    return 1 + sum((k - 1) * d for k, s, d in layers)

# === maxpool_forward: zero-start
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    h, w = (H - k) // s + 1, (W - k) // s + 1
    Y, pos = np.zeros((N, C, h, w)), np.zeros((N, C, h, w, 2), int)
    for n, c, i, j in np.ndindex(N, C, h, w):
        best = 0
        for u in range(k):
            for v in range(k):
                if X[n, c, i * s + u, j * s + v] > best:
                    best = X[n, c, i * s + u, j * s + v]
                    pos[n, c, i, j] = i * s + u, j * s + v
        Y[n, c, i, j] = best
    return Y, pos

# === avgpool_forward: mean-over-channels
def avgpool_forward(X, k, s):
    Y, c = truth["avgpool_forward"](X, k, s)
    return np.repeat(Y.mean(1, keepdims=True), X.shape[1], 1), c

# === conv_transpose: crop-minus-p-zero
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    F, k = W.shape[1], W.shape[2]
    full = np.zeros((N, F, (H - 1) * s + k + output_padding, (Wd - 1) * s + k + output_padding))
    for i in range(H):
        for j in range(Wd):
            full[:, :, i * s:i * s + k, j * s:j * s + k] += np.einsum("nc,cfuv->nfuv", X[:, :, i, j], W)
    return full[:, :, p:-p, p:-p] + b[:, None, None]

# === dilated_conv: dilation-ignored
def dilated_conv(X, W, b, s, p, d, flip=False):
    if flip:
        W = W[:, :, ::-1, ::-1]
    k = W.shape[-1]
    e = d * (k - 1) + 1
    Ho, Wo = (X.shape[2] + 2 * p - e) // s + 1, (X.shape[3] + 2 * p - e) // s + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), len(W), Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            Y[:, :, i, j] = np.tensordot(Xp[:, :, i * s:i * s + k, j * s:j * s + k], W, axes=([1, 2, 3], [1, 2, 3])) + b
    return Y

# === receptive_field: field-one-forgotten
def receptive_field(layers):
    r, j = 0, 1
    for k, s, d in layers:
        r += (k - 1) * d * j
        j *= s
    return r

# === maxpool_forward: maximum-starts-at-zero-in-place
def maxpool_forward(X, k, s):
    N, C, H, W = X.shape
    Y = np.zeros((N, C, (H - k) // s + 1, (W - k) // s + 1))
    arg = np.zeros(Y.shape + (2,), int)
    for n, c, i, j in np.ndindex(Y.shape):
        best, at = 0.0, (i * s, j * s)
        for r in range(i * s, i * s + k):
            for q in range(j * s, j * s + k):
                if X[n, c, r, q] > best:
                    best, at = X[n, c, r, q], (r, q)
        Y[n, c, i, j], arg[n, c, i, j] = best, at
    return Y, arg

# === avgpool_backward: avg-backward-not-divided
def avgpool_forward(X, k, s):
    return truth["avgpool_forward"](X, k, s)[0], (X.shape, k, s)

def avgpool_backward(dY, cache):
    shape, k, s = cache
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(dY.shape):
        dX[n, c, i * s:i * s + k, j * s:j * s + k] += dY[n, c, i, j]
    return dX

# === avgpool_backward: stride-taken-as-k
def avgpool_forward(X, k, s):
    return truth["avgpool_forward"](X, k, s)[0], (X.shape, k, s)

def avgpool_backward(dY, cache):
    shape, k, s = cache
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(dY.shape):
        dX[n, c, i * k:i * k + k, j * k:j * k + k] += dY[n, c, i, j] / (k * k)
    return dX

# === max_unpool: unpool-replicates
def max_unpool(Z, argmax, shape):
    N, C, H, W = shape
    fh, fw = H // Z.shape[2], W // Z.shape[3]
    big = np.repeat(np.repeat(Z, fh, axis=2), fw, axis=3)
    X = np.zeros(shape)
    X[:, :, :big.shape[2], :big.shape[3]] = big
    return X

# === conv_transpose: output-padding-top-left
def conv_transpose(X, W, b, s, p, output_padding=0):
    N, C, H, Wd = X.shape
    _, F, k, _ = W.shape
    o = output_padding
    full = np.zeros((N, F, (H - 1) * s + k + o, (Wd - 1) * s + k + o))
    for i in range(H):
        for j in range(Wd):
            full[:, :, i * s + o:i * s + o + k, j * s + o:j * s + o + k] += np.einsum("nc,cfuv->nfuv", X[:, :, i, j], W)
    return full[:, :, p:full.shape[2] - p, p:full.shape[3] - p] + b[:, None, None]

# === conv_transpose_backward: dX-filter-flipped
def conv_transpose(X, W, b, s, p, output_padding=0):
    return truth["conv_transpose"](X, W, b, s, p, output_padding)[0], (X, W, s, p)

def conv_transpose_backward(dY, cache):
    X, W, s, p = cache
    k = W.shape[2]
    G = np.pad(dY, ((0, 0), (0, 0), (p, p), (p, p)))
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    for i, j in np.ndindex(X.shape[2:]):
        w = G[:, :, i * s:i * s + k, j * s:j * s + k]
        dX[:, :, i, j] = np.einsum("nfuv,cfuv->nc", w, W[:, :, ::-1, ::-1])
        dW += np.einsum("nc,nfuv->cfuv", X[:, :, i, j], w)
    return dX, dW, dY.sum((0, 2, 3))

# === dilated_conv: flip-channels-too
def dilated_conv(X, W, b, s, p, d, flip=False):
    if flip:
        W = W[:, ::-1, ::-1, ::-1]
    k = W.shape[2]
    e = d * (k - 1) + 1
    Xp = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    Y = np.zeros((len(X), len(W), (Xp.shape[2] - e) // s + 1, (Xp.shape[3] - e) // s + 1))
    for i, j in np.ndindex(Y.shape[2:]):
        Y[:, :, i, j] = np.einsum("ncuv,fcuv->nf", Xp[:, :, i * s:i * s + e:d, j * s:j * s + e:d], W) + b
    return Y

# === causal_conv1d: future-instead-of-past
def causal_conv1d(x, w, d):
    T, K = len(x), len(w)
    y = np.zeros(T)
    for t in range(T):
        for j in range(K):
            i = t + (K - 1 - j) * d
            if i < T:
                y[t] += w[j] * x[i]
    return y

# === receptive_field: field-dilation-ignored
def receptive_field(layers):
    r, j = 1, 1
    for k, s, d in layers:
        r += (k - 1) * j
        j *= s
    return r
