import pytest

from autograder.answers import KINDS
from autograder.model import Part


@pytest.fixture(scope="session")
def read():
    """Read a text as an answer of a kind."""
    return lambda kind, text, **options: KINDS[kind].parse(text, Part("a", "", kind, options))


@pytest.fixture(scope="session")
def judge():
    """Judge a text as an answer of a kind."""

    def judged(kind, text, truth, **options):
        asked = Part("a", "", kind, options)
        return KINDS[kind].judge(KINDS[kind].parse(text, asked), truth, asked)

    return judged
