"""Sample reports: an ordinary class, the odd states, and hostile strings. Every number is set by hand."""

from __future__ import annotations

from pathlib import Path

from autograder.model import Report, Verdict
from autograder.reports import CourseInfo, QuestionInfo

HOSTILE = (
    '=HYPERLINK("http://evil.example","x")',
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "{{ 7*7 }}{% raw %}",
    "]]>&amp;<![CDATA[",
    "../../../../etc/passwd",
    "a\x00b\x08c\x1b[31mred\x7f\u202eevil",
    "\ud800 lone surrogate \uffff",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "`unpaired <b>bold</b>",
    "``<i>x</i>`` `ok` <u>",
    "line one\r\nline two\n# heading\n- item\n1. item\n<hr>",
    'Müller, 张伟, عمر, 👩‍🔬, O\'Brien "the" <x@y.z>',
    "\t=1+1",
    "  @SUM(A1)",
    "$\\href{javascript:alert(1)}{x}$ __bold__ ~~gone~~ | cell |",
    "",
)


def course(folder: Path = Path("course")) -> CourseInfo:
    """Three questions worth 10 points, four students on the roster."""
    return CourseInfo(
        folder=folder,
        assignment="convolution",
        title="Convolution",
        questions=(
            QuestionInfo("conv2d", "Convolution in two dimensions", 4.0),
            QuestionInfo("CONV-3", "Output size by hand", 2.0),
            QuestionInfo("maxpool2d", "Max pooling", 4.0),
        ),
        roster={
            "anna": ("Anna", "Müller", "anna@example.org"),
            "ben": ("Ben", "O'Brien", "ben@example.org"),
            "chen": ("伟", "陈", ""),
            "dora": ("", "", ""),
        },
    )


def verdict(question="conv2d", status="right", points=1.0, out_of=1.0, **more) -> Verdict:
    """One verdict; everything not given is ordinary."""
    title = {q.id: q.title for q in course().questions}.get(question, question)
    plain = {
        "check": "values on public cases",
        "kind": "value",
        "message": "Your values agree.",
        "question_hash": "h1",
    }
    return Verdict(
        question=question, title=title, status=status, points=points, out_of=out_of, **(plain | more)
    )


def report(student="anna", verdicts=(), status="graded", **more) -> Report:
    """One report whose score is the sum of its verdicts."""
    plain = {
        "score": sum(v.points for v in verdicts),
        "max_score": sum(v.out_of for v in verdicts),
        "submission": {"sha256": "ab" * 32, "submitted_at": "2026-11-20T18:03:11+00:00"},
        "isolation": {"tier": "T2", "layers": ["namespaces", "seccomp", "rlimits"]},
        "params_digest": "0123abcd",
        "started_at": "2026-11-21T09:00:00+00:00",
        "duration_s": 1.25,
        "tool_version": "0.1.0",
    }
    return Report(
        assignment="convolution", student=student, status=status, verdicts=tuple(verdicts), **(plain | more)
    )


def perfect(student="anna") -> Report:
    """All three questions right: 10 of 10."""
    return report(
        student,
        [
            verdict("conv2d", points=2.0, out_of=2.0, part="forward"),
            verdict("conv2d", check="gradients", kind="gradient", part="backward", points=2.0, out_of=2.0),
            verdict("CONV-3", check="output size", kind="typed", points=2.0, out_of=2.0),
            verdict("maxpool2d", points=4.0, out_of=4.0),
        ],
    )


def _mixed_layer() -> list:
    return [
        verdict(
            "conv2d",
            "wrong",
            0.0,
            1.0,
            part="forward",
            mistake="kernel-flipped-forward",
            message="You turned the kernel by 180 degrees before sliding: `y` is a true convolution.",
            hint=(
                "Look at the line that multiplies the window with `w`.",
                "The course slides it as it is: `y[i, j] = sum(x[i+k, j+l] * w[k, l])`.",
                "Remove the flip (`w[::-1, ::-1]`) and run the check cell again.",
            ),
            worst={"index": [0, 1, 3, 2], "got": -3.25, "expected": 1.5000001, "allowed": 2.3e-13},
        ),
        verdict(
            "conv2d",
            "partial",
            1.0,
            1.5,
            check="gradient of the weights",
            kind="gradient",
            part="backward",
            message="`dw` is the right gradient of the function you wrote, which is not the one asked.",
            credit_reason="Half of the points: your backward fits your own forward.",
            mistakes_consistent=("dW-last-example", "dW-mean-over-batch"),
            hint=("Look at `dw`.",),
        ),
        verdict(
            "conv2d", "partial", 0.5, 1.0, check="secret shapes", visibility="hidden", message="SECRET-1"
        ),
        verdict(
            "conv2d",
            "right",
            0.5,
            0.5,
            check="secret strides",
            visibility="after_due_date",
            message="SECRET-2",
        ),
    ]


def mixed(student="ben") -> Report:
    """Right, partial, wrong, skipped and hidden verdicts: 4.5 of 10, a late penalty of 1."""
    return report(
        student,
        [
            *_mixed_layer(),
            verdict(
                "CONV-3", "right", 2.0, 2.0, check="output size", kind="typed", message="Right: 14 by 14."
            ),
            verdict(
                "maxpool2d",
                "partial",
                0.5,
                2.0,
                message="The ties go to the first entry.",
                kind="contract",
                check="shape and type",
            ),
            verdict(
                "maxpool2d",
                "skipped",
                0.0,
                2.0,
                check="gradient",
                kind="gradient",
                part="backward",
                message="Not judged: `maxpool_forward` raised an error first (cell 7, line 3: `y = x[i]`).",
                staff={"note": "STAFF-ONLY"},
            ),
        ],
        penalty=1.0,
        notes=(
            "Cell 4 appears twice; the last one counts.",
            "A cell without our metadata was taken as a helper.",
        ),
    )


def incomplete(student="chen") -> Report:
    """One check broke through a fault of ours."""
    return report(
        student,
        [
            verdict("conv2d", points=4.0, out_of=4.0),
            verdict(
                "CONV-3",
                "broken",
                0.0,
                2.0,
                check="output size",
                kind="typed",
                message="This answer could not be judged.",
                staff={"error": "KeyError: 'n'"},
            ),
            verdict("maxpool2d", "wrong", 0.0, 4.0, message="Your function returned `None`."),
        ],
        status="incomplete",
        message="One question could not be judged; staff have been told.",
    )


def unreadable(student="dora") -> Report:
    """No verdict at all."""
    return report(
        student,
        status="error",
        max_score=10.0,
        message="The file is not a notebook: line 1 is not JSON.",
        submission={},
        isolation={},
    )


def hostile(text: str) -> Report:
    """A report with the text in every place where a student can leave one."""
    return report(
        text,
        [
            verdict(
                "conv2d",
                "wrong",
                0.0,
                4.0,
                message=text,
                check=text or "check",
                mistake=text or None,
                hint=(text, text, text),
                worst={"index": [0], "got": text, "expected": 1.0, "allowed": 0.1},
                staff={"source": text},
                credit_reason=text,
                mistakes_consistent=(text,),
            ),
            verdict("CONV-3", "broken", 0.0, 2.0, message=text, staff={text: text}),
        ],
        notes=(text, text),
        message=text,
    )


def whole_class() -> list[Report]:
    """One report of each state."""
    return [perfect(), mixed(), incomplete(), unreadable()]
