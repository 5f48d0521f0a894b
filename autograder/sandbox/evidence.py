"""What goes into the sandbox and what comes out: cells, limits, evidence."""

import dataclasses
import re

from autograder.launch import MEMORY_MB

from ._script import Outcome

REFUSED = ("ModuleNotFoundError", "ImportError")
IMPORT = re.compile(r"\s*(?:import|from)\s+([A-Za-z_]\w{0,60})")


@dataclasses.dataclass(frozen=True)
class Limits:
    """Say what a submission may use.

    ``seconds`` holds for all cells together and again for each question; ``memory_mb`` is counted on top of
    what the interpreter and the allowed packages take; ``output_kb`` of printed text are read, the rest is
    thrown away.  The others concern the submitted file.  See `total` for all of a submission together.
    """

    seconds: float = 10.0
    memory_mb: int = MEMORY_MB
    output_kb: int = 64
    file_mb: int = 32
    cells: int = 2000
    source_kb: int = 2000

    def total(self, questions: int) -> float:
        """Return the seconds a submission has for everything, however often its cells are run again.

        Three times `seconds`, and half of it more for each question: a solution uses a fifth for each at
        most, and some endless loops still leave time for the other questions.
        """
        return self.seconds * (3 + questions / 2)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One code cell to run; ``index`` is its place in the student's notebook, counted from 1.

    The release's own setup cells have ``setup=True``; their index counts them alone.
    """

    index: int
    source: str
    setup: bool = False


@dataclasses.dataclass(frozen=True)
class CellOutcome:
    """What became of one cell; status: ok | exception | timeout | killed | garbled | skipped."""

    index: int
    status: str
    error: dict | None = None
    setup: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """Everything a submission showed: values for the judge, never a verdict.

    ``questions`` has one Outcome per Call; ``output`` is the number of bytes printed; ``notes`` are plain
    sentences for the student.
    """

    cells: tuple[CellOutcome, ...] = ()
    questions: dict[str, tuple[Outcome, ...]] = dataclasses.field(default_factory=dict)
    output: int = 0
    notes: tuple[str, ...] = ()

    def in_time(self) -> dict[str, tuple[Outcome, ...]]:
        """Return the questions that there was time for."""
        return {
            name: outcomes
            for name, outcomes in self.questions.items()
            if not any(o.status == "spent" for o in outcomes)
        }
