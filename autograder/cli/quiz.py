"""The command `quiz`."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.screen import DONE, err, out


@click.command()
@click.argument("topic", nargs=-1)
@click.option("--level", type=click.IntRange(1, 3), help="How hard: 1, 2 or 3.")
@click.option(
    "--count", type=click.IntRange(1, 500), default=5, show_default=True, help="How many questions."
)
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same questions.")
@click.option(
    "--form",
    type=click.Choice(["choose", "explain", "find", "reverse", "order"]),
    default=None,
    help="Ask in another form: choose a result, explain a wrong answer, find the wrong line, ...",
)
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page for a course site instead."
)
def quiz(
    topic: tuple[str, ...],
    level: int | None,
    count: int,
    seed: int | None,
    form: str | None,
    html: Path | None,
) -> int:
    """Check yourself. TOPIC is a topic (pooling) or a question (CONV-1); everything when left out.

    After each answer: right or wrong, the mistake it shows, and the worked solution. Answers that cannot be
    read cost nothing. `backmark list questions` names topics and questions.
    """
    from autograder.quiz import NoSuchTopic
    from autograder.quiz import quiz as make_quiz

    try:
        made = make_quiz(*topic, level=level, count=count, seed=seed, form=form or "")
    except NoSuchTopic as error:
        raise click.UsageError(str(error)) from None
    if html is not None:
        from autograder.quiz.page import write_page

        written = write_page(made, html)
        out.print(
            f"{written} questions in {html}. The answers are inside the page: for practice, not for marks."
        )
        return DONE
    from autograder.quiz.terminal import Surface

    Surface(out, _read).run(made)
    return DONE


def _read(prompt: str) -> str:
    """Read a line with editing and history where the terminal has them."""
    try:
        import readline  # noqa: F401 - its import is its effect
    except ImportError:
        err.print("", end="")
    return input(prompt)
