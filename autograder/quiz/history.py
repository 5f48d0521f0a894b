"""What was answered before, one line each in the user's own data folder."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_data_path

from autograder.quiz.engine import Seen


def history_file() -> Path:
    """Return where the history lies; deleting the file forgets it."""
    return user_data_path("backmark") / "quiz.jsonl"


def remember(seen: Iterable[Seen], path: Path | None = None) -> Path | None:
    """Append what was answered; a folder that cannot be written costs the history, not the quiz."""
    path = path or history_file()
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    lines = [json.dumps({"at": now, **dataclasses.asdict(one)}) + "\n" for one in seen]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError:
        return None
    return path


def recall(path: Path | None = None) -> list[Seen]:
    """Return what was answered before; lines that cannot be read are passed over."""
    path = path or history_file()
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            row = json.loads(line)
            found.append(
                Seen(
                    row["question"],
                    row["title"],
                    int(row["level"]),
                    float(row["score"]),
                    tuple(row["mistakes"]),
                )
            )
        except (ValueError, KeyError, TypeError):
            continue
    return found
