"""A quiz in the terminal: the question, what is typed, what it means, and the worked solution."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from autograder.formulas import readable
from autograder.model import Part, Variant
from autograder.quiz.engine import Outcome, Quiz
from autograder.quiz.history import recall, remember

_SEVERAL_LINES = ("mat", "ten", "trace")
_HOW = {
    "mat": "one row per line, spaces between the numbers; an empty line ends it",
    "ten": "one row per line, a line with - between matrices; an empty line ends it",
    "trace": "one line per row, | between the entries; an empty line ends it",
    "vec": "numbers with spaces between them", "shape": "such as 3x32x32", "frac": "such as 3/4",
    "mc1": "one letter", "mcN": "letters, or none", "order": "letters in order",
}  # fmt: skip
_MARKS = {
    "right": "[green]✓ right[/green]",
    "follows": "[green]✓ follows from your answer[/green]",
    "partial": "[yellow]◐ partly right[/yellow]",
    "wrong": "[red]✗ wrong[/red]",
}


class Stop(Exception):
    """The student has had enough."""


class Surface:
    """Where the quiz is shown. `read(prompt)` gives one line; it may raise EOFError."""

    def __init__(self, console: Console, read: Callable[[str], str]) -> None:
        self.console, self.read = console, read

    def run(self, quiz: Quiz) -> None:
        """Go through the quiz; q ends it, and what was answered is summed up and remembered."""
        self.console.print("[dim]? shows the solution, q ends the quiz. Nothing is sent anywhere.[/dim]")
        before = recall()
        try:
            for variant in iter(quiz.ask, None):
                self._one(quiz, variant)
        except (Stop, EOFError, KeyboardInterrupt):
            self.console.print()
        self._summary(quiz, len(before))
        if quiz.seen:
            remember(quiz.seen)

    def _one(self, quiz: Quiz, variant: Variant) -> None:
        while True:
            self._statement(quiz, variant)
            self._told(variant, self._answered(quiz, variant))
            answer = (
                self._line("[Enter] next question   n: same question, new numbers   q: end ").strip().lower()
            )
            if not answer.startswith("n"):
                return
            variant = quiz.again()

    def _statement(self, quiz: Quiz, variant: Variant) -> None:
        heading = f"Question {quiz.number} of {quiz.count}: {variant.title}"
        self.console.rule(heading, align="left")
        self.console.print(f"[dim]{variant.question}, level {variant.level}[/dim]")
        self.console.print(Markdown(readable(variant.prompt)))

    def _answered(self, quiz: Quiz, variant: Variant) -> Outcome:
        """Ask until every part can be read; what cannot be read costs nothing."""
        texts: dict[str, str] = {}
        open_parts = list(variant.parts)
        while open_parts:
            for part in open_parts:
                text = self._typed(part)
                if text.strip() == "?":
                    return quiz.give_up()
                texts[part.id] = text
            outcome = quiz.answer(texts)
            unread = {p.part: p.message for p in outcome.parts if p.status in ("blank", "unreadable")}
            for message in unread.values():
                self.console.print(f"[yellow]Not counted:[/yellow] {message}", highlight=False)
            open_parts = [part for part in variant.parts if part.id in unread]
        return outcome

    def _typed(self, part: Part) -> str:
        ask = part.prompt or part.id
        self.console.print()
        self.console.print(Markdown(readable(ask)))
        for letter, choice in zip(string.ascii_lowercase, part.options.get("choices", ()), strict=False):
            self.console.print(Text(f"  {letter}  {readable(str(choice))}"))
        if part.kind in _HOW:
            self.console.print(f"[dim]{_HOW[part.kind]}[/dim]", highlight=False)
        if part.kind not in _SEVERAL_LINES:
            return self._line("> ")
        return "\n".join("" if line.strip() == "-" else line for line in self._lines())

    def _lines(self) -> Iterator[str]:
        first = True
        while True:
            line = self._line("> ")
            if not line.strip() and not first:
                return
            if line.strip() or not first:
                yield line
            if line.strip() == "?" or (first and line.count("[") > 1 and line.count("[") == line.count("]")):
                return
            first = False

    def _line(self, prompt: str) -> str:
        text = self.read(prompt)
        if text.strip().lower() in ("q", "quit", "exit"):
            raise Stop
        return text

    def _told(self, variant: Variant, outcome: Outcome) -> None:
        self.console.print()
        for part in outcome.parts:
            named = f"{part.part}: " if len(outcome.parts) > 1 else ""
            more = "" if part.status == "right" else f" {part.message}"
            self.console.print(f"{named}{_MARKS[part.status]}{more}", highlight=False)
        self._mistakes(outcome)
        self._solution(variant, outcome)

    def _mistakes(self, outcome: Outcome) -> None:
        for part, mistakes in outcome.explained():
            for number, mistake in enumerate(mistakes[:3]):
                lead = "or: " if number else f"{part}: " if part else ""
                self.console.print(Markdown(readable(f"{lead}**{mistake.what}** {mistake.how}")))
        if not outcome.mistakes and outcome.parts and not outcome.is_right:
            self.console.print("This matches none of the mistakes known for this question.")

    def _solution(self, variant: Variant, outcome: Outcome) -> None:
        if outcome.is_right and outcome.parts:
            return
        self.console.print("\n[bold]Worked solution[/bold]")
        for step in outcome.solution:
            self.console.print(Markdown(readable(step)))
        for part, text in outcome.right.items():
            named = f"{part}: " if len(variant.parts) > 1 else ""
            self.console.print(Text(f"Answer: {named}{readable(text)}", style="bold"))

    def _summary(self, quiz: Quiz, before: int) -> None:
        if not quiz.seen:
            return
        self.console.rule("Summary", align="left")
        right = sum(one.score == 1 for one in quiz.seen)
        self.console.print(f"{right} of {len(quiz.seen)} right; {before + len(quiz.seen)} answered in all.")
        if not quiz.summary():
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("mistake")
        table.add_column("times", justify="right")
        table.add_column("", no_wrap=True)
        for name, times in quiz.summary():
            table.add_row(name, str(times), "█" * min(times, 40))
        self.console.print(table)
