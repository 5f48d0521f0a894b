"""By-hand answers: ``answer = \"\"\"…\"\"\"`` or a dict of such, read as literals and never executed."""

import ast
import re
import warnings

from .magics import without_magics

Answer = str | dict[str, str]
MAX_SOURCE = 20_000
MAX_ANSWER = 5_000
MAX_PARTS = 50
# Magics may stand above it.
DECLARATION = re.compile(r"(?:\s*[%!][^\n]*\n)*\s*#[ \t]*answer:[ \t]*([\w.\-]{1,60})[ \t]*(?:\n|\Z)")
DEFINES = re.compile(r"^(?:def|class|async)\b", re.MULTILINE)
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
NUMBERS = (
    ast.Constant,
    ast.Tuple,
    ast.List,
    ast.UnaryOp,
    ast.BinOp,
    ast.operator,
    ast.unaryop,
    ast.Load,
)


class UnreadableAnswer(ValueError):
    """The cell holds no answer that can be read; the message completes "the answer to X …"."""


def declared_question(source: str) -> str:
    """Return the question id of a first line ``# answer: <id>`` (below magics), or an empty text."""
    found = DECLARATION.match(source)
    return found[1] if found else ""


def read_answer(source: str, is_code: bool = True) -> Answer:
    """Read the last ``answer = …`` of a cell that is filled in; a cell turned into text may hold the bare answer.

    Texts come back stripped.  Numbers, fractions and tuples without quotes come back as they were typed.

    Raises:
        UnreadableAnswer: there is none, or it would have to be computed.
    """
    if len(source) > MAX_SOURCE:
        raise UnreadableAnswer(f"is longer than {MAX_SOURCE} characters and was not read")
    code = without_magics(source)[0] if is_code else source
    try:
        return _last_filled(_assigned(code), code)
    except UnreadableAnswer:
        if is_code:
            raise
        return source.strip()[:MAX_ANSWER]
    except UNPARSED:
        if is_code:
            raise UnreadableAnswer('cannot be read; write it as answer = """your answer"""') from None
        return source.strip()[:MAX_ANSWER]


def code_beside(source: str) -> str:
    """Return an answer cell without its answers, line by line, if it defines functions or classes; else nothing.

    Below an answer there is room, and some write the solution of the next question there.
    """
    if len(source) > MAX_SOURCE or not DEFINES.search(source):
        return ""
    code = without_magics(source)[0]
    try:
        statements = _statements(code)
    except UNPARSED:
        return ""
    if not any(isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for s in statements):
        return ""
    lines = code.split("\n")
    for statement in statements:
        if _answered(statement):
            for number in range(statement.lineno - 1, statement.end_lineno or statement.lineno):
                lines[number] = ""
    return "\n".join(lines)


def part_names(stub: str) -> tuple[str, ...]:
    """Return the names of the parts that the released cell of a question asks for."""
    try:
        node = _assigned(stub)[-1]
    except (UnreadableAnswer, *UNPARSED):
        return ()
    return tuple(k.value for k in node.keys if _is_text(k)) if isinstance(node, ast.Dict) else ()  # type: ignore


def with_names(answer: Answer, names: tuple[str, ...]) -> Answer:
    """Give parts the names that were asked for where only case or blanks differ."""
    if not isinstance(answer, dict):
        return answer
    folded = [_folded(name) for name in names]
    asked = {f: n for f, n in zip(folded, names, strict=True) if folded.count(f) == 1 and n not in answer}
    return {k if k in names else asked.get(_folded(k), k): v for k, v in answer.items()}


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def _statements(source: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\d" in an answer is nobody's fault
        return ast.parse(source).body


def _answered(statement: ast.stmt) -> ast.expr | None:
    """Return what a statement assigns to ``answer``, or None."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return None
    named = any(isinstance(target, ast.Name) and target.id == "answer" for target in targets)
    return statement.value if named else None


def _assigned(source: str) -> list[ast.expr]:
    found = [value for statement in _statements(source) if (value := _answered(statement)) is not None]
    if not found:
        raise UnreadableAnswer('is missing; write it as answer = """your answer"""')
    return found


def _last_filled(found: list[ast.expr], source: str) -> Answer:
    """Read the last answer that is not empty: the released line may have been left below the one filled in."""
    last = _literal(found[-1], source)
    for node in reversed(found[:-1]) if not last else ():
        if earlier := _literal(node, source):
            return earlier
    return last


def _literal(node: ast.expr, source: str) -> Answer:
    if isinstance(node, ast.Dict):
        if len(node.keys) > MAX_PARTS or not all(_is_text(k) for k in node.keys):
            raise UnreadableAnswer("must have its parts named in quotes")
        texts = {k.value: _text(v, source) for k, v in zip(node.keys, node.values, strict=True)}  # type: ignore
        return {k: v for k, v in texts.items() if v}
    return _text(node, source)


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _text(node: ast.expr, source: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.Constant) and (node.value is None or node.value is ...):
        text = ""
    elif all(isinstance(part, NUMBERS) for part in ast.walk(node)):
        text = ast.get_source_segment(source, node) or ""
    else:
        raise UnreadableAnswer("is never computed; write the answer itself in quotes")
    if len(text) > MAX_ANSWER:
        raise UnreadableAnswer(f"is longer than {MAX_ANSWER} characters and was not read")
    return text.encode("utf-8", "replace").decode().strip()
