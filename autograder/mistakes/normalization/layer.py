"""Forward mistakes of batch normalisation: what it normalises with, scale and shift, running statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.mistakes.normalization.batch import Batch, Pair, forward
from reference.op import Array

# ---------------------------------------------------------------------------- the normalisation


@forward("divides-by-variance", family="omission", belief="divide-by-variance")
def divides_by_variance(b: Batch) -> dict[str, Any]:
    """You divided by the variance; the square root is missing.

    xhat has variance 1 only after dividing by the standard deviation. Divide by np.sqrt(var + eps).
    """
    return {"y": b.affine((b.rows - b.used[0]) / (b.used[1] + b.eps))}


def _without_eps(b: Batch) -> Array | None:
    return None if np.any(b.used[1] == 0) else b.affine((b.rows - b.used[0]) / np.sqrt(b.used[1]))


@forward("eps-forgotten", family="omission")
def eps_forgotten(b: Batch) -> dict[str, Any] | None:
    """You left eps out.

    A feature that does not vary would be divided by 0. Divide by np.sqrt(var + eps), in training and test.
    """
    y = _without_eps(b)
    return None if y is None else {"y": y}


@forward("eps-forgotten-in-training", family="omission")
def eps_forgotten_in_training(b: Batch) -> dict[str, Any] | None:
    """You left eps out in training; in test mode you have it.

    A feature that does not vary in the batch would be divided by 0. Divide by np.sqrt(var + eps) in both.
    """
    if not b.training:
        return {}
    y = _without_eps(b)
    return None if y is None else {"y": y}


@forward("eps-outside-the-root", family="order")
def eps_outside_the_root(b: Batch) -> dict[str, Any]:
    """You added eps to the standard deviation.

    In the formula eps is added to the variance, before the root. Write np.sqrt(var + eps).
    """
    return {"y": b.affine((b.rows - b.used[0]) / (np.sqrt(b.used[1]) + b.eps))}


@forward("unbiased-variance", family="convention", belief="ddof-one")
def unbiased_variance(b: Batch) -> dict[str, Any] | None:
    """You divided the squares by m - 1; batch normalisation divides by m.

    The variance of a batch is 1/m times the sum of squares. Use ddof = 0, numpy's default.
    """
    if not b.training:
        return {}
    if len(b.rows) == 1:
        return None
    var = b.rows.var(axis=0, ddof=1)
    return {"y": b.affine(b.xhat(var=var)), "running": b.updated(var=var)}


@forward("mean-not-subtracted", family="omission")
def mean_not_subtracted(b: Batch) -> dict[str, Any]:
    """You did not subtract the mean.

    xhat = (x - mean) / sqrt(var + eps). Centre x before dividing.
    """
    return {"y": b.affine(b.rows / np.sqrt(b.used[1] + b.eps))}


@forward("not-divided-by-sigma", family="omission")
def not_divided_by_sigma(b: Batch) -> dict[str, Any]:
    """You subtracted the mean but did not divide by the standard deviation.

    xhat has variance 1. Divide by np.sqrt(var + eps).
    """
    return {"y": b.affine(b.rows - b.used[0])}


@forward("squares-not-centred", family="omission")
def squares_not_centred(b: Batch) -> dict[str, Any]:
    """You took the mean of x squared for the variance.

    The variance is the mean of (x - mean) squared. Centre x before squaring.
    """
    if not b.training:
        return {}
    var = (b.rows**2).mean(axis=0)
    return {"y": b.affine(b.xhat(var=var)), "running": b.updated(var=var)}


@forward("one-statistic-for-all-features", family="scope")
def one_statistic_for_all(b: Batch) -> dict[str, Any]:
    """You took one mean and one variance over the whole batch, for all features together.

    Every feature (or channel) has its own mean and variance. Give mean and var the axis they run over.
    """
    if not b.training:
        return {}
    mean, var = b.rows.mean(), b.rows.var()
    return {"y": b.affine(b.xhat(mean, var)), "running": b.updated(mean, var)}


@forward("statistics-over-features", family="orientation")
def statistics_over_features(b: Batch) -> dict[str, Any]:
    """You averaged over the features of each example; that is layer normalisation.

    Batch normalisation averages over the examples, one mean per feature. Use axis=0.
    """
    if not b.training or len(b.shape) != 2:
        return {}
    mean, var = b.rows.mean(axis=1, keepdims=True), b.rows.var(axis=1, keepdims=True)
    return {"y": b.affine(b.xhat(mean, var))}


# ------------------------------------------------------------------------------ scale and shift


@forward("no-beta-no-gamma", family="omission")
def no_beta_no_gamma(b: Batch) -> dict[str, Any]:
    """You returned xhat; gamma and beta are never applied.

    The layer ends with y = gamma * xhat + beta. Add this line.
    """
    return {"y": b.xhat()}


@forward("beta-forgotten", family="omission")
def beta_forgotten(b: Batch) -> dict[str, Any]:
    """You did not add beta.

    y = gamma * xhat + beta. Add beta at the end.
    """
    return {"y": b.gamma * b.xhat()}


@forward("gamma-forgotten", family="omission")
def gamma_forgotten(b: Batch) -> dict[str, Any]:
    """You did not multiply by gamma.

    y = gamma * xhat + beta. Scale xhat before adding beta.
    """
    return {"y": b.xhat() + b.beta}


@forward("beta-before-gamma", family="order")
def beta_before_gamma(b: Batch) -> dict[str, Any]:
    """You added beta before multiplying by gamma.

    y = gamma * xhat + beta: scale first. Move beta behind the product.
    """
    return {"y": b.gamma * (b.xhat() + b.beta)}


@forward("gamma-and-beta-exchanged", family="swap")
def gamma_and_beta_exchanged(b: Batch) -> dict[str, Any]:
    """You multiplied by beta and added gamma.

    gamma scales, beta shifts: y = gamma * xhat + beta. Exchange the two.
    """
    if np.all(b.gamma == 1) and np.all(b.beta == 0):
        return {}  # nothing to exchange: the layer only normalises
    return {"y": b.beta * b.xhat() + b.gamma}


# ------------------------------------------------------------------------------ running statistics


@forward("running-stats-in-training", family="scope")
def running_stats_in_training(b: Batch) -> dict[str, Any]:
    """You normalised with the running statistics in training as well.

    In training a batch is normalised with its own mean and variance. Use the running ones in test mode only.
    """
    running = b.updated()
    return {} if running is None else {"y": b.affine(b.xhat(*running))}


@forward("old-running-stats-in-training", family="scope")
def old_running_stats_in_training(b: Batch) -> dict[str, Any]:
    """You normalised with the running statistics from before this batch, in training as well.

    In training a batch is normalised with its own mean and variance. Use the running ones in test mode only.
    """
    return {} if b.old is None else {"y": b.affine(b.xhat(*b.old))}


@forward("batch-statistics-in-test", family="scope")
def batch_statistics_in_test(b: Batch) -> dict[str, Any]:
    """You normalised with the batch's own mean and variance in test mode, too.

    At test time a result may not depend on the other examples. Use running['mean'] and running['var'].
    """
    return {"y": b.affine(b.xhat(*b.own))}


@forward("train-flag-ignored", family="scope")
def train_flag_ignored(b: Batch) -> dict[str, Any]:
    """You did the same in test mode as in training: batch statistics, and the running ones updated.

    With train=False normalise with the running statistics and leave them alone. Ask for `train` first.
    """
    running = None if b.old is None else _mixed(b, b.share)
    return {"y": b.affine(b.xhat(*b.own))} | ({} if running is None else {"running": running})


def _mixed(b: Batch, share: float, keep: float | None = None) -> Pair:
    assert b.old is not None
    keep = 1 - share if keep is None else keep
    return keep * b.old[0] + share * b.own[0], keep * b.old[1] + share * b.own[1]


@forward("running-updated-in-test", family="scope")
def running_updated_in_test(b: Batch) -> dict[str, Any]:
    """You updated the running statistics in test mode as well.

    Test data must leave no trace in the model. Update `running` only if train is true.
    """
    return {} if b.old is None else {"running": _mixed(b, b.share)}


@forward("running-var-unbiased", family="convention")
def running_var_unbiased(b: Batch) -> dict[str, Any] | None:
    """Your running variance gets the variance with 1/(m - 1), as in PyTorch; here it gets the one with 1/m.

    Both conventions exist; the text asks for the biased one. Use the variance you normalised with.
    """
    if not b.training:
        return {}
    return {"running": b.updated(var=b.rows.var(axis=0, ddof=1))} if len(b.rows) > 1 else None


@forward("momentum-exchanged", family="convention")
def momentum_exchanged(b: Batch) -> dict[str, Any]:
    """You multiplied the old running value by momentum and the new one by 1 - momentum, as in Keras.

    Here momentum weighs the new batch: (1 - momentum) * old + momentum * batch. Exchange the two.
    """
    return {} if b.old is None or not b.training else {"running": _mixed(b, 1 - b.share)}


@forward("running-replaced", family="omission")
def running_replaced(b: Batch) -> dict[str, Any]:
    """You replaced the running statistics by those of the latest batch.

    They remember: (1 - momentum) * old + momentum * batch. Mix old and new.
    """
    return {"running": b.own} if b.training else {}


@forward("running-adds-up", family="scale")
def running_adds_up(b: Batch) -> dict[str, Any]:
    """You added momentum * batch to the old running value without shrinking the old one.

    The weights must add up to 1. Multiply the old value by 1 - momentum.
    """
    return {} if b.old is None or not b.training else {"running": _mixed(b, b.share, 1.0)}


@forward("running-std-stored", family="wrong-op")
def running_std_stored(b: Batch) -> dict[str, Any]:
    """You mixed the standard deviation into running['var'].

    The entry holds variances; the root is taken when it is used. Mix in the variance.
    """
    return {"running": b.updated(var=np.sqrt(b.own[1]))} if b.training else {}


@forward("running-std-with-eps-stored", family="wrong-op")
def running_std_with_eps_stored(b: Batch) -> dict[str, Any]:
    """You mixed sqrt(var + eps) into running['var'].

    The entry holds variances; eps and the root come when it is used. Mix in the variance itself.
    """
    return {"running": b.updated(var=np.sqrt(b.own[1] + b.eps))} if b.training else {}


@forward("running-var-with-eps", family="scope")
def running_var_with_eps(b: Batch) -> dict[str, Any]:
    """You mixed var + eps into running['var'], so eps counts twice in test mode.

    eps belongs to the normalisation only. Mix in the variance itself.
    """
    return {"running": b.updated(var=b.own[1] + b.eps)} if b.training else {}


@forward("running-var-forgotten", family="omission")
def running_var_forgotten(b: Batch) -> dict[str, Any]:
    """You updated the running mean but not the running variance.

    Both are needed in test mode. Update running['var'] in the same way.
    """
    return {} if b.old is None or not b.training else {"running": (_mixed(b, b.share)[0], b.old[1])}


@forward("running-mean-forgotten", family="omission")
def running_mean_forgotten(b: Batch) -> dict[str, Any]:
    """You updated the running variance but not the running mean.

    Both are needed in test mode. Update running['mean'] in the same way.
    """
    return {} if b.old is None or not b.training else {"running": (b.old[0], _mixed(b, b.share)[1])}
