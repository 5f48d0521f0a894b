"""What goes wrong when it is decided how to transfer a trained network: the table read in the wrong place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.mistakes import mistake
from reference import TransferPlan, transfer_plan

Params = dict[str, Any]
SCRATCH = TransferPlan("Train all layers from random weights", "this ignores what was learned before")

# --- the advice alone: the cell may be read rightly, but what follows from it is not ---------------


def _amount(data: Any, lots_from: Any) -> str:
    return data if isinstance(data, str) else "lots" if data >= lots_from else "little"


@mistake(transfer_plan, "rows-and-columns-exchanged", family="swap")
def rows_and_columns_exchanged(data: Any, similarity: str, lots_from: Any = None) -> Any:
    """You read the table with its two directions exchanged.

    One direction is how much new data there is, the other how similar it is to the old data.
    """
    amount = "lots" if similarity == "different" else "little"
    return transfer_plan(amount, "different" if _amount(data, lots_from) == "lots" else "similar")


@mistake(transfer_plan, "little-data-fine-tuned", family="scope")
def little_data_fine_tuned(data: Any, similarity: str, lots_from: Any = None) -> Any:
    """You fine-tune layers although there is very little data.

    A few hundred examples cannot determine thousands of weights: freeze the layers and train a linear classifier only.
    """
    return transfer_plan("lots", similarity)


@mistake(transfer_plan, "lots-of-data-frozen", family="scope")
def lots_of_data_frozen(data: Any, similarity: str, lots_from: Any = None) -> Any:
    """You freeze everything although there is quite a lot of data.

    With that much data the last layers can be adapted: fine-tune them.
    """
    return transfer_plan("little", similarity)


@mistake(transfer_plan, "top-features-for-different-data", family="scope")
def top_features_for_different_data(data: Any, similarity: str, lots_from: Any = None) -> Any:
    """You rely on the top layers although the new data are very different.

    The features of the top layers belong to the old task: go back to earlier ones, or adapt more layers.
    """
    return transfer_plan(_amount(data, lots_from), "similar")


@mistake(transfer_plan, "similar-data-taken-for-different", family="scope")
def similar_data_taken_for_different(data: Any, similarity: str, lots_from: Any = None) -> Any:
    """You treat data that are similar to the old ones as if they were different.

    Where the data are similar the top features fit: use them, and change as little as possible.
    """
    return transfer_plan(_amount(data, lots_from), "different")


@mistake(transfer_plan, "trained-from-scratch", family="omission")
def trained_from_scratch(data: Any, similarity: str, lots_from: Any = None) -> Any:
    """You start again from random weights.

    What was learned on the large data set is a better start in all four cases: copy the weights, then learn the rest.
    """
    return SCRATCH


def _always_tuned(kind: str, name: str) -> None:
    """Register code that forgets the amount of data for one kind; in a single cell it looks like another mistake."""

    def spoilt(right: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
        plan = right["transfer_plan"]
        return {
            **right,
            "transfer_plan": lambda n, similarity: plan(10**9 if similarity == kind else n, similarity),
        }

    spoilt.__doc__ = (
        f"You fine-tune whenever the data are {kind}, however few they are.\n\n"
        "Look at the amount of data in both columns of the table: with little data only a classifier is trained."
    )
    mistake("transfer_plan", name, family="scope", kind="behaviour")(spoilt)


_always_tuned("similar", "little-similar-data-fine-tuned")
_always_tuned("different", "little-different-data-fine-tuned")


@mistake("transfer_plan", "columns-exchanged-with-lots-of-data", family="swap", kind="behaviour")
def columns_exchanged(right: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """With a lot of data you exchange what to do for similar and for different data.

    The more the new data differ, the more layers have to learn: a few layers for similar data, many for different ones.
    """
    plan, other = right["transfer_plan"], {"similar": "different", "different": "similar"}
    return {
        **right,
        "transfer_plan": lambda n, similarity: plan(n, other[similarity] if n >= 10_000 else similarity),
    }


# --- the story misread: cell and advice follow from it -------------------------------------------

CELLS = (("little", "similar"), ("little", "different"), ("lots", "similar"), ("lots", "different"))


def _misread(params: Params, amount: str, similarity: str) -> dict[str, Any]:
    advice = [transfer_plan(*cell).advice for cell in CELLS] + [SCRATCH.advice]
    cell = CELLS.index((amount, similarity))
    return {"cell": cell, "advice": params["order"].index(advice.index(advice[cell]))}


def _told(params: Params) -> tuple[str, str]:
    return "lots" if params["examples"] >= 10_000 else "little", params["similarity"]


@mistake("TL-1", "amount-of-data-misread", family="swap")
def amount_of_data_misread(params: Params) -> Any:
    """You take little data for a lot, or a lot for little.

    Count the examples of the new task only, and compare with the numbers in the question.
    """
    amount, similarity = _told(params)
    return _misread(params, "little" if amount == "lots" else "lots", similarity)


@mistake("TL-1", "similarity-misread", family="swap")
def similarity_misread(params: Params) -> Any:
    """You misjudge how similar the new pictures are to the old ones.

    Ask whether they are photographs of everyday things, as the network has seen them before.
    """
    amount, similarity = _told(params)
    return _misread(params, amount, "different" if similarity == "similar" else "similar")


# --- in code ---------------------------------------------------------------------------------------

Functions = dict[str, Callable[..., Any]]


@mistake("transfer_plan", "the-limit-counts-as-little", family="off-by-one", kind="behaviour")
def the_limit_counts_as_little(right: Functions) -> Functions:
    """You count 10,000 examples as little data: you compare with > where >= is meant.

    From 10,000 examples on it is a lot: n_data >= 10_000.
    """
    return {"transfer_plan": lambda n, similarity: right["transfer_plan"](n - 1, similarity)}


@mistake("transfer_plan", "another-limit", family="scope", kind="behaviour")
def another_limit(right: Functions) -> Functions:
    """You take fewer than 10,000 examples for a lot: your limit is another.

    Where the text sets the limit, take that: n_data >= 10_000.
    """
    return {"transfer_plan": lambda n, similarity: right["transfer_plan"](10 * n, similarity)}


@mistake("transfer_plan", "similar-and-different-exchanged", family="swap", kind="behaviour")
def similar_and_different_exchanged(right: Functions) -> Functions:
    """You exchange what to do for similar and for different data.

    Similar data: a classifier on top, or a few layers. Different data: earlier stages, or many layers.
    """
    other = {"similar": "different", "different": "similar"}
    return {"transfer_plan": lambda n, similarity: right["transfer_plan"](n, other[similarity])}


@mistake("transfer_plan", "columns-exchanged-with-little-data", family="swap", kind="behaviour")
def columns_exchanged_with_little_data(right: Functions) -> Functions:
    """With little data you exchange what to do for similar and for different data.

    The top features fit similar data; for different ones try classifiers on earlier stages.
    """
    plan, other = right["transfer_plan"], {"similar": "different", "different": "similar"}
    return {"transfer_plan": lambda n, similarity: plan(n, other[similarity] if n < 10_000 else similarity)}


def _never_tuned(kind: str, name: str) -> None:
    """Register code that never fine-tunes for one kind."""

    def spoilt(right: Functions) -> Functions:
        plan = right["transfer_plan"]
        return {"transfer_plan": lambda n, word: plan(0 if word == kind else n, word)}

    spoilt.__doc__ = (
        f"You train a classifier only whenever the data are {kind}, however many there are.\n\n"
        "Look at the amount of data in both columns of the table: with a lot of data layers are fine-tuned."
    )
    mistake("transfer_plan", name, family="scope", kind="behaviour")(spoilt)


_never_tuned("similar", "lots-of-similar-data-frozen")
_never_tuned("different", "lots-of-different-data-frozen")


def _alike(name: str, little: bool, what: str, how: str) -> None:
    """Register code that treats different data like similar ones in one row of the table."""

    def spoilt(right: Functions) -> Functions:
        plan = right["transfer_plan"]
        return {"transfer_plan": lambda n, word: plan(n, "similar" if (n < 10_000) == little else word)}

    spoilt.__doc__ = f"{what}\n\n{how}"
    mistake("transfer_plan", name, family="omission", kind="behaviour")(spoilt)


_alike(
    "similarity-ignored-with-little-data", True,
    "With little data you put the classifier on top, however different the data are.",
    "The top features belong to the old task: for different data try earlier stages.",
)  # fmt: skip
_alike(
    "similarity-ignored-with-lots-of-data", False,
    "With a lot of data you fine-tune a few layers, however different the data are.",
    "Very different data need many layers to change.",
)  # fmt: skip
