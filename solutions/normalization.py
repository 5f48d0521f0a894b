# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Well-scaled signals: data, first weights, batch normalisation
#
# Gradient descent has one learning rate for all weights, and a deep network multiplies many numbers. Both go well
# only while the numbers keep a sensible size. At the end of this notebook you can
#
# - normalise data with the statistics of the training set, and say why only with those,
# - choose the spread of the first weights from the size of the layer,
# - write batch normalisation: forward, backward, and at test time.
#
# **{points:total}** · reading: 25 minutes · work: three to four hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $N$, $m$ | examples in the data; in a batch | | $\gamma,\ \beta$ | scale and shift of batch normalisation |
# | $D$ | features of an example | | $\varepsilon$ | small number that prevents $0/0$ |
# | $\mu,\ \sigma,\ \sigma^2$ | mean, standard deviation, variance | | $\hat x$ | a normalised value |
# | $n_\text{in},\ n_\text{out}$ | inputs and outputs of a layer | | $\mathrm{d}Y$ | $\partial L/\partial Y$, same shape as $Y$ |
#
# Rows are examples: `X[N, D]`. Images are channels-first: `X[N, C, H, W]`. All arrays are float64. In this notebook
# $\gamma$ is *never* a learning rate.

# %% [markdown]
# **How to work here.** Write your student id into the next cell. Then go from top to bottom: replace each
# `raise NotImplementedError()` by your code, keep the names of the functions, and run the check below. A check uses
# *public* inputs and says where to look; marks come from other inputs. By-hand questions have numbers of your own; their
# checks tell only whether an answer can be read. `backmark_kit.py` and `variants.json` must lie beside this notebook.
# **For every function:** unless its text says so, it leaves what it is given (arrays, lists, a cache) as it is, and the
# same call gives the same result again.

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "kit", "locked": true}
import backmark_kit as kit

# %% [markdown] covers=["NORM-01"]
# ## 1 Data on one scale
#
# Let one feature lie in $[0,1]$ and another in $[0,1000]$. For both to matter equally, the weight of the small-scale
# feature has to be about 1000 times as large. And since $\partial L/\partial w_j$ is proportional to $x_j$, the loss is
# steep along the weight of the *large-scale* feature and flat along the other: its contours are long ellipses.
# Gradient descent then either jumps from side to side of the valley or, with a learning rate small enough for the
# steep direction, creeps along the flat one.
#
# The picture shows $L = \tfrac12(c_1w_1^2 + c_2w_2^2)$ from $(1,1)$. Left: curvatures 1 and 100, which is what features
# of scale 1 and 10 give. Right: the same after scaling, curvatures 1 and 1. We count the steps until both weights are
# below 0.001.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-scaling", "locked": true}
import matplotlib.pyplot as plt

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#BBBBBB"


def descend_bowl(curvature, rate, tolerance=1e-3):
    """Follow the gradient of 1/2 sum c w^2 from (1, 1) until all weights are small."""
    path = [np.ones(2)]
    while abs(path[-1]).max() >= tolerance:
        path.append(path[-1] - rate * np.array(curvature) * path[-1])
    return np.array(path)


fig, axes = plt.subplots(1, 2, figsize=(11, 4.2))
first, second = np.meshgrid(np.linspace(-1.2, 1.2, 200), np.linspace(-1.2, 1.2, 200))
cases = {"features of scale 1 and 10": ((1, 100), 0.0198), "after normalising": ((1, 1), 0.99)}
for ax, (title, (curvature, rate)) in zip(axes, cases.items()):
    path = descend_bowl(curvature, rate)
    loss = 0.5 * (curvature[0] * first**2 + curvature[1] * second**2)
    ax.contour(first, second, loss, levels=loss.max() * np.array([0.001, 0.01, 0.05, 0.2, 0.5]), colors=GREY)
    ax.plot(*path.T, color=BLUE, marker="o", markersize=4, linewidth=1)
    ax.plot(0, 0, color=ORANGE, marker="*", markersize=14)
    ax.set(title=f"{title}: {len(path) - 1} steps (learning rate {rate})", xlabel="$w_1$", ylabel="$w_2$")
    ax.set_aspect("equal")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: two contour plots with a path of dots from (1, 1) to the minimum, a star at the origin. Left, flat long
# ellipses: the path jumps up and down between the two sides of the valley and needs 346 steps. Right, circles: two
# steps straight to the minimum.*

# %% [markdown] covers=["NORM-02", "NORM-03", "NORM-05", "NORM-06"]
# The remedy is to **normalise**: measure every feature (every column) by itself,
#
# $$ \mu = \frac1N\sum_{i=1}^{N} x_i,\qquad \sigma^2 = \frac{1}{N-\text{ddof}}\sum_{i=1}^{N}(x_i-\mu)^2,\qquad
# z_i = \frac{x_i-\mu}{\sigma} . $$
#
# `ddof` is 0 or 1: both are in use, the slide has 1, NumPy's default is 0, and a question has to say which. (The slide
# lets the sums run from 0 to $m$, which are $m+1$ terms, and divides by $\sigma^2$; both are slips.) Subtracting the mean,
# *centring*, is good practice by itself, and normalising is common even where all features have the same scale: usual
# starting values of learning rates and weights were found on inputs of about mean 0 and spread 1.
#
# **An example.** $x=(2,4,4,4,5,5,7,9)$ has $\mu=5$ and the sum of squares 32.
#
# | | divisor | $\sigma$ | first and last value become |
# |---|---|---|---|
# | ddof = 0 | 8 | 2 | $-1.5$ and $2$ |
# | ddof = 1 | 7 | 2.138 | $-1.403$ and $1.871$ |
# | divided by $\sigma^2$ (ddof = 1), as printed on the slide | 7 | – | $-0.656$ and $0.875$ |
#
# Only the first two have standard deviation 1 (each by its own divisor); the variance of the last is $1/\sigma^2=0.219$.

# %% [markdown]
# ### NORM-1 by hand ({points:NORM-1})
#
# Run the next cell to see your question, and write each result between the quotation marks of the cell after it. That
# cell is *read*, not run: write numbers, no formulas. A list is written like `0.5, -1.25, 2`.

# %% nbgrader={"grade_id": "show-NORM-1", "locked": true}
kit.show("NORM-1", student)

# %% deletable=false nbgrader={"grade_id": "NORM-1"}
# answer: NORM-1
answer = {
    "mu": """ """,
    "sigma": """ """,
    "z": """ """,
}

# %% nbgrader={"grade_id": "test_NORM-1", "grade": true, "locked": true}
kit.score("NORM-1", globals())

# %% [markdown]
# ### `fit_normalizer` ({points:fit_normalizer})
#
# Measure first, transform later: two functions. No feature you get is constant.


# %% nbgrader={"grade_id": "fit_normalizer", "solution": true}
def fit_normalizer(X, ddof):
    """Return (mu, sigma) of every feature: mean, and standard deviation with divisor N - ddof.

    X[N, D]: one example per row; ddof: 0 or 1. Returns mu[D], sigma[D]; X must stay as it is.
    """
    ### BEGIN SOLUTION
    mu = X.sum(axis=0) / len(X)
    sigma = np.sqrt(((X - mu) ** 2).sum(axis=0) / (len(X) - ddof))
    return mu, sigma
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_fit_normalizer", "grade": true, "locked": true}
kit.score("fit_normalizer", globals())

# %% [markdown] covers=["NORM-04"]
# ### New data: the statistics of the training set
#
# A network has learned what a $z$ of 1 means *on the scale of the training data*. Test data are therefore transformed with
# the $\mu$ and $\sigma$ found in the training data. Measuring them anew on the test set would move the scale, would make
# the result for one example depend on the others, and would let the test data take part in the fitting.
#
# The slide's example (ddof = 1): training rows $(0,0),(1,1000),(0.5,500)$ give $\mu=(0.5,500)$ and $\sigma=(0.5,500)$. The
# test rows $(0.5,1000)$ and $(2,0)$ become $(0,1)$ and $(3,-1)$. A 3 is no mistake: that example is far outside of what
# was seen in training, and the network may know it.

# %% [markdown]
# ### NORM-2 by hand ({points:NORM-2})
#
# One example per line, the numbers separated by spaces.

# %% nbgrader={"grade_id": "show-NORM-2", "locked": true}
kit.show("NORM-2", student)

# %% deletable=false nbgrader={"grade_id": "NORM-2"}
# answer: NORM-2
answer = """

"""

# %% nbgrader={"grade_id": "test_NORM-2", "grade": true, "locked": true}
kit.score("NORM-2", globals())

# %% [markdown]
# ### `apply_normalizer` ({points:apply_normalizer})


# %% nbgrader={"grade_id": "apply_normalizer", "solution": true}
def apply_normalizer(X, mu, sigma):
    """Normalise X with given statistics: Z[n, d] = (X[n, d] - mu[d]) / sigma[d].

    X[N, D], mu[D], sigma[D]. Returns a new array Z[N, D]; X must stay as it is.
    """
    ### BEGIN SOLUTION
    return (X - mu) / sigma
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_apply_normalizer", "grade": true, "locked": true}
kit.score("apply_normalizer", globals())

# %% [markdown]
# ### NORM-4 by hand ({points:NORM-4})
#
# For images it has to be said which numbers share a mean.

# %% nbgrader={"grade_id": "show-NORM-4", "locked": true}
kit.show("NORM-4", student)

# %% deletable=false nbgrader={"grade_id": "NORM-4"}
# answer: NORM-4
answer = {
    "shape": """ """,
    "value": """ """,
}

# %% nbgrader={"grade_id": "test_NORM-4", "grade": true, "locked": true}
kit.score("NORM-4", globals())

# %% [markdown] covers=["NORM-05"]
# ### Think about it (no points)
#
# **A. The slide divides by $\sigma^2$. Your data are lengths in metres with $\sigma=2$ m. Which unit and which variance has
# the result? And in centimetres?**
#
# <details><summary>Answer</summary>
# Metres divided by square metres: 1/m. The variance is 1/σ² = 0.25. In centimetres it would be 1/200² = 0.000025, so the
# "normalised" data depend on the unit. (x − μ)/σ has no unit and variance 1 in both. For σ = 1 nobody notices the
# difference.
# </details>
#
# **B. 1/N or 1/(N−1)?** The slides have $1/(m-1)$ for data and $1/m$ in batch normalisation.
#
# <details><summary>Answer</summary>
# Both are legitimate. N − 1 makes the estimate of the variance unbiased; N is simpler and belongs to batch
# normalisation by definition. With N = 60000 nobody sees it; with 4 values σ differs by a factor of √(4/3) = 1.15. So say
# which you mean, and pass <code>ddof</code> on.
# </details>
#
# **C. "The gradient of the larger parameter dominates the update", says a slide. Which one dominates?**
#
# <details><summary>Answer</summary>
# That of the weight which multiplies the feature of the larger <em>scale</em>. This weight itself is the smaller one, as
# the same slide says two lines before.
# </details>
#
# **D. "The default hyper-parameters of all networks are based on normalised data." All?**
#
# <details><summary>Answer</summary>
# No. Usual defaults were tuned on inputs of about zero mean and unit spread, which is a good reason to feed such inputs,
# but there is no law: decision trees do not care at all, and embeddings are not normalised.
# </details>

# %% [markdown] covers=["INIT-01", "INIT-02", "INIT-05"]
# ## 2 The first weights
#
# A unit adds up $n_\text{in}$ products, $a=\sum_i w_ix_i$. With independent weights of mean 0 and variance
# $\operatorname{Var}(w)$, and inputs of mean square $q$,
#
# $$ \operatorname{Var}(a) = n_\text{in}\,\operatorname{Var}(w)\,q . $$
#
# In a linear layer the spread is thus multiplied by $\sqrt{n_\text{in}}\;\text{std}(w)$, and after $L$ layers by its
# $L$-th power. The lecture's `W = 0.01 * np.random.randn(D, H)` with width 512 gives a factor of 0.226 per layer: 0.05
# after two layers, 0.0006 after five, $3.5\cdot10^{-7}$ after ten. Fine for small networks; in deep ones the signal dies
# out, and on the way back the gradient too. Standard deviation 1 would multiply by 22.6 instead. The principle:
# **the variance of a layer's output should be about that of its input.**
#
# And what about a *constant*? Then all units of a layer compute the same, get the same gradient, and stay the same.

# %% [markdown] covers=["INIT-03", "INIT-04"]
# The lecture names two schemes without formulas. In this notebook:
#
# | scheme | variance of the weights | made for |
# |---|---|---|
# | Xavier (Glorot 2010) | $\dfrac{2}{n_\text{in}+n_\text{out}}$ | linear and tanh layers, forward and backward |
# | He (2015) | $\dfrac{2}{n_\text{in}}$ | ReLU, which sets half of the signal to 0 |
#
# (Some courses say Xavier for $1/n_\text{in}$.) These are **variances**; the standard deviation is the root. *Uniform*
# weights between $-a$ and $a$ have variance $a^2/3$, so $a=\sqrt3\,\text{std}$. For 512 inputs and 256 outputs: Xavier
# 0.0510 (uniform: $a=0.0884$), He 0.0625. In a convolution $n_\text{in}$ is $C k^2$ and $n_\text{out}$ is $F k^2$.

# %% [markdown]
# ### INIT-1 by hand ({points:INIT-1})

# %% nbgrader={"grade_id": "show-INIT-1", "locked": true}
kit.show("INIT-1", student)

# %% deletable=false nbgrader={"grade_id": "INIT-1"}
# answer: INIT-1
answer = {
    "fan_in": """ """,
    "fan_out": """ """,
    "spread": """ """,
}

# %% nbgrader={"grade_id": "test_INIT-1", "grade": true, "locked": true}
kit.score("INIT-1", globals())

# %% [markdown]
# ### `init_weights` ({points:init_weights})
#
# Any draw with the right properties is right: the check looks at shape, mean, spread and kind of distribution, and
# that the same generator gives the same weights. Use `rng.normal(mean, std, size)` and `rng.uniform(low, high, size)`.


# %% nbgrader={"grade_id": "init_weights", "solution": true}
def init_weights(fan_in, fan_out, scheme, rng):
    """Draw the weights of a linear layer, W[fan_out, fan_in]: one row per unit.

    scheme: "constant" (every weight 0.5), "small" (normal, std 0.01), "xavier_normal", "xavier_uniform"
    (variance 2 / (fan_in + fan_out)) or "he" (normal, variance 2 / fan_in).
    rng: a NumPy Generator; take all random numbers from it and none from elsewhere.
    """
    ### BEGIN SOLUTION
    shape = (fan_out, fan_in)
    if scheme == "constant":
        return np.full(shape, 0.5)
    if scheme == "xavier_uniform":
        limit = np.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-limit, limit, shape)
    stds = {"small": 0.01, "xavier_normal": np.sqrt(2 / (fan_in + fan_out)), "he": np.sqrt(2 / fan_in)}
    return rng.normal(0.0, stds[scheme], shape)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_init_weights", "grade": true, "locked": true}
kit.score("init_weights", globals())

# %% [markdown]
# ### `activation_stats` ({points:activation_stats})
#
# Send data through layers without biases, $h_0=X$, $h_l=\text{act}(h_{l-1}W_l^\top)$, and look at what comes out of each.
# An example: with `act` the identity, $X=\begin{bmatrix}1&-1\\3&1\end{bmatrix}$, $W_1$ the unit matrix and
# $W_2=\begin{bmatrix}1&1\end{bmatrix}$: $h_1=X$ has mean 1 and deviation $\sqrt2$; $h_2=(0,4)$ has mean 2 and deviation 2.


# %% nbgrader={"grade_id": "activation_stats", "solution": true}
def activation_stats(Ws, X, act):
    """Return (mean, std) of the activations of every layer, over all examples and all units of the layer.

    Ws: list of L arrays [out, in]; X[N, D]; act: a function of an array, applied after every layer.
    Returns two arrays of length L; std divides by the number of entries (ddof = 0).
    """
    ### BEGIN SOLUTION
    means, stds, h = [], [], X
    for W in Ws:
        h = act(h @ W.T)
        means.append(h.mean())
        stds.append(h.std())
    return np.array(means), np.array(stds)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_activation_stats", "grade": true, "locked": true}
kit.score("activation_stats", globals())

# %% [markdown]
# ### Eight layers, four ways to start
#
# The next cell draws what *your* two functions make of it: eight layers of width 128, data of mean 0 and deviation 1;
# layers 1, 2, 4 and 8 are shown.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-activations", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("activation_stats", globals()) and kit.ready("init_weights", globals()):
    rng = np.random.default_rng(5)
    X, depth, width = rng.normal(size=(300, 128)), 8, 128

    def relu(a):
        return np.maximum(a, 0.0)

    cases = {
        "0.01 · randn, tanh": ("small", 1.0, np.tanh),
        "1 · randn, tanh": ("small", 100.0, np.tanh),
        "Xavier, tanh": ("xavier_normal", 1.0, np.tanh),
        "He, ReLU": ("he", 1.0, relu),
    }
    fig, axes = plt.subplots(4, 4, figsize=(11, 7))
    for line, (title, (scheme, factor, act)) in zip(axes, cases.items()):
        Ws = [factor * init_weights(width, width, scheme, rng) for _ in range(depth)]
        stds, h, panels = activation_stats(Ws, X, act)[1], X, iter(line)
        low, high = (-1, 1) if act is np.tanh else (0, 4)
        for layer, W in enumerate(Ws, start=1):
            h = act(h @ W.T)
            if layer in (1, 2, 4, 8):
                ax = next(panels)
                counts, edges = np.histogram(np.clip(h, low, high), bins=30, range=(low, high))
                ax.stairs(counts, edges, fill=True, color="#0072B2")
                ax.set_title(f"layer {layer}: std {stds[layer - 1]:.2g}", fontsize=9)
                ax.set(yticks=[], xticks=[low, high], ylim=(0, 1.3 * np.sort(counts)[-2] + 1))
        line[0].set_ylabel(title, fontsize=10)
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: a table of histograms, one row per start, one column per layer. Small weights: all activations of the later
# layers sit in one bar at 0. Weights of deviation 1: two bars, at −1 and 1, where tanh is flat. Xavier with tanh: a broad hill
# that shrinks slowly from layer to layer. He with ReLU: half of the numbers at 0 (that bar is cut off), and a tail that keeps
# its length.*

# %% [markdown] covers=["INIT-01", "INIT-06"]
# ### Equal starts, different starts
#
# Every training begins with other random weights and ends a little differently. The next picture trains one small
# network (2 inputs, 8 tanh units, 1 output) on the same data from six random starts, and from two constant ones.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-starts", "locked": true}
import matplotlib.pyplot as plt


def train_small(W, v, X, t, rate=0.1, updates=600):
    """Train tanh units W[8, 2] and outputs v[8] by gradient descent; return the losses and how many units differ."""
    losses = []
    for _ in range(updates):
        h = np.tanh(X @ W.T)
        error = h @ v - t
        losses.append(np.mean(error**2))
        dv = 2 * error @ h / len(t)
        dW = 2 * ((error[:, None] * v) * (1 - h**2)).T @ X / len(t)
        W, v = W - rate * dW, v - rate * dv
    return losses, len(np.unique(W.round(9), axis=0))


rng = np.random.default_rng(1)
X = rng.normal(size=(60, 2))
t = X[:, 0] * X[:, 1]
fig, ax = plt.subplots(figsize=(8, 4))
for run in range(6):
    losses, _ = train_small(rng.normal(0, 0.7, (8, 2)), rng.normal(0, 0.5, 8), X, t)
    ax.plot(losses, color="#0072B2", linewidth=1.2, label="six random starts" if run == 0 else None)
for value, style in ((0.3, "--"), (0.0, ":")):
    losses, unlike = train_small(np.full((8, 2), value), np.full(8, value), X, t)
    label = f"all weights {value}: 8 units, {unlike} kind"
    ax.plot(losses, color="#D55E00", linestyle=style, linewidth=2.2, label=label)
ax.set(xlabel="update", ylabel="mean squared error", title="The same network from different first weights")
ax.set_ylim(0, None)
ax.legend()
plt.show()

# %% [markdown]
# *Picture: loss against updates. Six thin lines fall, each to a slightly different level. A dashed line (all weights 0.3)
# falls as well, but ends far above them: its eight units remain one unit. A dotted line (all weights 0) does not move.*
#
# ### Think about it (no points)
#
# **E. "With equal weights the network does not train." True? How many units has it really?**
#
# <details><summary>Answer</summary>
# It does train: the dashed loss falls. But equal units get equal gradients and stay equal for ever, so eight units do the
# work of one. Only with all weights 0 (and tanh or ReLU) nothing moves: h = 0, so dv = 0, and v = 0, so dW = 0. Random first weights
# break the symmetry. Biases may start equal.
# </details>
#
# **F. Why does He have a 2 where the simple rule has 1?**
#
# <details><summary>Answer</summary>
# The mean square of relu(a) is half that of a when a is symmetric about 0. The 2 makes up for it.
# </details>

# %% [markdown] covers=["BN-01", "BN-02"]
# ## 3 Batch normalisation, forward
#
# "You want zero-mean unit-variance activations? Just make them so." Inside a network the values change with every
# update, so they are normalised with the statistics of the current **batch**, every feature by itself:
#
# $$ \mu = \frac1m\sum_{i=1}^m x_i,\quad \sigma^2 = \frac1m\sum_{i=1}^m (x_i-\mu)^2,\quad
# \hat x_i = \frac{x_i-\mu}{\sqrt{\sigma^2+\varepsilon}},\quad y_i = \gamma\hat x_i + \beta . $$
#
# Here the divisor is $m$, not $m-1$. (One slide writes the batch as $\{x_{1\dots m}\}$; it is $\{x_1,\dots,x_m\}$.) The small $\varepsilon$ stands *inside* the root; without it a feature that does not
# vary would give $0/0$. $\gamma$ and $\beta$ are learned, one of each per feature: so the layer can also undo what it did.
#
# **An example.** $x=(1,2,3,4)$, $\gamma=2$, $\beta=1$, $\varepsilon=0$: $\mu=2.5$, $\sigma^2=1.25$,
# $\hat x=(-1.342,-0.447,0.447,1.342)$, $y=(-1.683,0.106,1.894,3.683)$. The mean of $y$ is $\beta=1$, its variance
# $\gamma^2=4$.

# %% [markdown]
# ### BN-1 by hand ({points:BN-1})

# %% nbgrader={"grade_id": "show-BN-1", "locked": true}
kit.show("BN-1", student)

# %% deletable=false nbgrader={"grade_id": "BN-1"}
# answer: BN-1
answer = {
    "xhat": """ """,
    "y": """ """,
}

# %% nbgrader={"grade_id": "test_BN-1", "grade": true, "locked": true}
kit.score("BN-1", globals())

# %% [markdown] covers=["BN-02"]
# ### And at test time?
#
# A result may then not depend on which other examples happen to be tested along, and one example alone has no variance.
# So the layer keeps **running** statistics while it trains,
#
# $$ \text{running} \leftarrow (1-\text{momentum})\cdot\text{running} + \text{momentum}\cdot\text{batch}, $$
#
# and at test time uses them in place of $\mu$ and $\sigma^2$, and leaves them alone. In this notebook `running` is a dict
# `{"mean": array[D], "var": array[D]}` that your function updates **in place** in training, and the batch variance that
# enters it is the one with $1/m$. (PyTorch stores the one with $1/(m-1)$; Keras calls $1-\text{momentum}$ momentum. Those
# are other conventions, not this one.) In the example above, with running mean 0, running variance 1 and momentum 0.25,
# the dict afterwards holds $0.75\cdot0+0.25\cdot2.5=0.625$ and $0.75\cdot1+0.25\cdot1.25=1.0625$.

# %% [markdown]
# ### BN-2 by hand ({points:BN-2})

# %% nbgrader={"grade_id": "show-BN-2", "locked": true}
kit.show("BN-2", student)

# %% deletable=false nbgrader={"grade_id": "BN-2"}
# answer: BN-2
answer = """

"""

# %% nbgrader={"grade_id": "test_BN-2", "grade": true, "locked": true}
kit.score("BN-2", globals())

# %% [markdown]
# ### `bn_forward` ({points:bn_forward})
#
# The cache is yours: put into it what your backward needs, as arrays that later calls do not change.


# %% nbgrader={"grade_id": "bn_forward", "solution": true}
def bn_forward(X, gamma, beta, eps, running, momentum, train):
    """Normalise every feature of a batch, then scale and shift it. Returns (Y[N, D], cache).

    X[N, D], gamma[D], beta[D]; eps: inside the root; running: dict of "mean"[D] and "var"[D].
    train=True: use mean and variance (1/N) of X, and update running in place:
        running = (1 - momentum) * running + momentum * batch.
    train=False: use running["mean"] and running["var"], and leave them as they are.
    X, gamma and beta must stay as they are.
    """
    ### BEGIN SOLUTION
    if train:
        mean = X.mean(axis=0)
        var = ((X - mean) ** 2).mean(axis=0)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"] = (1 - momentum) * running["var"] + momentum * var
    else:
        mean, var = running["mean"], running["var"]
    std = np.sqrt(var + eps)
    xhat = (X - mean) / std
    return gamma * xhat + beta, (xhat, std, gamma)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_bn_forward", "grade": true, "locked": true}
kit.score("bn_forward", globals())

# %% [markdown] covers=["BN-08"]
# ## 4 Batch normalisation, backward
#
# Normalising is part of the graph, so gradients go through it, **and through $\mu$ and $\sigma^2$**: moving one $x_i$ moves
# the mean and the variance, and with them every other $\hat x_j$. From $y=\gamma\hat x+\beta$ first
#
# $$ \mathrm{d}\beta = \sum_i \mathrm{d}y_i,\qquad \mathrm{d}\gamma = \sum_i \mathrm{d}y_i\,\hat x_i,\qquad
# \mathrm{d}\hat x_i = \gamma\,\mathrm{d}y_i . $$
#
# With $s=\sqrt{\sigma^2+\varepsilon}$ one finds $\dfrac{\partial\hat x_j}{\partial x_i} = \dfrac1s\left(\delta_{ij}-\dfrac1m-\dfrac{\hat
# x_i\hat x_j}{m}\right)$: the $1/m$ comes through the mean, the last term through the variance. Summed over all $j$:
#
# $$ \mathrm{d}x_i = \frac{1}{m\,s}\Big( m\,\mathrm{d}\hat x_i - \sum_j\mathrm{d}\hat x_j - \hat x_i\sum_j \mathrm{d}\hat x_j\,\hat x_j\Big) . $$
#
# **An example** (two features, $\gamma=(1.5,-0.5)$, $\varepsilon=10^{-5}$):
#
# $$ X=\begin{bmatrix}1&2\\3&0\\2&4\\6&2\end{bmatrix},\
# \mathrm{d}Y=\begin{bmatrix}1&0\\0&1\\-1&2\\2&-1\end{bmatrix}\ \Rightarrow\
# \mathrm{d}X=\begin{bmatrix}0.974&0.177\\-0.401&-0.354\\-0.916&-0.354\\0.344&0.530\end{bmatrix},\
# \mathrm{d}\gamma=(2.673,\,1.414),\ \mathrm{d}\beta=(2,\,2) . $$
#
# Check: each column of $\mathrm{d}X$ adds up to 0. Moving all $x_i$ by the same amount changes nothing.

# %% [markdown]
# ### `bn_backward` ({points:bn_backward})
#
# Of a forward in training. The check also measures the slopes of your own `bn_forward`, so you learn which of the two to
# mend. The sums run over the batch; nothing is divided by $m$ beyond what the formula says.


# %% nbgrader={"grade_id": "bn_backward", "solution": true}
def bn_backward(dY, cache):
    """Return the gradients (dX[N, D], dgamma[D], dbeta[D]) of a batch normalisation in training.

    dY[N, D] and the cache of bn_forward; dY and what the cache holds must stay as they are.
    """
    ### BEGIN SOLUTION
    xhat, std, gamma = cache
    m = len(dY)
    dxhat = dY * gamma
    dX = (m * dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0)) / (m * std)
    return dX, (dY * xhat).sum(axis=0), dY.sum(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_bn_backward", "grade": true, "locked": true}
kit.score("bn_backward", globals())

# %% [markdown] covers=["BN-03", "BN-07"]
# ### What it is good for
#
# Lower layers may now change their weights without moving mean and variance of what a layer receives (before $\gamma$ and
# $\beta$), so learning is simpler. In practice: gradients flow better, larger learning rates work, the first weights matter
# less, and the noise of the batch statistics regularises a little. The next cell trains a network of four tanh layers with
# *your* layer in front of each tanh, and without, at three learning rates.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "draw-deep-net", "locked": true}


def train_deep(rate, normalise, updates=60, width=8, depth=4):
    """Train a deep tanh network on two rings, with or without batch normalisation; return the losses."""
    rng = np.random.default_rng(0)
    angle, t = rng.uniform(0, 2 * np.pi, 48), np.arange(48) % 2
    X = (1 + t[:, None]) * np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0, 0.1, (48, 2))
    Ws = [rng.normal(0, 0.3, (width, 2 if i == 0 else width)) for i in range(depth)]
    scales = [[np.ones(width), np.zeros(width)] for _ in range(depth)]
    stored = [{"mean": np.zeros(width), "var": np.ones(width)} for _ in range(depth)]
    v, losses = rng.normal(0, 0.3, width), []
    for _ in range(updates):
        h, hs, caches = X, [], []
        for W, (gamma, beta), running in zip(Ws, scales, stored):
            hs.append(h)
            a = h @ W.T
            if normalise:
                a, cache = bn_forward(a, gamma, beta, 1e-5, running, 0.1, True)
                caches.append(cache)
            h = np.tanh(a)
        p = 1 / (1 + np.exp(-np.clip(h @ v, -30, 30)))
        losses.append(-np.mean(np.log(np.where(t == 1, p, 1 - p) + 1e-12)))
        da = (p - t) / len(t)
        dv, dh = da @ h, da[:, None] * v
        for i in reversed(range(depth)):
            da = dh * (1 - h**2)
            if normalise:
                da, dgamma, dbeta = bn_backward(da, caches[i])
                scales[i] = [scales[i][0] - rate * dgamma, scales[i][1] - rate * dbeta]
            h, dh, dW = hs[i], da @ Ws[i], da.T @ hs[i]
            Ws[i] = Ws[i] - rate * dW
        v = v - rate * dv
    return losses


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-training", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("bn_forward", globals()) and kit.ready("bn_backward", globals()):
    fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), sharey=True)
    for ax, rate in zip(axes, (0.05, 0.2, 1.0)):
        ax.plot(train_deep(rate, True), color="#0072B2", linewidth=2, label="with batch normalisation")
        ax.plot(train_deep(rate, False), color="#D55E00", linewidth=2, linestyle="--", label="without")
        ax.set(title=f"learning rate {rate}", xlabel="update")
    axes[0].set(ylabel="loss (cross-entropy)", ylim=(0, 1.5))
    axes[0].legend()
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: three plots of the loss against updates, for learning rates 0.05, 0.2 and 1. The solid line, with
# batch normalisation, falls in all three, in jerks, and the faster the larger the rate. The dashed line, without, stays near
# 0.69, which is guessing: with these small first weights hardly any signal gets through four layers.*

# %% [markdown] covers=["BN-04", "BN-05", "BN-09"]
# ## 5 Images: one channel at a time
#
# A channel is the response to one filter: one may smooth, another find edges. Normalised all together, the numbers of one
# would decide about the other, so **every channel is normalised by itself**, over all images and all pixels: $m=N\cdot H\cdot
# W$ numbers share one $\mu$, one $\sigma^2$, one $\gamma$ and one $\beta$. In the picture every cube is one example. The
# layer can stand anywhere in a network: after a convolution (mostly before the activation) or after pooling.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-cubes", "locked": true}
import matplotlib.pyplot as plt
from matplotlib.patches import Polygon

COLOURS, HATCHES = ("#0072B2", "#E69F00", "#BBBBBB"), ("//", "..", "")


def draw_cube(ax, x, groups):
    """Draw an example as slices, one per channel; slices that share a mean share a colour and a hatch."""
    for c in reversed(range(len(groups))):
        dx, dy = x + 0.35 * c, 0.3 * c
        corners = [(dx, dy), (dx + 1, dy), (dx + 1, dy + 1), (dx, dy + 1)]
        group = groups[c]
        ax.add_patch(Polygon(corners, facecolor=COLOURS[group], hatch=HATCHES[group], edgecolor="black"))


marks = {  # example and channel -> how it is marked; everything else is grey
    "batch normalisation:\na channel, all examples": {(0, 0): 0, (1, 0): 0, (2, 0): 0},
    "not this: a channel\nof one example": {(0, 0): 1},
    "nor this: one example,\nall channels": {(0, 0): 1, (0, 1): 1, (0, 2): 1},
}
fig, axes = plt.subplots(1, 3, figsize=(12, 3))
for ax, (title, marked) in zip(axes, marks.items()):
    for n in range(3):
        draw_cube(ax, 2.3 * n, [marked.get((n, c), 2) for c in range(3)])
        ax.text(2.3 * n + 0.5, -0.35, f"example {n}", ha="center", fontsize=9)
    ax.set(xlim=(-0.3, 6.7), ylim=(-0.6, 1.9), aspect="equal")
    ax.set_title(title, fontsize=10)
    ax.axis("off")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: three times three cubes, each cube an example made of three slices, its channels. Left, batch normalisation: the
# front slices of all three cubes are marked together, they share one mean. Middle and right, two other layers: only one slice
# of one cube (instance normalisation), or all slices of one cube (layer normalisation), share a mean.*

# %% [markdown] covers=["BN-06"]
# To normalise a colour image, red, green and blue get statistics of their own, and a $\gamma$ and a $\beta$ each: 6 learned
# numbers, and 6 more that are measured (running mean and variance). Five filters: 10 and 10. The slide speaks of "three
# different Alpha, Beta and Gamma"; there is no alpha.
#
# ### BN-4 by hand ({points:BN-4})

# %% nbgrader={"grade_id": "show-BN-4", "locked": true}
kit.show("BN-4", student)

# %% deletable=false nbgrader={"grade_id": "BN-4"}
# answer: BN-4
answer = {
    "learned": """ """,
    "measured": """ """,
}

# %% nbgrader={"grade_id": "test_BN-4", "grade": true, "locked": true}
kit.score("BN-4", globals())

# %% [markdown]
# ### `bn2d_forward` ({points:bn2d_forward}) and `bn2d_backward` ({points:bn2d_backward})
#
# Nothing new to compute: make every pixel a row with $C$ features, use what you have, and go back. **Move the channel axis
# to the end first**; a bare `reshape(-1, C)` cuts the numbers as they lie in memory and mixes channels with pixels.
# Example: `X = np.arange(16.0).reshape(2, 2, 2, 2)` has channel means 5.5 and 9.5 and both variances 17.25.


# %% nbgrader={"grade_id": "bn2d_forward", "solution": true}
def bn2d_forward(X, gamma, beta, eps, running, momentum, train):
    """Normalise every channel of images, as bn_forward does for features. Returns (Y[N, C, H, W], cache).

    X[N, C, H, W], gamma[C], beta[C]; statistics over N, H and W; running: dict of "mean"[C] and "var"[C],
    updated in place in training, used and left alone with train=False.
    """
    ### BEGIN SOLUTION
    N, C, H, W = X.shape
    rows = X.transpose(0, 2, 3, 1).reshape(-1, C)
    Y, cache = bn_forward(rows, gamma, beta, eps, running, momentum, train)
    return Y.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_bn2d_forward", "grade": true, "locked": true}
kit.score("bn2d_forward", globals())


# %% nbgrader={"grade_id": "bn2d_backward", "solution": true}
def bn2d_backward(dY, cache):
    """Return the gradients (dX[N, C, H, W], dgamma[C], dbeta[C]) of bn2d_forward in training.

    dY[N, C, H, W] and the cache of bn2d_forward; both must stay as they are.
    """
    ### BEGIN SOLUTION
    N, C, H, W = dY.shape
    rows, dgamma, dbeta = bn_backward(dY.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    return rows.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_bn2d_backward", "grade": true, "locked": true}
kit.score("bn2d_backward", globals())

# %% [markdown] covers=["BN-05", "BN-07"]
# ### Think about it (no points)
#
# **G. "The data will be made to have 0 mean and 1 variance." Which data? And after $\gamma$ and $\beta$?**
#
# <details><summary>Answer</summary>
# That is x̂ (its variance is σ²/(σ²+ε), a little below 1). The output y has mean β and variance γ²σ²/(σ²+ε). With γ = σ and
# β = μ the layer gives back what it got.
# </details>
#
# **H. The slide's heading is "How to avoid bias". Is batch normalisation a cure for bias?**
#
# <details><summary>Answer</summary>
# No, in neither sense of the word. It scales activations so that training is easier. What it does to the bias <em>terms</em>
# in front of it is make them useless: a constant added to a feature is subtracted again with its mean. So layers before
# batch normalisation go without a bias; β takes its place.
# </details>
#
# **I. A batch of one example, fully connected layer, training. What comes out? And at test time?**
#
# <details><summary>Answer</summary>
# The mean is the example itself, so x̂ = 0 and y = β whatever the input (without ε even 0/0). At test time one example is no problem:
# the running statistics replace those of the batch.
# </details>
#
# **J. "Lower layers do not change the statistics of the input to a given layer." All statistics?**
#
# <details><summary>Answer</summary>
# Mean and variance of each feature (before γ and β). The shape of the distribution, and how features go together, still
# change.
# </details>

# %% [markdown]
# ## 6 Self-check
#
# Can you answer these without looking?
#
# 1. Over which axis are mean and deviation of `X[N, D]` taken, and which of them does a test set use?
# 2. Which sizes enter the He scheme of a convolution?
# 3. Three ways from $x_i$ to $\hat x_j$, $j\neq i$ or not: which?
# 4. What is learned, what is measured in batch normalisation, and how many of each for $C$ channels?
# 5. How many numbers share one mean for `X[N, C, H, W]`?
#
# <details><summary>Answers</summary>
# 1. Axis 0, over the examples; the test set uses those of the training set. ·
# 2. The channels it reads times the area of the kernel: variance 2/(C k²). ·
# 3. Directly (j = i only), through the mean, through the variance. ·
# 4. γ and β are learned: 2C; running mean and variance are measured: 2C. ·
# 5. N·H·W.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
