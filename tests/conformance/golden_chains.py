"""Golden records of losses, graphs and small networks: `mlp_01` is G-MLP-01 (see golden_layers.py).

Networks are put together from ops here: every step forward and backward is the op's own.
"""

from __future__ import annotations

import numpy as np

import reference
from reference import (
    SIGMOID_CIRCUIT,
    SUM_TIMES,
    WEIGHT_CHAIN,
    binary_cross_entropy,
    constant,
    cross_entropy,
    half_squared_error,
    hinge,
    l2_penalty,
    linear,
    log_softmax,
    relu,
    sigmoid,
    softmax,
    squared_error,
    tanh,
    zero_one,
)


def back(op, dy, *inputs, **settings):
    """Run an op forward and send dy back."""
    return op.backward(op.forward(*inputs, **settings)[1], dy)


# ---------------------------------------------------------------------------------------------- graphs


def walked(graph, leaves, use):
    """Return the values by name, computed by the op."""
    x = np.array([leaves[name] for name in graph.leaves], float)
    return dict(zip(graph.names, use(reference.graph_values)(x, graph), strict=True))


def slopes(graph, values, out, use):
    """Return the gradients of `out` by name, computed by the op."""
    v = np.array([values[name] for name in graph.names])
    return dict(zip(graph.names, use(reference.graph_gradients)(v, graph, out), strict=True))


def graph_01(g, ledger, use):
    values = walked(SUM_TIMES, g["inputs"], use)
    df, dq = slopes(SUM_TIMES, values, "f", use), slopes(SUM_TIMES, values, "q", use)
    for name in "qf":
        ledger.compare(name, values[name])
    for name in "fqzxy":
        ledger.compare(f"df_d{name}", df[name])
    for name in "xy":
        ledger.compare(f"dq_d{name}", dq[name])


STEPS = ("w0x0", "w1x1", "sum01", "a", "neg", "exp", "den", "f")


def circuit(ledger, values, gradients, steps):
    for name in steps:
        ledger.compare(name, values[name])
    for name in ("den", "exp", "neg", "a"):
        ledger.compare(f"g_{name}", gradients[name])
    for name in ("w0", "x0", "w1", "x1", "w2"):
        ledger.compare(f"d{name}", gradients[name])


def graph_02(g, ledger, use):
    values = walked(SIGMOID_CIRCUIT, g["inputs"], use)
    circuit(ledger, values, slopes(SIGMOID_CIRCUIT, values, "f", use), STEPS)
    ledger.agree("f", abs(use(reference.sigmoid_circuit)(**g["inputs"]) - values["f"]) <= g["tol"])


def graph_03(g, ledger, use):
    decimals = g["params"]["decimals"]
    values = SIGMOID_CIRCUIT.forward(g["inputs"], decimals)
    circuit(ledger, values, SIGMOID_CIRCUIT.backward(values, "f", decimals), ("exp", "den", "f"))


def graph_04(g, ledger, use):
    eps, f = g["params"]["eps"], use(reference.sigmoid_circuit)
    for name in ("w0", "w1", "w2"):
        up, down = (f(**{**g["inputs"], name: g["inputs"][name] + h}) for h in (eps, -eps))
        ledger.compare(f"d{name}", (up - down) / (2 * eps))


def graph_05(g, ledger, use):
    x, w, b, dh = (g["inputs"][name] for name in ("x", "W", "b", "dh"))
    ledger.compare("h", use(linear)(x, w, b))
    dx, dw, db = back(linear, dh, x, w, b)
    for name, value in (("dx", dx), ("dW", dw), ("db", db)):
        ledger.compare(name, value)


# -------------------------------------------------------------------------- the linked worked example


def worked(i, w, use):
    """Run the example forward; return all values by name."""
    v = {"net_h": use(linear)(i["i"], [w[0:2], w[2:4]], [i["b"][0]] * 2)}
    v["out_h"] = use(sigmoid)(v["net_h"])
    v["net_o"] = use(linear)(v["out_h"], [w[4:6], w[6:8]], [i["b"][1]] * 2)
    v["out_o"] = use(sigmoid)(v["net_o"])
    return v


def error(i, w, use):
    return use(half_squared_error)(worked(i, w, use)["out_o"], i["t"])


def gradients(i, w, stale=False):
    """Return the gradients of the weights and of the two biases.

    `stale` is the bug of updating the output layer before its weights are used on the way back.
    """
    net_h, from_h = linear.forward(i["i"], [w[0:2], w[2:4]], [i["b"][0]] * 2)
    h, through_h = sigmoid.forward(net_h)
    net_o, from_o = linear.forward(h, [w[4:6], w[6:8]], [i["b"][1]] * 2)
    o, through_o = sigmoid.forward(net_o)
    (dnet,) = sigmoid.backward(through_o, back(half_squared_error, None, o, i["t"])[0])
    dh, dw_o, db_o = linear.backward(from_o, dnet)
    if stale:
        late = np.reshape(w[4:], (2, 2)) - i["lr"] * dw_o
        dh = back(linear, dnet, h, late)[0]
    _, dw_h, db_h = linear.backward(from_h, sigmoid.backward(through_h, dh)[0])
    return np.concatenate([dw_h.ravel(), dw_o.ravel()]), db_h.sum(), db_o.sum()


def update(i, w, stale=False):
    return w - i["lr"] * gradients(i, w, stale)[0]


def mlp_01(g, ledger, use):
    i = g["inputs"]
    v = worked(i, i["w"], use)
    for layer in ("net_h", "out_h", "net_o", "out_o"):
        for unit in (1, 2):
            ledger.compare(f"{layer}{unit}", v[layer][unit - 1])
    each = [use(half_squared_error)(v["out_o"][n], i["t"][n]) for n in (0, 1)]
    ledger.compare("E_o1", each[0])
    ledger.compare("E_o2", each[1])
    ledger.compare("E_total", use(half_squared_error)(v["out_o"], i["t"]))


def mlp_02(g, ledger, use):
    i = g["inputs"]
    w = update(i, i["w"], stale=g["params"]["stale_bug"])
    ledger.compare("w", w)
    ledger.compare("E_after", error(i, w, use))


mlp_03 = mlp_02


def mlp_04(g, ledger, use):
    i = g["inputs"]
    for stale, bug in ((False, ""), (True, "_bug")):
        w = np.array(i["w"])
        for n in range(g["params"]["updates"]):
            if n == 9999 and not stale:
                ledger.compare("E_9999", error(i, w, use))
            w = update(i, w, stale)
        o = worked(i, w, use)["out_o"]
        ledger.compare(f"E{bug}", error(i, w, use))
        ledger.compare(f"o1{bug}", o[0])
        ledger.compare(f"o2{bug}", o[1])


def mlp_05(g, ledger, use):
    i = g["inputs"]
    _, db1, db2 = gradients(i, i["w"])
    ledger.compare("db1", db1)
    ledger.compare("db2", db2)
    whole = back(reference.mazur_error, None, i["w"], i["b"], i["i"], i["t"])[1]
    ledger.agree("db1", np.allclose(whole, [db1, db2], rtol=0, atol=g["tol"]))


# --------------------------------------------------------------------- the lecture's networks with gradients


def mlp_06(g, ledger, use):
    """The slide's J is a log-likelihood: the loss with the other sign."""
    i, sign = g["inputs"], -g["params"]["sign"]
    x, theta = i["x"], [i["theta"]]
    a, cache = linear.forward(x, theta)
    (da,) = back(binary_cross_entropy, None, a, [i["ystar"]])
    (dy_da,) = back(sigmoid, [1.0], a)
    dx, dtheta, _ = linear.backward(cache, sign * da)
    ledger.compare("a", use(linear)(x, theta)[0])
    ledger.compare("y", use(sigmoid)(a)[0])
    ledger.compare("J", sign * use(binary_cross_entropy)(a, [i["ystar"]]))
    ledger.compare("dJ_da", sign * da[0])
    ledger.compare("dy_da", dy_da[0])
    ledger.compare("dJ_dy", sign * da[0] / dy_da[0])
    ledger.compare("dJ_dtheta", dtheta[0])
    ledger.compare("dJ_dx", dx)
    whole = use(reference.logistic_regression)(i["theta"], x, i["ystar"], slide_sign=sign < 0)
    ledger.agree("J", abs(whole - g["expected"]["J"]) <= g["tol"])


mlp_07 = mlp_06


def mlp_08(g, ledger, use):
    """x[0] and z[0] are 1 and stand for the biases."""
    i = g["inputs"]
    a, from_a = linear.forward(i["x"], i["alpha"])
    z = np.concatenate([[1.0], use(sigmoid)(a)])
    b, from_b = linear.forward(z, [i["beta"]])
    (db,) = back(binary_cross_entropy, None, b, [i["ystar"]])
    dz, dbeta, _ = linear.backward(from_b, db)
    (da,) = back(sigmoid, dz[1:], a)
    dx, dalpha, _ = linear.backward(from_a, da)
    ledger.compare("a", use(linear)(i["x"], i["alpha"]))
    ledger.compare("z", z)
    ledger.compare("b", use(linear)(z, [i["beta"]])[0])
    ledger.compare("y", use(sigmoid)(b)[0])
    ledger.compare("J", use(binary_cross_entropy)(b, [i["ystar"]]))
    found = {
        "dJ_db": db[0],
        "dJ_dbeta": dbeta[0],
        "dJ_dz": dz[1:],
        "dJ_da": da,
        "dJ_dalpha": dalpha,
        "dJ_dx": dx,
    }
    for name, value in found.items():
        ledger.compare(name, value)
    whole = use(reference.two_layer_network)(i["alpha"], i["beta"], i["x"], i["ystar"])
    ledger.agree("J", abs(whole - g["expected"]["J"]) <= g["tol"])
    ledger.leave("dJ_dx_slide_literal", "the slide's formula as printed, which is wrong; no op computes it")


def mlp_09(g, ledger, use):
    i, t = g["inputs"], [int(np.argmax(g["inputs"]["t"]))]
    n1, c1 = linear.forward([i["x"]], i["W1"])
    h1, r1 = relu.forward(n1)
    n2, c2 = linear.forward(h1, i["W2"])
    h2, r2 = relu.forward(n2)
    o, c3 = linear.forward(h2, i["W3"])
    dh2, dW3, _ = linear.backward(c3, back(cross_entropy, None, o, t)[0])
    dh1, dW2, _ = linear.backward(c2, relu.backward(r2, dh2)[0])
    dW1 = linear.backward(c1, relu.backward(r1, dh1)[0])[1]
    ledger.compare("h1", use(relu)(use(linear)([i["x"]], i["W1"]))[0])
    ledger.compare("h2", use(relu)(use(linear)(h1, i["W2"]))[0])
    ledger.compare("o", use(linear)(h2, i["W3"])[0])
    ledger.compare("p", use(softmax)(o)[0])
    ledger.compare("L", use(cross_entropy)(o, t))
    found = {"dW3": dW3, "dh2": dh2[0], "dW2": dW2, "dh1": dh1[0], "dW1": dW1}
    for name, value in found.items():
        ledger.compare(name, value)


def mlp_10(g, ledger, use):
    """Examples are columns on the slide and rows here; its gradients are sums, its step divides by N."""
    i = {name: np.array(value) for name, value in g["inputs"].items()}
    x, t = i["X"].T, i["T"].argmax(0)
    N, lr = len(x), g["params"]["lr"]
    net, c1 = linear.forward(x, i["W1"], i["b1"][:, 0])
    h, r = relu.forward(net)
    scores, c2 = linear.forward(h, i["W2"], i["b2"][:, 0])
    dh, dW2, db2 = linear.backward(c2, N * back(cross_entropy, None, scores, t)[0])
    _, dW1, db1 = linear.backward(c1, relu.backward(r, dh)[0])
    ledger.compare("P", use(softmax)(scores).T)
    ledger.compare("loss", use(cross_entropy)(scores, t))
    for layer, dW, db in (("1", dW1, db1), ("2", dW2, db2)):
        ledger.compare(f"Wgrad{layer}", dW)
        ledger.compare(f"bgrad{layer}", db[:, None])
        ledger.compare(f"W{layer}_new", i[f"W{layer}"] - lr / N * dW)
        ledger.compare(f"b{layer}_new", i[f"b{layer}"] - lr / N * db[:, None])


def mlp_11(g, ledger, use):
    values = walked(WEIGHT_CHAIN, g["inputs"], use)
    found = slopes(WEIGHT_CHAIN, values, "J", use)
    ledger.compare("z1", values["z1"])
    ledger.compare("yhat", values["yhat"])
    for name in ("yhat", "w2", "w1"):
        ledger.compare(f"dJ_d{name}", found[name])


def cnn_05(g, ledger, use):
    """y = F(x) + x: the gradient goes both ways and adds up."""
    x, w, dy = (g["inputs"][name] for name in ("x", "W", "dy"))
    net, cache = linear.forward(x, w)
    F = use(relu)(use(linear)(x, w))
    ledger.compare("F", F)
    ledger.compare("y", F + x)
    ledger.compare("dx", np.array(dy) + linear.backward(cache, back(relu, dy, net)[0])[0])
    ledger.agree("y", bool(np.array_equal(use(reference.residual)(x, w), g["expected"]["y"])))
    ledger.agree("dx", bool(np.array_equal(back(reference.residual, dy, x, w)[0], g["expected"]["dx"])))


cnn_06 = cnn_05


def two_layers(w1, w2, x, t):
    """Return the gradients of tanh units with linear outputs under the squared error."""
    net, c1 = linear.forward([x], w1)
    h, r = tanh.forward(net)
    y, c2 = linear.forward(h, w2)
    dh, dw2, _ = linear.backward(c2, back(squared_error, None, y, [t])[0])
    return linear.backward(c1, tanh.backward(r, dh)[0])[1], dw2


def init_02(g, ledger, use):
    i, lr = g["inputs"], g["params"]["lr"]
    w1, w2 = constant((i["hidden"], 2), i["c"]), constant((2, i["hidden"]), i["c"])
    for _ in range(g["params"]["steps"]):
        dw1, dw2 = two_layers(w1, w2, i["x"], i["t"])
        w1, w2 = w1 - lr * dw1, w2 - lr * dw2
    assert (dw1 != 0).all()  # they do learn, all the same thing
    ledger.compare("rows_identical", bool((w1 == w1[0]).all()))
    zero, _ = two_layers(constant((i["hidden"], 2)), constant((2, i["hidden"])), i["x"], i["t"])
    ledger.compare("zero_init_W1_grad_is_zero", bool((zero == 0).all()))


# ---------------------------------------------------------------------------------------------- losses


def loss_01(g, ledger, use):
    s, y, delta = np.array(g["inputs"]["s"]), g["inputs"]["y"], g["params"]["margin"]
    ledger.compare("L_i", [use(hinge)(s[n : n + 1], y[n : n + 1], delta) for n in range(len(s))])
    ledger.compare("L", use(hinge)(s, y, delta))


def loss_02(g, ledger, use):
    """The slide's plus is the loss of scores in which the right class has the other sign."""
    s, y = np.array(g["inputs"]["s"]), g["inputs"]["y"]
    s[range(3), y] *= -1
    ledger.compare("L_i", [use(hinge)(s[n : n + 1], y[n : n + 1], g["params"]["margin"]) for n in range(3)])


def loss_03(g, ledger, use):
    x, w, y = (g["inputs"][name] for name in ("X", "W", "y"))
    scores, cache = linear.forward(x, w)
    lam = g["params"]["lam"]
    ledger.compare("s", use(linear)(x, w))
    ledger.compare("L", use(hinge)(scores, y) + use(l2_penalty)(w, lam))
    dw = linear.backward(cache, back(hinge, None, scores, y)[0])[1]
    ledger.compare("dW", dw + back(l2_penalty, None, w, lam)[0])


def loss_04(g, ledger, use):
    f, y = g["inputs"]["f"], g["inputs"]["y"]
    ledger.compare("p", use(softmax)(f))
    ledger.compare("L", use(cross_entropy)(f, y))
    ledger.agree("L", abs(-use(log_softmax)(f)[range(len(y)), y].mean() - g["expected"]["L"]) <= g["tol"])
    ledger.compare("df", back(cross_entropy, None, f, y)[0])


loss_05 = loss_04


def loss_06(g, ledger, use):
    ledger.compare("stable", use(softmax)(g["inputs"]["f"]))
    ledger.leave("naive_has_nan", "the formula without the shift; no op computes it")


def loss_07(g, ledger, use):
    ledger.compare("row_sums_correct", use(softmax)(g["inputs"]["f"]).sum(1))
    ledger.leave("literal_p", "the slide's index slip taken literally; no op computes it")
    ledger.leave("literal_row_sums", "the slide's index slip taken literally; no op computes it")


def loss_08(g, ledger, use):
    y, label = g["inputs"]["y"], g["inputs"]["yhat"]
    ledger.compare("per", [use(zero_one)([a], [b]) for a, b in zip(label, y, strict=True)])
    ledger.compare("mean", use(zero_one)(label, y))
    ledger.agree("numgrad", zero_one.backward is None)


def loss_09(g, ledger, use):
    """The record gives the sigmoid's answers; the op wants what goes in."""
    a, y, w, lam = np.array(g["inputs"]["a"]), g["inputs"]["y"], g["inputs"]["w"], g["params"]["lam"]
    loss = use(binary_cross_entropy)(np.log(a / (1 - a)), y)
    ledger.compare("C0", loss)
    ledger.compare("C", loss + use(l2_penalty)(w, lam))
    ledger.compare("dreg_dw", back(l2_penalty, None, w, lam)[0])


def loss_10(g, ledger, use):
    slope = [back(binary_cross_entropy, None, [a], [g["inputs"]["ystar"]])[0][0] for a in g["inputs"]["a"]]
    ledger.compare("stable_dJ_da", slope)
    ledger.leave("literal_is_nan", "the slide's two factors multiplied; no op computes them")
