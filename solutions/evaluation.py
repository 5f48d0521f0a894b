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
# # How well will it predict? Test set, leave-one-out and k-fold
#
# A model that fits the data you have may still be wrong about the data you will get. At the end of this notebook you can
#
# - estimate the error on new data in three ways: with a test set, by leaving one out, by k-fold cross-validation,
# - say what each of them costs, how much data it wastes and how much luck is in it,
# - choose between models without spoiling the test set.
#
# **{points:total}** · reading: 20 minutes · work: two to three hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $R$ | number of examples (records) | | $k$ | number of folds |
# | $x_i, y_i$ | input and target of example $i$ | | $\hat y_i$ | what a model predicts for it |
# | $g$ | degree of a polynomial | | MSE | mean squared error |
#
# All examples are numbers here: `x[R]` and `y[R]` are arrays of float64, in no particular order. A model is a **pair of
# functions**: `model = fit(x, y)` learns, `yq = predict(model, xq)` predicts for an array `xq`. Index arrays say which
# examples are meant; they count from 0.

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

# %% [markdown] covers=["EVAL-14", "EVAL-04", "EVAL-05", "EVAL-06"]
# ## 1 Three models of the same data
#
# Here are ten points and three ways to draw a curve through them: a straight line (**linear regression**), a parabola
# (**quadratic regression**) and **join-the-dots**, which connects neighbouring points by straight lines and stays constant
# beyond the first and the last.
#
# **What do we really want?** Not to fit these ten points, but to **predict future data from the same distribution**. That is
# why the best fit to the data is the wrong goal: join-the-dots fits perfectly, whatever the points are.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-three-fits", "locked": true}
import matplotlib.pyplot as plt

X10, Y10 = np.arange(10.0), np.array([1.0, 3, 3, 6, 6, 7, 8, 6, 7, 4])
held = np.array([2, 5, 8])
kept = np.setdiff1d(np.arange(10), held)
line_x = np.linspace(-0.5, 9.5, 401)
curves = {
    "linear": lambda q: np.polyval(np.polyfit(X10[kept], Y10[kept], 1), q),
    "quadratic": lambda q: np.polyval(np.polyfit(X10[kept], Y10[kept], 2), q),
    "join-the-dots": lambda q: np.interp(q, X10[kept], Y10[kept]),
}
fig, axes = plt.subplots(1, 3, figsize=(12, 3.7), sharey=True, layout="constrained")
for ax, (name, curve) in zip(axes, curves.items()):
    ax.plot(line_x, curve(line_x), color="#0072B2", linewidth=2, label="fitted to the others")
    ax.scatter(X10[kept], Y10[kept], color="black", s=40, zorder=3, label="training example")
    ax.vlines(X10[held], Y10[held], curve(X10[held]), color="#D55E00", linestyle="--", linewidth=2)
    ax.scatter(
        X10[held], Y10[held], color="#D55E00", marker="D", s=50, zorder=3, label="held out, with its error"
    )
    error = np.mean((curve(X10[held]) - Y10[held]) ** 2)
    ax.set(title=f"{name}: test error {error:.2f}", xlabel="x", ylim=(0, 9.5))
axes[0].set_ylabel("y")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# *Picture: three panels with the same ten points, three of them (diamonds, at x = 2, 5 and 8) held out. A line, a parabola and
# joined dots are fitted to the other seven; dashed lines show how far each held-out point is from the curve. The test errors
# are 1.60, 1.72 and 2.08.*

# %% [markdown] covers=["LOSS-09"]
# ### The error: `mse` ({points:mse})
#
# All scores in this notebook are **mean squared errors**, $\text{MSE} = \frac1R\sum_i (\hat y_i - y_i)^2$. Lower is better.


# %% nbgrader={"grade_id": "mse", "solution": true}
def mse(y, yhat):
    """Return the mean of the squared differences.

    y[R]: targets, yhat[R]: predictions. Returns a number.
    """
    ### BEGIN SOLUTION
    return np.mean((yhat - y) ** 2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mse", "grade": true, "locked": true}
kit.score("mse", globals())

# %% [markdown]
# ### The models: `fit_poly` ({points:fit_poly}), `predict_poly` ({points:predict_poly}), `join_dots` ({points:join_dots})
#
# A polynomial of degree $g$ is $\hat y = c_0 + c_1x + \dots + c_gx^g$; `fit_poly` finds the coefficients with the smallest sum of
# squared errors on the examples it gets (**least squares**). Stack the powers of $x$ as columns of a matrix $A$ and solve
# $Ac\approx y$ with `np.linalg.lstsq`, or use `np.polyfit`. The order of the coefficients is up to you, as long as
# `predict_poly` understands what `fit_poly` returns: the two are checked together, below the second.


# %% nbgrader={"grade_id": "fit_poly", "solution": true}
def fit_poly(x, y, degree):
    """Return the coefficients of the least-squares polynomial.

    x[R], y[R]: examples in any order, R > degree; degree: whole number >= 0.
    Returns an array of degree + 1 coefficients, in an order of your choice.
    """
    ### BEGIN SOLUTION
    A = np.stack([x**power for power in range(degree + 1)], axis=1)
    return np.linalg.lstsq(A, y, rcond=None)[0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "predict_poly", "solution": true}
def predict_poly(coef, x):
    """Evaluate a polynomial.

    coef: what fit_poly returned; x[Q]: inputs. Returns an array [Q].
    """
    ### BEGIN SOLUTION
    yhat = np.zeros(x.shape)
    for power, c in enumerate(coef):
        yhat += c * x**power
    return yhat
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_predict_poly", "grade": true, "locked": true}
kit.score("predict_poly", globals())

# %% nbgrader={"grade_id": "test_fit_poly", "grade": true, "locked": true}
kit.score("fit_poly", globals())


# %% nbgrader={"grade_id": "join_dots", "solution": true}
def join_dots(xt, yt, xq):
    """Join neighbouring training points by straight lines, constant beyond the ends.

    xt[R], yt[R]: training points in any order (all xt differ); xq[Q]: inputs. Returns an array [Q].
    """
    ### BEGIN SOLUTION
    order = np.argsort(xt)
    return np.interp(xq, xt[order], yt[order])
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_join_dots", "grade": true, "locked": true}
kit.score("join_dots", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **A. Join-the-dots has training error 0. Why not simply take the best fit?**
#
# <details><summary>Answer</summary>
# Because its error on the points it was fitted to says nothing: it would be 0 for pure noise, too. It follows every accident of
# the sample (it has high variance), and new points have other accidents.
# </details>

# %% [markdown] covers=["EVAL-01", "EVAL-02", "OPT-22", "TRAIN-05"]
# ## 2 Three sets, three roles
#
# - The **training set** is what the weights are fitted to.
# - The **validation set** is watched while you train and choose: which degree, how many hidden units, when to stop.
# - The **test set** stays untouched until the end and is used **once**, to say how well your *model* works.
#
# **No cheating: you cannot train on the test set**, nor choose by it. Mini-batches fit into this picture: a data set of six
# batches may give four to training, one to validation and one to the test. An epoch is one pass over the four *training*
# batches; the others are never part of it.
#
# While training, plot the training loss **and** the validation loss after every epoch. A falling training loss says that the
# network learns *something*; only the validation loss says whether it is more than learning by heart.

# %% [markdown]
# ### SPLIT-2 by hand ({points:SPLIT-2})
#
# Your question is shown by the next cell. Write each result between the quotation marks of the cell after it. That
# cell is *read*, not run: write the number itself (or the letter of your choice). The check says only whether your answer can
# be read.

# %% nbgrader={"grade_id": "show-SPLIT-2", "locked": true}
kit.show("SPLIT-2", student)

# %% deletable=false nbgrader={"grade_id": "SPLIT-2"}
# answer: SPLIT-2
answer = {
    "choice": """ """,
    "report": """ """,
    "gap": """ """,
}

# %% nbgrader={"grade_id": "test_SPLIT-2", "grade": true, "locked": true}
kit.score("SPLIT-2", globals())

# %% [markdown]
# ### `train_test_split` ({points:train_test_split})
#
# Shuffle the indices $0\dots R-1$ with the generator `rng` that you are given, then cut. `frac` is the share of the **test**
# set; if $R\cdot\text{frac}$ is not whole, round it as you like.


# %% nbgrader={"grade_id": "train_test_split", "solution": true}
def train_test_split(R, frac, rng):
    """Divide R examples at random into a training and a test set.

    R: number of examples, frac: share of the test set (0 < frac < 1), rng: np.random.Generator, to be used for the
    shuffling. Returns (train_idx, test_idx): two arrays of whole numbers that together hold each of 0 ... R-1 once.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(R)
    held = round(R * frac)
    return order[held:], order[:held]
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_train_test_split", "grade": true, "locked": true}
kit.score("train_test_split", globals())

# %% [markdown]
# **Optional (no points).** Three ways at once: write it with your two-way split.


# %% nbgrader={"grade_id": "three_way_split", "solution": true}
def three_way_split(R, frac_validation, frac_test, rng):
    """Return (train_idx, validation_idx, test_idx); both shares are of all R examples."""
    ### BEGIN SOLUTION
    rest, test_idx = train_test_split(R, frac_test, rng)
    train, validation = train_test_split(len(rest), frac_validation / (1 - frac_test), rng)
    return rest[train], rest[validation], test_idx
    ### END SOLUTION


# %% [markdown]
# ### Think about it (no points)
#
# **B. A slide says the test set tells "how well your dataset works".** Correct it.
#
# <details><summary>Answer</summary>
# How well your <em>model</em> works. The data set is what it is.
# </details>
#
# **C. "The training loss is decreasing: good, it is learning something." Is that enough?**
#
# <details><summary>Answer</summary>
# It is necessary, not sufficient. Compare with the validation loss: if that one rises while the training loss falls, the network
# is overfitting.
# </details>

# %% [markdown] covers=["EVAL-03", "EVAL-07", "EVAL-16"]
# ## 3 The test-set method
#
# 1. Choose 30 % of the data at random as a test set; the rest is the training set.
# 2. Fit the model to the training set.
# 3. Its mean squared error on the test set estimates its future performance.
#
# The lecture's own example got $2.4$ for linear, $0.9$ for quadratic and $2.2$ for join-the-dots this way. **Good**: it is
# very simple; then choose the model with the best score. **Bad**: it **wastes data**, the estimate is for a model trained on 30 % less;
# and with little data the test set may be *lucky or unlucky*.
#
# ### `test_set_score` ({points:test_set_score})


# %% nbgrader={"grade_id": "test_set_score", "solution": true}
def test_set_score(fit, predict, x, y, test_idx):
    """Return the mean squared error on a test set of a model fitted to all other examples.

    fit(x, y) -> model and predict(model, xq) -> array are functions; x[R], y[R]; test_idx: array of indices.
    """
    ### BEGIN SOLUTION
    train = np.ones(len(x), dtype=bool)
    train[test_idx] = False
    model = fit(x[train], y[train])
    return np.mean((predict(model, x[test_idx]) - y[test_idx]) ** 2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_test_set_score", "grade": true, "locked": true}
kit.score("test_set_score", globals())

# %% [markdown] covers=["EVAL-15"]
# ### How much luck is in one test set?
#
# The next cell divides the ten points 1000 times at random into seven and three and scores two models each time. The lecture's
# sentence, **"the test-set estimator of performance has high variance"**, looks like this:

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-luck", "locked": true}
import matplotlib.pyplot as plt

X10, Y10 = np.arange(10.0), np.array([1.0, 3, 3, 6, 6, 7, 8, 6, 7, 4])


def held_out_errors(degree, held):
    kept = np.setdiff1d(np.arange(10), held)
    coefficients = np.polyfit(X10[kept], Y10[kept], degree)
    return (np.polyval(coefficients, X10[held]) - Y10[held]) ** 2


rng = np.random.default_rng(1)
splits = [rng.permutation(10)[:3] for _ in range(1000)]
fig, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True, layout="constrained")
for ax, degree, name, colour in zip(axes, (1, 2), ("linear", "quadratic"), ("#0072B2", "#009E73")):
    scores = [np.mean(held_out_errors(degree, held)) for held in splits]
    loocv = np.mean([held_out_errors(degree, np.array([i])) for i in range(10)])
    ax.hist(np.minimum(scores, 15), bins=np.linspace(0, 15, 46), color=colour, edgecolor="white")
    ax.axvline(loocv, color="#D55E00", linestyle="--", linewidth=2.5, label=f"leave-one-out: {loocv:.2f}")
    low, high = np.percentile(scores, [5, 95])
    ax.set(
        title=f"{name}: 90 % of the splits lie in {low:.1f} to {high:.1f}",
        xlabel="test error (15 = 15 or more)",
    )
    ax.legend()
axes[0].set_ylabel("splits")
plt.show()

# %% [markdown]
# *Picture: two histograms of the test error over 1000 random splits. Linear, left: spread out from near 0 to 15. Quadratic, right: a
# peak near 1 and a few splits far out. A dashed line marks the one leave-one-out score: 4.99 for linear, 1.33 for
# quadratic. In about one split of ten the line looks better than the parabola.*

# %% [markdown] covers=["EVAL-08", "EVAL-09"]
# ## 4 Leave one out (LOOCV)
#
# For $i = 1\dots R$: take example $i$ away, fit to the other $R-1$, and note the squared error on example $i$. The score is the **mean** of
# the $R$ errors. Worked example, a line through four points $x=(0,1,2,3)$, $y=(1,3,2,6)$:
#
# | left out | line through the others | its prediction | squared error |
# |---|---|---|---|
# | $x=0$, $y=1$ | $0.667 + 1.5x$ | 0.667 | 0.111 |
# | $x=1$, $y=3$ | $0.5 + 1.5x$ | 2 | 1 |
# | $x=2$, $y=2$ | $1.143 + 1.643x$ | 4.429 | 5.898 |
# | $x=3$, $y=6$ | $1.5 + 0.5x$ | 3 | 9 |
#
# The mean is $16.009 / 4 = 4.00$. The lecture's scores are $2.12$ (linear), $0.962$ (quadratic) and $3.33$ (join-the-dots).
#
# ### `loocv_score` ({points:loocv_score})


# %% nbgrader={"grade_id": "loocv_score", "solution": true}
def loocv_score(fit, predict, x, y):
    """Return the leave-one-out score: the mean of R squared errors, each by a model that has not seen its example.

    fit(x, y) -> model and predict(model, xq) -> array are functions (give predict an array, also for one input);
    x[R], y[R].
    """
    ### BEGIN SOLUTION
    total = 0.0
    for i in range(len(x)):
        rest = np.arange(len(x)) != i
        model = fit(x[rest], y[rest])
        total += (predict(model, x[i : i + 1])[0] - y[i]) ** 2
    return total / len(x)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_loocv_score", "grade": true, "locked": true}
kit.score("loocv_score", globals())

# %% [markdown] covers=["EVAL-10", "EVAL-11"]
# ## 5 k-fold cross-validation
#
# Deal the examples at random into $k$ folds of (nearly) equal size. For each fold: fit to all the other folds, and add up the squared errors on
# this one. **Convention**: the score is the total of all squared errors divided by $R$. (A slide takes the sum on each fold and
# "then reports the mean error"; the mean of the folds' means is the same number only if all folds are equally long.) The lecture's
# 3-fold scores are $2.05$, $1.11$ and $2.93$.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-folds", "locked": true}
import matplotlib.pyplot as plt

order = np.random.default_rng(5).permutation(10)
colours, marks, hatches = ("#0072B2", "#E69F00", "#009E73"), "ABC", ("", "//", "..")
fig, ax = plt.subplots(figsize=(10, 3), layout="constrained")
fold_of = np.empty(10, dtype=int)
for fold, indices in enumerate(np.array_split(order, 3)):
    fold_of[indices] = fold
for i in range(10):
    ax.bar(
        i, 0.8, bottom=3.2, width=0.9, color=colours[fold_of[i]], hatch=hatches[fold_of[i]], edgecolor="black"
    )
    ax.text(i, 4.15, marks[fold_of[i]], ha="center", fontsize=11)
    for fold in range(3):
        out = fold_of[i] == fold
        face = {"color": colours[fold], "hatch": hatches[fold]} if out else {"color": "#EEEEEE"}
        ax.bar(i, 0.8, bottom=2 - fold, width=0.9, edgecolor="black", linewidth=0.8, **face)
labels = [f"fit {fold + 1}: fold {marks[fold]} is held out" for fold in range(3)]
ax.set(yticks=[3.6, 2.4, 1.4, 0.4], yticklabels=["folds", *labels], ylim=(-0.1, 4.6))
ax.set(xticks=range(10), xlabel="example", title="3-fold cross-validation of ten examples")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# *Picture: ten examples in a row, each in one of three folds A, B, C (colours and hatching, four, three and three examples, mixed). Below,
# three rows, one per fit: in each the examples of one fold are coloured, which are held out, and all others are grey, which the
# model is fitted to. Every example is held out once.*

# %% [markdown]
# ### `kfold_indices` ({points:kfold_indices}) and `kfold_score` ({points:kfold_score})


# %% nbgrader={"grade_id": "kfold_indices", "solution": true}
def kfold_indices(R, k, rng):
    """Deal R examples at random into k folds whose sizes differ by at most 1.

    R: number of examples, 2 <= k <= R; rng: np.random.Generator, to be used for the shuffling.
    Returns a list of k arrays of whole numbers (the test folds) that together hold each of 0 ... R-1 once.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(R)
    return [order[fold::k] for fold in range(k)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_kfold_indices", "grade": true, "locked": true}
kit.score("kfold_indices", globals())


# %% nbgrader={"grade_id": "kfold_score", "solution": true}
def kfold_score(fit, predict, x, y, folds):
    """Return the total squared error over all folds, divided by R; each fold by a model that has not seen it.

    fit(x, y) -> model and predict(model, xq) -> array are functions; x[R], y[R]; folds: list of index arrays.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for fold in folds:
        train = np.ones(len(x), dtype=bool)
        train[fold] = False
        model = fit(x[train], y[train])
        total += np.sum((predict(model, x[fold]) - y[fold]) ** 2)
    return total / len(x)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_kfold_score", "grade": true, "locked": true}
kit.score("kfold_score", globals())

# %% [markdown]
# ### CV-3 by hand ({points:CV-3})
#
# Write the scores one after the other, with spaces between them.

# %% nbgrader={"grade_id": "show-CV-3", "locked": true}
kit.show("CV-3", student)

# %% deletable=false nbgrader={"grade_id": "CV-3"}
# answer: CV-3
answer = {
    "scores": """ """,
    "choice": """ """,
}

# %% nbgrader={"grade_id": "test_CV-3", "grade": true, "locked": true}
kit.score("CV-3", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **D. Squared errors on folds of 4, 2 and 1 examples: 1, 1, 1, 1 | 4, 4 | 9.** Sum of errors, or mean of means?
#
# <details><summary>Answer</summary>
# Total / R = 21/7 = 3. The mean of the fold means is (1 + 4 + 9)/3 = 4.67: the single example in the short fold counts four times
# as much as one in the long fold.
# </details>
#
# **E. The three score sets of the lecture** (test set $2.4/0.9/2.2$, leave-one-out $2.12/0.962/3.33$, 3-fold $2.05/1.11/2.93$ for
# linear / quadratic / join-the-dots). **Which model does each choose, and where do they disagree?**
#
# <details><summary>Answer</summary>
# All choose quadratic. But the test set puts join-the-dots second and linear third, the other two the other way round: a visible
# sign of the luck in a single test set.
# </details>

# %% [markdown] covers=["EVAL-12"]
# ## 6 Which kind?
#
# | | downside | upside |
# |---|---|---|
# | test set | variance: an unreliable estimate of future performance | cheap: 1 fit |
# | leave-one-out | expensive: $R$ fits; some weird behaviour | wastes no data |
# | 10-fold | wastes 10 % of the data; 10 fits | wastes only 10 %; only 10 fits instead of $R$ |
# | 3-fold | wastes more than 10-fold; dearer than a test set | slightly better than a test set |
# | $R$-fold | **identical to leave-one-out** | |
#
# For $R=100$: the test-set method makes 1 fit on 70 examples, leave-one-out 100 fits on 99, 10-fold 10 fits on 90, 3-fold 3
# fits on 66 or 67. To compare several settings, multiply.
#
# ### CV-1 by hand, twice ({points:CV-1} each)

# %% nbgrader={"grade_id": "show-CV-1", "locked": true}
kit.show("CV-1", student)

# %% deletable=false nbgrader={"grade_id": "CV-1"}
# answer: CV-1
answer = {
    "fits": """ """,
    "train": """ """,
    "test": """ """,
}

# %% nbgrader={"grade_id": "test_CV-1", "grade": true, "locked": true}
kit.score("CV-1", globals())

# %% nbgrader={"grade_id": "show-CV-1_2", "locked": true}
kit.show("CV-1_2", student)

# %% deletable=false nbgrader={"grade_id": "CV-1_2"}
# answer: CV-1_2
answer = {
    "fits": """ """,
    "train": """ """,
    "test": """ """,
}

# %% nbgrader={"grade_id": "test_CV-1_2", "grade": true, "locked": true}
kit.score("CV-1_2", globals())

# %% [markdown] covers=["EVAL-13"]
# ## 7 Choosing a model
#
# Score every model in the same way and take the best. That also tunes **hyper-parameters**: the degree, the weight of a penalty, the
# number of hidden units. A *scheme* is any function `scheme(fit, predict, x, y)` that returns a score; your `loocv_score` is
# one.
#
# ### `select_model` ({points:select_model})


# %% nbgrader={"grade_id": "select_model", "solution": true}
def select_model(models, x, y, scheme):
    """Return the name of the model with the lowest score (the first one on a tie).

    models: dict name -> (fit, predict); x[R], y[R]; scheme(fit, predict, x, y) -> score, lower is better.
    """
    ### BEGIN SOLUTION
    best, lowest = "", np.inf
    for name, (fit, predict) in models.items():
        score = scheme(fit, predict, x, y)
        if score < lowest:
            best, lowest = name, score
    return best
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_select_model", "grade": true, "locked": true}
kit.score("select_model", globals())

# %% [markdown]
# The next cell uses your functions: which of the three models do the training error, leave-one-out and 3-fold choose for the ten
# points of section 1? And it estimates honestly how good **choosing** is, by *nesting*: in each outer fold the model is chosen
# anew, by leave-one-out on the other folds only; the fold itself has no say.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "compare", "locked": true}
wanted = ("fit_poly", "predict_poly", "join_dots", "loocv_score", "kfold_score", "select_model")
if all(kit.ready(name, globals()) for name in wanted):
    X10, Y10 = np.arange(10.0), np.array([1.0, 3, 3, 6, 6, 7, 8, 6, 7, 4])
    models = {
        "linear": (lambda x, y: fit_poly(x, y, 1), predict_poly),
        "quadratic": (lambda x, y: fit_poly(x, y, 2), predict_poly),
        "join-the-dots": (lambda x, y: (x, y), lambda model, xq: join_dots(*model, xq)),
    }
    thirds = [np.array([0, 3, 6, 9]), np.array([1, 4, 7]), np.array([2, 5, 8])]
    schemes = {
        "training error": lambda f, p, x, y: np.mean((p(f(x, y), x) - y) ** 2),
        "leave-one-out": loocv_score,
        "3-fold": lambda f, p, x, y: kfold_score(f, p, x, y, thirds),
    }
    for title, scheme in schemes.items():
        scores = ", ".join(f"{name} {scheme(*pair, X10, Y10):.3f}" for name, pair in models.items())
        print(f"{title:15} {scores}: chooses {select_model(models, X10, Y10, scheme)}")

    def fit_chosen(x, y):
        name = select_model(models, x, y, loocv_score)
        return models[name][1], models[name][0](x, y)

    nested = kfold_score(fit_chosen, lambda model, xq: model[0](model[1], xq), X10, Y10, thirds)
    print(f"nested: choosing by leave-one-out has a 3-fold score of {nested:.3f}")

# %% [markdown]
# With a right solution it prints $2.693$, $0.565$, $0.000$ for the training error (which chooses join-the-dots), $4.990$, $1.335$, $2.725$ for
# leave-one-out and $3.066$, $1.443$, $2.725$ for 3-fold (which both choose quadratic).
#
# ### Think about it (no points)
#
# **F. "Use cross-validation for your parameters."** For which?
#
# <details><summary>Answer</summary>
# For <em>hyper-</em>parameters: those you choose before fitting, such as the degree. The parameters (weights) themselves are fitted to
# the training data.
# </details>
#
# **G. The winner's leave-one-out score is 1.335. May you tell a customer to expect this error?**
#
# <details><summary>Answer</summary>
# It is somewhat too good, because the model was chosen for having the lowest score. Keep a test set aside for the last word, or nest the
# choice inside an outer cross-validation.
# </details>

# %% [markdown]
# ## 8 Self-check
#
# Can you answer these without looking?
#
# 1. Why does the error on the training set not tell how well a model will predict?
# 2. Which of the three methods wastes the most data, which the most time?
# 3. What is $R$-fold cross-validation also called?
# 4. Why must the same folds be used for all models?
# 5. You looked at the test set, changed the model and looked again. What is the second score worth?
#
# <details><summary>Answers</summary>
# 1. The model was fitted to these examples; join-the-dots shows that the error can be 0 without any knowledge. ·
# 2. Data: the test-set method with 30 %, or 3-fold with a third. Time: leave-one-out, R fits. ·
# 3. Leave-one-out. ·
# 4. Otherwise luck in the folds is compared, not models. ·
# 5. It is a validation score now: the test set has taken part in the choice. You need new data for a test.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
