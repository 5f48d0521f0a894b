"""What goes wrong when models are compared by hand: by the wrong set, by the wrong number, at the wrong cost."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from autograder.mistakes import Mistake, lend_hint, mistake

Params = dict[str, Any]

# ------------------------------------------------------------------------------ SPLIT-2, three columns


def best(params: Params, column: list[float]) -> int:
    """Return the first setting that is best by a column of accuracies, or of errors."""
    wanted = min(column) if params["errors"] else max(column)
    return column.index(wanted)


def _table(params: Params, chosen: int, **changes: Any) -> Params:
    """Answer everything from a choice."""
    answers: Params = {"choice": chosen, "report": params["test"][chosen], **changes}
    if params["ask_gap"]:
        answers.setdefault("gap", abs(params["train"][chosen] - params["validation"][chosen]))
    return answers


@mistake("SPLIT-2", "chosen-by-test-set", family="scope", belief="the test set may choose")
def by_test(params: Params) -> Any:
    """You let the test set choose; then it is no longer a test, and its score is too good.

    Choose by the validation column and look at the test column once, afterwards.
    """
    return _table(params, best(params, params["test"]))


@mistake("SPLIT-2", "chosen-by-training-set", family="scope")
def by_training(params: Params) -> Any:
    """You chose what fits the training set best, which rewards overfitting.

    Choose by the validation column.
    """
    return _table(params, best(params, params["train"]))


@mistake("SPLIT-2", "chosen-by-mean-of-all", family="scope")
def by_mean(params: Params) -> Any:
    """You averaged over the three sets, so that training and test set chose, too.

    Choose by the validation column alone; report the test value of that row.
    """
    columns = zip(params["train"], params["validation"], params["test"])
    means = [sum(row) / 3 for row in columns]
    chosen = best(params, means)
    return _table(params, chosen, report=means[chosen])


@mistake("SPLIT-2", "validation-score-reported", family="scope")
def validation_reported(params: Params) -> Any:
    """You reported the validation value; it is too good, for the setting was chosen by it.

    Report the value on the test set, which has chosen nothing.
    """
    chosen = best(params, params["validation"])
    return _table(params, chosen, report=params["validation"][chosen])


@mistake("SPLIT-2", "training-score-reported", family="scope")
def training_reported(params: Params) -> Any:
    """You reported the training value; the model has seen these examples.

    Report the value on the test set.
    """
    chosen = best(params, params["validation"])
    return _table(params, chosen, report=params["train"][chosen])


@mistake("SPLIT-2", "best-test-score-reported", family="swap")
def best_test_reported(params: Params) -> Any:
    """You reported the best value of the test column, which belongs to another setting.

    Report the test value of the setting that you chose.
    """
    return _table(
        params, best(params, params["validation"]), report=params["test"][best(params, params["test"])]
    )


@mistake("SPLIT-2", "worst-setting-chosen", family="sign")
def worst(params: Params) -> Any:
    """You chose the worst setting of the validation column.

    Accuracies are better when higher, errors when lower.
    """
    return _table(params, best({**params, "errors": not params["errors"]}, params["validation"]))


# ----------------------------------------------------------------------------------- CV-1, what it costs


def _grid(params: Params) -> int:
    return params["grid"][0] * params["grid"][-1] if len(params["grid"]) > 1 else params["grid"][0]


def _folds(params: Params) -> tuple[int, int]:
    """Return the sizes of the smallest training set and of the largest fold."""
    fold = -(-params["n"] // params["k"])
    return params["n"] - fold, fold


def _counts(name: str, **facts: Any) -> Callable[[Callable[..., Any]], Mistake]:
    """Register wrong fits f(params, settings, k, refit); the sizes are right."""

    def register(wrong: Callable[..., Any]) -> Mistake:
        def mistaken(params: Params) -> Any:
            fits = wrong(params, _grid(params), params["k"], int(params["refit"]))
            return None if fits is None else {"fits": fits}

        return mistake("CV-1", name, **facts)(lend_hint(mistaken, wrong))

    return register


@_counts("cv-settings-forgotten", family="omission")
def settings_forgotten(params: Params, settings: int, k: int, refit: int) -> int:
    """You counted the fits of one setting only.

    Every setting is cross-validated: multiply by their number.
    """
    return k + refit


@_counts("cv-settings-added", family="wrong-op")
def settings_added(params: Params, settings: int, k: int, refit: int) -> int:
    """You added the number of settings and the number of folds.

    For each setting there is one fit per fold: multiply.
    """
    return settings + k + refit


@_counts("cv-one-fit-per-setting", family="omission")
def one_fit(params: Params, settings: int, k: int, refit: int) -> int:
    """You counted one fit for each setting.

    Every fold is left out once, and each time a new model is fitted.
    """
    return settings + refit


@_counts("cv-fits-times-examples", family="scope")
def times_examples(params: Params, settings: int, k: int, refit: int) -> int | None:
    """You counted one fit for each example; that is leave-one-out.

    There is one fit for each fold.
    """
    return settings * params["n"] + refit if k != params["n"] else None


@_counts("cv-one-fold-never-left-out", family="off-by-one")
def one_less(params: Params, settings: int, k: int, refit: int) -> int:
    """You counted one fit less than there are folds.

    Every fold is left out once: there are as many fits as folds.
    """
    return settings * (k - 1) + refit


@_counts("cv-refit-forgotten", family="omission")
def refit_forgotten(params: Params, settings: int, k: int, refit: int) -> int | None:
    """You left out the last fit, on all examples.

    Add 1 for the model that is used in the end.
    """
    return settings * k if refit else None


@_counts("cv-refit-counted", family="scope")
def refit_counted(params: Params, settings: int, k: int, refit: int) -> int | None:
    """You counted a last fit on all examples, which the question leaves out.

    Count the fits of the cross-validation only.
    """
    return None if refit else settings * k + 1


@_counts("cv-refit-per-setting", family="scope")
def refit_per_setting(params: Params, settings: int, k: int, refit: int) -> int | None:
    """You fitted every setting once more on all examples.

    Only the winner is fitted on all examples: add 1.
    """
    return settings * (k + 1) if refit else None


@_counts("cv-grid-sides-added", family="wrong-op")
def sides_added(params: Params, settings: int, k: int, refit: int) -> int | None:
    """You added the numbers of values of the two hyper-parameters.

    Every value of one is tried with every value of the other: multiply.
    """
    return sum(params["grid"]) * k + refit if len(params["grid"]) > 1 else None


@mistake("CV-1", "cv-sizes-exchanged", family="swap")
def sizes_exchanged(params: Params) -> Any:
    """You exchanged training set and fold.

    One fold is held out; the model is fitted on all the other examples.
    """
    train, fold = _folds(params)
    return {"train": fold, "test": train}


@mistake("CV-1", "cv-trained-on-all", family="scope")
def trained_on_all(params: Params) -> Any:
    """You trained on all examples, also on those that are held out.

    A model must not see the fold it is judged on: subtract its size.
    """
    return {"train": params["n"]}


@mistake("CV-1", "cv-fold-rounded-down", family="rounding")
def rounded_down(params: Params) -> Any:
    """You rounded the size of a fold down for all folds, so that examples are lost.

    Every example is in one fold: the largest folds have one more, and the training set beside them one less.
    """
    fold = params["n"] // params["k"]
    return {"train": params["n"] - fold, "test": fold} if params["n"] % params["k"] else None


# ------------------------------------------------------------------------------- CV-3, errors of folds


def scores(params: Params) -> list[float]:
    """Return the score of every setting: total squared error / number of examples, or the mean of equal folds."""
    sizes = params.get("sizes")
    divisor = sum(sizes) if sizes else len(params["folds"][0])
    return [sum(row) / divisor for row in params["folds"]]


def spread(row: list[float]) -> float:
    return statistics.pstdev(row)


def _fold_answers(params: Params, chosen: int, **changes: Any) -> Params:
    answers: Params = {"scores": scores(params), "choice": chosen, **changes}
    if "sizes" not in params:
        answers.setdefault("spread", spread(params["folds"][chosen]))
    return answers


def _lowest(values: list[float]) -> int:
    return values.index(min(values))


@mistake("CV-3", "chosen-by-best-fold", family="scope")
def by_best_fold(params: Params) -> Any:
    """You chose the setting with the lowest error on any single fold, which is luck.

    Compare the scores over all folds.
    """
    return _fold_answers(params, _lowest([min(row) for row in params["folds"]]))


@mistake("CV-3", "median-of-folds", family="wrong-op")
def by_median(params: Params) -> Any:
    """You took the median of the folds.

    The score counts every example: take the mean.
    """
    if "sizes" in params:
        return None
    medians = [statistics.median(row) for row in params["folds"]]
    return _fold_answers(params, _lowest(medians), scores=medians)


@mistake("CV-3", "chosen-by-smallest-spread", family="swap")
def by_spread(params: Params) -> Any:
    """You chose the setting whose folds differ least; it may be equally bad on all of them.

    Choose the lowest score.
    """
    return _fold_answers(params, _lowest([spread(row) for row in params["folds"]]))


@mistake("CV-3", "chosen-by-last-fold", family="scope")
def by_last_fold(params: Params) -> Any:
    """You compared the last fold only, as if it were the test set.

    Every fold is the test set once; compare the scores over all of them.
    """
    return _fold_answers(params, _lowest([row[-1] for row in params["folds"]]))


@mistake("CV-3", "highest-error-chosen", family="sign")
def highest(params: Params) -> Any:
    """You chose the highest error.

    These are errors, not accuracies: lower is better.
    """
    found = scores(params)
    return _fold_answers(params, found.index(max(found)))


@mistake("CV-3", "sample-deviation", family="convention")
def sample_deviation(params: Params) -> Any:
    """You divided by the number of folds minus 1 in the standard deviation.

    The question divides by the number of folds.
    """
    if "sizes" in params:
        return None
    return {"spread": statistics.stdev(params["folds"][_lowest(scores(params))])}


@mistake("CV-3", "variance-for-deviation", family="omission")
def variance(params: Params) -> Any:
    """You gave the variance: the square root is missing.

    The standard deviation is the square root of the mean squared distance from the mean.
    """
    return None if "sizes" in params else {"spread": spread(params["folds"][_lowest(scores(params))]) ** 2}


@mistake("CV-3", "mean-of-fold-means", family="scale", belief="E66")
def mean_of_means(params: Params) -> Any:
    """You averaged the means of the folds, which gives the examples of a short fold more weight.

    Add all squared errors and divide by the number of all examples.
    """
    if "sizes" not in params:
        return None
    means = [[total / size for total, size in zip(row, params["sizes"])] for row in params["folds"]]
    found = [sum(row) / len(row) for row in means]
    return _fold_answers(params, _lowest(found), scores=found)


@mistake("CV-3", "divided-by-folds", family="scale")
def divided_by_folds(params: Params) -> Any:
    """You divided the total by the number of folds.

    The table holds sums of squared errors: divide their total by the number of all examples.
    """
    if "sizes" not in params:
        return None
    return {"scores": [sum(row) / len(row) for row in params["folds"]]}
