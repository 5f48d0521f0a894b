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
# # Fitting without over-fitting: regularisation and training diagnosis
#
# A network that has learned its training set by heart is of no use. At the end of this notebook you can
#
# - recognise over- and under-fitting from curves,
# - write weight decay, dropout in both styles, ensembles, varied images and early stopping,
# - prescribe a remedy from a picture.
#
# **{points:total}** · reading: 25 minutes · work: three hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $C_0$, $C$ | loss on the data; loss with penalty | | $p$ | probability to *drop* a unit |
# | $w$ | weights | | $q = 1-p$ | probability to *keep* it |
# | $\lambda$ (`lam`) | strength of the penalty | | $m$ | mask: 1 kept, 0 dropped |
# | $\eta$ (`lr`) | learning rate | | $E$ | number of epochs |
#
# Rows are examples, images are channels-first (`X[n, c, row, column]`), everything is float64. Epochs, classes and
# examples are counted from 0.

# %% [markdown]
# **How to work here.** Replace each `raise NotImplementedError()` by your code, keep the names of the functions,
# and run the cell below it: it checks your function on *public* inputs and tells you where to look. Marks come
# from other inputs. You may add cells of your own. By-hand questions have your own numbers, so write your
# student id first. `backmark_kit.py` and `variants.json` must lie in the folder of this notebook.
# **For every function:** unless its text says so, it leaves what it is given (arrays, lists, a cache) as it is, and the
# same call gives the same result again.

# %% tags=["student"]
student = ""

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

# %% nbgrader={"grade_id": "kit", "locked": true}
import backmark_kit as kit

# %% [markdown] covers=["REG-01", "REG-02", "REG-03", "REG-15"]
# ## 1 Too much and too little
#
# **Over-fitting**: the model fits the noise of its training data, too. **Under-fitting**: it does not even model the
# relationship behind them. Too many parameters lead to the first, too few to the second, and the more data there are,
# the smaller the chance to over-fit.
#
# The data-fitting problem in one picture: ten points that lie near a curve, and polynomials through them. With degree 9
# there are ten coefficients for ten points, so the fit is perfect on the points. In the lower row the degree is 9
# throughout, and what changes is a penalty $\lambda\sum w^2$ on the coefficients: section 2.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-polynomials", "locked": true}
import matplotlib.pyplot as plt

BLUE, RED, GREY = "#0072B2", "#D55E00", "#777777"


def fitted(x, y, degree, lam, at):
    """Fit a polynomial with the penalty lam * sum of w^2 (the constant left out), and evaluate it."""
    powers = np.vander(x, degree + 1, increasing=True)
    penalty = lam * np.diag([0.0, *np.ones(degree)])
    w = (
        np.linalg.solve(powers.T @ powers + penalty, powers.T @ y)
        if lam
        else np.linalg.lstsq(powers, y, rcond=None)[0]
    )
    return np.vander(at, degree + 1, increasing=True) @ w, w


rng = np.random.default_rng(5)
x, at = np.linspace(-1, 1, 10), np.linspace(-1, 1, 200)
y = 1.5 * x**2 - 0.5 * x + rng.normal(0, 0.25, 10)
panels = [(1, 0), (2, 0), (9, 0), (9, 1e-5), (9, 0.1), (9, 30)]
fig, axes = plt.subplots(2, 3, figsize=(11, 5.6), sharex=True, sharey=True)
for ax, (degree, lam) in zip(axes.flat, panels):
    curve, w = fitted(x, y, degree, lam, at)
    ax.plot(at, 1.5 * at**2 - 0.5 * at, color=GREY, linestyle=":", label="behind the data")
    ax.plot(at, curve, color=BLUE, label="fit")
    ax.plot(x, y, "o", color=RED, markersize=5, label="data")
    ax.set(
        ylim=(-0.7, 2.8),
        title=f"degree {degree}, $\\lambda$ = {lam:g};  largest $|w|$ = {abs(w[1:]).max():.1f}",
    )
axes[0, 0].legend(loc="upper center", fontsize=9)
fig.tight_layout()
plt.show()

# %% [markdown] covers=["REG-02", "REG-05", "REG-15"]
# *Picture: six fits to the same ten points. Degree 1, a straight line, misses the bend (under-fitting). Degree 2 follows the
# curve behind the data. Degree 9 goes through all points and swings between them, with coefficients of 10 and more
# (over-fitting). With a small penalty the swings of degree 9 get smaller, with $\lambda = 0.1$ the fit is close to the
# curve, and with $\lambda = 30$ it is nearly flat: under-fitting again.*
#
# **Occam's razor**: of two explanations that fit, prefer the one with the fewest assumptions.
#
# ### Think about it (no points)
#
# **A. A line through ten points with errors of 0.3, and a curve of degree 9 with errors of 0. Which fit is better a
# priori, before you see new data?**
#
# <details><summary>Answer</summary>
# The one with fewer assumptions, if its errors look like noise. That the curve has no error at the points says nothing:
# ten coefficients can do that for <em>any</em> ten points. It is a bet, not a proof; new data decide.
# </details>
#
# **B. "Bigger models are more likely to over-fit." Always?**
#
# <details><summary>Answer</summary>
# It is a rule of thumb for a fixed amount of data and a fixed regularisation. The fits above with degree 9 and
# λ = 0.1 have ten coefficients and do not over-fit, and very large networks, well regularised, can generalise well.
# </details>

# %% [markdown] covers=["REG-04", "LOSS-10"]
# ## 2 Small weights
#
# Penalise the use of parameters: add the sum of the squared weights to the loss,
#
# $$ C = C_0 + \lambda\sum_w w^2, \qquad \frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + 2\lambda w . $$
#
# A step of gradient descent with $g = \partial C_0/\partial w$, the gradient of the data alone:
#
# $$ w_\text{new} = w - \eta\,(g + 2\lambda w) = (1 - 2\eta\lambda)\,w - \eta g . $$
#
# Before every step a weight shrinks by the same factor: hence *weight decay*. Biases are normally left out. Books write
# $\frac\lambda2\sum w^2$ or $\frac{\lambda}{2n}\sum w^2$ as well; then the 2 goes, or an $n$ comes in. Here the 2 stays.
#
# *Worked example.* $w=(1,-2)$, $g=(0.5,0)$, $\eta=0.1$, $\lambda=0.05$:
# $w_1 = 1 - 0.1\,(0.5 + 0.1\cdot1) = 0.94$ and $w_2 = -2 - 0.1\,(0 + 0.1\cdot(-2)) = -1.98$. The second weight shrinks
# although the data do not ask for it.

# %% [markdown] covers=["REG-04", "LOSS-10"]
# ### `l2_update` ({points:l2_update})


# %% nbgrader={"grade_id": "l2_update", "solution": true}
def l2_update(w, g, lr, lam):
    """Return the weights after one step of gradient descent on C = C0 + lam * sum of w^2.

    w: array of any shape; g: gradient of C0 alone, same shape; lr, lam: floats. w and g stay as they are.
    """
    ### BEGIN SOLUTION
    return w - lr * (g + 2 * lam * w)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_l2_update", "grade": true, "locked": true}
kit.score("l2_update", globals())

# %% [markdown] covers=["REG-06"]
# ### Think about it (no points)
#
# **C. Why should small weights help?** Work it out: a unit computes $w\cdot x$, and the input moves by
# $\Delta x = (0.1, -0.1)$. By how much does the result move for $w=(10,-8)$, and for $w=(1,-0.8)$?
#
# <details><summary>Answer</summary>
# |w·Δx| = |10·0.1 + 8·0.1| = 1.8, and 0.18. With large weights a small change of the input makes a large change of
# the output, so the network reacts to noise. Small weights are robust.
# </details>
#
# **D. A formula collection says the gradient of the penalty is $\lambda w$. Is it wrong?**
#
# <details><summary>Answer</summary>
# Not if its penalty is λ/2 · Σw². With the lecture's λΣw² it is 2λw. Always look at the loss that belongs to it: a
# factor of 2, or 1/n, is no more than another λ, but it has to be the same one in loss and gradient.
# </details>

# %% [markdown] covers=["REG-07", "REG-08", "REG-09"]
# ## 3 Dropout
#
# For each mini-batch, ignore a random subset of the units. A unit cannot rely on its neighbours any more, so it has to
# learn features that are good by themselves. With $n$ units there are $2^n$ thinned networks; training trains many of
# them a little, all with the same weights. That is like averaging many networks, only much cheaper.
#
# At test time nobody is dropped, so a unit receives more than it is used to. **Two ways to make up for that**, with $p$ the
# probability to drop a unit and a mask $m$ of 0 and 1:
#
# | mode | in training | at test time |
# |---|---|---|
# | classic | $y = m\cdot x$ | $y = (1-p)\,x$ |
# | inverted | $y = m\cdot x\,/\,(1-p)$ | $y = x$ |
#
# The slide says "halve the outgoing weights": that is classic dropout with $p=\tfrac12$. In general it is the
# probability to **keep**, $1-p$.
#
# *Worked example.* A linear unit $w\cdot x$ with $x=(1,2,3)$, $w=(2,-1,4)$ gives 12. Averaged over all $2^3 = 8$ masks,
# each input is there in half of them: $p=\tfrac12$ gives $\tfrac12\cdot12 = 6$, exactly what the test rule
# $w\cdot(\tfrac12x)$ gives. With $p=\tfrac14$ both are $\tfrac34\cdot12=9$. Inverted dropout has the mean 12 in training
# and gives 12 at test time.

# %% [markdown] covers=["REG-07", "REG-08"]
# ### DROP-1 by hand, twice ({points:DROP-1} each)
#
# Your question is shown by the next cell. Write your answer between the quotation marks of the cell after it, numbers
# with spaces between them. That cell is *read*, not run. The check says only whether your answer can be read.

# %% nbgrader={"grade_id": "show-DROP-1", "locked": true}
kit.show("DROP-1", student)

# %% deletable=false nbgrader={"grade_id": "DROP-1"}
# answer: DROP-1
answer = """

"""

# %% nbgrader={"grade_id": "test_DROP-1", "grade": true, "locked": true}
kit.score("DROP-1", globals())

# %% nbgrader={"grade_id": "show-DROP-1_2", "locked": true}
kit.show("DROP-1_2", student)

# %% deletable=false nbgrader={"grade_id": "DROP-1_2"}
# answer: DROP-1_2
answer = """

"""

# %% nbgrader={"grade_id": "test_DROP-1_2", "grade": true, "locked": true}
kit.score("DROP-1_2", globals())

# %% [markdown] covers=["REG-07", "REG-08"]
# ### `dropout_forward` ({points:dropout_forward}) and `dropout_backward` ({points:dropout_backward})
#
# The fourth argument of the forward is either a mask or a generator. With a generator draw the mask unit by unit, so
# that a unit of an example is kept with probability $1-p$. The mask that you return holds 0 and 1 only, **not scaled**.
# The backward belongs to training, and uses the very same mask: where nothing went forward, nothing comes back.


# %% nbgrader={"grade_id": "dropout_forward", "solution": true}
def dropout_forward(X, p_drop, mode, rng_or_mask, train):
    """Return (Y, mask) of a dropout layer.

    X: array of any shape; p_drop: probability to drop a unit, 0 <= p_drop < 1; mode: "classic" or "inverted";
    rng_or_mask: an np.random.Generator, or a mask of 0 and 1 with the shape of X (then it is used as it is);
    train: True in training, False at test time, when nothing is dropped (the mask then does not matter).
    """
    ### BEGIN SOLUTION
    keep = 1 - p_drop
    drawn = isinstance(rng_or_mask, np.random.Generator)
    mask = (rng_or_mask.random(X.shape) < keep).astype(float) if drawn else np.array(rng_or_mask)
    if not train:
        return X * keep if mode == "classic" else X * 1.0, mask
    return X * mask / keep if mode == "inverted" else X * mask, mask
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_dropout_forward", "grade": true, "locked": true}
kit.score("dropout_forward", globals())


# %% nbgrader={"grade_id": "dropout_backward", "solution": true}
def dropout_backward(dY, mask, p_drop, mode):
    """Return dX of a dropout layer in training.

    dY: upstream gradient; mask: the mask that dropout_forward returned; p_drop and mode as there.
    """
    ### BEGIN SOLUTION
    dX = dY * mask
    return dX / (1 - p_drop) if mode == "inverted" else dX
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_dropout_backward", "grade": true, "locked": true}
kit.score("dropout_backward", globals())

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-dropout", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("dropout_forward", globals()):
    rng, frames = np.random.default_rng(2), 5
    units = np.linspace(0.3, 1.0, 24).reshape(1, 24)
    outputs = [dropout_forward(units, 0.5, "inverted", rng, True) for _ in range(200)]
    fig, axes = plt.subplots(1, frames + 2, figsize=(12, 2.8), width_ratios=[1] * (frames + 2))
    shown = [units, *(Y for Y, _ in outputs[:frames]), np.mean([Y for Y, _ in outputs], axis=0)]
    titles = ["input", *(f"batch {i + 1}" for i in range(frames)), "mean of 200"]
    for ax, values, title in zip(axes, shown, titles):
        ax.imshow(np.ma.masked_equal(values.reshape(6, 4), 0), cmap="cividis", vmin=0, vmax=2)
        for i, j in np.argwhere(values.reshape(6, 4) == 0):
            ax.text(j, i, "×", ha="center", va="center", color="#D55E00")
        ax.set(title=title, xticks=[], yticks=[])
    fig.tight_layout()
    plt.show()

# %% [markdown] covers=["REG-08", "REG-09", "REG-14"]
# *Picture: 24 units as squares whose brightness is their value. In each of five batches about half of them are crossed out,
# another half every time, and the others are twice as bright. The mean of 200 batches looks like the input.*
#
# ### Think about it (no points)
#
# **E. A layer has Dropout(0.25), classic. A fellow student halves its outgoing weights at test time, "as on the slide".**
#
# <details><summary>Answer</summary>
# A quarter is dropped, so three quarters were there on average: multiply by 0.75. Halving is right for p = 0.5 only.
# </details>
#
# **F. Another one divides by $1-p$ in training <em>and</em> multiplies by $1-p$ at test time. What goes wrong?**
#
# <details><summary>Answer</summary>
# Both make up for the same thing. In training the next layer meets its full input on average, at test time only the
# share 1 − p of it: every layer with dropout makes the signal smaller by that factor.
# </details>
#
# **G. Is the test rule the exact mean over all masks?** Try $\mathrm{relu}(w\cdot(m\cdot x))$ with $x=(1,2)$, $w=(2,-1)$, $p=\tfrac12$.
#
# <details><summary>Answer</summary>
# The four masks give relu(0) = 0, relu(−2) = 0, relu(2) = 2, relu(0) = 0: the mean is 0.5. The test rule gives
# relu(½·0) = 0. It is exact only as long as no non-linearity follows.
# </details>

# %% [markdown] covers=["REG-10", "OPT-15"]
# ## 4 Many networks, and many images
#
# Train five networks from random starts and let them **vote**: the error is averaged. If each is right with probability
# 0.7, and *independently* of the others, three or more of five are right with probability
#
# $$ 0.7^5 + 5\cdot0.7^4\cdot0.3 + 10\cdot0.7^3\cdot0.3^2 = 0.16807 + 0.36015 + 0.30870 = 0.83692 . $$
#
# Instead of counting votes one can average probabilities and take the largest. The results may differ: with
# $(0.50, 0.45, 0.05)$ twice and $(0.05, 0.90, 0.05)$ once, class 0 has two votes of three, but the mean is
# $(0.35, 0.60, 0.05)$: one network that is sure outweighs two that waver.

# %% [markdown] covers=["REG-10"]
# ### `vote` ({points:vote}) and `average_probs` ({points:average_probs})


# %% nbgrader={"grade_id": "vote", "solution": true}
def vote(preds, C):
    """Return the label y[N] that most of K networks give to each example; on a tie the smallest label.

    preds[K, N]: labels 0..C-1 (ints), one row per network. y: ints.
    """
    ### BEGIN SOLUTION
    counts = np.array([(preds == c).sum(axis=0) for c in range(C)])  # [C, N]
    return counts.argmax(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_vote", "grade": true, "locked": true}
kit.score("vote", globals())


# %% nbgrader={"grade_id": "average_probs", "solution": true}
def average_probs(P):
    """Return the label y[N] with the largest mean probability over K networks.

    P[K, N, C]: probabilities, one table per network. y: ints.
    """
    ### BEGIN SOLUTION
    return P.mean(axis=0).argmax(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_average_probs", "grade": true, "locked": true}
kit.score("average_probs", globals())

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-ensemble", "locked": true}
import matplotlib.pyplot as plt


def voters(K, N, p, shared, rng):
    """Return labels [K, N] of voters for N examples of class 1 of 3; a share of examples fools them all alike."""
    wrong = rng.random((K, N)) >= p
    together = rng.random(N) < shared
    wrong[:, together] = rng.random(int(together.sum())) >= p
    return np.where(wrong, 2 * rng.integers(2, size=(K, N)), 1)


if kit.ready("vote", globals()):
    rng, sizes = np.random.default_rng(0), range(1, 22, 2)
    cases = [
        ("0.7 each, independent", 0.7, 0.0, "#0072B2", "o"),
        ("0.7 each, half of the errors shared", 0.7, 0.5, "#E69F00", "s"),
    ]
    cases.append(("0.3 each, independent", 0.3, 0.0, "#D55E00", "^"))
    fig, ax = plt.subplots(figsize=(7, 4))
    for title, p, shared, ink, mark in cases:
        right = [np.mean(vote(voters(K, 4000, p, shared, rng), 3) == 1) for K in sizes]
        ax.plot(sizes, right, color=ink, marker=mark, label=title)
    ax.set(
        xlabel="number of networks that vote",
        ylabel="accuracy of the vote",
        ylim=(0, 1.03),
        xticks=list(sizes),
    )
    ax.legend(loc="center right")
    plt.show()

# %% [markdown] covers=["OPT-15", "REG-10"]
# *Picture: accuracy of the vote against the number of voters. Independent voters that are right in 70 % of cases reach nearly 1
# with 21 of them; if they share half of their errors the curve flattens at about 0.85; voters that are right in 30 % of
# cases do not get better by voting.*
#
# ### Think about it (no points)
#
# **H. Networks trained on the same data do not err independently. What does that mean for 0.83692?**
#
# <details><summary>Answer</summary>
# It is a best case. Where all are fooled by the same pictures voting cannot help; the more their errors differ (other
# starts, other data, other architectures), the more there is to gain.
# </details>
#
# **I. Random restarts: run several trials with random weights and "keep the one with the lowest training error". Would
# you?**
#
# <details><summary>Answer</summary>
# As a way out of poor minima, yes, but choose by the <em>validation</em> error. The lowest training error rewards the
# trial that over-fits most. Or keep them all and let them vote.
# </details>

# %% [markdown] covers=["REG-11"]
# ### `augment` ({points:augment})
#
# There are many forms of regularisation. The best is more data, and some can be had for nothing: a mirrored or shifted
# picture of a cat is another picture of a cat. **The rule here**, for every image of the batch by itself: mirror it left to
# right with probability ½; then move it by −1, 0 or 1 pixel in each of the two directions, all equally likely, zeros
# moving in at the edge. All channels of an image move together. Take all random numbers from `rng`; in which order is
# your affair.


# %% nbgrader={"grade_id": "augment", "solution": true}
def augment(X, rng):
    """Return a varied copy of a batch of images X[N, C, H, W]: each mirrored or not, and moved by at most one pixel.

    rng: np.random.Generator. X stays as it is.
    """
    ### BEGIN SOLUTION
    H, W = X.shape[2:]
    varied = np.zeros_like(X)
    for n in range(len(X)):
        image = X[n, :, :, ::-1] if rng.random() < 0.5 else X[n]
        down, right = rng.integers(-1, 2, size=2)
        framed = np.pad(image, ((0, 0), (1, 1), (1, 1)))
        varied[n] = framed[:, 1 - down : 1 - down + H, 1 - right : 1 - right + W]
    return varied
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_augment", "grade": true, "locked": true}
kit.score("augment", globals())

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-augment", "locked": true}
import matplotlib.pyplot as plt

LETTER = ["........", ".#####..", ".#......", ".####...", ".#......", ".#......", ".#......", "........"]

if kit.ready("augment", globals()):
    letter = np.array([[float(c == "#") for c in row] for row in LETTER])
    batch = np.repeat(letter[None, None], 9, axis=0)
    fig, axes = plt.subplots(1, 10, figsize=(12, 1.7))
    for ax, image in zip(axes, [letter, *augment(batch, np.random.default_rng(1))[:, 0]]):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    axes[0].set_title("given", fontsize=10)
    axes[5].set_title("nine variations", fontsize=10)
    plt.show()

# %% [markdown] covers=["REG-11"]
# *Picture: an F of 8×8 pixels, and nine variations of it, some mirrored, most of them moved by a pixel.*
#
# ### Think about it (no points)
#
# **J. For which of these would mirroring be a mistake: cats, letters, chest X-rays, satellite pictures?**
#
# <details><summary>Answer</summary>
# Letters (a mirrored F is no F; b becomes d) and X-rays (the heart lies on the left). The variation must not change
# what the label says.
# </details>
#
# **K. "Pooling is a kind of regularisation." Is it?**
#
# <details><summary>Answer</summary>
# Arguable. It adds no penalty and no noise, but it makes the network less sensitive to small shifts, and what follows
# has fewer inputs and so fewer weights. Call it a built-in assumption.
# </details>

# %% [markdown] covers=["REG-12", "REG-13", "TRAIN-05"]
# ## 5 Stop in time
#
# Training for too many epochs can over-fit, too: the training loss goes on falling while the loss on held-out data
# rises. So set some data aside, test on them after **every** epoch, and stop when it gets worse. A single bump is
# noise, though; therefore **patience**:
#
# - an epoch is an *improvement* if its validation loss is **strictly** lower than all before,
# - training stops at the end of the epoch that completes `patience` epochs in a row without an improvement; if that
#   never happens, after the last epoch, $E-1$,
# - then the weights of the **best epoch so far** are restored.
#
# *Worked example.* Losses 1.0, 0.7, 0.5, 0.55, 0.45, 0.46, 0.48, 0.5 for epochs 0 to 7. With patience 1 (the slide's rule
# taken literally) training stops at epoch 3 and restores epoch 2: it falls for the bump and never sees 0.45. With
# patience 2 it stops at epoch 6 and restores epoch 4.

# %% [markdown] covers=["REG-12"]
# ### DIAG-2 by hand, twice ({points:DIAG-2} each)

# %% nbgrader={"grade_id": "show-DIAG-2", "locked": true}
kit.show("DIAG-2", student)

# %% deletable=false nbgrader={"grade_id": "DIAG-2"}
# answer: DIAG-2
answer = {
    "stop": """ """,
    "best": """ """,
}

# %% nbgrader={"grade_id": "test_DIAG-2", "grade": true, "locked": true}
kit.score("DIAG-2", globals())

# %% nbgrader={"grade_id": "show-DIAG-2_2", "locked": true}
kit.show("DIAG-2_2", student)

# %% deletable=false nbgrader={"grade_id": "DIAG-2_2"}
# answer: DIAG-2_2
answer = {
    "stop": """ """,
    "best": """ """,
}

# %% nbgrader={"grade_id": "test_DIAG-2_2", "grade": true, "locked": true}
kit.score("DIAG-2_2", globals())

# %% [markdown] covers=["REG-12", "REG-13"]
# ### `early_stopping` ({points:early_stopping})


# %% nbgrader={"grade_id": "early_stopping", "solution": true}
def early_stopping(val, patience):
    """Return (stop_epoch, best_epoch), both counted from 0, by the rule above.

    val[E]: validation losses, one per epoch; patience: int >= 1. The best epoch is the first one of the lowest
    loss among epochs 0..stop_epoch.
    """
    ### BEGIN SOLUTION
    best = 0
    for epoch in range(len(val)):
        if val[epoch] < val[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch, best
    return len(val) - 1, best
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_early_stopping", "grade": true, "locked": true}
kit.score("early_stopping", globals())

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-early-stopping", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("early_stopping", globals()):
    rng, epochs = np.random.default_rng(12), np.arange(40)
    training = 0.15 + 0.85 * np.exp(-epochs / 9)
    validation = training + 0.12 + 0.0007 * np.maximum(epochs - 10, 0) ** 2 * 0.6 + rng.normal(0, 0.015, 40)
    fig, ax = plt.subplots(figsize=(8, 4))
    ax.plot(epochs, training, color="#0072B2", label="training loss")
    ax.plot(epochs, validation, color="#D55E00", linestyle="--", label="validation loss")
    for patience, mark in ((1, "s"), (3, "^"), (6, "o")):
        stop, best = early_stopping(validation, patience)
        ax.axvline(stop, color="#999999", linewidth=1)
        ax.plot(
            best,
            validation[best],
            mark,
            color="black",
            markersize=8,
            label=f"patience {patience}: best {best}, stop {stop}",
        )
    ax.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.25))
    ax.legend()
    plt.show()

# %% [markdown] covers=["REG-13", "TRAIN-05"]
# *Picture: training loss falls for 40 epochs; validation loss falls, is noisy, and rises again after about 23 epochs. Grey lines
# show where training stops for patience 1, 3 and 6, black marks the epochs that are restored: with patience 1 that is
# early on the slope.*
#
# ### Think about it (no points)
#
# **L. "The training loss is decreasing: good, it is learning something." Good enough?**
#
# <details><summary>Answer</summary>
# Necessary, not sufficient. Plot the validation loss beside it, epoch by epoch; only the two together tell learning
# from learning by heart.
# </details>
#
# **M. The best of 200 validation losses has been picked. May you report it as the error to expect on new data?**
#
# <details><summary>Answer</summary>
# No: it was chosen because it was low, so part of it is luck. That is what the test set is for, used once.
# </details>

# %% [markdown] covers=["TRAIN-01", "TRAIN-02", "TRAIN-03", "OPT-18"]
# ## 6 Reading curves
#
# | what you see | what it may mean | what to do |
# |---|---|---|
# | the loss falls nearly in a straight line | learning rate too low | raise it |
# | the loss falls at once and stays high, or rises | learning rate too high | lower it |
# | the loss curve is wide and noisy | batches too small | bigger batches |
# | big gap between training and validation accuracy | over-fitting | regularise more, more data |
# | no gap, and both **low** | under-fitting | more capacity, less regularisation |
# | no gap, and both high | that is the aim | keep it, test it once |
#
# The slide says "no gap: under-fitting". With a high accuracy no gap is what everybody wants, so look at the level, too.
# The table is a set of rules of thumb, and the next picture an exercise in it.


# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-gallery", "locked": true}
import matplotlib.pyplot as plt

rng, e = np.random.default_rng(3), np.arange(1, 41)
noise = rng.normal(size=(6, 40))
GALLERY = {
    "A": ((0.5 + 1.8 * np.exp(-e / 8)) * np.exp(0.2 * noise[0]), None),
    "B": (
        0.55 + 0.44 * (1 - np.exp(-e / 6)) + 0.004 * noise[1],
        0.55 + 0.2 * (1 - np.exp(-e / 6)) - 0.001 * e + 0.01 * noise[2],
    ),
    "C": (2.3 - 0.012 * e + 0.01 * noise[3], None),
    "D": (
        0.3 + 0.26 * (1 - np.exp(-e / 6)) + 0.008 * noise[4],
        0.29 + 0.255 * (1 - np.exp(-e / 6)) + 0.008 * noise[5],
    ),
    "E": (1.4 + 0.9 * np.exp(-e / 1.5) + 0.012 * e + 0.03 * noise[1], None),
    "F": (
        0.4 + 0.56 * (1 - np.exp(-e / 7)) + 0.006 * noise[2],
        0.4 + 0.54 * (1 - np.exp(-e / 7)) + 0.008 * noise[0],
    ),
}
fig, axes = plt.subplots(2, 3, figsize=(12, 6))
for ax, (name, (first, second)) in zip(axes.flat, GALLERY.items()):
    ax.plot(e, first, color="#0072B2", label="training")
    if second is None:
        ax.set(ylim=(0, 2.6), ylabel="training loss")
    else:
        ax.plot(e, second, color="#D55E00", linestyle="--", label="validation")
        ax.set(ylim=(0, 1.03), ylabel="accuracy")
        ax.legend(loc="lower right")
    ax.set(title=name, xlabel="epoch")
fig.tight_layout()
plt.show()

# %% [markdown] covers=["TRAIN-01", "TRAIN-02", "TRAIN-03", "TRAIN-05", "OPT-18"]
# *Picture: six curves. A: a loss that falls steeply and flattens, with wide noise. B: training accuracy near 1, validation
# near 0.7. C: a loss that falls in a straight line from 2.3 to 1.8. D: training and validation accuracy together at
# 0.55. E: a loss that falls at once to 1.5 and then rises slowly. F: both accuracies at 0.95.*
#
# **N. Match the six pictures with six causes: good; over-fitting; under-fitting; batches too small; learning rate too low;
# learning rate too high.**
#
# <details><summary>Answer</summary>
# A batches too small · B over-fitting · C learning rate too low · D under-fitting · E learning rate too high · F good.
# </details>
#
# **O. Which remedy for which picture: more dropout; a bigger network; a tenth of the learning rate; more data?**
#
# <details><summary>Answer</summary>
# B: more dropout or more data. D: a bigger network (more data would not help, it cannot even fit those it has). E: a
# tenth of the learning rate. More dropout in D would make things worse.
# </details>

# %% [markdown] covers=["TRAIN-03"]
# ### `diagnose` ({points:diagnose})
#
# The accuracy rules in code, read off the **last** epoch: is the gap (training minus validation) **larger** than
# `thresholds["gap"]`? Then `"overfitting"`. If not, is the training accuracy **below** `thresholds["low"]`? Then
# `"underfitting"`. Otherwise `"good"`.


# %% nbgrader={"grade_id": "diagnose", "solution": true}
def diagnose(train_acc, val_acc, thresholds):
    """Return "overfitting", "underfitting" or "good" from two accuracy curves.

    train_acc[E], val_acc[E]: accuracies from 0 to 1, one per epoch; thresholds: {"gap": ..., "low": ...}.
    """
    ### BEGIN SOLUTION
    if train_acc[-1] - val_acc[-1] > thresholds["gap"]:
        return "overfitting"
    return "underfitting" if train_acc[-1] < thresholds["low"] else "good"
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_diagnose", "grade": true, "locked": true}
kit.score("diagnose", globals())

# %% nbgrader={"grade_id": "diagnose-gallery", "locked": true}
if kit.ready("diagnose", globals()):
    for name in "BDF":
        print(name, diagnose(*GALLERY[name], {"gap": 0.1, "low": 0.7}))

# %% [markdown] covers=["TRAIN-04", "TRAIN-06", "TRAIN-07", "TRAIN-08", "OPT-18"]
# ## 7 Black box and black art
#
# Deep learning is both: nobody can say what each weight stands for, and much of what works was found by trying. One
# paper trains its generator four times for every update of its discriminator; the number is in no theorem. Neural
# networks were out of fashion in the 1990s and 2000s, and came back when there were more data, faster computers and
# tricks such as dropout. The lecture's **best practices** are such experience in a list:
#
# - use mini-batches,
# - use regularisation,
# - use cross-validation to choose settings,
# - use ReLU in hidden layers; a sigmoid is fine at a binary output,
# - centre your data,
# - mind the learning rate: too high and the loss jumps about or explodes, too low and nothing happens for hours,
# - use batch normalisation.
#
# ### Think about it (no points)
#
# **P. Four generator updates per discriminator update: how would you find out whether three would do?**
#
# <details><summary>Answer</summary>
# It is a hyper-parameter: try both several times with different random starts, and compare on validation data. One run
# each proves nothing, and the test set is not for that.
# </details>

# %% [markdown]
# ## 8 Self-check
#
# Can you answer these without looking?
#
# 1. Where does the 2 in $2\lambda w$ come from, and when is it not there?
# 2. Dropout(0.2), inverted: which factor, when?
# 3. Why does the backward of dropout need the mask of the forward, and not a new one?
# 4. When does voting help, and when does it not?
# 5. Patience 3: the best epoch is 10. When does training stop, and which weights do you keep?
# 6. Training accuracy 0.62, validation accuracy 0.61: what now?
#
# <details><summary>Answers</summary>
# 1. From the square; not with a penalty of λ/2 · Σw². ·
# 2. Division by 0.8 in training, nothing at test time. ·
# 3. The gradient belongs to the network that made the result; dropped units had no part in it. ·
# 4. With voters better than chance whose errors differ; not with shared errors. ·
# 5. At the end of epoch 13; those of epoch 10. ·
# 6. Under-fitting: more capacity, less regularisation, or train longer.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
