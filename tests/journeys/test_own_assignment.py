"""The example of docs/author.md works as it stands: an instructor's own folder, from `make` to a named mistake."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^## (\S+)\n.*?^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def backmark(*arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_documented_folder_is_made_and_graded(tmp_path):
    folder = tmp_path / "areas"
    folder.mkdir()
    texts = dict(FENCE.findall((ROOT / "docs" / "author.md").read_text(encoding="utf-8")))
    assert set(texts) == {"assignment.toml", "extra.py", "areas.py"}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (tmp_path / "roster.csv").write_text("id\nana\nbob\n")
    course = tmp_path / "course"
    made = backmark("make", folder, "--roster", "roster.csv", "-o", course, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    variants = [json.loads(line) for line in (course / "keys/areas/by-hand.jsonl").read_text().splitlines()]
    for one in variants:
        notebook = json.loads((course / "release/areas/areas.ipynb").read_text())
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name == "OWN-area":
                numbers = one["params"]
                right = one["truth"]["area"]
                cell["source"] = (
                    f"answer = '{right if one['student'] == 'ana' else numbers['h'] + numbers['w']}'"
                )
            if name == "own_area":
                operator = "*" if one["student"] == "ana" else "+"
                cell["source"] = f"def own_area(h, w):\n    return h {operator} w"
        home = course / "submitted" / one["student"] / "areas"
        home.mkdir(parents=True)
        (home / "areas.ipynb").write_text(json.dumps(notebook))
    graded = backmark("grade", course, "--assignment", "areas", "--workers", "1", cwd=tmp_path)
    assert graded.returncode == 0, graded.stdout + graded.stderr
    ana, bob = (json.loads((course / f"reports/areas/{s}.json").read_text()) for s in ("ana", "bob"))
    assert ana["score"] == 3
    assert bob["score"] == 0
    assert [v["mistake"] for v in bob["verdicts"] if v["status"] == "wrong"] == ["area-as-sum"] * 2
    renamed = course / "submitted/ana/areas/ana_areas (1).ipynb"
    shutil.copy(renamed.with_name("areas.ipynb"), renamed)
    shutil.copy(course / "release/areas/backmark_kit.py", renamed.parent)
    said = backmark("check", renamed, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "own_area: 2 of 2 public checks pass" in said.stdout
    assert "OWN-area: can be read" in said.stdout
