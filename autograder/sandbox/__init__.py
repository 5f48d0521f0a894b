"""Untrusted code: what a submission holds, running it apart, and what it showed."""

from autograder.launch import SandboxError, remove_folders

from ._plain import Foreign
from ._script import Call, Handle, Outcome, Rng, Source, play
from .answer_cells import Answer
from .evidence import Cell, CellOutcome, Evidence, Limits
from .ingest import Release, Submitted, UnreadableSubmission, read_submission
from .isolation import WeakIsolation
from .running import Allowance, Watch
from .wire import WireError
from .zygote import Sandbox

__all__ = [
    "Allowance",
    "Answer",
    "Call",
    "Cell",
    "CellOutcome",
    "Evidence",
    "Foreign",
    "Handle",
    "Limits",
    "Outcome",
    "Release",
    "Rng",
    "Sandbox",
    "SandboxError",
    "Source",
    "Submitted",
    "UnreadableSubmission",
    "Watch",
    "WeakIsolation",
    "WireError",
    "play",
    "read_submission",
    "remove_folders",
]
