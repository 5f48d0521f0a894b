"""Web pages: one for each student, and an overview of the class for staff.

Every page stands alone: no content from other hosts, no script on a student's page, one short inline script
on the overview. A content-security policy holds browsers to that whatever a report contains.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.model import Report, Verdict
from autograder.reports import marks as words
from autograder.reports.class_summary import count_mistakes, question_means
from autograder.reports.course import CourseInfo, ExportError, Written
from autograder.reports.feedback import HINT_STEPS, clean, file_name, mistake_words, worst_parts

TEMPLATES = Path(__file__).parent / "templates"
HINT_TITLES = dict(zip(HINT_STEPS, ("where to look", "what happened", "how to mend it"), strict=True))
REPORT_WORDS = {"graded": "graded", "incomplete": "marks withheld", "error": "not graded"}
REPORT_SYMBOLS = {"graded": "✓", "incomplete": "⚠", "error": "✗"}
MOST_REMARKS = 200  # the overview must stay a page; the JSON reports hold the rest


def student_page(report: Report, course: CourseInfo, shown: Collection[str] = words.STUDENT) -> str:
    """Write one student's page: marks by question, messages, hints in three steps, worst entries, notes.

    `shown` holds the visibilities the student may see now; add "after_due_date" once the date has passed.
    Other checks appear as a count with a total. What is meant for staff is never on this page.
    """
    return _render(
        "student.html.j2",
        report=report,
        course=course,
        questions=words.marks_by_question(report, course, shown),
        hint_titles=HINT_TITLES,
    )


def class_page(reports: Iterable[Report], course: CourseInfo) -> str:
    """Write the overview for staff: all students (sortable), questions, mistakes, what needs attention."""
    listed = sorted(reports, key=lambda report: report.student)
    script = (TEMPLATES / "sort.js").read_text(encoding="utf-8")
    marked = {report.student for report in listed}
    return _render(
        "class.html.j2",
        course=course,
        rows=[(report, words.marks_by_question(report, course, words.STAFF)) for report in listed],
        means=question_means(listed, course),
        mistakes=count_mistakes(listed),
        alerts=_alerts(listed),
        remarks=_remarks(listed),
        missing=[student for student in course.roster if student not in marked],
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def export(reports: Iterable[Report], target: Path, *, course: CourseInfo) -> Written:
    """Write `index.html` for staff and `students/<id>.html` into the folder `target`."""
    listed = list(reports)
    pages = {target / "students" / f"{file_name(r.student)}.html": student_page(r, course) for r in listed}
    pages[target / "index.html"] = class_page(listed, course)
    (target / "students").mkdir(parents=True, exist_ok=True)
    for path, text in pages.items():
        path.write_bytes(text.encode("utf-8"))
    return Written(files=tuple(pages))


def _alerts(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Collect what staff must look at: reports without marks, broken checks, verdicts that raise an alert."""
    alerts = [_remark(r, r.status, r.message, {}) for r in reports if r.status != "graded"]
    return alerts + [_remark_on(r, v) for r in reports for v in r.verdicts if _alarming(v)]


def _remarks(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Collect what the judge noted for staff on other verdicts."""
    return [_remark_on(r, v) for r in reports for v in r.verdicts if v.staff and not _alarming(v)]


def _alarming(verdict: Verdict) -> bool:
    return verdict.status == "broken" or "alert" in verdict.staff


def _remark_on(report: Report, verdict: Verdict) -> dict[str, Any]:
    where = f"{verdict.question}: {verdict.check} ({words.WORDS[verdict.status]})"
    text = "\n".join(str(part) for part in (verdict.staff.get("alert"), verdict.message) if part)
    return _remark(report, where, text, {k: v for k, v in verdict.staff.items() if k != "alert"})


def _remark(report: Report, where: str, text: str, staff: Mapping[str, Any]) -> dict[str, Any]:
    details = json.dumps(staff, indent=1, default=str, ensure_ascii=False) if staff else ""
    return {"student": report.student, "where": where, "text": text, "staff": details}


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Any:
    try:
        import jinja2
    except ImportError:
        raise ExportError(
            "Web pages need Jinja2; install it with `pip install backmark[instructor]`."
        ) from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.filters |= {
        "number": words.number,
        "prose": _prose,
        "share": _share,
        "page": lambda student: "students/" + quote(file_name(student)) + ".html",
    }
    environment.globals |= {
        "symbols": words.SYMBOLS,
        "words": words.WORDS,
        "report_words": REPORT_WORDS,
        "report_symbols": REPORT_SYMBOLS,
        "final_mark": words.final_mark,
        "to_read": words.to_read,
        "withheld": words.withheld,
        "worst_parts": worst_parts,
        "mistake_words": mistake_words,
        "most_remarks": MOST_REMARKS,
    }
    return environment


def _prose(text: object) -> Any:
    """Escape a sentence; `code` in backticks and line breaks are kept."""
    from markupsafe import Markup, escape

    safe = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(clean(text))))
    return Markup(safe.replace("\n", "<br>"))


def _share(points: float, out_of: float) -> int:
    """Return the percentage of a total, 0 for a total of nothing, for the width of a bar."""
    return round(100 * min(1.0, max(0.0, words.finite(points) / out_of))) if out_of > 0 else 0
