"""What goes wrong when dropout and early stopping are worked by hand. Each takes the question's params."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from autograder.mistakes import mistake

Params = dict[str, Any]
Unit = Callable[[int, int, Fraction], Fraction | int]

# --- dropout -------------------------------------------------------------------------------------


def _layer(params: Params, unit: Unit) -> dict[str, Any]:
    """Work out the layer unit by unit: `unit(value, kept, keep probability)`."""
    keep = Fraction(params["keep"])
    rows = [
        [float(unit(value, kept, keep)) for value, kept in zip(row, mask)]
        for row, mask in zip(params["x"], params["mask"])
    ]
    return {"y": rows if len(rows) > 1 else rows[0]}


def _scaled(value: int, kept: int, keep: Fraction) -> Fraction | int:
    return value / keep if kept else 0


@mistake("DROP-1", "survivors-not-scaled", family="omission")
def survivors_not_scaled(params: Params) -> Any:
    """You set the dropped units to 0 but leave the others as they are: that is classic dropout.

    Inverted dropout divides the kept units by the keep probability in training.
    """
    return _layer(params, lambda value, kept, keep: value * kept)


@mistake("DROP-1", "survivors-times-keep", family="wrong-op")
def survivors_times_keep(params: Params) -> Any:
    """You multiply the kept units by the keep probability; that makes them smaller still.

    Fewer units are left, so each has to count for more: divide by the keep probability.
    """
    return _layer(params, lambda value, kept, keep: value * keep if kept else 0)


@mistake("DROP-1", "survivors-divided-by-drop", family="swap")
def survivors_divided_by_drop(params: Params) -> Any:
    """You divide by the probability to drop a unit.

    Divide by the probability to keep it, which is 1 minus the other.
    """
    return _layer(params, lambda value, kept, keep: value / (1 - keep) if kept else 0)


@mistake("DROP-1", "dropped-units-scaled-too", family="omission")
def dropped_units_scaled_too(params: Params) -> Any:
    """You scale all units and drop none.

    Where the mask is 0 the unit hands on 0.
    """
    return _layer(params, lambda value, kept, keep: value / keep)


@mistake("DROP-1", "mask-read-backwards", family="swap")
def mask_read_backwards(params: Params) -> Any:
    """You drop the units where the mask is 1.

    1 means kept, 0 means dropped: multiply by the mask.
    """
    return _layer(params, lambda value, kept, keep: _scaled(value, 1 - kept, keep))


@mistake("DROP-1", "one-mask-for-all-examples", family="scope")
def one_mask_for_all_examples(params: Params) -> Any:
    """You use the mask of the first example for all of them.

    Every example has its own row in the mask.
    """
    if len(params["mask"]) == 1:
        return None
    return _layer({**params, "mask": [params["mask"][0]] * len(params["x"])}, _scaled)


# --- early stopping ------------------------------------------------------------------------------


def _stop(params: Params, losses: list[int] | None = None, patience: int = 0) -> tuple[int, int]:
    """Return (stop, best) as the rule has it, for other losses or another patience."""
    val, patience = losses or params["val"], patience or params["patience"]
    best = 0
    for epoch, loss in enumerate(val):
        best = epoch if loss < val[best] else best
        if epoch - best >= patience:
            return epoch, best
    return len(val) - 1, best


def _answer(stop: int, best: int) -> dict[str, int]:
    return {"stop": stop, "best": best}


def _lowest(losses: list[int]) -> int:
    return losses.index(min(losses))


@mistake("DIAG-2", "stopped-at-first-rise", family="omission")
def stopped_at_first_rise(params: Params) -> Any:
    """You stop at the first epoch that is worse: that is patience 1.

    Go on until there has been no new lowest loss for as many epochs in a row as the patience says.
    """
    return _answer(*_stop(params, patience=1))


@mistake("DIAG-2", "trained-to-the-end", family="omission")
def trained_to_the_end(params: Params) -> Any:
    """You let training run to the end of the table and look for the best epoch afterwards.

    Early stopping ends training; the epochs after the stop never take place.
    """
    return _answer(len(params["val"]) - 1, _lowest(params["val"]))


@mistake("DIAG-2", "waited-one-epoch-more", family="off-by-one")
def waited_one_epoch_more(params: Params) -> Any:
    """You wait one epoch longer than the patience.

    The epoch that completes the count is the last one: stop there, not one later.
    """
    return _answer(*_stop(params, patience=params["patience"] + 1))


@mistake("DIAG-2", "waits-never-reset", family="scope")
def waits_never_reset(params: Params) -> Any:
    """You add up all bad epochs, also those before a new lowest loss.

    Patience counts epochs in a row: a new lowest loss sets the count back to 0.
    """
    val, best, waited = params["val"], 0, 0
    for epoch in range(1, len(val)):
        best, waited = (epoch, waited) if val[epoch] < val[best] else (best, waited + 1)
        if waited == params["patience"]:
            return _answer(epoch, best)
    return _answer(len(val) - 1, best)


@mistake("DIAG-2", "compared-with-epoch-before", family="scope")
def compared_with_epoch_before(params: Params) -> Any:
    """You compare every epoch with the one before it.

    Compare with the lowest loss so far: a small dip after a rise is no improvement.
    """
    val, waited = params["val"], 0
    for epoch in range(1, len(val)):
        waited = 0 if val[epoch] < val[epoch - 1] else waited + 1
        if waited == params["patience"]:
            return _answer(epoch, _lowest(val[: epoch + 1]))
    return _answer(len(val) - 1, _lowest(val))


@mistake("DIAG-2", "best-after-the-stop", family="scope")
def best_after_the_stop(params: Params) -> Any:
    """You take the best epoch of the whole table, also from behind the stop.

    Epochs after the stop are never trained, so there are no weights of theirs to take.
    """
    return _answer(_stop(params)[0], _lowest(params["val"]))


@mistake("DIAG-2", "training-loss-watched", family="swap")
def training_loss_watched(params: Params) -> Any:
    """You watch the training loss, which goes on falling while the network over-fits.

    Only the validation loss decides.
    """
    return _answer(*_stop(params, losses=params["train"]))


@mistake("DIAG-2", "last-weights-kept", family="omission")
def last_weights_kept(params: Params) -> Any:
    """You keep the weights of the epoch at which training stops.

    Those are already worse; go back to the epoch with the lowest validation loss.
    """
    stop, _ = _stop(params)
    return _answer(stop, stop)


@mistake("DIAG-2", "stopped-at-the-best", family="swap")
def stopped_at_the_best(params: Params) -> Any:
    """You give the best epoch as the one at which training stops.

    When it is reached nobody knows yet that it is the best: training goes on for as long as the patience lasts.
    """
    _, best = _stop(params)
    return _answer(best, best)


@mistake("DIAG-2", "epochs-counted-from-one", family="convention")
def epochs_counted_from_one(params: Params) -> Any:
    """You count epochs from 1.

    The table starts with epoch 0: read both numbers off its first column.
    """
    stop, best = _stop(params)
    return _answer(stop + 1, best + 1)
