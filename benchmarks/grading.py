"""Time grading beside nbgrader, plain nbclient and bare execution of the same student code.

    python benchmarks/grading.py [--assignment four] [--submissions 150] [--peers 3] [--soak 0] [--json FILE]

All engines take the same notebooks in the same run; read the ratios, not the seconds. Marginal time is what
one more submission costs: of ours (time for all - time for a third) / (their difference). Of a small class (40)
half is met for the first time, each mistake on each set of inputs by each process, and costs more. The floor is
the student's code alone, run in one warm process on the same inputs, without sandbox, keys or judging.
`--soak 1000` grades so many at once and shows memory and waiting times. Where distributed is installed, Dask is
timed too.

The floor (also in two processes at once, which is what two workers could reach on this machine) and our engines
take turns, `--rounds` times: a machine that is slower for a minute is then slower for all. Times are the medians
of all rounds. A ratio is taken within each round; shown are its median and, below it, the least and the most.
Start-up is the whole command for a class of one.

On a quiet machine with two cores: the defaults take about eight minutes, `--soak 1000` about two more.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])  # not this folder: it has a reference.py of its own
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.assignment import read_by_hand
from autograder.cores import stay_on_core
from autograder.course import Course
from autograder.demo import typed_answers
from autograder.demo.submissions import CLASS
from autograder.grading import grade
from autograder.hand_ins import find_submissions
from autograder.handouts.notebook import build_solution_notebook, build_source
from autograder.loading import load_bundle
from autograder.making import make
from autograder.sandbox import play, read_submission
from autograder.sandbox._dice import dice_at_start
from autograder.solutions import solution_file
from benchmarks.soak import show_soak, soak

SIZES = {"convolution": "convolution", "four": Path(__file__).resolve().parent / "four"}
HONEST = tuple(p for p in CLASS if p.expects == "full") + tuple(p for p in CLASS if p.names)
SLIPS = (
    ("E / E.sum", "E / E.max"),
    ("cache > 0", "cache >= 0"),
    ("np.maximum(x, 0.0)", "np.abs(x)"),
    ("", ""),
)
FLOOR, ONE, PEER = "bare execution", "backmark --workers 1", "nbgrader autograde"
LIMIT = "bare, two at once"


def main() -> int:
    options = arguments()
    found: dict[str, Any] = {
        "machine": machine(), "assignment": options.assignment, "submissions": options.submissions
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="backmark-bench-") as folder, Progress(transient=True) as bar:
        task = bar.add_task("making the class", total=None)
        say = lambda text: bar.update(task, description=text)  # noqa: E731
        course = make_class(Path(folder) / "course", options.assignment, options.submissions)
        found["rounds"] = turns(course, options.rounds, say)
        found["peers"] = peers(course, Path(folder), options, say)
        say("a class of one")
        alone = make_class(Path(folder) / "alone" / "course", options.assignment, 1)
        found["start_up_seconds"] = statistics.median(start_up(alone) for _ in range(5))
        if options.soak:
            say(f"making a class of {options.soak}")
            large = make_class(Path(folder) / "soak" / "course", options.assignment, options.soak)
            say(f"grading {options.soak} at once")
            found["soak"] = soak(large.course, large.name, options.workers)
    show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def arguments() -> Any:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--assignment", choices=SIZES, default="convolution", help="four: a small one")
    parser.add_argument("--submissions", type=int, default=150)
    parser.add_argument(
        "--peers", type=int, default=3, help="how many of them nbgrader and nbclient take (0: none)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often the floor and our engines take turns"
    )
    parser.add_argument("--soak", type=int, default=0, help="grade so many at once, too")
    parser.add_argument("--workers", type=int, default=2, help="of the soak")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def machine() -> dict[str, Any]:
    """Name what the figures were taken on."""
    import numpy

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            x.partition(":")[2].strip()
            for x in cpuinfo.read_text().splitlines()
            if x.startswith("model name")
        ]
        model = names[0] if names else model
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": model, "cores": os.cpu_count(), "load": load, "system": platform.platform(),
        "python": platform.python_version(), "numpy": numpy.__version__,
    }  # fmt: skip


# --- the class -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Class:
    """A course with one assignment whose hand-ins are right in several styles, or hold one mistake each."""

    course: Course
    name: str

    @property
    def submitted(self) -> Path:
        return self.course.root / "submitted"

    def notebook(self, student: str) -> Path:
        return self.course.submitted(student, self.name) / f"{self.name}.ipynb"


def make_class(root: Path, name: str, count: int) -> Class:
    """Make a class and what it hands in."""
    students = [f"s{i:05}" for i in range(count)]
    root.mkdir(parents=True)
    roster = root.parent / "roster.csv"
    roster.write_text("id\n" + "\n".join(students) + "\n")
    made = Class(make(SIZES[name], root, roster).course, name)
    own = SIZES[name]
    source = build_source(own / f"{name}.py" if isinstance(own, Path) else solution_file(name))
    variants = read_by_hand(made.course.keys(name) / "by-hand.jsonl")
    for i, student in enumerate(students):
        solved = build_solution_notebook(source, student, typed_answers(variants.get(student, {})))
        made.notebook(student).parent.mkdir(parents=True)
        made.notebook(student).write_text(json.dumps(handed_in(json.loads(json.dumps(solved)), name, i)))
    return made


def handed_in(notebook: dict[str, Any], name: str, i: int) -> dict[str, Any]:
    """Change the i-th solved notebook as the i-th student would have written it."""
    if name == "convolution":
        return HONEST[i % len(HONEST)].change(notebook)
    slip = SLIPS[i % len(SLIPS)]
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace(*slip) if slip[0] else cell["source"]
    return notebook


# --- the engines ---------------------------------------------------------------------------------


def peers(made: Class, root: Path, options: Any, say: Callable[[str], None]) -> dict[str, float]:
    """Return the marginal seconds of other engines."""
    rows: dict[str, float] = {}
    todo: dict[str, Callable[[], float]] = {}
    if options.peers > 1 and importlib.util.find_spec("nbclient"):
        todo["nbclient"] = lambda: nbclient(made, root / "nbclient", options.peers)
    if options.peers > 1 and (Path(sys.executable).parent / "nbgrader").exists():
        todo[PEER] = lambda: nbgrader(made, root / "nbgrader", options.peers)
    for name, measure in todo.items():
        say(name)
        rows[name] = measure()
    return rows


def turns(made: Class, rounds: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Return the marginal seconds of the floor and of our engines in each round."""
    todo: dict[str, Callable[[], float]] = {FLOOR: lambda: bare(made), LIMIT: lambda: bare(made, 2)}
    for workers in (1, 2):
        todo[f"backmark --workers {workers}"] = lambda n=workers: ours(made, workers=n)
    if importlib.util.find_spec("distributed"):
        for workers in (1, 2):
            todo[f"backmark --dask local:{workers}"] = lambda n=workers: ours(made, dask=f"local:{n}")
    seconds: dict[str, list[float]] = {name: [] for name in todo}
    for number in range(rounds):
        for name, measure in todo.items():
            say(f"{name} ({number + 1} of {rounds})")
            seconds[name].append(measure())
    return seconds


def start_up(made: Class) -> float:
    """Return how long the command takes to grade one hand-in, from an empty journal."""
    shutil.rmtree(made.course.root / "journal", ignore_errors=True)
    command = [sys.executable, "-m", "autograder", "grade", made.course.root, "--assignment", made.name]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def bare(made: Class, processes: int = 1) -> float:
    """Run every submission's cells and calls in this process, or in several, each on a core of its own.

    Returns the seconds per submission.
    """
    bundle = load_bundle(made.course, made.name)
    work = []
    for found in find_submissions(made.submitted, made.name):
        submitted = read_submission(found.path, bundle.release, bundle.limits())
        scripts = [key.script(key.set_for(submitted.sha256), probes=False) for key in bundle.keys.values()]
        work.append(([c.source for c in submitted.cells], scripts))
    for timed in (work[:4], work):  # the first round warms up
        start = time.perf_counter()
        if processes == 1:
            run_all(timed)
        else:
            at_once([functools.partial(run_all, timed[k::processes]) for k in range(processes)])
        seconds = (time.perf_counter() - start) / len(timed)
    return seconds


def at_once(tasks: list[Callable[[], None]]) -> None:
    """Do each in a forked process that keeps to one core, as judging processes do."""
    children = []
    for number, task in enumerate(tasks):
        child = os.fork()
        if not child:
            stay_on_core(number, len(tasks))
            task()
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit("bare execution failed")


def run_all(work: list[tuple[list[str], list[Any]]]) -> None:
    for cells, scripts in work:
        run_bare(cells, scripts)


def run_bare(cells: list[str], scripts: list[Any]) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for source in cells:
        exec(compile(source, "<cell 1>", "exec"), namespace)
    with dice_at_start():
        for script in scripts:
            for _ in play(script, namespace):
                pass


def ours(made: Class, **how: Any) -> float:
    """Grade a third of the submissions and then all, each time as if for the first; return the marginal seconds.

    All processes start in both. With one submission only one would, and the others' start would be counted.
    """
    course, everything = made.course, made.submitted
    third = course.root / "third"
    students = sorted(os.listdir(everything))
    for student in students[: max(1, len(students) // 3)]:
        shutil.copytree(everything / student, third / student, dirs_exist_ok=True)
    seconds = {}
    for folder in (third, everything):
        for made_before in ("journal", "reports"):
            shutil.rmtree(course.root / made_before, ignore_errors=True)
        start = time.perf_counter()
        progress = grade(course, made.name, folder, **how)
        seconds[folder] = time.perf_counter() - start
        if progress.failed or progress.broken:
            raise SystemExit("the benchmark's own class could not be graded")
    more = len(students) - len(os.listdir(third))
    return (seconds[everything] - seconds[third]) / more


def nbclient(made: Class, root: Path, count: int) -> float:
    """Run the notebooks as Jupyter would, each in a kernel of its own; return the seconds per submission."""
    import nbformat
    from nbclient import NotebookClient

    shutil.copytree(made.course.release(made.name), root)
    students = sorted(os.listdir(made.submitted))[:count]
    start = time.perf_counter()
    for student in students:
        book = nbformat.read(made.notebook(student), as_version=4)
        NotebookClient(
            book, timeout=600, allow_errors=True, resources={"metadata": {"path": str(root)}}
        ).execute()
    return (time.perf_counter() - start) / len(students)


def nbgrader(made: Class, root: Path, count: int) -> float:
    """Let stock nbgrader autograde one and then `count` of the same notebooks; return the marginal seconds."""
    shutil.copytree(made.course.root / "source", root / "source")
    for extra in ("backmark_kit.py", "variants.json"):
        shutil.copyfile(made.course.release(made.name) / extra, root / "source" / made.name / extra)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    _nbgrader(root, "generate_assignment", made.name)
    students = sorted(os.listdir(made.submitted))[: count + 1]
    seconds = []
    for group in (students[:1], students[1:]):
        for student in group:
            shutil.copytree(made.submitted / student, root / "submitted" / student)
        start = time.perf_counter()
        _nbgrader(root, "autograde", made.name)
        seconds.append(time.perf_counter() - start)
    # The second run skips the student of the first; both start up once.
    return (seconds[1] - seconds[0]) / max(len(students) - 2, 1)


def _nbgrader(root: Path, *command: str) -> None:
    binary = Path(sys.executable).parent / "nbgrader"
    path = f"{binary.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [binary, *command], cwd=root, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    if done.returncode:
        raise SystemExit(f"nbgrader {' '.join(command)} failed:\n{done.stderr[-2000:]}")


# --- what is printed -----------------------------------------------------------------------------


def spread(over: list[float], under: list[float]) -> str:
    """Write the ratio of two engines: its median over the rounds, the least and the most."""
    ratios = [a / b for a, b in zip(over, under, strict=True)]
    return f"{statistics.median(ratios):.2f}\n{min(ratios):.2f}-{max(ratios):.2f}"


def show(found: dict[str, Any]) -> None:
    out = Console()
    told = found["machine"]
    out.print(
        f"{told['processor']}, {told['cores']} cores, load {told['load']:.1f}, Python {told['python']}, "
        f"NumPy {told['numpy']}, {told['system']}"
    )
    rounds, peer = found["rounds"], found["peers"].get(PEER)
    table = Table(
        title=f"Grading {found['submissions']} submissions of {found['assignment']}, marginal time per submission"
    )
    for column in ("engine", "ms", "per second", "times bare", "than 1 worker", "than nbgrader"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for name, some in rounds.items():
        seconds, mine = statistics.median(some), name.startswith("backmark")
        table.add_row(
            name, f"{1000 * seconds:.1f}", f"{1 / seconds:.1f}", spread(some, rounds[FLOOR]),
            spread(rounds[ONE], some) if mine else "-", f"{peer / seconds:.0f}x" if peer else "-",
        )  # fmt: skip
    for name, seconds in found["peers"].items():
        times = f"{seconds / statistics.median(rounds[FLOOR]):.2f}"
        row = (f"{1000 * seconds:.1f}", f"{1 / seconds:.1f}", times, "-")
        table.add_row(name, *row, f"{peer / seconds:.0f}x" if peer else "-")
    out.print(table)
    limit = spread(rounds[FLOOR], rounds[LIMIT]).replace("\n", ", ")
    out.print(f"Bare, two processes at once are faster than one (two workers cannot do better): {limit}.")
    out.print(f"The whole command for a class of one: {found['start_up_seconds']:.2f} s.")
    if "soak" in found:
        show_soak(out, found["soak"])


if __name__ == "__main__":
    sys.exit(main())
