import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.answers import KINDS, Unreadable, same
from autograder.model import Part

CHOICES = {"choices": ["ReLU", "sigmoid", "tanh", "none of them"]}
TABLE = {
    "columns": [
        {"name": "layer", "kind": "text"},
        {"name": "output", "kind": "shape"},
        {"name": "n", "kind": "int"},
    ]
}
ASKED = [
    ("int", {}, 13),
    ("int", {}, -4),
    ("int", {}, 0),
    ("num", {"places": 2}, 0.25),
    ("num", {"places": 3}, -1.5),
    ("frac", {}, "2/3"),
    ("frac", {}, -5),
    ("vec", {}, [1, -2, 3]),
    ("vec", {"places": 2}, [0.5, 1.25]),
    ("mat", {}, [[1, 2], [-3, 4], [5, 6]]),
    ("mat", {"places": 1}, [[1.5, 2.0], [-3.0, 4.0]]),
    ("ten", {}, [[[1, 2], [3, 4]], [[5, -6], [7, 8]]]),
    ("shape", {"axes": "(C, H, W)"}, [32, 26, 25]),
    ("shape", {}, [7]),
    ("mc1", CHOICES, 1),
    ("mcN", CHOICES, [0, 2]),
    ("mcN", CHOICES, []),
    ("order", CHOICES, [2, 0, 1, 3]),
    ("text", CHOICES, "tanh"),
    ("trace", TABLE, [["ReLU", [3, 4, 4], 12], ["tanh", [3, 2, 2], 0]]),
]


def part(kind, **options):
    return Part("a", "", kind, options)


def test_every_kind_is_asked_here():
    assert {kind for kind, _, _ in ASKED} == set(KINDS)


@pytest.mark.parametrize(("kind", "options", "truth"), ASKED)
class TestSamples:
    """Every kind proves itself by its own samples."""

    def samples(self, kind, options, truth):
        asked = part(kind, **options)
        found = KINDS[kind].samples(asked, truth)
        assert all(found), "a kind needs samples of all three sorts"
        return asked, found

    def test_right_ones_get_everything(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.right:
            judged = KINDS[kind].judge(KINDS[kind].parse(text, asked), truth, asked)
            assert (judged.score, judged.message) == (1.0, "Right."), text

    def test_wrong_ones_do_not(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.wrong:
            judged = KINDS[kind].judge(KINDS[kind].parse(text, asked), truth, asked)
            assert 0.0 <= judged.score < 1.0, text
            assert judged.message.endswith(".")
            assert judged.message != "Right."

    def test_unreadable_ones_are_refused_in_one_sentence(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.unreadable:
            with pytest.raises(Unreadable) as caught:
                KINDS[kind].parse(text, asked)
            message = str(caught.value)
            assert message.endswith((".", "?"))
            assert len(message) < 300
            assert "Traceback" not in message

    def test_what_is_shown_can_be_read_back(self, kind, options, truth):
        asked, samples = self.samples(kind, options, truth)
        for text in samples.right + samples.wrong:
            value = KINDS[kind].parse(text, asked)
            again = KINDS[kind].parse(KINDS[kind].show(value), asked)
            assert same(again, value, asked), text


HOSTILE = [
    "9" * 10**6,
    "[" * 10**6,
    "1 " * 10**6,
    "[[1, 2]," * 2_000,
    "1e999",
    "-1e999",
    "1e400",
    "0e99999999",
    "nan",
    "[nan, 1]",
    "inf",
    "1/0",
    "9" * 5_000 + "/3",
    "__import__('os').system('true')",
    "(lambda: 1)()",
    "10**10**10",
    "np.array([" + "9" * 300 + "])",
    "\x00",
    "1\x002",
    "²",
    "١٣",
    "0x10",
    "1_000",
    "a" * 20_000,
    "|" * 20_000,
    "\n" * 19_999 + "x",
    ";" * 100,
    "(" * 7 + "1" + ")" * 7,
]


@pytest.mark.parametrize(("kind", "options", "truth"), ASKED)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_or_plainly_wrong(kind, options, truth, text):
    asked = part(kind, **options)
    try:
        value = KINDS[kind].parse(text, asked)
    except Unreadable:
        return
    assert KINDS[kind].judge(value, truth, asked).score < 1.0


ODD = [None, True, b"13", {"a": 1}, object(), 10**5000, float("nan"), 1j, [[1], 2, "x"]]


@pytest.mark.parametrize(("kind", "options", "truth"), ASKED)
@pytest.mark.parametrize("raw", ODD, ids=[type(raw).__name__ for raw in ODD])
def test_odd_objects_are_refused(kind, options, truth, raw):
    with pytest.raises(Unreadable):
        KINDS[kind].parse(raw, part(kind, **options))


NUMBERLIKE = st.text(alphabet="0123456789[](),;. -+e/x\n|ab", max_size=60)


@given(st.sampled_from(ASKED), st.one_of(st.text(max_size=80), NUMBERLIKE))
def test_any_text_is_read_or_refused(asked, text):
    kind, options, truth = asked
    try:
        value = KINDS[kind].parse(text, part(kind, **options))
    except Unreadable:
        return
    assert 0.0 <= KINDS[kind].judge(value, truth, part(kind, **options)).score <= 1.0
