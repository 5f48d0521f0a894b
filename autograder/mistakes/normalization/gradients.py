"""Backward mistakes of batch normalisation."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from autograder.mistakes.normalization.batch import Batch, backward, dx
from reference.op import Array

Found = dict[str, Any]


# --------------------------------------------------------------------------------------------- dX


@backward("variance-term-dropped", family="omission")
def variance_term_dropped(b: Batch, dy: Array) -> Found:
    """Your dX leaves out the path through the variance.

    x also moves the variance, and with it every xhat. Subtract xhat * mean(dxhat * xhat) before dividing by
    sigma.
    """
    return {"dx": dx(b, dy, var_term=0.0)}


@backward("mean-term-dropped", family="omission")
def mean_term_dropped(b: Batch, dy: Array) -> Found:
    """Your dX leaves out the path through the mean.

    x also moves the mean, and with it every xhat. Subtract mean(dxhat) before dividing by sigma.
    """
    return {"dx": dx(b, dy, mean_term=0.0)}


@backward("statistics-taken-as-constants", family="omission")
def statistics_as_constants(b: Batch, dy: Array) -> Found:
    """Your dX treats mean and variance as constants: it is only gamma * dY / sigma.

    In training both depend on x, so two more paths lead back. Subtract mean(dxhat) and
    xhat * mean(dxhat * xhat) from dxhat first.
    """
    return {"dx": dx(b, dy, 0.0, 0.0)}


@backward("sums-not-divided-first-term-is", family="scale")
def everything_divided(b: Batch, dy: Array) -> Found:
    """You divide all three terms of dX by m; the first one should keep its weight.

    dX = (m * dxhat - sum(dxhat) - xhat * sum(dxhat * xhat)) / (m * sigma): the m in front of dxhat is missing.
    """
    m = len(dy)
    return {"dx": dx(b, dy, float(m), float(m)) / m}


@backward("m-is-the-number-of-images", family="scope")
def m_is_the_number_of_images(b: Batch, dy: Array) -> Found:
    """You divided the sums in dX by the number of images; they run over all pixels of a channel.

    m counts everything that shares a mean: N H W. Divide by dY.size / C.
    """
    if len(b.shape) != 4:
        return {}
    pixels = float(len(b.rows) / b.shape[0])
    return {"dx": dx(b, dy, pixels, pixels)}


@backward("variance-term-sign", family="sign")
def variance_term_sign(b: Batch, dy: Array) -> Found:
    """Your dX adds the term of the variance instead of subtracting it.

    A larger variance makes xhat smaller. Change the sign of xhat * mean(dxhat * xhat).
    """
    return {"dx": dx(b, dy, var_term=-1.0)}


@backward("mean-term-sign", family="sign")
def mean_term_sign(b: Batch, dy: Array) -> Found:
    """Your dX adds the term of the mean instead of subtracting it.

    A larger mean makes xhat smaller. Change the sign of mean(dxhat).
    """
    return {"dx": dx(b, dy, mean_term=-1.0)}


@backward("terms-not-divided-by-m", family="scale")
def terms_not_divided_by_m(b: Batch, dy: Array) -> Found:
    """Your dX subtracts sums over the batch where means belong.

    Each example has only 1/m of the mean and the variance. Divide both sums by m.
    """
    m = float(len(dy))
    return {"dx": dx(b, dy, m, m)}


@backward("gamma-forgotten-in-dX", family="omission")
def gamma_forgotten_in_dx(b: Batch, dy: Array) -> Found:
    """Your dX leaves gamma out.

    y = gamma * xhat + beta, so dxhat = dY * gamma. Start from dxhat, not from dY.
    """
    return {"dx": dx(b, dy, scale=np.ones_like(b.gamma))}


@backward("dX-not-divided-by-sigma", family="omission")
def not_divided_by_sigma(b: Batch, dy: Array) -> Found:
    """Your dX is not divided by the standard deviation.

    xhat = (x - mean) / sigma. Divide by np.sqrt(var + eps) at the end.
    """
    return {"dx": dx(b, dy) * np.sqrt(b.used[1] + b.eps)}


@backward("dX-divided-by-variance", family="omission")
def divided_by_variance(b: Batch, dy: Array) -> Found:
    """Your dX is divided by the variance instead of the standard deviation.

    The square root is missing. Divide by np.sqrt(var + eps).
    """
    return {"dx": dx(b, dy) / np.sqrt(b.used[1] + b.eps)}


@backward("dX-eps-forgotten", family="omission")
def eps_forgotten(b: Batch, dy: Array) -> Found:
    """Your dX divides by sqrt(var); the forward divided by sqrt(var + eps).

    Keep the same root for the backward. Divide by np.sqrt(var + eps).
    """
    with np.errstate(all="ignore"):
        return {"dx": dx(b, dy) * np.sqrt(b.used[1] + b.eps) / np.sqrt(b.used[1])}


@backward("unbiased-variance", family="convention")
def unbiased_variance(b: Batch, dy: Array) -> Found:
    """Your dX divides the term of the variance by m - 1 instead of m.

    The variance of a batch is 1/m times the sum of squares. Divide by m.
    """
    m = len(dy)
    return {} if m == 1 else {"dx": dx(b, dy, var_term=m / (m - 1))}


# ---------------------------------------------------------------------------------- dgamma, dbeta


@backward("dgamma-with-raw-x", family="swap")
def dgamma_with_raw_x(b: Batch, dy: Array) -> Found:
    """Your dgamma multiplies dY by X instead of xhat.

    gamma scales the normalised value: dgamma = sum(dY * xhat). Keep xhat in the cache and use it.
    """
    return {"dgamma": (dy * b.rows).sum(axis=0)}


@backward("dgamma-with-centred-x", family="omission")
def dgamma_with_centred_x(b: Batch, dy: Array) -> Found:
    """Your dgamma multiplies dY by X - mean; the division by sigma is missing.

    gamma scales the normalised value: dgamma = sum(dY * xhat). Use xhat.
    """
    return {"dgamma": (dy * (b.rows - b.used[0])).sum(axis=0)}


@backward("dgamma-with-y", family="swap")
def dgamma_with_y(b: Batch, dy: Array) -> Found:
    """Your dgamma multiplies dY by the result Y instead of xhat.

    gamma scales xhat: dgamma = sum(dY * xhat). Use xhat, before scale and shift.
    """
    return {"dgamma": (dy * b.affine(b.xhat())).sum(axis=0)}


@backward("dgamma-scaled-by-gamma", family="scale")
def dgamma_scaled_by_gamma(b: Batch, dy: Array) -> Found:
    """Your dgamma has a factor gamma too many.

    y = gamma * xhat + beta, so dgamma = sum(dY * xhat). Use dY there, not dxhat.
    """
    return {"dgamma": b.gamma * (dy * b.xhat()).sum(axis=0)}


@backward("dgamma-mean", family="scale")
def dgamma_mean(b: Batch, dy: Array) -> Found:
    """Your dgamma is a mean over the batch instead of a sum.

    Every example contributes in full: dgamma = sum(dY * xhat). Leave the division out.
    """
    return {"dgamma": (dy * b.xhat()).mean(axis=0)}


@backward("dbeta-mean", family="scale")
def dbeta_mean(b: Batch, dy: Array) -> Found:
    """Your dbeta is a mean over the batch instead of a sum.

    Every example contributes in full: dbeta = sum(dY). Leave the division out.
    """
    return {"dbeta": dy.mean(axis=0)}


@backward("dgamma-and-dbeta-means", family="scale")
def both_means(b: Batch, dy: Array) -> Found:
    """Your dgamma and dbeta are means over the batch instead of sums.

    Every example contributes in full. Leave the division out of both.
    """
    return {"dgamma": (dy * b.xhat()).mean(axis=0), "dbeta": dy.mean(axis=0)}


@backward("dbeta-not-summed", family="omission")
def dbeta_not_summed(b: Batch, dy: Array) -> Found:
    """Your dbeta is dY itself, one row per example.

    One beta serves all examples, so their gradients add up. Sum over the batch.
    """
    return {"dbeta": b.back(dy)}


@backward("dgamma-not-summed", family="omission")
def dgamma_not_summed(b: Batch, dy: Array) -> Found:
    """Your dgamma has one row per example.

    One gamma serves all examples, so their gradients add up. Sum dY * xhat over the batch.
    """
    return {"dgamma": b.back(dy * b.xhat())}


@backward("dgamma-and-dbeta-exchanged", family="swap")
def exchanged(b: Batch, dy: Array) -> Found:
    """You returned dbeta before dgamma.

    The order is (dX, dgamma, dbeta). Exchange the two.
    """
    return {"dgamma": dy.sum(axis=0), "dbeta": (dy * b.xhat()).sum(axis=0)}


@backward("variance-term-doubled", family="scale")
def variance_term_doubled(b: Batch, dy: Array) -> Found:
    """In your dX the path through the variance counts twice.

    The derivative of (v + eps)^(-1/2) is -1/2 (v + eps)^(-3/2): the factor 1/2 cancels the 2 of the square.
    """
    return {"dx": dx(b, dy, var_term=2.0)}


@backward("variance-term-halved", family="scale")
def variance_term_halved(b: Batch, dy: Array) -> Found:
    """In your dX the path through the variance counts half.

    The derivative of (x - mu)^2 is 2 (x - mu): the 2 cancels the factor 1/2 of the root.
    """
    return {"dx": dx(b, dy, var_term=0.5)}


@backward("dX-not-divided-by-m", family="omission")
def dx_not_divided_by_m(b: Batch, dy: Array) -> Found:
    """Your dX is m times too large: the 1/m in front of the compact formula is missing.

    dX = gamma / (m sigma) * (m dY - sum(dY) - xhat * sum(dY * xhat)). Divide by the number m of values.
    """
    return {"dx": dx(b, dy) * len(dy)} if b.training else {"dx": dx(b, dy)}


@backward("eps-forgotten-in-backward", family="omission")
def eps_forgotten_in_backward(b: Batch, dy: Array) -> Found | None:
    """You leave out eps on the way back, in xhat as well as in sigma.

    The forward divided by sqrt(var + eps), so the backward does. Keep that root, or xhat, in the cache.
    """
    with np.errstate(all="ignore"):
        bare = dataclasses.replace(b, eps=0.0)
        return {"dx": dx(bare, dy), "dgamma": (dy * bare.xhat()).sum(axis=0)}
