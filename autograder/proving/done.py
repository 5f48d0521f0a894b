"""What a long proof has found so far, kept in a file, so that the next run goes on from there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


class Done:
    """Results by what they were found for; without a file they are forgotten at the end.

    What a result depends on (texts of programs, hashes of keys) belongs into its name: then nothing is taken for
    done that has changed since.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.found: dict[str, Any] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    name, value = json.loads(line)
                except ValueError:  # the run was stopped in the middle of a line
                    continue
                self.found[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self.found

    def __getitem__(self, name: str) -> Any:
        return self.found[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.found[name] = value
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, value]) + "\n")


def name_of(*parts: str) -> str:
    """Return a short name for texts that a result depends on."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
