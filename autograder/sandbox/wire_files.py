"""The wire format on the disk: ``<stem>.json`` and ``<stem>.npz``."""

import json
import os
from pathlib import Path

import numpy as np

from .wire import WireError, cut_arrays, decode, laid_out

SCHEMA = "backmark/wire/2"


def save(stem: str | os.PathLike, obj: object) -> None:
    """Write data to ``<stem>.json`` and ``<stem>.npz``; the same data give the same bytes."""
    skeleton, shapes, raw = laid_out(obj)
    text = json.dumps({"schema": SCHEMA, "arrays": shapes, "data": skeleton}, allow_nan=False)
    paths = _paths(stem)
    parts = [path.with_name(path.name + ".part") for path in paths]
    parts[0].write_text(text + "\n", encoding="utf-8")
    with open(parts[1], "wb") as file:
        # One after the other in one: a file for each of a thousand small arrays takes long to open.
        np.savez(file, bytes=np.frombuffer(raw, np.uint8))
    for part, path in zip(parts, paths, strict=True):
        os.replace(part, path)


def load(stem: str | os.PathLike) -> object:
    """Read back what ``save`` wrote.

    Raises:
        WireError: the files are damaged or of another version; the message names the file.
        FileNotFoundError: there is no such file.
    """
    text_path, array_path = _paths(stem)
    try:
        content = json.loads(text_path.read_text(encoding="utf-8"))
        schema = content["schema"]
        # Opened here, because NumPy leaves a file it opened itself open when it is damaged.
        with open(array_path, "rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = cut_arrays(held["bytes"].data, content["arrays"]) if schema == SCHEMA else []
    except FileNotFoundError:
        raise
    except Exception as error:
        raise WireError(f"{text_path} or its .npz is damaged ({type(error).__name__})") from None
    if schema != SCHEMA:
        raise WireError(f"{text_path} has schema {schema!r}; this version reads {SCHEMA!r}")
    return decode(content["data"], arrays)


def _paths(stem: str | os.PathLike) -> tuple[Path, Path]:
    path = Path(stem)
    return path.with_name(path.name + ".json"), path.with_name(path.name + ".npz")
