"""Reports as plain data that is turned into text once, by the process that judged.

The text goes to two places: a line of the journal, and a file of the student's own. The process that writes
does so for all that judge; what they can do for it, it need not do.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from autograder.model import Report, ascii_json

_unicode_json = json.JSONEncoder(ensure_ascii=False).encode


class Plain(dict[str, Any]):
    """A report in its plain form."""

    @classmethod
    def of(cls, report: Report) -> Plain:
        """Take a report, with the texts of its verdicts."""
        made = cls(report.to_json())
        made.texts = [verdict.text for verdict in report.verdicts]
        return made

    @functools.cached_property
    def texts(self) -> list[str]:
        """The verdicts as the journal writes them; they go along to another process once they are made."""
        return [ascii_json(verdict) for verdict in self["verdicts"]]

    def line(self) -> str:
        """Return what `json.dumps` would."""
        verdicts = f"[{', '.join(self.texts)}]"
        fields = (f'"{n}": {verdicts if n == "verdicts" else ascii_json(v)}' for n, v in self.items())
        return f"{{{', '.join(fields)}}}"

    def page(self, fields: Mapping[str, Any]) -> str:
        """Write a report with these fields and the verdicts of this one so that people can read it.

        Each field and each verdict has a line of its own; `indent` would take ten times as long.
        """
        rows = [f' "{n}": {_unicode_json(v)}' for n, v in fields.items() if n != "verdicts"]
        told = (
            v if "\\u" not in v else _unicode_json(plain) for v, plain in zip(self.texts, self["verdicts"])
        )
        verdicts = ",\n".join(f"  {text}" for text in told)
        return "{\n" + ",\n".join([*rows, f' "verdicts": [\n{verdicts}\n ]']) + "\n}\n"
