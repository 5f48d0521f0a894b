"""Golden records of layers, each played on the op: `pool_01` is G-POOL-01.

Every function gets the record `g`, the ledger in which each expected value is compared once, and `use`, which
says how an op is run: `op` itself or `op.definition`.
"""

from __future__ import annotations

from itertools import product

import numpy as np

import reference
from reference.op import parse_shapes


def image(rows):
    """Stand a matrix up as one image of one channel."""
    return np.array(rows, float)[None, None]


# ----------------------------------------------------------------------------------- pooling, unpooling


def pool_01(g, ledger, use):
    y = use(reference.max_pool2d)(image(g["inputs"]["x"]), g["params"]["k"], stride=g["params"]["s"])
    ledger.compare("y", y[0, 0])


def pool_02(g, ledger, use):
    """The slide prints the means rounded to whole numbers, halves to the even one."""
    y = use(reference.avg_pool2d)(image(g["inputs"]["x"]), g["params"]["k"], stride=g["params"]["s"])[0, 0]
    ledger.compare("y_exact", y)
    ledger.compare("y_slide", np.round(y))
    for name, rounded in (("floor", np.floor(y)), ("ceil", np.ceil(y)), ("half_up", np.floor(y + 0.5))):
        ledger.compare(f"{name}_matches_slide", bool((rounded == g["expected"]["y_slide"]).all()))
    ledger.compare("half_even_matches_slide", bool((np.round(y) == g["expected"]["y_slide"]).all()))


def pool_03(g, ledger, use):
    settings = [(s["k"], s["s"]) for s in g["params"]["settings"]]
    y = [use(reference.max_pool2d)(image(g["inputs"]["x"]), k, stride=s)[0, 0] for k, s in settings]
    ledger.compare_each("y", y)


def pool_04(g, ledger, use):
    k, s = g["params"]["k"], g["params"]["s"]
    x = image(g["inputs"]["x_pooled_from"])
    pooled, indices = use(reference.max_pool2d)(x, k, stride=s, return_indices=True)
    ledger.compare("pooled", pooled[0, 0])
    ledger.compare("argmax_rc", use(reference.row_column)(indices, x.shape[3])[0, 0])
    ledger.compare("y", use(reference.max_unpool2d)(image(g["inputs"]["z"]), indices, k, stride=s)[0, 0])


def pool_05(g, ledger, use):
    k, s = g["params"]["k"], g["params"]["s"]
    x, dy = image(g["inputs"]["x"]), image(g["inputs"]["dy"])
    (dx,) = reference.max_pool2d.backward(reference.max_pool2d.forward(x, k, stride=s)[1], dy)
    ledger.compare("dx", dx[0, 0])


pool_06 = pool_07 = pool_05


def pool_08(g, ledger, use):
    x = np.zeros((1, 1, g["params"]["h"], g["params"]["w"]))
    _, cache = reference.avg_pool2d.forward(x, g["params"]["k"], stride=g["params"]["s"])
    ledger.compare("dx", reference.avg_pool2d.backward(cache, image(g["inputs"]["dy"]))[0][0, 0])


def pool_09(g, ledger, use):
    h, w, c = g["inputs"]["hwc"]
    rows, columns = (
        use(reference.pool_output_size)(n, g["params"]["k"], g["params"]["s"])[0] for n in (h, w)
    )
    ledger.compare("hwc", [rows, columns, c])
    arrays = [a.name for a in parse_shapes(reference.max_pool2d.shapes)[0] if a.axes is not None]
    ledger.compare("params", len(arrays) - 1)


# --------------------------------------------------------------------------- transposed convolutions


def tconv_01(g, ledger, use):
    x, k = image(g["inputs"]["x"]), image(g["inputs"]["k"])
    y = use(reference.conv_transpose2d)(x, k, stride=g["params"]["s"], padding=g["params"]["p"])
    ledger.compare("y", y[0, 0])


tconv_02 = tconv_03 = tconv_01


def tconv_04(g, ledger, use):
    tconv_01(g, ledger, use)
    x, k = image(g["inputs"]["x"]), image(g["inputs"]["k"])
    other = use(reference.conv_transpose2d_by_conv)(x, k, stride=g["params"]["s"], padding=g["params"]["p"])
    ledger.compare("same", bool((other[0, 0] == g["expected"]["y"]).all()))


def tconv_05(g, ledger, use):
    k, s, p = (g["params"][name] for name in "ksp")
    down = [use(reference.conv_output_size)(n, k, s, p).size for n in g["inputs"]["n"]]
    ledger.compare("conv_out", down)
    ledger.compare("tconv_out", [use(reference.conv_transpose_output_size)(n, k, s, p) for n in down])
    ledger.compare("ambiguous", down[0] == down[1])


def tconv_06(g, ledger, use):
    x, y, k = (image(g["inputs"][name]) for name in "xyk")
    how = {"stride": g["params"]["s"], "padding": g["params"]["p"]}
    conv = use(reference.conv2d)(x, k, **how)
    ledger.compare("conv", conv[0, 0])
    ledger.compare("lhs", np.sum(conv * y))
    ledger.compare("rhs", np.sum(x * use(reference.conv_transpose2d)(y, k, **how)))
    back = use(reference.conv_transpose2d)(conv, k, **how)
    ledger.compare("roundtrip_equals_x", bool(np.array_equal(back, x)))


def tconv_07(g, ledger, use):
    tconv_01(g, ledger, use)
    x, k = image(g["inputs"]["x"]), image(g["inputs"]["k"])
    _, cache = reference.conv_transpose2d.forward(x, k)
    dx, dk, _ = reference.conv_transpose2d.backward(cache, image(g["inputs"]["dy"]))
    ledger.compare("dx", dx[0, 0])
    ledger.compare("dk", dk[0, 0])


# -------------------------------------------------------------------------------------- convolutions


def dil_01(g, ledger, use):
    op = reference.conv2d_true if g["params"]["flip"] else reference.conv2d
    how = {"stride": g["params"]["s"], "padding": g["params"]["p"], "dilation": g["params"]["d"]}
    ledger.compare("y", use(op)(image(g["inputs"]["x"]), image(g["inputs"]["k"]), **how)[0, 0])


dil_02 = conv_08 = dil_01


def dil_04(g, ledger, use):
    y = use(reference.causal_conv1d)(g["inputs"]["x"], g["inputs"]["w"], dilation=g["params"]["d"])
    ledger.compare("y", y)


def dil_07(g, ledger, use):
    x, k = image(g["inputs"]["x"]), image(g["inputs"]["k"])
    _, cache = reference.conv2d.forward(x, k, dilation=g["params"]["d"])
    dx, dk, _ = reference.conv2d.backward(cache, image(g["inputs"]["dy"]))
    ledger.compare("dx", dx[0, 0])
    ledger.compare("dk", dk[0, 0])


def dil_08(g, ledger, use):
    i = g["inputs"]
    _, cache = reference.causal_conv1d.forward(i["x"], i["w"], dilation=g["params"]["d"])
    dx, dw = reference.causal_conv1d.backward(cache, i["dy"])
    ledger.compare("dx", dx)
    ledger.compare("dw", dw)


def conv_03(g, ledger, use):
    i = g["inputs"]
    y = use(reference.conv2d)([i["x"]], i["W"], i["b"], stride=g["params"]["s"], padding=g["params"]["p"])
    ledger.compare("y", y[0])


def conv_04(g, ledger, use):
    i = g["inputs"]
    _, cache = reference.conv2d.forward([i["x"]], i["W"], i["b"])
    dx, dw, db = reference.conv2d.backward(cache, [i["dy"]])
    for name, value in (("dx", dx[0]), ("dW", dw), ("db", db)):
        ledger.compare(name, value)


def conv_05(g, ledger, use):
    f, h = g["inputs"]["F"], g["inputs"]["H"]
    ledger.compare("corr", use(reference.correlate2d)(f, h, padding=1))
    ledger.compare("conv", use(reference.conv2d_true)(image(f), image(h), padding=1)[0, 0])


def conv_06(g, ledger, use):
    x, w, b = (g["inputs"][name] for name in "xwb")
    ledger.compare("a", use(reference.correlate2d)([x], [w])[0] + b)
    ledger.compare("out", use(reference.perceptron_convolution)(x, w, b))


def unshared(g):
    """Write the record's signal and its weights for each position as the op wants them."""
    w = np.array(g["inputs"]["W"], float)[None, :, None, None, None]
    b = np.array(g["inputs"].get("b", [0] * w.shape[1]), float)[None, :, None]
    return image([g["inputs"]["x"]]), w, b


def conv_07(g, ledger, use):
    ledger.compare("y", use(reference.locally_connected2d)(*unshared(g)).ravel())
    n, _, channels, k, filters = g["params"]["lc2d"]
    size = use(reference.conv_output_size)(n, k).size
    own = use(reference.locally_connected_parameters)(size, channels, k, filters)
    shared = use(reference.conv_parameters)(channels, k, filters)
    ledger.compare("params_lc", own)
    ledger.compare("params_conv", shared)
    ledger.compare("ratio", own / shared)


def conv_10(g, ledger, use):
    _, cache = reference.locally_connected2d.forward(*unshared(g))
    dx, dw, db = reference.locally_connected2d.backward(cache, image([g["inputs"]["dy"]]))
    ledger.compare("dx", dx.ravel())
    ledger.compare("dW", dw.reshape(3, 2))
    ledger.compare("db", db.ravel())


# ------------------------------------------------------------------------------------- normalisation


def norm_01(g, ledger, use):
    fit, apply = use(reference.standardize_fit), use(reference.standardize_apply)
    x = g["inputs"]["x"]
    mu, pop = fit(x)
    _, sample = fit(x, ddof=1)
    z, literal = apply(x, mu, pop), apply(x, mu, sample**2)
    ledger.compare("mu", mu)
    ledger.compare("var_pop", pop**2)
    ledger.compare("var_sample", sample**2)
    ledger.compare("z_pop", z)
    ledger.compare("z_sample", apply(x, mu, sample))
    ledger.compare("slide_literal", literal)
    ledger.compare("var_of_z_pop", fit(z)[1] ** 2)
    ledger.compare("var_sample_of_slide_literal", fit(literal, ddof=1)[1] ** 2)


def norm_02(g, ledger, use):
    mu, sigma = use(reference.standardize_fit)(g["inputs"]["train"], ddof=g["params"]["ddof"])
    ledger.compare("mu", mu)
    ledger.compare("sigma", sigma)
    ledger.compare("test_z", use(reference.standardize_apply)(g["inputs"]["test"], mu, sigma))


def norm_03(g, ledger, use):
    subtract = use(reference.mean_subtraction)
    _, cache = reference.mean_subtraction.forward(g["inputs"]["x"])
    J = subtract(np.eye(3))  # a linear layer shows its matrix when it is given the unit vectors
    ledger.compare("h", subtract(g["inputs"]["x"]))
    ledger.compare("dx", reference.mean_subtraction.backward(cache, g["inputs"]["dh"])[0])
    ledger.compare("J", J)
    ledger.compare("JJ_equals_J", np.allclose(subtract(J), J, rtol=0, atol=g["tol"]))
    ledger.compare("J_symmetric", np.allclose(J, J.T, rtol=0, atol=g["tol"]))


def norm_04(g, ledger, use):
    ledger.compare("correct_square", use(reference.mean_subtraction)(g["inputs"]["X_square"]))
    ledger.leave("buggy_square", "what NumPy broadcasts without keepdims; no op does it")
    ledger.leave("rect_raises", "what NumPy broadcasts without keepdims; no op does it")


def statistics(x, use):
    """Read mean and biased variance of a batch off running statistics that keep nothing of the old."""
    old = np.zeros(x.shape[1])
    how = {"training": True, "momentum": 1.0, "return_running": True}
    return use(reference.batch_norm)(x, old, old, **how)[1:]


def bn_01(g, ledger, use):
    x, p = np.array(g["inputs"]["x"]), g["params"]
    mean, var = statistics(x, use)
    y = use(reference.batch_norm)(x, None, None, p["gamma"], p["beta"], training=True, eps=p["eps"])
    ledger.compare("mu", mean)
    ledger.compare("var", var)
    ledger.compare("xhat", use(reference.batch_norm)(x, None, None, training=True, eps=p["eps"]))
    ledger.compare("y", y)
    for name, value in zip(("mean_y", "var_y"), statistics(y, use), strict=True):
        ledger.compare(name, value)


def bn_02(g, ledger, use):
    p = g["params"]
    how = {"training": True, "eps": p["eps"]}
    _, cache = reference.batch_norm.forward(g["inputs"]["x"], None, None, p["gamma"], p["beta"], **how)
    dx, dgamma, dbeta = reference.batch_norm.backward(cache, g["inputs"]["dy"])
    for name, value in (("dx", dx), ("dgamma", dgamma), ("dbeta", dbeta)):
        ledger.compare(name, value)


def bn_03(g, ledger, use):
    x = np.array(g["inputs"]["x"])
    mean, var = statistics(x, use)
    ledger.compare("mu", mean)
    ledger.compare("var", var)
    ledger.compare("xhat", use(reference.batch_norm)(x, None, None, training=True, eps=g["params"]["eps"]))


def bn_04(g, ledger, use):
    counts = [use(reference.batch_norm_parameters)(c) for c in g["inputs"]["channels"]]
    ledger.compare("learned", [c.learned for c in counts])
    ledger.compare("running", [c.measured for c in counts])


# --------------------------------------------------------------------- activations, dropout, labels


def act_01(g, ledger, use):
    x, leak = np.array(g["inputs"]["x"]), {"negative_slope": g["params"]["leak"]}
    for name, op, how in (
        ("relu", reference.relu, {}),
        ("leaky", reference.leaky_relu, leak),
        ("sigmoid", reference.sigmoid, {}),
    ):
        ledger.compare(name, use(op)(x, **how))
        ledger.compare(f"d{name}", op.backward(op.forward(x, **how)[1], np.ones(3))[0])
    ledger.compare("step", use(reference.step)(x))


def mean_over_masks(p, n, answer):
    """Add up answer(mask) over all masks of n units, each with its probability."""
    return sum(
        np.prod([1 - p if kept else p for kept in mask]) * answer(mask) for mask in product((0, 1), repeat=n)
    )


def reg_01(g, ledger, use):
    x, w = (np.array(g["inputs"][name]) for name in "xw")
    dropout = use(reference.dropout)
    drops = g["params"]["p_drop"]

    def trained(p, mode):
        return mean_over_masks(p, 3, lambda mask: w @ dropout(x, p, mode=mode, mask=mask))

    ledger.compare("train_mean", [trained(p, "classic") for p in drops])
    ledger.compare("inverted_train_mean", [trained(p, "inverted") for p in drops])
    ledger.compare("test_scaled", [w @ dropout(x, p, training=False, mode="classic") for p in drops])
    ledger.compare("test_unscaled", w @ dropout(x, 0.5, training=False))


def reg_02(g, ledger, use):
    x, w = (np.array(g["inputs"][name]) for name in "xw")
    p = g["params"]["p_drop"]

    def answer(units):
        return use(reference.relu)(w @ units + g["inputs"]["b"])

    def dropped(mask):
        return answer(use(reference.dropout)(x, p, mode="classic", mask=mask))

    ledger.compare("train_mean", mean_over_masks(p, 2, dropped))
    at_test = use(reference.dropout)(x, p, training=False, mode="classic")
    ledger.compare("test_scaled", answer(at_test))


def reg_03(g, ledger, use):
    ledger.compare("winner", use(reference.vote)(g["inputs"]["votes"]))
    ledger.compare("p_majority", use(reference.majority_accuracy)(g["params"]["p"], g["params"]["n"]))


def reg_04(g, ledger, use):
    stops = [use(reference.early_stopping)(g["inputs"]["val"], n) for n in g["params"]["patiences"]]
    ledger.compare("stop_epoch", [s.stop_epoch for s in stops])
    ledger.compare("best_epoch", [s.best_epoch for s in stops])


def reg_05(g, ledger, use):
    w, step = g["inputs"]["w"], g["inputs"]["g"]
    ledger.compare("w_new", use(reference.weight_decay)(w, step, g["params"]["lr"], g["params"]["lam"]))


def reg_06(g, ledger, use):
    i, p = g["inputs"], g["params"]["p_drop"]
    for mode in ("classic", "inverted"):
        how = {"mode": mode, "mask": i["mask"]}
        ledger.compare(f"{mode}_y", use(reference.dropout)(i["x"], p, **how))
        _, cache = reference.dropout.forward(i["x"], p, **how)
        ledger.compare(f"{mode}_dx", reference.dropout.backward(cache, i["dy"])[0])


def keras_01(g, ledger, use):
    ledger.compare("T", use(reference.one_hot)(g["inputs"]["labels"], g["inputs"]["C"]))
    ledger.compare("argmax", use(reference.predict_class)(g["inputs"]["p"]))
