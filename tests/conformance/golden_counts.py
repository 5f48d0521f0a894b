"""Golden records of sizes and counts, each played on the op: `conv_01` is G-CONV-01 (see golden_layers.py)."""

from __future__ import annotations

import numpy as np

import reference

# ---------------------------------------------------------------------------------------- output sizes


def sizes(g, ledger, use):
    """Cases [n, k, stride, padding, dilation]; "exact" is the size before rounding, whole where it fits."""
    found = [use(reference.conv_output_size)(*case) for case in g["inputs"]["cases"]]
    ledger.compare("out", [size for size, _ in found])
    exact = g["expected"]["exact"]
    ledger.agree("exact", [fits for _, fits in found] == [e == int(e) for e in exact])
    ledger.agree("exact", [size for size, _ in found] == [int(e) for e in exact])


conv_01 = dil_06 = sizes


def cnn_04(g, ledger, use):
    sizes(g, ledger, use)
    k = g["inputs"]["cases"][0][1]
    ledger.compare("params", use(reference.conv_parameters)(g["params"]["cin"], k, g["params"]["filters"]))


def dil_03(g, ledger, use):
    s, p = g["params"]["s"], g["params"]["p"]
    cases = g["inputs"]["cases"]
    ledger.compare("k_eff", [use(reference.receptive_field)([(k, 1, d)]) for _, k, d in cases])
    ledger.compare("out", [use(reference.conv_output_size)(n, k, s, p, d).size for n, k, d in cases])


def conv_09(g, ledger, use):
    cases = g["inputs"]["cases"]
    ledger.compare("out", [use(reference.conv_output_size)(*case).size for case in cases])
    ledger.compare("unused", [len(use(reference.unused_inputs)(*case)) for case in cases])


def dil_05(g, ledger, use):
    stacks = g["inputs"]["stacks"]
    fields = [use(reference.receptive_field)([(s["k"], 1, d) for d in s["d"]]) for s in stacks]
    weights = [use(reference.conv_parameters)(1, (1, s["k"]), 1, bias=False) * len(s["d"]) for s in stacks]
    ledger.compare("rf", fields)
    ledger.compare("weights_1d", weights)


# ------------------------------------------------------------------------------------------ parameters


def conv_02(g, ledger, use):
    conv, full = use(reference.conv_parameters), use(reference.linear_parameters)
    (k, channels, _), (_, _, filters) = g["inputs"]["cases"]
    side = use(reference.conv_output_size)(32, k).size
    pixels = use(reference.flatten)(np.zeros((1, channels, 32, 32))).shape[1]
    ledger.compare("dot_dim", conv(channels, k, 1, bias=False))
    ledger.compare("params", [conv(c, k, n) for k, c, n in g["inputs"]["cases"]])
    ledger.compare("fc_in", pixels)
    ledger.compare("fc_params_one_unit", full(pixels, 1))
    ledger.compare("fc_params_to_28x28x1", full(pixels, side * side))
    ledger.compare("stack", [side, side, filters])


def cnn_01(g, ledger, use):
    """The Keras model layer by layer; Keras puts channels last."""
    conv, size = use(reference.conv_parameters), use(reference.keras_output_size)
    full, pool = use(reference.linear_parameters), use(reference.pool_output_size)
    n, _, channels = g["inputs"]["input"]
    first, second = size(n, 3), size(size(n, 3), 3)
    half = pool(second, 2).size
    flat = use(reference.flatten)(np.zeros((1, half, half, 64))).shape[1]
    rows = [
        ([first, first, 32], conv(channels, 3, 32)),
        ([second, second, 64], conv(32, 3, 64)),
        ([half, half, 64], 0),
        ([half, half, 64], 0),
        ([flat], 0),
        ([128], full(flat, 128)),
        ([128], 0),
        ([g["inputs"]["num_classes"]], full(128, g["inputs"]["num_classes"])),
    ]
    printed = [(shape, count) for _, shape, count in g["expected"]["table"]]
    ledger.agree("table", rows == printed)
    ledger.compare("total", sum(count for _, count in rows))


def cnn_02(g, ledger, use):
    conv, size = use(reference.conv_parameters), use(reference.conv_output_size)
    channels, n, _ = g["inputs"]["input"]
    filters, classes = g["inputs"]["filters"], g["inputs"]["classes"]
    after, counts = [], []
    for _ in range(3):
        for _ in range(2):
            counts.append(conv(channels, 3, filters))
            channels, n = filters, size(n, 3, padding=1).size
        n = use(reference.pool_output_size)(n, 2).size
        after.append([filters, n, n])
    flat = use(reference.flatten)(np.zeros((1, *after[-1]))).shape[1]
    counts.append(use(reference.linear_parameters)(flat, classes))
    ledger.compare("after_pools", after)
    ledger.compare("flat", flat)
    ledger.compare("params", counts)
    ledger.compare("total", sum(counts))


def cnn_03(g, ledger, use):
    channels, n, _ = g["inputs"]["input"]
    layers: list[tuple[int, ...]] = []
    convs = 0
    for entry in g["inputs"]["cfg"]:
        if entry == "M":
            layers.append((2, 2))
            n = use(reference.pool_output_size)(n, 2).size
        else:
            layers.append((3, 1, 1, 1))
            convs += use(reference.conv_parameters)(channels, 3, entry)
            channels, n = entry, use(reference.conv_output_size)(n, 3, padding=1).size
    units, full = channels * n * n, 0
    for m in g["inputs"]["fc"]:
        full, units = full + use(reference.linear_parameters)(units, m), m
    ledger.compare("conv_params", convs)
    ledger.compare("fc_params", full)
    ledger.compare("total", convs + full)
    ledger.compare("last_spatial", n)
    ledger.compare("conv5_3_rf", use(reference.receptive_field)(layers[:-1]))


def cnn_07(g, ledger, use):
    pixels = use(reference.flatten)(np.zeros((1, *g["inputs"]["chw"]))).shape[1]
    ledger.compare("numel", pixels)
    ledger.compare("fc_params", use(reference.linear_parameters)(pixels, g["inputs"]["classes"]))


# ---------------------------------------------------------------------------- batches, splits and costs


def opt_05(g, ledger, use):
    per_epoch = use(reference.iterations_per_epoch)
    extra = [(n, batch, per_epoch(n, batch)) for n, batch in g["params"]["extra"]]
    ledger.compare("iters", per_epoch(g["inputs"]["n"], g["inputs"]["batch"]))
    ledger.compare("extra_ceil", [count for _, _, count in extra])
    ledger.compare("extra_last", [n - (count - 1) * batch for n, batch, count in extra])


def opt_08(g, ledger, use):
    i = g["inputs"]
    forward = use(reference.multiply_adds)(i["d_in"], 1, i["d_out"], examples=i["n"])
    # dx and dw are products of the same three lengths, each with another one summed over.
    to_input = use(reference.multiply_adds)(i["d_out"], 1, i["d_in"], examples=i["n"])
    to_weights = use(reference.multiply_adds)(i["n"], 1, i["d_out"], examples=i["d_in"])
    ledger.compare("fwd", forward)
    ledger.compare("bwd", to_input + to_weights)
    ledger.compare("ratio", (to_input + to_weights) / forward)


def eval_03(g, ledger, use):
    R, share = g["inputs"]["R"], g["params"]["test_frac"]

    def folds(k):
        return use(reference.split_sizes)(R, (1,) * k)

    fits, train = g["expected"]["fits"], g["expected"]["train_size"]
    by_folds = {"10fold": 10, "3fold": 3, "Rfold": R, "loocv": R}
    ledger.agree("fits", fits == {"test_set": 1, **{name: len(folds(k)) for name, k in by_folds.items()}})
    left = {name: sorted({R - n for n in folds(k)}) for name, k in by_folds.items()}
    left["test_set"] = [use(reference.split_sizes)(R, (1 - share, share))[0]]
    ledger.agree("train_size", left == {name: np.atleast_1d(n).tolist() for name, n in train.items()})


def init_01(g, ledger, use):
    std = use(reference.initialization_std)
    pairs = g["inputs"]["fans"]
    ledger.compare("xavier_normal", [std(*pair, "xavier") for pair in pairs])
    ledger.compare("xavier_fan_in", [std(*pair, "xavier_fan_in") for pair in pairs])
    ledger.compare("he_normal", [std(*pair, "he") for pair in pairs])
    limits = [use(reference.uniform_limit)(std(*pair, "xavier")) for pair in pairs]
    ledger.compare("xavier_uniform_limit", limits)


def init_03(g, ledger, use):
    width, depths = g["inputs"]["width"], g["inputs"]["layers"]
    xavier = use(reference.initialization_std)(width, width, "xavier")
    predict = use(reference.predicted_std)
    ledger.compare("scale_small", [predict(width, g["inputs"]["std"], n) for n in depths])
    ledger.compare("scale_xavier", [predict(width, xavier, n) for n in depths])
