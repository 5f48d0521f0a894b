"""Scripts played in a notebook: steps of ours among the student's own functions."""

from autograder.handouts.kit_running import played
from autograder.sandbox._script import Call, Handle, Source

FIRST = Source("def first(pair):\n    return pair[0]", "first")


def test_a_step_may_be_a_helper_that_the_notebook_does_not_define():
    calls = [Call("split", (7,), save="both", show="none"), Call(FIRST, (Handle("both"),))]
    outcomes, texts = played(calls, {"split": lambda n: (n // 2, n % 2)})
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    assert outcomes[1].value == 3
    assert texts == []


def test_the_students_own_error_is_reported_before_a_helper():
    def split(n):
        raise ZeroDivisionError("no halves")

    outcomes, texts = played(
        [Call("split", (7,), save="both"), Call(FIRST, (Handle("both"),))], {"split": split}
    )
    assert outcomes[0].status == "exception"
    assert outcomes[1].status != "ok"
    assert texts == ["ZeroDivisionError: no halves"]
