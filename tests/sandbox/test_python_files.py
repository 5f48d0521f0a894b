"""Plain Python files: exports of notebooks are taken apart where the notebook had its cells."""

import contextlib
import json

import pytest

from autograder.sandbox import Limits, Release, UnreadableSubmission, read_submission


def code(source, grade_id, **marks):
    return {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": grade_id, **marks}}, "source": source}


SETUP = "import numpy as np\nimport math\n"
STUB = "def conv(x):\n    raise NotImplementedError()\n"
CELLS = [
    code(SETUP, "imports", locked=True),
    code(STUB, "conv", solution=True),
    code('# answer: CONV-1\nanswer = {\n    "size": """ """,\n}\n', "CONV-1"),
    code('# answer: CONV-3\nanswer = """\n\n"""\n', "CONV-3"),
]
RELEASE = Release.from_notebook({"cells": CELLS})

EXPORTED = """\
#!/usr/bin/env python
# coding: utf-8

# # Convolution

# In[1]:


import numpy as np
import math


# ## 1 Sliding
# In words.

# In[ ]:


get_ipython().run_line_magic('matplotlib', 'inline')
import tqdm


# In[3]:


# answer: CONV-1
answer = {
    "size": \"\"\" 7 x 7 \"\"\",
}


# In[4]:


get_ipython().run_cell_magic('time', '', 'def conv(x):\\n    return "a"\\n')


# In[5]:


def conv(x):
    raise NotImplementedError()


# The end.
"""
PERCENT = """\
# ---
# jupyter: {}
# ---

# %% [markdown]
# # Convolution

# %% nbgrader={"grade": false}
import tqdm

# %%
s = \"\"\"
# %% no cell
# answer: CONV-3
\"\"\"

# %%
# answer: CONV-3
answer = \"\"\"
9
\"\"\"
# %% [markdown]
# Text
# %%
%matplotlib inline
def conv(x):
    return 3
"""


@pytest.fixture
def read(tmp_path):
    def go(text, name="a.py", **limits):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_submission(path, RELEASE, Limits(**limits))

    return go


def sources(submitted):
    return [(c.index, c.source.strip()) for c in submitted.cells if not c.setup]


def test_an_export_by_nbconvert_is_read_as_its_notebook(read):
    got = read(EXPORTED)
    assert sources(got) == [
        (2, "get_ipython().run_line_magic('matplotlib', 'inline')\nimport tqdm"),
        (4, 'def conv(x):\n    return "a"'),
    ]
    assert got.answers == {"CONV-1": {"size": "7 x 7"}}
    assert got.notes == ()


def test_cells_in_percent_format(read):
    got = read(PERCENT)
    assert sources(got) == [
        (2, "import tqdm"),
        (3, 's = """\n# %% no cell\n# answer: CONV-3\n"""'),
        (6, "pass\ndef conv(x):\n    return 3"),
    ]
    assert got.answers == {"CONV-3": "9"}
    assert got.notes == ()


def test_declared_answers_are_read_without_any_mark(read):
    got = read("x = 1\n# answer: CONV-1\nanswer = {'size': '2'}\n# answer: CONV-3\nanswer = '3'\n")
    assert sources(got) == [(1, "x = 1")]
    assert got.answers == {"CONV-1": {"size": "2"}, "CONV-3": "3"}


def test_a_file_without_marks_is_one_cell(read):
    plain = "# a comment\nx = 1\n# answer: 42\ny = 2  # %%\n# the end\n"
    (cell,) = [c for c in read(plain).cells if not c.setup]
    assert (cell.index, cell.source) == (1, plain)


def test_a_text_that_is_never_closed_hides_no_cell(read):
    got = read('# %%\nx = """\n# %%\ndef conv(x):\n    return 1\n')
    assert sources(got) == [(1, 'x = """'), (2, "def conv(x):\n    return 1")]


@pytest.mark.parametrize("name", ["a.PY", "a.Py"])
def test_suffixes_may_be_in_capitals(read, name):
    assert sources(read("x = 1\n", name)) == [(1, "x = 1")]
    assert sources(read(json.dumps({"cells": [code("x = 1", "a")]}), "a.IPYNB")) == [(1, "x = 1")]


def test_a_notebook_named_py_is_read_as_one(read):
    got = read(json.dumps({"cells": [code("x = 1", "a")]}))
    assert sources(got) == [(1, "x = 1")]
    assert got.notes[0] == "This file is a notebook named .py; it was read as a notebook."
    with pytest.raises(UnreadableSubmission, match="JSON is damaged"):
        read('{"cells": [')


@pytest.mark.parametrize(
    "text",
    [
        "# %%\n" * 300_000,
        "# answer: CONV-3\n" * 100_000,
        "'\n" * 900_000 + "# %%\n",
        "\n# %%\n" * 150_000,
        "# %%\nget_ipython().run_cell_magic('time', '', '" + "\\'" * 900_000 + "')\n",
    ],
    ids=range(5),
)
def test_no_script_takes_long(read, text):
    with contextlib.suppress(UnreadableSubmission):  # too many cells
        assert len(read(text).cells) < 2100


def test_marks_of_a_merge_conflict_are_said_with_their_line(read):
    got = read("# %%\nx = 1\n# %%\n<<<<<<< HEAD\ny = 2\n=======\ny = 3\n>>>>>>> other\n")
    assert got.notes == ("Line 4 holds marks of a merge conflict in Git; resolve it.",)
    assert sources(got)[0] == (1, "x = 1")
    with pytest.raises(UnreadableSubmission, match="a web page"):
        read("<!doctype html>")


def test_a_script_is_bounded(read):
    with pytest.raises(UnreadableSubmission, match="longer than 1 KB"):
        read("x = 1\n" * 500, source_kb=1)
