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
# # Optimisation: gradient descent, mini-batches, momentum
#
# A network is trained by walking downhill on its loss, one small step after the other. The rule is a single line; most of
# the craft lies in its knobs. At the end of this notebook you can
#
# - write gradient descent, its stochastic form, momentum in two readings, and restarts,
# - count batches, iterations, epochs and updates,
# - look at a loss curve and say which knob to turn.
#
# **{points:total}** · reading: 25 minutes · work: three to four hours, by hand and in code
#
# | symbol | in code | meaning |
# |---|---|---|
# | $w$ | `w[P]` | all weights in one array of length $P$ (the slides also write $\theta$) |
# | $L(w)$ | `loss(w)` | the loss, one number |
# | $g=\partial L/\partial w$ | `grad(w)` | its gradient, as long as $w$ |
# | $\gamma$ | `lr` | learning rate. (In batch normalisation $\gamma$ is something else.) |
# | $\alpha$ | `alpha` | how much of the past momentum keeps |
# | $t$ | row of `path` | number of the step; `path[0]` is the start |
# | | `N`, `batch` | examples in the data set, examples in one batch |
#
# The functions you write return the **path**: every $w$ from the start to the end, one row per step. All arrays are
# float64.

# %% [markdown]
# **How to work here.** First write your student id into the next cell. In every exercise replace
# `raise NotImplementedError()`, leave the name of the function alone, and run the check under it. It tries *public* inputs
# and tells you where to look; marks are given on others. Your by-hand questions have your own numbers, and their checks say
# only whether an answer can be read. Keep `backmark_kit.py` and `variants.json` in the folder of this notebook.
# **For every function:** unless its text says so, it leaves what it is given (arrays, lists, a cache) as it is, and the
# same call gives the same result again.

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "kit", "locked": true}
import backmark_kit as kit

# %% [markdown] covers=["OPT-01", "OPT-03", "OPT-12", "LOSS-08"]
# ## 1 Gradient descent
#
# Training looks for the weights with the smallest loss over the whole training set, often with a penalty added:
# $w^* = \arg\min_w \sum_{n} L(x^n,y^n;w)$. There is no formula for $w^*$, so we walk: pick a random start, compute the gradient,
# move against it, repeat, and stop when we no longer move.
#
# $$ w_{t+1} = w_t - \gamma\, \frac{\partial L}{\partial w}(w_t) $$
#
# It works for any number of weights. (The slide calls what is needed a "matrix of partial derivatives, the Jacobian". For a
# loss, which is one number, it is a *vector*, the gradient; Jacobians belong to layers with many outputs.)
#
# **An example.** $L=(w-3)^2$, so $g=2(w-3)$, from $w_0=0$. Three steps with four learning rates:
#
# | $\gamma$ | $w_1$ | $w_2$ | $w_3$ | |
# |---|---|---|---|---|
# | 0.1 | 0.6 | 1.08 | 1.464 | slow and sure |
# | 0.5 | 3 | 3 | 3 | there in one step: a lucky case |
# | 1.0 | 6 | 0 | 6 | jumps to and fro for ever |
# | 1.1 | 6.6 | −1.32 | 8.184 | runs away |
#
# With curvature $c$ (here 2) each step multiplies the distance from the minimum by $1-\gamma c$; it shrinks only for
# $\gamma<2/c$.

# %% [markdown]
# ### `gd` ({points:gd})


# %% nbgrader={"grade_id": "gd", "solution": true}
def gd(grad, w0, lr, steps):
    """Walk w <- w - lr * grad(w) and return the path[steps + 1, P]; path[0] is the start.

    grad: a function that takes w[P] and returns the gradient [P]; w0[P]: the start, which must stay as it is.
    """
    ### BEGIN SOLUTION
    path = [np.array(w0, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_gd", "grade": true, "locked": true}
kit.score("gd", globals())

# %% [markdown] covers=["OPT-02", "OPT-10", "OPT-13", "OPT-14"]
# ### Valleys, saddles and flat regions
#
# *Your* `gd` walks in the next picture. Left, a long valley, $L=\tfrac12(w_1^2+10\,w_2^2)$: with a large learning rate the path
# **oscillates** between the two sides while it creeps along the valley; a smaller one means less ping-pong, but more steps.
# Right, $L=w_1^2-w_2^2$: from $(1,0)$ the walk ends at $(0,0)$, where the gradient is 0. It is no minimum, but a saddle.
#
# Only for a *convex* loss is every resting point a global minimum. Losses of networks are not convex: a walk may rest in a
# local minimum, at a saddle, or hardly move in a **flat region**, where the gradient is tiny far from any minimum.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-paths", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("gd", globals()):
    BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#BBBBBB"
    fig, (valley, saddle) = plt.subplots(1, 2, figsize=(12, 4.4))
    a, b = np.meshgrid(np.linspace(-2.2, 2.2, 150), np.linspace(-1.6, 1.6, 150))
    valley.contour(a, b, 0.5 * (a**2 + 10 * b**2), levels=[0.1, 0.5, 1.5, 3.5, 7, 11], colors=GREY)
    bends = np.array([1.0, 10.0])
    for rate, colour, mark in ((0.03, BLUE, "o"), (0.18, ORANGE, "s")):
        path = gd(lambda w: bends * w, np.array([-2.0, 1.2]), rate, 25)
        valley.plot(*path.T, color=colour, marker=mark, markersize=4, label=f"learning rate {rate}, 25 steps")
    saddle.contour(a, b, a**2 - b**2, levels=[-2, -1, -0.4, -0.1, 0.1, 0.4, 1, 2], colors=GREY)
    slopes = np.array([2.0, -2.0])
    for start, colour, mark in (((1.0, 0.0), BLUE, "o"), ((1.0, 0.002), GREEN, "^")):
        path = gd(lambda w: slopes * w, np.array(start), 0.1, 36)
        saddle.plot(*path.T, color=colour, marker=mark, markersize=5, label=f"from {start}, 36 steps")
    for ax, title in ((valley, "a long valley"), (saddle, "a saddle")):
        ax.plot(0, 0, color="black", marker="*", markersize=13, linestyle="")
        ax.set(title=title, xlabel="$w_1$", ylabel="$w_2$", ylim=(-1.6, 1.6))
        ax.legend(loc="lower right", fontsize=9)
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: contours with paths, a star at the point where the gradient is 0. Left, flat ellipses: the round dots (rate 0.03)
# curve gently into the valley and are still on their way; the squares (rate 0.18) jump from side to side and are nearly there.
# Right, a saddle: the round dots run straight into it and stop; the triangles, started a little higher, run along with them at
# first, turn, and leave upwards.*
#
# ### Think about it (no points)
#
# **A. "Gradient descent is guaranteed to find the optimum of convex functions." $(w-3)^2$ is convex.**
#
# <details><summary>Answer</summary>
# With learning rate 1.1 it runs away, see the table. The promise needs a step size below 2/curvature as well.
# </details>
#
# **B. "Stop when we don't move any more." Where may you stand then?**
#
# <details><summary>Answer</summary>
# At a minimum, at a saddle such as (0, 0) of w₁² − w₂², on a plateau, or simply in a place where the gradient (or the learning
# rate) is so small that you do not notice the steps. A zero gradient alone proves nothing.
# </details>
#
# **C. "Lowering the learning rate by two orders of magnitude would make it take 100x longer to train, right?"**
#
# <details><summary>Answer</summary>
# Roughly, for steps that were tiny already: then 100 small steps do what one did. But if the large rate made the path oscillate or
# run away, most of its steps were wasted, and the smaller rate may need far fewer than 100 times as many. In the table above
# rate 1.0 never arrives at all, and 0.1 does.
# </details>

# %% [markdown] covers=["OPT-04", "OPT-05", "GRAPH-13"]
# ## 2 Without a formula: wiggle the weights
#
# The gradient can be found analytically or by finite differences. The lecture's first idea needs only the loss. Wiggle one
# weight by a tiny $\epsilon$; if the loss went down, keep the move, else go the other way:
#
# $$ w_i \leftarrow w_i + \epsilon\;\operatorname{sgn}\!\big(L(w) - L(w\text{ with }w_i+\epsilon)\big), \qquad \operatorname{sgn}(0)=0 . $$
#
# All weights are tried **from the old $w$** and then moved together, so one update costs $P+1$ values of the loss.
#
# **An example.** $L=w_0^2+3w_1+0\,w_2$ at $w=(1,-2,0)$ with $\epsilon=10^{-6}$: the loss grows with $w_0$ and with $w_1$, and
# does not depend on $w_2$. So $w$ becomes $(0.999999,\,-2.000001,\,0)$, after 4 values of the loss.

# %% [markdown]
# ### `wiggle_step` ({points:wiggle_step})


# %% nbgrader={"grade_id": "wiggle_step", "solution": true}
def wiggle_step(loss, w, eps):
    """Return w_new[P] after one update by wiggling; every weight moves by eps, -eps or 0.

    loss: a function that takes w[P] and returns one number; w must stay as it is. Each weight is tried with
    +eps only, all others being those of the old w; where the loss does not change, the weight stays.
    """
    ### BEGIN SOLUTION
    here = loss(w)
    w_new = np.array(w, dtype=float)
    for i in range(len(w)):
        tried = np.array(w, dtype=float)
        tried[i] += eps
        w_new[i] += eps * np.sign(here - loss(tried))
    return w_new
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_wiggle_step", "grade": true, "locked": true}
kit.score("wiggle_step", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **D. How far does this update go, how many updates take a weight from 1 to 0 with $\epsilon=10^{-6}$, and what does one cost
# for a network of a million weights?**
#
# <details><summary>Answer</summary>
# The step is ε itself, however steep the slope: only the <em>sign</em> of the slope is used. A way of length 1 takes a million updates, each
# of 1,000,001 forward passes. Backpropagation finds the whole gradient, sizes included, for about the price of two more forward
# passes. Where the slope is smaller than about 10⁻¹⁶ |L|/ε, rounding even decides about the sign.
# </details>

# %% [markdown] covers=["OPT-20", "OPT-21", "OPT-08"]
# ## 3 Batches, iterations, epochs
#
# A data set can be too large for one forward and backward pass: every layer keeps its values for the way back. So we use a part
# of it at a time.
#
# | word | meaning |
# |---|---|
# | batch size | number of **examples** in one batch |
# | iteration | forward, backward and one update with one batch |
# | epoch | one pass over the entire training set |
#
# The lecture's example: 2000 examples in batches of 500 make 4 iterations per epoch. If the division leaves a rest, the last batch
# is smaller: 2000 in batches of 300 make $\lceil 2000/300\rceil = 7$ iterations, the last with 200; 60000 in batches of 128
# make 469, the last with 96.

# %% [markdown]
# ### COUNT-1 by hand, twice ({points:COUNT-1} and {points:COUNT-1_2})
#
# Run the next cell and write each number between the quotation marks of the cell after it.

# %% nbgrader={"grade_id": "show-COUNT-1", "locked": true}
kit.show("COUNT-1", student)

# %% deletable=false nbgrader={"grade_id": "COUNT-1"}
# answer: COUNT-1
answer = {
    "iterations": """ """,
    "last": """ """,
    "total": """ """,
}

# %% nbgrader={"grade_id": "test_COUNT-1", "grade": true, "locked": true}
kit.score("COUNT-1", globals())

# %% nbgrader={"grade_id": "show-COUNT-1_2", "locked": true}
kit.show("COUNT-1_2", student)

# %% deletable=false nbgrader={"grade_id": "COUNT-1_2"}
# answer: COUNT-1_2
answer = {
    "iterations": """ """,
    "last": """ """,
    "total": """ """,
}

# %% nbgrader={"grade_id": "test_COUNT-1_2", "grade": true, "locked": true}
kit.score("COUNT-1_2", globals())

# %% [markdown]
# ### `iterations_per_epoch` ({points:iterations_per_epoch})


# %% nbgrader={"grade_id": "iterations_per_epoch", "solution": true}
def iterations_per_epoch(n, batch):
    """Return how many batches make one epoch (int); a smaller last batch counts, too.

    n: number of examples, batch: examples in one batch (ints, at least 1; batch may be larger than n).
    """
    ### BEGIN SOLUTION
    return -(-n // batch)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_iterations_per_epoch", "grade": true, "locked": true}
kit.score("iterations_per_epoch", globals())

# %% [markdown] covers=["OPT-22"]
# ### Which data?
#
# Batches are cut from the *training* data only. Picture a data set as six batches: four to train on, one to **validate** with while
# the training goes on, one **test** batch that nobody touches until the model is finished:
#
# | train | train | train | train | validation | test |
# |---|---|---|---|---|---|
# | ■ | ■ | ■ | ■ | ◇ | ○ |
# | ← one epoch | goes | through | these → | looked at after each epoch | looked at once |
#
# ### Think about it (no points)
#
# **E. "Batch size: number of batches to complete one epoch." Correct the slide.**
#
# <details><summary>Answer</summary>
# The batch size is the number of <em>examples</em> in a batch. The number of batches in an epoch is the number of iterations per epoch. The
# example on the same slide (500 → 4 iterations) has it right.
# </details>
#
# **F. "An epoch provides the empirical risk." Does the average of the batch losses of an epoch?**
#
# <details><summary>Answer</summary>
# Not exactly: each batch loss was measured with other weights, for there was an update in between. The empirical risk of the weights you
# have now needs a pass of its own over the data, without updates.
# </details>

# %% [markdown] covers=["OPT-06", "OPT-07"]
# ## 4 Stochastic gradient descent
#
# Instead of the gradient over all examples take that of one example, or of a **mini-batch**: it only approximates the true
# gradient, but it is cheap, and there are many updates per epoch. The loss of a batch is the *mean* over its examples.
#
# > pick a start $w$ and a learning rate; while not good enough: shuffle the training set; for each mini-batch:
# > $w \leftarrow w - \gamma\,g_\text{batch}(w)$
#
# **An example.** The model is $w\,x$, the loss $(wx-y)^2$, the data $x=(1,2,3,-1)$, $y=(2,3,7,0)$, start $w=0$, $\gamma=0.05$,
# shuffled order 2, 0, 3, 1 (counted from 0). One epoch:
#
# | batch size | updates | $w$ after each update |
# |---|---|---|
# | 1 | 4 | 2.1, 2.09, 1.881, 1.7286 |
# | 2 | 2 | 1.15, 1.1625 |
# | 4 (all) | 1 | 0.725 |
#
# The first step with batch size 2: examples 2 and 0 have errors $-7$ and $-2$, times $x$: $-21$ and $-2$, mean times 2: $g=-23$;
# $w=0+0.05\cdot23=1.15$. With batch size 1 the loss over all four examples runs 15.5, 1.588, 1.575, 1.494, **1.641**.

# %% [markdown]
# ### OPT-1 by hand ({points:OPT-1})

# %% nbgrader={"grade_id": "show-OPT-1", "locked": true}
kit.show("OPT-1", student)

# %% deletable=false nbgrader={"grade_id": "OPT-1"}
# answer: OPT-1
answer = {
    "w1": """ """,
    "w2": """ """,
}

# %% nbgrader={"grade_id": "test_OPT-1", "grade": true, "locked": true}
kit.score("OPT-1", globals())

# %% [markdown]
# ### `minibatches` ({points:minibatches})
#
# Any shuffle is right, as long as every example appears exactly once and all randomness comes from `rng`. `rng.permutation(N)` gives
# the numbers $0\dots N-1$ in random order.


# %% nbgrader={"grade_id": "minibatches", "solution": true}
def minibatches(N, batch, rng):
    """Shuffle the examples 0..N-1 and cut them into batches: a list of integer arrays.

    All batches have `batch` entries, the last one may have fewer. rng: a NumPy Generator; use it and no other.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(N)
    return [order[start : start + batch] for start in range(0, N, batch)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_minibatches", "grade": true, "locked": true}
kit.score("minibatches", globals())

# %% [markdown]
# ### `sgd_epoch` ({points:sgd_epoch})
#
# Here the shuffled order is given, so that there is one right path.


# %% nbgrader={"grade_id": "sgd_epoch", "solution": true}
def sgd_epoch(X, y, w, grad, lr, batch, order):
    """Walk one epoch and return the path[iterations + 1, P], the start included.

    X[N, D], y[N]; w[P]: the start, which must stay as it is; order[N]: the examples in the order of use, cut
    into batches of `batch`, the last one may be smaller.
    grad: a function of (w, Xb, yb) that returns the gradient [P] of the mean loss over the rows it is given.
    """
    ### BEGIN SOLUTION
    path = [np.array(w, dtype=float)]
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        path.append(path[-1] - lr * grad(path[-1], X[rows], y[rows]))
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_sgd_epoch", "grade": true, "locked": true}
kit.score("sgd_epoch", globals())

# %% [markdown] covers=["OPT-09", "TRAIN-02"]
# ### How noisy is it?
#
# A batch knows little of the others, so the loss over all data need not fall in every update; over time it still does. The
# smaller the batch, the noisier the curve: **if it is too noisy, use a larger batch** (or a smaller learning rate). Your functions
# run in the next cell: fitting a line to 64 points, eight epochs, the same learning rate.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-batches", "locked": true}
import matplotlib.pyplot as plt


def line_gradient(w, X, y):
    """Gradient of the mean squared error of X w."""
    return 2 * X.T @ (X @ w - y) / len(y)


if kit.ready("sgd_epoch", globals()) and kit.ready("minibatches", globals()):
    rng = np.random.default_rng(4)
    X = np.stack([np.ones(64), rng.uniform(-2, 2, 64)], axis=1)
    y = X @ np.array([1.0, 2.0]) + rng.normal(0, 1.0, 64)
    fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), sharey=True)
    for ax, batch in zip(axes, (1, 16, 64)):
        w, losses = np.array([-2.0, -1.0]), []
        for _ in range(8):
            order = np.concatenate(minibatches(64, batch, rng))
            path = sgd_epoch(X, y, w, line_gradient, 0.08, batch, order)
            losses += [np.mean((X @ row - y) ** 2) for row in path[:-1]]
            w = path[-1]
        losses.append(np.mean((X @ w - y) ** 2))
        mark = "" if batch == 1 else "o"
        ax.plot(losses, color="#0072B2", marker=mark, markersize=4, linewidth=1)
        ax.set(title=f"batch size {batch}: {len(losses) - 1} updates", xlabel="update", ylim=(0.5, 40))
        ax.set_yscale("log")
    axes[0].set_ylabel("loss over all 64 points")
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: three curves of the loss over all data, logarithmic. Batch size 1: 512 updates, down within a few, then a wide band of
# noise that never settles. Batch size 16: 32 updates, down a little slower, then level with bumps hardly to be seen. All 64: eight
# updates, a smooth fall that has not yet arrived.*
#
# ### Think about it (no points)
#
# **G. In the example of section 4 the loss rose in the last update of the epoch, 1.494 to 1.641. A bug?**
#
# <details><summary>Answer</summary>
# No. That update lowered the loss of <em>its</em> example; the loss over all of them may rise.
# </details>
#
# **H. One slide draws a random point in each step, the next shuffles and goes through all. The same?**
#
# <details><summary>Answer</summary>
# Not quite. Drawing with replacement leaves about 37% of the examples (1/e) out of N draws and repeats others. Only shuffling makes the word
# epoch meaningful: every example exactly once. It is what everybody does.
# </details>

# %% [markdown] covers=["OPT-11"]
# ## 5 Momentum
#
# Jumping to and fro across a valley costs steps. If one adds past gradients to the present one, the jumps cancel and what points along
# the valley adds up. The lecture calls it "a weighted sum of the previous amount plus the current amount" and writes
#
# $$ \text{slide:}\qquad w_{t+1} = w_t - \gamma\,(\alpha\,g_{t-1} + g_t), \qquad g_{-1}=0 . $$
#
# That remembers *one* old gradient. What everybody else calls momentum remembers the previous **amount**, a velocity, and so all old
# gradients, each a little fainter:
#
# $$ \text{classical:}\qquad v_t = \alpha\,v_{t-1} + g_t,\qquad w_{t+1} = w_t - \gamma\,v_t,\qquad v_{-1}=0 . $$
#
# **An example.** $L=w^2$, $g=2w$, from $w_0=1$ with $\gamma=0.1$, $\alpha=0.5$:
#
# | | $w_1$ | $w_2$ | $w_3$ | $w_4$ |
# |---|---|---|---|---|
# | slide | 0.8 | 0.54 | 0.352 | 0.2276 |
# | classical ($v=2,\ 2.6,\ 2.38,\ 1.794$) | 0.8 | 0.54 | 0.302 | 0.1226 |
#
# They agree up to $w_2$. Where a text says only "momentum", ask which; here every exercise says it.

# %% [markdown]
# ### OPT-2 by hand ({points:OPT-2})
#
# Write the four numbers of each list one after the other, such as `0.8, 0.54, 0.352, 0.228`.

# %% nbgrader={"grade_id": "show-OPT-2", "locked": true}
kit.show("OPT-2", student)

# %% deletable=false nbgrader={"grade_id": "OPT-2"}
# answer: OPT-2
answer = {
    "classical": """ """,
    "slide": """ """,
}

# %% nbgrader={"grade_id": "test_OPT-2", "grade": true, "locked": true}
kit.score("OPT-2", globals())

# %% [markdown]
# ### `momentum_slide` ({points:momentum_slide}) and `momentum_classical` ({points:momentum_classical})


# %% nbgrader={"grade_id": "momentum_slide", "solution": true}
def momentum_slide(grad, w0, lr, alpha, steps):
    """Walk w <- w - lr * (alpha * g_old + g), as on the slide, and return the path[steps + 1, P].

    grad: a function of w[P]; w0[P]: the start, which must stay as it is. Before the first step g_old = 0.
    """
    ### BEGIN SOLUTION
    path, g_old = [np.array(w0, dtype=float)], np.zeros(len(w0))
    for _ in range(steps):
        g = grad(path[-1])
        path.append(path[-1] - lr * (alpha * g_old + g))
        g_old = g
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_momentum_slide", "grade": true, "locked": true}
kit.score("momentum_slide", globals())


# %% nbgrader={"grade_id": "momentum_classical", "solution": true}
def momentum_classical(grad, w0, lr, alpha, steps):
    """Walk with a velocity, v <- alpha * v + grad(w), w <- w - lr * v, and return the path[steps + 1, P].

    The arguments are those of momentum_slide. Before the first step v = 0.
    """
    ### BEGIN SOLUTION
    path, v = [np.array(w0, dtype=float)], np.zeros(len(w0))
    for _ in range(steps):
        v = alpha * v + grad(path[-1])
        path.append(path[-1] - lr * v)
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_momentum_classical", "grade": true, "locked": true}
kit.score("momentum_classical", globals())

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-momentum", "locked": true}
import matplotlib.pyplot as plt

if all(kit.ready(name, globals()) for name in ("gd", "momentum_slide", "momentum_classical")):
    bends, start = np.array([1.0, 40.0]), np.array([-2.0, 1.0])

    def bowl(w):
        return bends * w

    walks = {
        "plain": (gd(bowl, start, 0.02, 120), "#0072B2", "-"),
        "momentum of the slide, α = 0.8": (momentum_slide(bowl, start, 0.02, 0.8, 120), "#E69F00", "--"),
        "velocity, α = 0.8": (momentum_classical(bowl, start, 0.02, 0.8, 120), "#D55E00", "-."),
    }
    fig, (ground, fall) = plt.subplots(1, 2, figsize=(12, 4), width_ratios=[1.2, 1])
    a, b = np.meshgrid(np.linspace(-2.2, 0.8, 150), np.linspace(-1.2, 1.2, 150))
    ground.contour(a, b, 0.5 * (a**2 + 40 * b**2), levels=[0.1, 0.5, 2, 6, 14], colors="#BBBBBB")
    for name, (path, colour, style) in walks.items():
        ground.plot(*path[:40].T, color=colour, linestyle=style, marker=".", label=name)
        loss = 0.5 * np.sum(bends * path**2, axis=1)
        fall.plot(np.maximum(loss, 1e-12), color=colour, linestyle=style, linewidth=2)
    ground.plot(0, 0, color="black", marker="*", markersize=13, linestyle="")
    ground.set(title="the first 40 steps, learning rate 0.02", xlabel="$w_1$", ylabel="$w_2$")
    ground.legend(fontsize=9)
    fall.set(title="the loss", xlabel="step", yscale="log", ylim=(1e-10, 100))
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: left, a long valley with three paths of 40 steps at the same learning rate. The plain path creeps along the valley
# floor; that of the slide swings a little and gets somewhat further; the one with a velocity swings widely and arrives. Right, the
# loss, logarithmic: the plain line and the slide's fall slowly and evenly, the third in waves and far faster.*
#
# ### Think about it (no points)
#
# **I. On a long slope the gradient is always 1. With $\alpha=0.9$, $\gamma=1$: how long do the steps become in each reading?**
#
# <details><summary>Answer</summary>
# Slide: α·1 + 1 = 1.9. Classical: v = 1 + α + α² + … = 1/(1 − α) = 10. Same name and same α, but a gain of 1.9 or of 10.
# </details>

# %% [markdown] covers=["OPT-15"]
# ## 6 Several starts
#
# A walk ends in the minimum whose basin it started in. So run several trials with different random weights, **random restarts**, and keep the
# best end. Take $f(x)=x^4-3x^2+x$: its left minimum, $-1.3008$ with $f=-3.514$, is lower than the right one at $1.1309$. From
# $-2$ and $0$ the walk ends left, from $0.5$ and $2$ right.

# %% [markdown]
# ### `random_restarts` ({points:random_restarts})


# %% nbgrader={"grade_id": "random_restarts", "solution": true}
def random_restarts(f, grad, starts, lr, steps):
    """Run gradient descent from every start; return (best[P], all_ends[S, P]).

    f: a function of w[P] that returns one number; grad: its gradient; starts[S, P]: one start per row, which must
    stay as it is. best is the end with the smallest f.
    """
    ### BEGIN SOLUTION
    ends = np.array([gd(grad, start, lr, steps)[-1] for start in starts])
    values = [f(end) for end in ends]
    return ends[int(np.argmin(values))], ends
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_random_restarts", "grade": true, "locked": true}
kit.score("random_restarts", globals())

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-restarts", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("random_restarts", globals()):

    def hills(w):
        return float(w[0] ** 4 - 3 * w[0] ** 2 + w[0])

    def hill_slope(w):
        return 4 * w**3 - 6 * w + 1

    starts = np.random.default_rng(7).uniform(-2.1, 2.1, (12, 1))
    best, ends = random_restarts(hills, hill_slope, starts, 0.02, 80)
    x = np.linspace(-2.15, 2.15, 300)
    fig, ax = plt.subplots(figsize=(8, 4))
    ax.plot(x, x**4 - 3 * x**2 + x, color="#BBBBBB", linewidth=2)
    for start, end in zip(starts, ends):
        left = end[0] < 0.17
        colour, mark = ("#0072B2", "o") if left else ("#D55E00", "^")
        ax.plot([start[0], end[0]], [hills(start), hills(end)], color=colour, linestyle=":", linewidth=1)
        ax.plot(start[0], hills(start), color=colour, marker=mark, markersize=8)
    ax.axvline(0.17, color="black", linestyle="--", linewidth=1)
    ax.plot(best[0], hills(best), color="black", marker="*", markersize=16, linestyle="")
    left = int(np.sum(ends < 0.17))
    ax.set(title=f"{left} of 12 starts end left, {12 - left} right", xlabel="$x$", ylabel="$f(x)$")
    plt.show()

# %% [markdown]
# *Picture: the curve with two minima, twelve starts on it. A dashed line at 0.17, the top between the minima, divides them: starts
# left of it (dots) lead to the lower minimum, marked by a star; those right of it (triangles) to the higher one.*
#
# ### Think about it (no points)
#
# **J. "Take the results of the trial with the lowest training set error." Would you?**
#
# <details><summary>Answer</summary>
# For finding a minimum of f, yes. For a network that shall work on new data, training error rewards over-fitting: choose the trial with the
# lowest error on <em>validation</em> data.
# </details>

# %% [markdown] covers=["OPT-16", "OPT-17", "OPT-18", "TRAIN-01"]
# ## 7 Reading loss curves
#
# Activation, learning rate, batch size, momentum: there are many knobs, and one has to know what each does to turn them
# sensibly. The first thing to look at is the loss against updates. Falling almost along a straight line: the learning rate is
# probably **too small**. Exploding, or numerically unstable: **too large**. Falling fast and then staying on a noisy, high
# level: too large to settle.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-loss-curves", "locked": true}
import matplotlib.pyplot as plt


def noisy_descent(rate, updates=80):
    """Return the losses of a noisy descent into a bowl of twenty different curvatures."""
    rng = np.random.default_rng(11)
    bends, w = np.logspace(-2, 0, 20), np.ones(20)
    losses = []
    for _ in range(updates):
        losses.append(0.5 * np.sum(bends * w**2))
        w = w - rate * (bends * w + rng.normal(0, 0.2, 20))
    return losses


fig, axes = plt.subplots(1, 4, figsize=(13, 3.2), sharey=True)
for ax, letter, rate in zip(axes, "PQRS", (1.9, 0.004, 2.06, 0.25)):
    ax.plot(noisy_descent(rate), color="#0072B2", linewidth=1.8)
    ax.set(title=letter, xlabel="update", ylim=(0, 5))
axes[0].set_ylabel("loss")
fig.tight_layout()
plt.show()

# %% [markdown] covers=["OPT-18", "OPT-19"]
# *Picture: four loss curves, P, Q, R and S, over 80 updates, all from the same start. P drops in a few updates and then stays on a
# high, jagged level. Q falls slowly, almost along a straight line. R dips once, then rises in ever larger jags and leaves the picture. S drops
# quickly and stays low, with little noise.*
#
# ### Think about it (no points)
#
# **K. The learning rates were 0.004, 0.25, 1.9 and 2.06. Which curve is which?**
#
# <details><summary>Answer</summary>
# Q: 0.004, too small. S: 0.25, good. P: 1.9, too large to settle: the steps keep throwing it about. R: 2.06, beyond 2/curvature (the steepest
# curvature is 1): it runs away.
# </details>
#
# **L. After thousands of epochs the training loss is still not 0. Is something broken?**
#
# <details><summary>Answer</summary>
# Not necessarily. A walk need not reach zero training error: it may rest in a local optimum or oscillate for ever, and the model may be too small
# for the data. In practice many large networks do get very low, after many epochs, hours or days. Learning rate and sizes are hard
# to set beforehand; look at the curves and try.
# </details>

# %% [markdown] covers=["TRAIN-06", "TRAIN-07"]
# ### A black box and a black art
#
# The lecture calls deep learning both: one may use it without looking inside, and yet the knobs have to be *nailed*. It quotes a happy
# chat message, "4 generator updates per discriminator update": a number found by trying, true for one model on one day. What carries
# over is not the number but knowing what each knob does.
#
# **M. You find such a number in a paper. What would you do with it?**
#
# <details><summary>Answer</summary>
# Take it as a starting value, with the other settings of that paper (batch size, normalisation, schedule). Then look at your own loss curves, vary it
# by factors of 2 or 3, and decide on validation data.
# </details>

# %% [markdown]
# ## 8 Self-check
#
# Can you answer these without looking?
#
# 1. Below which learning rate does gradient descent converge on a parabola of curvature $c$?
# 2. Name three places where the walk stands still and that are not the global minimum.
# 3. 10 examples, batch size 3: how many iterations per epoch, how large is the last batch, how many updates in 5 epochs?
# 4. What does the velocity know that the slide's momentum does not?
# 5. The curve is too noisy. Two remedies?
#
# <details><summary>Answers</summary>
# 1. 2/c. ·
# 2. A local minimum, a saddle, a plateau. ·
# 3. 4; 1 example; 20. ·
# 4. All earlier gradients, not just the last one. ·
# 5. A larger batch, a smaller learning rate.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
