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
# # From logistic regression to multi-layer networks
#
# One sigmoid unit, then two layers of them, then as many layers as you like: the same two passes every time. At the
# end of this notebook you can
#
# - derive the backward pass of the lecture's Case 1 and Case 2, and say where the slides need mending,
# - follow a well-known worked example to nine digits, and recognise a bug by its digits,
# - write a trainer for a network with any number of layers.
#
# **{points:total}** · reading: 35 minutes · work: four hours, by hand and in code
#
# | symbol | meaning | | symbol | meaning |
# |---|---|---|---|---|
# | $x$, $y^*$ | input, right answer (0 or 1) | | $J, E, L$ | loss: the smaller, the better |
# | $a, b$ | weighted sums ($b$ is one in Case 2) | | $P, T$ | probabilities, one-hot targets |
# | $y, z$ | their sigmoids | | $W_l, b_l$ | weights and bias of layer $l$ |
# | $\theta, \alpha, \beta$ | weights | | $N$ | examples in a batch |
# | $\sigma(a)$ | sigmoid, $1/(1+e^{-a})$ | | `lr` | learning rate |
#
# $\mathrm{d}x$ is short for the gradient of the loss with respect to $x$; it has the shape of $x$. All arrays are
# float64.

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

# %% [markdown] covers=["MLP-01", "MLP-02", "LOSS-07"]
# ## 1 Case 1: logistic regression
#
# One sigmoid unit with weights $\theta_0,\dots,\theta_D$. The bias is one of the weights: $x_0=1$ always, and whoever
# calls your function puts it there. **Forward:**
#
# $$ a=\sum_{j=0}^{D}\theta_jx_j,\qquad y=\frac{1}{1+e^{-a}},\qquad J=-\big[\,y^*\log y+(1-y^*)\log(1-y)\,\big] $$
#
# This $J$ is the **binary cross-entropy** (over $n$ examples one takes the mean). **Backward**, step by step:
#
# $$ \frac{dJ}{dy}=-\Big[\frac{y^*}{y}+\frac{1-y^*}{y-1}\Big],\qquad
# \frac{dJ}{da}=\frac{dJ}{dy}\,\frac{dy}{da},\quad \frac{dy}{da}=\frac{e^{-a}}{(e^{-a}+1)^2}=y(1-y) $$
#
# $$ \frac{dJ}{d\theta_j}=\frac{dJ}{da}\,x_j,\qquad \frac{dJ}{dx_j}=\frac{dJ}{da}\,\theta_j $$
#
# Multiply the first two and nearly everything cancels: $\ \dfrac{dJ}{da}=y-y^*$, the prediction minus the truth.
#
# | $\theta=(0.5,-0.25,0.75)$ | $a$ | $y$ | $J$ | $dJ/da$ | $\mathrm{d}\theta$ | $\mathrm{d}x$ |
# |---|---|---|---|---|---|---|
# | $x=(1,2,-1)$, $y^*=1$ | −0.75 | 0.3208 | 1.1369 | −0.6792 | (−0.6792, −1.3584, 0.6792) | (−0.3396, 0.1698, −0.5094) |
#
# **The sign of $J$.** The slides write $J=y^*\log y+(1-y^*)\log(1-y)$, *without* the minus. That is the log-likelihood,
# which one wants large; here it is $-1.1369$, and all gradients change their sign. In this notebook $J$ has the minus,
# unless a function is called with `slide_sign=True`.
#
# **Now you (no points):** $\theta=(-1,2,0.5)$, $x=(1,0.5,1)$, $y^*=0$.
#
# <details><summary>Answer</summary>
# a = 0.5, y = 0.6225, J = −ln 0.3775 = 0.9741, dJ/da = 0.6225, dθ = (0.6225, 0.3112, 0.6225),
# dx = (−0.6225, 1.2449, 0.3112).
# </details>

# %% [markdown]
# ### GRAPH-2 by hand ({points:GRAPH-2})
#
# The unit alone, without a loss, with three inputs; the bias stands at the end. Write each list of numbers between the
# quotation marks, separated by commas. That cell is *read*, not run: write the numbers themselves. The check says only
# whether your answer can be read.

# %% nbgrader={"grade_id": "show-GRAPH-2", "locked": true}
kit.show("GRAPH-2", student)

# %% deletable=false nbgrader={"grade_id": "GRAPH-2"}
# answer: GRAPH-2
answer = {
    "values": """ """,
    "gradients": """ """,
    "leaves": """ """,
}

# %% nbgrader={"grade_id": "test_GRAPH-2", "grade": true, "locked": true}
kit.score("GRAPH-2", globals())

# %% [markdown]
# ### `logreg_forward` ({points:logreg_forward}) and `logreg_backward` ({points:logreg_backward})
#
# The cache is yours: put into it what your backward needs, also which sign was asked for.


# %% nbgrader={"grade_id": "logreg_forward", "solution": true}
def logreg_forward(theta, x, ystar, slide_sign=False):
    """Return (J, cache) of one sigmoid unit, J = -(ystar log y + (1 - ystar) log(1 - y)).

    theta[D+1], x[D+1] with x[0] = 1, ystar: 0 or 1. With slide_sign=True, J is without the minus.
    J is one number. theta and x must stay as they are.
    """
    ### BEGIN SOLUTION
    y = 1.0 / (1.0 + np.exp(-np.dot(theta, x)))
    log_likelihood = ystar * np.log(y) + (1 - ystar) * np.log(1 - y)
    sign = 1.0 if slide_sign else -1.0
    return sign * log_likelihood, (theta, x, ystar, y, sign)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_logreg_forward", "grade": true, "locked": true}
kit.score("logreg_forward", globals())


# %% nbgrader={"grade_id": "logreg_backward", "solution": true}
def logreg_backward(cache):
    """Return the gradients (dtheta, dx) of the J that logreg_forward returned, with the sign it had.

    dtheta[D+1], dx[D+1], entry 0 included.
    """
    ### BEGIN SOLUTION
    theta, x, ystar, y, sign = cache
    da = sign * (ystar - y)
    return da * x, da * theta
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_logreg_backward", "grade": true, "locked": true}
kit.score("logreg_backward", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **A. You take the slide's $J$, without the minus, and step *down* its gradient: $\theta\leftarrow\theta-\text{lr}\cdot
# dJ/d\theta$. What happens?**
#
# <details><summary>Answer</summary>
# You make the log-likelihood small, so the predictions get worse with every step. With the slide's J one has to step up
# (gradient ascent), or put the minus in front and step down; both give the same steps.
# </details>
#
# **B. What does the step-by-step form compute for $a=-800$ and $y^*=1$, and what does $y-y^*$?**
#
# <details><summary>Answer</summary>
# exp(800) overflows, so dy/da is inf/inf = NaN, and y*/y divides by 0. The short form gives −1, which is right. Cancel
# on paper before you compute; and write the slope as y(1 − y), not with exponentials.
# </details>
#
# **C. "Don't use sigmoid", says a slide with best practices. Then why is it here?**
#
# <details><summary>Answer</summary>
# It is about <em>hidden</em> units: there the slope is 1/4 at best, so ten layers may shrink a gradient by a million
# (section 4). As the output of a yes/no question the sigmoid is the right choice: with cross-entropy its slope cancels.
# </details>

# %% [markdown] covers=["MLP-03", "MLP-04", "GRAPH-10"]
# ## 2 Case 2: a hidden layer
#
# Now the inputs of the unit are themselves sigmoid units. There are $D$ of them, fed by $x_0=1,x_1,\dots,x_M$; the output
# unit sees them and a bias unit $z_0=1$. **Forward**, from left to right, storing everything:
#
# $$ a_j=\sum_{i=0}^{M}\alpha_{ji}x_i,\quad z_j=\sigma(a_j)\quad(j=1\dots D),\qquad z_0=1,\qquad
# b=\sum_{j=0}^{D}\beta_jz_j,\quad y=\sigma(b),\quad J=-\big[y^*\log y+(1-y^*)\log(1-y)\big] $$
#
# **Backward**, from right to left. The first two lines are Case 1 once more, with $z$ in the place of $x$:
#
# $$ \frac{dJ}{db}=y-y^*,\qquad \frac{dJ}{d\beta_j}=\frac{dJ}{db}\,z_j,\qquad \frac{dJ}{dz_j}=\frac{dJ}{db}\,\beta_j $$
#
# $$ \frac{dJ}{da_j}=\frac{dJ}{dz_j}\,z_j(1-z_j),\qquad \frac{dJ}{d\alpha_{ji}}=\frac{dJ}{da_j}\,x_i,\qquad
# \frac{dJ}{dx_i}=\sum_{j=1}^{D}\frac{dJ}{da_j}\,\alpha_{ji} $$
#
# The last line has a sum, because $x_i$ acts on $J$ through every hidden unit. `alpha` has one row per hidden unit,
# $j=1\dots D$, and $M+1$ columns; `beta` has $D+1$ entries, the first for $z_0$. Nothing flows back into $z_0$: it is a
# constant.

# %% [markdown]
# ### A network with nine weights, worked out
#
# $$ x=(1,\ 0.5,\ -1),\quad \alpha=\begin{bmatrix}0.1&0.4&-0.2\\-0.3&0.2&0.5\end{bmatrix},\quad
# \beta=(0.2,\ 0.7,\ -0.6),\quad y^*=1 $$
#
# | forward | | backward | |
# |---|---|---|---|
# | $a$ | (0.5, −0.7) | $dJ/db$ | −0.3925 |
# | $z$ | (1, 0.6225, 0.3318) | $\mathrm{d}\beta$ | (−0.3925, −0.2443, −0.1303) |
# | $b$ | 0.4366 | $\mathrm{d}z_1,\mathrm{d}z_2$ | (−0.2748, 0.2355) |
# | $y$ | 0.6075 | $\mathrm{d}a$ | (−0.0646, 0.0522) |
# | $J$ | 0.4985 | $\mathrm{d}\alpha$ | (−0.0646, −0.0323, 0.0646), (0.0522, 0.0261, −0.0522) |
# | | | $\mathrm{d}x$ | (−0.0221, −0.0154, 0.0390) |
#
# **Now you (no points):** take the same network with $y^*=0$. Which numbers change, and how, without computing all of it
# again?
#
# <details><summary>Answer</summary>
# Nothing on the way forward but J, which becomes −ln(1 − 0.6075) = 0.9351. dJ/db is now 0.6075 instead of −0.3925, and
# all other gradients are multiples of it: each is multiplied by 0.6075/(−0.3925) = −1.5475.
# </details>
#
# ### `nn2_forward` ({points:nn2_forward}) and `nn2_backward` ({points:nn2_backward})


# %% nbgrader={"grade_id": "nn2_forward", "solution": true}
def nn2_forward(alpha, beta, x, ystar):
    """Return (J, cache) of a network with one hidden layer of sigmoid units and a sigmoid output.

    alpha[D, M+1], beta[D+1], x[M+1] with x[0] = 1, ystar: 0 or 1; beta[0] belongs to z_0 = 1.
    J = -(ystar log y + (1 - ystar) log(1 - y)), one number. The inputs must stay as they are.
    """
    ### BEGIN SOLUTION
    z = np.ones(len(beta))
    for j in range(len(alpha)):
        z[j + 1] = 1.0 / (1.0 + np.exp(-np.dot(alpha[j], x)))
    y = 1.0 / (1.0 + np.exp(-np.dot(beta, z)))
    J = -(ystar * np.log(y) + (1 - ystar) * np.log(1 - y))
    return J, (alpha, beta, x, ystar, z, y)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_nn2_forward", "grade": true, "locked": true}
kit.score("nn2_forward", globals())


# %% nbgrader={"grade_id": "nn2_backward", "solution": true}
def nn2_backward(cache):
    """Return the gradients (dalpha, dbeta, dx) of J.

    dalpha[D, M+1], dbeta[D+1], dx[M+1], entry 0 included.
    """
    ### BEGIN SOLUTION
    alpha, beta, x, ystar, z, y = cache
    db = y - ystar
    dbeta = db * z
    dalpha, dx = np.zeros(alpha.shape), np.zeros(len(x))
    for j in range(len(alpha)):
        da = db * beta[j + 1] * z[j + 1] * (1 - z[j + 1])
        dalpha[j] = da * x
        dx += da * alpha[j]
    return dalpha, dbeta, dx
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_nn2_backward", "grade": true, "locked": true}
kit.score("nn2_backward", globals())

# %% [markdown] covers=["MLP-08", "GRAPH-17"]
# ### Another slide, the same network?
#
# A second set of slides writes the network, with $g$ for the non-linearity, as
#
# $$ z_i=w^{(1)}_{0,i}+\sum_jx_jw^{(1)}_{j,i},\qquad \hat y_i=g\Big(w^{(2)}_{0,i}+\sum_jz_jw^{(2)}_{j,i}\Big) $$
#
# and asks what one weight does to $J$. Along one path $x\to z_1\to\hat y\to J$:
#
# $$ \frac{\partial J}{\partial w_2}=\frac{\partial J}{\partial\hat y}\,\frac{\partial\hat y}{\partial w_2},\qquad
# \frac{\partial J}{\partial w_1}=\frac{\partial J}{\partial\hat y}\,\frac{\partial\hat y}{\partial z_1}\,\frac{\partial z_1}{\partial w_1} $$
#
# With $x=2,\ w_1=0.5,\ w_2=-1,\ y=1$, no biases, $g=\sigma$ and $J=\frac12(\hat y-y)^2$ this gives $z_1=1$,
# $\hat y=0.2689$, $\ \partial J/\partial w_2=-0.1437$ and $\partial J/\partial w_1=0.2875$.
#
# **D. $z$ has no $g$ in these formulas. How deep is this network really, and what changes if it has one?**
#
# <details><summary>Answer</summary>
# A linear layer followed by a linear layer is one linear layer: here ŷ = g(w₂w₁x), a single unit with the weight w₂w₁.
# With ŷ = g(w₂·g(z₁)) there are two layers, and the way to w₁ has one more factor, g′(z₁). The numbers become
# ŷ = 0.3250, ∂J/∂w₂ = −0.1083 and ∂J/∂w₁ = 0.0582.
# </details>
#
# **E. A slide of Case 2 ends with** $\frac{dJ}{dx_i}=\frac{dJ}{da_j}\frac{da_j}{dx_i},\
# \frac{da_j}{dx_i}=\sum_{j=0}^{D}\alpha_{ji}$. **Repair it.**
#
# <details><summary>Answer</summary>
# The left side has no j, so j must be summed over the whole <em>product</em>: dJ/dxᵢ = Σⱼ (dJ/daⱼ)·αⱼᵢ. The local
# gradient daⱼ/dxᵢ is αⱼᵢ alone. And j starts at 1: the bias unit z₀ has no incoming weights. The same care is needed
# on the way forward, where "zⱼ = σ(aⱼ)" cannot hold for j = 0: z₀ is 1.
# </details>

# %% [markdown] covers=["MLP-05", "LOSS-12"]
# ## 3 Nine digits: a well-known example
#
# The lecture links to a step-by-step example by Matt Mazur: two inputs, two hidden sigmoid units, two sigmoid outputs,
# and half the squared error, $E=\sum_o\frac12(t_o-\text{out}_o)^2$.
#
# $$ \begin{aligned}
# \text{net}_{h1}&=w_1i_1+w_2i_2+b_1 & \text{net}_{h2}&=w_3i_1+w_4i_2+b_1 & \text{out}_h&=\sigma(\text{net}_h)\\
# \text{net}_{o1}&=w_5\,\text{out}_{h1}+w_6\,\text{out}_{h2}+b_2 & \text{net}_{o2}&=w_7\,\text{out}_{h1}+w_8\,\text{out}_{h2}+b_2 & \text{out}_o&=\sigma(\text{net}_o)
# \end{aligned} $$
#
# Both units of a layer share one bias. $w=(0.15,0.2,0.25,0.3,0.4,0.45,0.5,0.55)$, $b=(0.35,0.6)$, $i=(0.05,0.1)$,
# $t=(0.01,0.99)$, lr 0.5.
#
# | | first | second | |
# |---|---|---|---|
# | $\text{net}_h$ | 0.3775 | 0.3925 | |
# | $\text{out}_h$ | 0.593269992 | 0.596884378 | |
# | $\text{net}_o$ | 1.105905967 | 1.224921404 | |
# | $\text{out}_o$ | 0.751365070 | 0.772928465 | $E=0.298371109$ |
#
# Backward, for one output and one hidden weight, with $\delta_o=(\text{out}_o-t_o)\,\text{out}_o(1-\text{out}_o)$:
#
# $$ \frac{\partial E}{\partial w_5}=\delta_{o1}\,\text{out}_{h1}=0.138498562\cdot0.593269992=0.082167041,\qquad
# w_5^{\text{new}}=0.358916480 $$
#
# $$ \frac{\partial E}{\partial w_1}=(\delta_{o1}w_5+\delta_{o2}w_7)\;\text{out}_{h1}(1-\text{out}_{h1})\;i_1=0.000438568,\qquad
# w_1^{\text{new}}=0.149780716 $$
#
# Here $w_5$ and $w_7$ are the **old** weights: all eight gradients belong to one network, the one before the step. The
# post leaves the biases as they are.

# %% [markdown]
# ### `mazur_step` ({points:mazur_step})
#
# Return the new weights and the error **after** the step, that is of the network with the new weights.


# %% nbgrader={"grade_id": "mazur_step", "solution": true}
def mazur_step(w, b, i, t, lr):
    """Take one step of gradient descent on the example; return (w_new, E), E with the new weights.

    w[8]: w1 to w8 in the order of the text; b[2], i[2], t[2]; lr: a number. The biases stay as they are.
    w_new[8] is a new array; w must stay as it is.
    """

    ### BEGIN SOLUTION
    def forward(w):
        h = 1.0 / (1.0 + np.exp(-(w[:4].reshape(2, 2) @ i + b[0])))
        return h, 1.0 / (1.0 + np.exp(-(w[4:].reshape(2, 2) @ h + b[1])))

    h, o = forward(w)
    delta_o = (o - t) * o * (1 - o)
    delta_h = (w[4:].reshape(2, 2).T @ delta_o) * h * (1 - h)
    gradient = np.concatenate([np.outer(delta_h, i).ravel(), np.outer(delta_o, h).ravel()])
    w_new = w - lr * gradient
    return w_new, 0.5 * np.sum((t - forward(w_new)[1]) ** 2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mazur_step", "grade": true, "locked": true}
kit.score("mazur_step", globals())

# %% [markdown]
# The next cell trains with *your* function, 10,000 updates.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-mazur", "locked": true}
import matplotlib.pyplot as plt

if kit.ready("mazur_step", globals()):
    w = np.array([0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55])
    fixed = (np.array([0.35, 0.6]), np.array([0.05, 0.1]), np.array([0.01, 0.99]))
    errors = [0.298371109]
    for _ in range(10_000):
        w, E = mazur_step(w, *fixed, 0.5)
        errors.append(E)
    fig, ax = plt.subplots(figsize=(7.5, 4))
    ax.plot(np.arange(10_001), errors, color="#0072B2", linewidth=2)
    ax.set(yscale="log", xlabel="updates", ylabel="error E (logarithmic)")
    for n, side in ((1, (350, 0.95)), (100, (900, 1.4)), (1000, (1500, 2.0)), (10_000, (7300, 5.0))):
        ax.plot([n], [errors[n]], "o", color="#D55E00")
        label = f"after {n:,}: {errors[n]:.7g}"
        ax.annotate(label, (n, errors[n]), (side[0], errors[n] * side[1]), fontsize=9)
    ax.grid(alpha=0.3)
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: the error of the example against the number of updates, on a logarithmic axis. It starts at 0.298, falls
# steeply during the first few hundred updates, then ever more slowly, to about 0.000035 after 10,000.*
#
# **Now with other weights (no points).** The next cell draws weights for you. Work out $E$ and the new $w_5$ by hand,
# then run the cell below it, which asks your function.

# %% nbgrader={"grade_id": "other-weights", "locked": true}
own = np.random.default_rng(sum(map(ord, student))).integers(-19, 20, size=8) * 0.05
for k, value in enumerate(own, start=1):
    print(f"w{k} = {value:.2f}", end="\n" if k % 4 == 0 else "   ")
print("b = (0.35, 0.60), i = (0.05, 0.10), t = (0.01, 0.99), lr = 0.5")

# %% nbgrader={"grade_id": "other-weights-answer", "locked": true}
if kit.ready("mazur_step", globals()):
    fixed = (np.array([0.35, 0.6]), np.array([0.05, 0.1]), np.array([0.01, 0.99]))
    before, stepped = mazur_step(own, *fixed, 0.0), mazur_step(own, *fixed, 0.5)
    print(f"E = {before[1]:.9f}, new w5 = {stepped[0][4]:.9f}, then E = {stepped[1]:.9f}")

# %% [markdown]
# ### Think about it (no points)
#
# **F. Copies of the post print an error of 0.291027924 after the first update; the weights it prints give 0.291027774.
# Which bug makes the difference?**
#
# <details><summary>Answer</summary>
# Updating w5 to w8 first and then using the <em>new</em> values to send the gradient to the hidden layer. Done that way
# one gets exactly 0.291027924. The weights printed in the post are right; that error, and the 0.000035085 after 10,000
# updates, come from a program with this bug. The right value is 3.510188e-05. Compute all gradients, then update.
# </details>
#
# **G. The post does not train the biases. What is $\partial E/\partial b_2$, with one bias for both outputs?**
#
# <details><summary>Answer</summary>
# The bias is used twice, so its gradients add up: δo1 + δo2 = 0.1385 − 0.0381 = 0.1004.
# </details>

# %% [markdown] covers=["ACT-01", "ACT-02", "ACT-03", "ACT-04"]
# ## 4 Other non-linearities
#
# | | value | slope | |
# |---|---|---|---|
# | **ReLU** | $\max(0,x)$ | 1 for $x>0$, 0 for $x<0$ | cheap; does not saturate for $x>0$ |
# | **leaky ReLU** | $x$ for $x>0$, $0.01\,x$ otherwise | 1 or 0.01 | never quite off |
# | **sigmoid** | $1/(1+e^{-x})$ | $y(1-y)\le\frac14$ | for outputs and gates |
#
# For hidden units one uses **ReLU or leaky ReLU**. With sigmoids every layer multiplies the gradient by at most $1/4$;
# after ten layers $4^{-10}\approx10^{-6}$ is left of it.
#
# **At 0** ReLU has a kink. The lecture says *fudge*: take 0, because "we don't care" about a unit that is not active. We
# do so, too: $\text{ReLU}'(0)=0$.
#
# **Dead units.** A ReLU that is off for *every* example gets no gradient, so it never changes, and stays off. It happens
# after a step that was too large, or with a bias that starts far below 0. And because its positive side is
# **unbounded**, a ReLU answers strongly to large inputs: training may be faster, and a step may more easily go too far.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-activations", "locked": true}
import matplotlib.pyplot as plt

x = np.linspace(-4, 4, 401)
y = 1 / (1 + np.exp(-x))
panels = {
    "ReLU": (np.maximum(x, 0), np.where(x > 0, 1.0, 0.0)),
    "leaky ReLU (drawn with 0.1)": (np.where(x > 0, x, 0.1 * x), np.where(x > 0, 1.0, 0.1)),
    "sigmoid": (y, y * (1 - y)),
}
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4))
for ax, (name, (value, slope)) in zip(axes, panels.items()):
    ax.axhline(0, color="#BBBBBB", linewidth=0.8)
    ax.axvline(0, color="#BBBBBB", linewidth=0.8)
    ax.plot(x, value, color="#0072B2", linewidth=2, label="value")
    ax.plot(x, slope, color="#D55E00", linewidth=2, linestyle="--", label="slope")
    ax.set(title=name, xlabel="x", ylim=(-0.6, 4.2) if name != "sigmoid" else (-0.1, 1.1))
axes[0].legend(loc="upper left")
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: three panels, value solid and slope dashed. ReLU: 0, then a straight line; its slope jumps from 0 to 1. Leaky
# ReLU: the same with a small slope on the left. Sigmoid: an S from 0 to 1, whose slope is a hill of height one quarter.*

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-dead-units", "locked": true}
import matplotlib.pyplot as plt


def dead_share(lr, bias, steps=60):
    """Train 100 ReLU units on 120 examples; return the share of dead units before and after."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(10, 120))
    target = np.where(X[0] * X[1] > 0, 1.0, -1.0)
    W, v = rng.normal(size=(100, 10)) * 0.45, rng.normal(size=100) * 0.1
    b = np.full((100, 1), float(bias))
    before = np.mean(np.all(W @ X + b <= 0, axis=1))
    for _ in range(steps):
        Z = W @ X + b
        H = np.maximum(Z, 0)
        margin = np.clip(target * (v @ H), -50, 50)
        ds = -target / (1 + np.exp(margin)) / 120
        dZ = np.outer(v, ds) * (Z > 0)
        v, W, b = v - lr * (H @ ds), W - lr * (dZ @ X.T), b - lr * dZ.sum(axis=1, keepdims=True)
    return before, np.mean(np.all(W @ X + b <= 0, axis=1))


rates, biases = [0.1, 0.3, 1, 2, 3, 5, 7, 10, 15, 20, 30], np.arange(0, -8.5, -0.5)
by_bias = np.array([dead_share(0.1, bias) for bias in biases])
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
left.semilogx(rates, [100 * dead_share(lr, 0.0)[1] for lr in rates], "o-", color="#0072B2")
left.set(
    xlabel="learning rate (biases start at 0)", ylabel="dead units in %", title="steps that are too large"
)
right.plot(biases, 100 * by_bias[:, 0], "s--", color="#D55E00", label="before training")
right.plot(biases, 100 * by_bias[:, 1], "o-", color="#0072B2", label="after 60 steps, rate 0.1")
right.set(xlabel="bias at the start", title="biases far below 0")
right.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# *Picture: share of dead units. Left, against the learning rate: none up to a rate of 3, then a steep rise to all of
# them. Right, against the bias at the start: none near 0, nearly all at −6; the curves before and after training lie on
# top of each other, because dead units do not come back.*

# %% [markdown]
# ### Three pairs of functions
#
# Each `_forward(x)` returns `(y, cache)`, each `_backward(dy, cache)` returns `dx`. `x` may have any shape. The upstream
# gradient `dy` is a factor in all of them. Points: `relu_forward` and `relu_backward` {points:relu_forward} each,
# `leaky_relu_…` {points:leaky_relu_forward} each, `sigmoid_…` {points:sigmoid_forward} each.


# %% nbgrader={"grade_id": "relu_forward", "solution": true}
def relu_forward(x):
    """Return (y, cache), y = max(0, x) entry by entry, for x of any shape. x must stay as it is."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0.0), x
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_relu_forward", "grade": true, "locked": true}
kit.score("relu_forward", globals())


# %% nbgrader={"grade_id": "relu_backward", "solution": true}
def relu_backward(dy, cache):
    """Return dx, shaped like dy: dy where the input was above 0, and 0 where it was below (0 itself is not asked)."""
    ### BEGIN SOLUTION
    return dy * (cache > 0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_relu_backward", "grade": true, "locked": true}
kit.score("relu_backward", globals())


# %% nbgrader={"grade_id": "leaky_relu_forward", "solution": true}
def leaky_relu_forward(x):
    """Return (y, cache), y = x where x > 0, else 0.01 x, for x of any shape. x must stay as it is."""
    ### BEGIN SOLUTION
    return np.where(x > 0, x, 0.01 * x), x
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_leaky_relu_forward", "grade": true, "locked": true}
kit.score("leaky_relu_forward", globals())


# %% nbgrader={"grade_id": "leaky_relu_backward", "solution": true}
def leaky_relu_backward(dy, cache):
    """Return dx, shaped like dy: dy times 1 where the input was above 0, times 0.01 where it was below."""
    ### BEGIN SOLUTION
    return dy * np.where(cache > 0, 1.0, 0.01)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_leaky_relu_backward", "grade": true, "locked": true}
kit.score("leaky_relu_backward", globals())


# %% nbgrader={"grade_id": "sigmoid_forward", "solution": true}
def sigmoid_forward(x):
    """Return (y, cache), y = 1 / (1 + e^-x), for x of any shape, also for x = -800, where y rounds to 0.

    x must stay as it is. If NumPy warns that e^800 overflows, that costs no marks.
    """
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(x))  # never overflows
    y = np.where(x >= 0, 1.0, e) / (1.0 + e)
    return y, y
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_sigmoid_forward", "grade": true, "locked": true}
kit.score("sigmoid_forward", globals())


# %% nbgrader={"grade_id": "sigmoid_backward", "solution": true}
def sigmoid_backward(dy, cache):
    """Return dx = dy * y (1 - y), shaped like dy."""
    ### BEGIN SOLUTION
    return dy * cache * (1.0 - cache)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_sigmoid_backward", "grade": true, "locked": true}
kit.score("sigmoid_backward", globals())

# %% [markdown]
# ### Think about it (no points)
#
# **H. Is $\text{ReLU}'(0)=0$ a theorem?**
#
# <details><summary>Answer</summary>
# No, a choice. At 0 there is no derivative; every number between 0 and 1 would do (a <em>sub-gradient</em>), and in
# practice an input is hardly ever exactly 0. That is also why a numeric gradient check must keep away from 0: a central
# difference across the kink says 0.5.
# </details>

# %% [markdown] covers=["MLP-06", "LIN-05", "GRAPH-09"]
# ## 5 More layers
#
# The lecture's three-layer network: two ReLU layers and a softmax over the classes, with cross-entropy,
#
# $$ h^1=\max(0,W^1x),\quad h^2=\max(0,W^2h^1),\quad o=W^3h^2,\quad p=\text{softmax}(o),\quad L=-\sum_jy_j\log p_j $$
#
# For softmax with cross-entropy $\partial L/\partial o=p-y$ ($y$ one-hot): prediction minus truth once more. From there
# on every layer does the same two things, one for its weights and one to pass on:
#
# $$ \frac{\partial L}{\partial W^3}=(p-y)\,h^{2T},\quad \frac{\partial L}{\partial h^2}=W^{3T}(p-y);\qquad
# \frac{\partial L}{\partial W^{n}}=\delta^n\,h^{(n-1)T},\quad \frac{\partial L}{\partial h^{n-1}}=W^{nT}\delta^n, $$
#
# where $\delta^n$ is $\partial L/\partial h^n$ with zeros where the ReLU was off. (Upper numbers count layers, $T$ means
# transposed.) An example without biases:
#
# $$ x=\begin{bmatrix}1\\2\end{bmatrix},\ W^1=\begin{bmatrix}1&-1\\0&1\\-1&1\end{bmatrix},\
# W^2=\begin{bmatrix}1&1&-1\\2&-1&1\end{bmatrix},\ W^3=\begin{bmatrix}1&-1\\0&1\\1&2\end{bmatrix},\
# y=\begin{bmatrix}0\\0\\1\end{bmatrix} $$
#
# | forward | | backward | |
# |---|---|---|---|
# | $W^1x$, then $h^1$ | (−1, 2, 1), (**0**, 2, 1) | $p-y$ | (0.4223, 0.1554, −0.5777) |
# | $W^2h^1$, then $h^2$ | (1, −1), (1, **0**) | $\partial L/\partial h^2$, then $\delta^2$ | (−0.1554, −1.4223), (−0.1554, **0**) |
# | $o$ | (1, 0, 1) | $\partial L/\partial h^1$, then $\delta^1$ | (−0.1554, −0.1554, 0.1554), (**0**, −0.1554, 0.1554) |
# | $p$, $L$ | (0.4223, 0.1554, 0.4223), 0.8620 | $\partial L/\partial W^1$ | rows (**0, 0**), (−0.1554, −0.3107), (0.1554, 0.3107) |
#
# The first unit of layer 1 and the second of layer 2 are off: their rows of weights get zeros. So does the second
# *column* of $\partial L/\partial W^3$, which is multiplied by $h^2_2=0$.
#
# **Now you (no points):** with $W^2=\begin{bmatrix}1&-1&1\\-2&0&1\end{bmatrix}$ instead, what is $\partial L/\partial W^1$?
#
# <details><summary>Answer</summary>
# W²h¹ = (−1, 1), so now the first unit of layer 2 is off and the second is on: h² = (0, 1), o = (−1, 1, 2),
# p = (0.0351, 0.2595, 0.7054). ∂L/∂h² = (−0.2595, −0.3649), δ² = (0, −0.3649). ∂L/∂h¹ = W²ᵀδ² = (0.7297, 0, −0.3649),
# δ¹ = (0, 0, −0.3649): only the third row is not zero, (−0.3649, −0.7297). Had <em>both</em> units of layer 2 been off,
# everything would be zero: from this example the network would learn nothing at all.
# </details>

# %% [markdown]
# ### FC-1 by hand ({points:FC-1})

# %% nbgrader={"grade_id": "show-FC-1", "locked": true}
kit.show("FC-1", student)

# %% deletable=false nbgrader={"grade_id": "FC-1"}
# answer: FC-1
answer = {
    "z": """ """,
    "h": """ """,
}

# %% nbgrader={"grade_id": "test_FC-1", "grade": true, "locked": true}
kit.score("FC-1", globals())

# %% [markdown]
# ### FC-2 by hand ({points:FC-2})

# %% nbgrader={"grade_id": "show-FC-2", "locked": true}
kit.show("FC-2", student)

# %% deletable=false nbgrader={"grade_id": "FC-2"}
# answer: FC-2
answer = {
    "layers": """ """,
    "total": """ """,
}

# %% nbgrader={"grade_id": "test_FC-2", "grade": true, "locked": true}
kit.score("FC-2", globals())

# %% [markdown]
# ### FC-4 by hand ({points:FC-4})
#
# A batch of examples goes through together. In *this* question the examples are the **rows** of $X$, as in most of the
# course; write a matrix with one row per line.

# %% nbgrader={"grade_id": "show-FC-4", "locked": true}
kit.show("FC-4", student)

# %% deletable=false nbgrader={"grade_id": "FC-4"}
# answer: FC-4
answer = {
    "dX": """

""",
    "dW": """

""",
    "db": """ """,
}

# %% nbgrader={"grade_id": "test_FC-4", "grade": true, "locked": true}
kit.score("FC-4", globals())

# %% [markdown] covers=["MLP-07"]
# ## 6 A trainer for any number of layers
#
# The lecture shows a trainer in a few lines of Matlab. There the examples are the **columns** of $X[D,N]$, so a layer is
# $W_lH+b_l$ and its weight gradient $\delta H^T$. Repaired and in Python's counting, with layers $0\dots L-1$ and
# $H_0=X$:
#
# | pass | for | compute |
# |---|---|---|
# | forward | $l=0,\dots,L-2$ | $Z=W_lH_l+b_l,\quad H_{l+1}=\max(0,Z)$ |
# | | last layer | $Z=W_{L-1}H_{L-1}+b_{L-1},\quad P=\text{softmax of each column}$ |
# | backward | start | $\delta=P-T$ |
# | | $l=L-1,\dots,0$ | $\mathrm{d}W_l=\delta H_l^T,\quad \mathrm{d}b_l=\text{row sums of }\delta$ |
# | | and while $l>0$ | $\delta\leftarrow(W_l^T\delta)\odot[H_l>0]$ |
# | update | every layer | $W_l\leftarrow W_l-\frac{\text{lr}}{N}\,\mathrm{d}W_l$, likewise $b_l$ |
#
# ($\odot$ multiplies entry by entry.) **The gradients are sums over the examples; the division by $N$ happens in the
# update, and only there.** In other notebooks the loss is a mean, and its gradient has the $1/N$ already. Here it has
# not: an `mlp_backward` that divides by $N$ is marked wrong.
#
# Subtract the largest score of each column before the exponential; the softmax stays the same and cannot overflow.
# A small example, $D=2$, $N=4$, two layers:
#
# $$ X=\begin{bmatrix}1&0&-1&2\\0&1&1&-1\end{bmatrix},\ T=\begin{bmatrix}1&0&0&1\\0&1&1&0\end{bmatrix},\
# W_0=\begin{bmatrix}0.5&-0.5\\0.25&0.75\end{bmatrix},\ b_0=\begin{bmatrix}0.1\\0\end{bmatrix},\
# W_1=\begin{bmatrix}1&-1\\0.5&0.5\end{bmatrix},\ b_1=\begin{bmatrix}0\\0.2\end{bmatrix} $$
#
# $$ P=\begin{bmatrix}0.4317&0.2100&0.2789&0.6457\\0.5683&0.7900&0.7211&0.3543\end{bmatrix} $$
#
# $$ \mathrm{d}W_1=\begin{bmatrix}-0.9079&0.1549\\0.9079&-0.1549\end{bmatrix},\
# \mathrm{d}W_0=\begin{bmatrix}-0.6385&0.1772\\1.2708&-0.7333\end{bmatrix},\
# \mathrm{d}b_0=\begin{bmatrix}-0.4613\\0.1192\end{bmatrix} $$

# %% [markdown]
# ### `mlp_forward` ({points:mlp_forward}), `mlp_backward` ({points:mlp_backward}), `mlp_update` ({points:mlp_update})


# %% nbgrader={"grade_id": "mlp_forward", "solution": true}
def mlp_forward(X, Ws, bs):
    """Return (P, cache) of a network with ReLU in all layers but the last, and softmax at the end.

    X[D, N]: examples are columns. Ws: list of weights, Ws[l] has a row for each unit of layer l and a column
    for each of its inputs; bs: list, bs[l][M, 1] for a layer of M units.
    P[C, N]: one column of probabilities per example. X, Ws and bs must stay as they are.
    """
    ### BEGIN SOLUTION
    H = [X]
    for W, b in zip(Ws[:-1], bs[:-1]):
        H.append(np.maximum(W @ H[-1] + b, 0.0))
    Z = Ws[-1] @ H[-1] + bs[-1]
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    P = E / E.sum(axis=0, keepdims=True)
    return P, (H, Ws, P)
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mlp_forward", "grade": true, "locked": true}
kit.score("mlp_forward", globals())


# %% nbgrader={"grade_id": "mlp_backward", "solution": true}
def mlp_backward(cache, T):
    """Return the gradients (dWs, dbs) of the cross-entropy -sum(T log P), summed over the examples.

    T[C, N]: one-hot columns. dWs, dbs: lists in the order of Ws and bs, each gradient shaped like its array.
    """
    ### BEGIN SOLUTION
    H, Ws, P = cache
    dWs, dbs = [None] * len(Ws), [None] * len(Ws)
    delta = P - T
    for layer in range(len(Ws) - 1, -1, -1):
        dWs[layer] = delta @ H[layer].T
        dbs[layer] = delta.sum(axis=1, keepdims=True)
        if layer > 0:
            delta = (Ws[layer].T @ delta) * (H[layer] > 0)
    return dWs, dbs
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mlp_backward", "grade": true, "locked": true}
kit.score("mlp_backward", globals())


# %% nbgrader={"grade_id": "mlp_update", "solution": true}
def mlp_update(Ws, bs, dWs, dbs, lr, N):
    """Return the lists (Ws, bs) after one step: each array minus lr / N times its gradient.

    Ws, bs, dWs, dbs: lists of arrays, which must stay as they are; lr: learning rate; N: number of examples.
    """
    ### BEGIN SOLUTION
    new_Ws = [W - lr / N * dW for W, dW in zip(Ws, dWs)]
    new_bs = [b - lr / N * db for b, db in zip(bs, dbs)]
    return new_Ws, new_bs
    ### END SOLUTION


# %% nbgrader={"grade_id": "test_mlp_update", "grade": true, "locked": true}
kit.score("mlp_update", globals())

# %% [markdown]
# ### Your trainer at work
#
# Two interleaved spirals, a network of $2\to32\to32\to2$ units, 500 steps with all examples. Everything the next cell
# computes goes through your three functions.

# %% jupyter={"source_hidden": true} nbgrader={"grade_id": "plot-training", "locked": true}
import matplotlib.pyplot as plt

if all(kit.ready(name, globals()) for name in ("mlp_forward", "mlp_backward", "mlp_update")):
    rng = np.random.default_rng(5)
    turn, arm = np.tile(np.linspace(0.3, 1.6, 60), 2), np.repeat([0, 1], 60)
    angle = 2 * np.pi * turn + np.pi * arm
    X = np.stack([turn * np.cos(angle), turn * np.sin(angle)]) + 0.04 * rng.normal(size=(2, 120))
    T, losses = np.eye(2)[arm].T, []
    Ws = [rng.normal(size=(m, d)) * np.sqrt(2 / d) for m, d in ((32, 2), (32, 32), (2, 32))]
    bs = [np.zeros((m, 1)) for m in (32, 32, 2)]
    for _ in range(500):
        P, cache = mlp_forward(X, Ws, bs)
        losses.append(-np.mean(np.log(np.maximum(np.sum(P * T, axis=0), 1e-300))))
        Ws, bs = mlp_update(Ws, bs, *mlp_backward(cache, T), 0.5, 120)
    side = np.linspace(-1.9, 1.9, 120)
    plane = np.stack([c.ravel() for c in np.meshgrid(side, side)])
    fig, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2))
    left.plot(losses, color="#0072B2")
    left.set(xlabel="step", ylabel="mean cross-entropy", title="loss", ylim=(0, None))
    shade = mlp_forward(plane, Ws, bs)[0][0].reshape(120, 120)
    right.contourf(side, side, shade, levels=[0, 0.5, 1], colors=["#F6C9A8", "#BBD7EA"])
    for k, (colour, marker) in enumerate((("#0072B2", "o"), ("#D55E00", "s"))):
        right.plot(
            *X[:, arm == k], marker, color=colour, markersize=5, markeredgecolor="white", label=f"class {k}"
        )
    right.set(title="regions of the two classes", aspect="equal", xticks=[], yticks=[])
    right.legend(loc="lower right")
    fig.tight_layout()
    plt.show()

# %% [markdown]
# *Picture: left, the loss falls from about 0.85 to nearly 0 in 500 steps, with some bumps on the way. Right, two spirals of
# round and square points, and the plane coloured by what the network says: the two regions wind around each other along
# the spirals.*
#
# ### Think about it (no points)
#
# **I. The lecture's Matlab code reads as follows. It has five slips; find them.**
#
# ```
# for i = 1 : nr_layers - 1
#     [h{i} jac{i}] = nonlinearity(W{i} * h{i-1} + b{i});
# end
# h{nr_layers-1} = W{nr_layers-1} * h{nr_layers-2} + b{nr_layers-1};
# prediction = softmax(h{l-1});
# dh{l-1} = prediction - target;
# for i = nr_layers - 1 : -1 : 1
#     Wgrad{i} = dh{i} * h{i-1}';   bgrad{i} = sum(dh{i}, 2);
#     dh{i-1} = (W{i}' * dh{i}) .* jac{i-1};
# end
# ```
#
# <details><summary>Answer</summary>
# 1. The first loop also runs the last layer through the non-linearity, and the next line computes it again: it must end
# at nr_layers−2. · 2. l is never defined; nr_layers is meant. · 3. h{0} holds the input, but Matlab counts from 1.
# · 4. The backward loop goes one step too far: jac{0} does not exist, and nobody needs the gradient of the data. ·
# 5. dh{i} is called the gradient of h, but it is multiplied by jac already: it is the gradient of the sum
# <em>before</em> the non-linearity, our δ.
# </details>
#
# **J. Columns or rows? Half of the lectures put examples into columns, half into rows. What is $\mathrm{d}W$ in
# either?**
#
# <details><summary>Answer</summary>
# Columns: H = W X, dW = δ Xᵀ. Rows: H = X Wᵀ, dW = δᵀ X. Say which one you use, and check shapes with N ≠ D: where they
# are equal, a wrong transpose raises no error.
# </details>

# %% [markdown]
# ## 7 Self-check
#
# Can you answer these without looking?
#
# 1. What is $dJ/da$ for a sigmoid with cross-entropy, and for a softmax with cross-entropy?
# 2. Why is there a sum in $dJ/dx_i$ and none in $dJ/d\alpha_{ji}$?
# 3. In which order do you compute gradients and update weights, and how would you notice the other order?
# 4. Can a dead ReLU recover?
# 5. Two linear layers without a non-linearity in between: what are they?
# 6. Where does the division by $N$ belong in the trainer of section 6?
#
# <details><summary>Answers</summary>
# 1. Prediction minus truth, y − y* and p − y. ·
# 2. xᵢ reaches J through every hidden unit, a weight through one only. ·
# 3. All gradients first. The other order gives slightly different digits, 0.291027924 in section 3. ·
# 4. Not by itself: it gets no gradient. Only if the layers before it change its inputs. ·
# 5. One linear layer. ·
# 6. Into the update, and nowhere else.
# </details>
#
# The last cell runs all public checks once more. Before you hand in: *Kernel → Restart and Run All*, then save.

# %% nbgrader={"grade_id": "overview", "locked": true}
kit.overview(globals())
