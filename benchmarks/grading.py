"""Time grading beside `nbgrader autograde` and beside bare execution of the same student code.

    python benchmarks/grading.py [--submissions 40] [--nbgrader 6] [--json FILE]

All engines grade the same notebooks in the same run; read the ratios, not the seconds. Marginal time is
what one more submission costs: (time for many - time for one) / (many - 1). The floor is the student's
code alone, run in one warm process on the same inputs, without sandbox, keys or judging.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])  # not this folder: it has a reference.py of its own
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.assignment import read_by_hand
from autograder.course import Course
from autograder.demo import typed_answers
from autograder.demo.submissions import CLASS
from autograder.grading import grade
from autograder.hand_ins import find_submissions
from autograder.handouts.notebook import build_solution_notebook, build_source
from autograder.loading import load_bundle
from autograder.making import make
from autograder.sandbox import play, read_submission
from autograder.solutions import solution_file

NAME = "convolution"
HONEST = tuple(p for p in CLASS if p.expects == "full") + tuple(p for p in CLASS if p.names)


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="backmark-bench-") as folder, Progress(transient=True) as bar:
        root = Path(folder)
        task = bar.add_task("making the class", total=None)
        course = make_class(root / "course", options.submissions)
        rows: dict[str, float] = {}
        bar.update(task, description="bare execution")
        rows["bare execution (floor)"] = bare(course)
        for workers in (1, 2):
            bar.update(task, description=f"backmark, {workers} processes")
            rows[f"backmark grade --workers {workers}"] = ours(course, workers)
        if shutil.which("nbgrader", path=Path(sys.executable).parent) and options.nbgrader > 1:
            bar.update(task, description="nbgrader autograde")
            rows["nbgrader autograde"] = nbgrader(course, root / "nbgrader", options.nbgrader)
    show(rows, options.submissions)
    if options.json:
        options.json.write_text(
            json.dumps({"submissions": options.submissions, "marginal_seconds": rows}, indent=1) + "\n"
        )
    return 0


def arguments() -> Any:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument(
        "--nbgrader", type=int, default=6, help="how many of them nbgrader grades (0: leave it out)"
    )
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def make_class(root: Path, count: int) -> Course:
    """Make a class whose hand-ins are right in several styles, or hold one mistake each."""
    students = [f"s{i:03}" for i in range(count)]
    roster = root.parent / "roster.csv"
    root.mkdir(parents=True)
    roster.write_text("id\n" + "\n".join(students) + "\n")
    course = make(NAME, root, roster).course
    source = build_source(solution_file(NAME))
    variants = read_by_hand(course.keys(NAME) / "by-hand.jsonl")
    for i, student in enumerate(students):
        solved = build_solution_notebook(source, student, typed_answers(variants[student]))
        changed = HONEST[i % len(HONEST)].change(json.loads(json.dumps(solved)))
        folder = course.submitted(student, NAME)
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_text(json.dumps(changed))
    return course


def bare(course: Course) -> float:
    """Run every submission's cells and calls in this process; return the seconds per submission."""
    bundle = load_bundle(course, NAME)
    work = []
    for found in find_submissions(course.root / "submitted", NAME):
        submitted = read_submission(found.path, bundle.release, bundle.limits())
        scripts = [key.script(key.set_for(submitted.sha256), probes=False) for key in bundle.keys.values()]
        work.append(([c.source for c in submitted.cells], scripts))
    for timed in (work[:4], work):  # the first round warms up
        start = time.perf_counter()
        for cells, scripts in timed:
            run_bare(cells, scripts)
        seconds = (time.perf_counter() - start) / len(timed)
    return seconds


def run_bare(cells: list[str], scripts: list[Any]) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for source in cells:
        exec(compile(source, "<cell 1>", "exec"), namespace)
    for script in scripts:
        for _ in play(script, namespace):
            pass


def ours(course: Course, workers: int) -> float:
    """Grade one and then all submissions from an empty journal; return the marginal seconds."""
    everything = course.root / "submitted"
    one = course.root / "one"
    first = sorted(os.listdir(everything))[0]
    shutil.copytree(everything / first, one / first, dirs_exist_ok=True)
    seconds = {}
    for folder in (one, everything):
        shutil.rmtree(course.root / "journal", ignore_errors=True)
        start = time.perf_counter()
        progress = grade(course, NAME, folder, workers=workers)
        seconds[folder] = time.perf_counter() - start
        if progress.failed or progress.broken:
            raise SystemExit("the benchmark's own class could not be graded")
    many = len(os.listdir(everything))
    return (seconds[everything] - seconds[one]) / (many - 1)


def nbgrader(course: Course, root: Path, count: int) -> float:
    """Let stock nbgrader autograde one and then `count` of the same notebooks; return the marginal seconds."""
    shutil.copytree(course.root / "source", root / "source")
    for extra in ("backmark_kit.py", "variants.json"):
        shutil.copyfile(course.release(NAME) / extra, root / "source" / NAME / extra)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    _nbgrader(root, "generate_assignment", NAME)
    students = sorted(os.listdir(course.root / "submitted"))[:count]
    seconds = {}
    for group in (students[:1], students[1:]):
        for student in group:
            shutil.copytree(course.root / "submitted" / student, root / "submitted" / student)
        start = time.perf_counter()
        _nbgrader(root, "autograde", NAME)
        seconds[len(group)] = time.perf_counter() - start
    startup = seconds[1] - (seconds[count - 1] - seconds[1]) / max(count - 2, 1) if count > 2 else 0.0
    return (seconds[count - 1] - max(startup, 0.0)) / (count - 1)


def _nbgrader(root: Path, *command: str) -> None:
    binary = Path(sys.executable).parent / "nbgrader"
    path = f"{binary.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [binary, *command], cwd=root, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    if done.returncode:
        raise SystemExit(f"nbgrader {' '.join(command)} failed:\n{done.stderr[-2000:]}")


def show(rows: dict[str, float], count: int) -> None:
    floor, peer = rows["bare execution (floor)"], rows.get("nbgrader autograde")
    table = Table(title=f"Grading {count} submissions, marginal time per submission")
    for column in ("engine", "ms", "per second", "times the floor", "faster than nbgrader"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for name, seconds in rows.items():
        faster = f"{peer / seconds:.0f}x" if peer else "-"
        table.add_row(name, f"{1000 * seconds:.1f}", f"{1 / seconds:.1f}", f"{seconds / floor:.2f}", faster)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
