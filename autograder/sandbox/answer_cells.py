"""By-hand answers: ``answer = \"\"\"…\"\"\"`` or a dict of such, read as literals and never executed."""

import ast
import re
import warnings

Answer = str | dict[str, str]
MAX_SOURCE = 20_000
MAX_ANSWER = 5_000
MAX_PARTS = 50
DECLARATION = re.compile(r"\s*#[ \t]*answer:[ \t]*([\w.\-]{1,60})[ \t]*(?:\n|\Z)")
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
    """Return the question id of a first line ``# answer: <id>``, or an empty text."""
    found = DECLARATION.match(source)
    return found[1] if found else ""


def read_answer(source: str, is_code: bool = True) -> Answer:
    """Read the last ``answer = …`` of a cell; a cell turned into text may hold the bare answer.

    Texts come back stripped.  Numbers, fractions and tuples without quotes come back as they were typed.

    Raises:
        UnreadableAnswer: there is none, or it would have to be computed.
    """
    if len(source) > MAX_SOURCE:
        raise UnreadableAnswer(f"is longer than {MAX_SOURCE} characters and was not read")
    try:
        node = _assigned(source)
        return {} if node is None and not is_code else _literal(node, source)
    except UnreadableAnswer:
        if is_code:
            raise
        return source.strip()[:MAX_ANSWER]
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        if is_code:
            raise UnreadableAnswer('cannot be read; write it as answer = """your answer"""') from None
        return source.strip()[:MAX_ANSWER]


def _assigned(source: str) -> ast.expr:
    found = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\d" in an answer is nobody's fault
        statements = ast.parse(source).body
    for statement in statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and target.id == "answer":
                found = statement.value
    if found is None:
        raise UnreadableAnswer('is missing; write it as answer = """your answer"""')
    return found


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
