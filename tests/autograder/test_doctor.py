"""The doctor says what is there, what is missing and how to get it, and fails only where nothing can be graded."""

import importlib.metadata
import json
import os
import sys

import pytest

from autograder import doctor
from autograder.sandbox import Sandbox, advice, isolation


def by_name(folder="."):
    return {f.name: f for f in doctor.examine(folder)}


def test_this_machine_can_be_described(tmp_path):
    found = by_name(tmp_path)
    assert found["Python"].status == "ok"
    assert found["numpy"].value == importlib.metadata.version("numpy")
    assert found["numba"].status == "ok"
    assert found["cores"].value.endswith(f"of {os.cpu_count()}")
    assert {"memory", "disk for the course", "disk for temporary files", "cache of compiled code"} <= set(
        found
    )


def test_a_missing_package_says_what_it_is_for_and_how_to_get_it(monkeypatch):
    real = importlib.metadata.version

    def version(name):
        if name in ("numba", "nbgrader"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = by_name()
    assert (found["numba"].status, found["nbgrader"].status) == ("bad", "note")
    assert found["nbgrader"].advice == "Needed for nbgrader's gradebook: pip install 'backmark[instructor]'."


def test_folders_that_cannot_be_used_are_bad(tmp_path, monkeypatch):
    assert by_name(tmp_path / "nowhere")["disk for the course"].status == "bad"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    found = by_name(tmp_path)
    assert found["disk for the course"].advice == "Choose another folder."
    assert "NUMBA_CACHE_DIR" in found["cache of compiled code"].advice


def test_little_memory_and_an_old_python_are_said(monkeypatch):
    monkeypatch.setattr(doctor, "_available", lambda: 1 << 30)
    monkeypatch.setattr(doctor, "_allowed", lambda: None)
    monkeypatch.setattr(sys, "version_info", (3, 10))
    found = by_name()
    assert (found["memory"].status, found["memory"].value) == ("note", "1.0 GB free")
    assert found["Python"].advice == "Use Python 3.11 or newer."


@pytest.mark.parametrize(
    ("missing", "user", "words"),
    [
        (isolation.T3, 1000, ["Landlock", "no_new", "seccomp", "user namespaces"]),
        ({"own user", "no capabilities"}, 1000, ["Grade as root"]),
        ({"own user"}, 0, ["any user can enter"]),
        ({"read-only root", "private tmpfs", "pid namespace"}, 0, ["--cap-add SYS_ADMIN"]),
        ({"landlock"}, 0, ["Linux 5.13"]),
        (set(), 0, []),
    ],
)
def test_every_missing_layer_has_advice(missing, user, words):
    given = advice._how(tuple(sorted(missing)), user, {})
    text = " ".join(given)
    assert [w for w in words if w not in text and w != "no_new"] == []
    assert bool(given) == bool(missing)
    assert len(set(given)) == len(given)


def test_the_command_names_the_active_tier_and_each_other(backmark):
    said = backmark("doctor", "--sandbox", "--json")
    found = json.loads(said.out)
    tiers = {t["tier"]: t for t in found["tiers"]}
    assert list(tiers) == ["T3", "T2", "T1", "T0"]
    with Sandbox(allow_weak=True) as box:
        assert found["active"] == box.tier
    assert said.code == (1 if box.tier == "T0" else 0)
    for tier in tiers.values():
        if tier["holds"]:
            assert isolation.TIERS[tier["tier"]] <= set(tier["layers"])
            assert tier["milliseconds"] > 0
        else:
            assert tier["missing"]
            assert tier["why"]
            assert tier["how"]


def test_why_another_user_than_root_gets_no_user_of_its_own_is_said(monkeypatch):
    missing = isolation.T2 - {"own user"}

    def lacking(box):
        box.layers = tuple(missing)
        raise isolation.WeakIsolation("see doctor")

    monkeypatch.setattr(Sandbox, "__enter__", lacking)
    found = advice._tried("T2")
    assert (found.missing, found.why) == (("own user",), "only root can give submissions a user of their own")


def test_the_command_prints_sentences(backmark, tmp_path):
    said = backmark("doctor", tmp_path)
    assert "numpy" in said.out
    assert "Isolation T" in said.out
    assert "layers: rlimits" in said.out
    assert "`backmark doctor --sandbox` tries every tier" in said.out


def test_a_machine_without_isolation_exits_with_one(backmark, monkeypatch, tmp_path):
    weak = advice.TierReport("T0", advice.WHAT["T0"], True, ("rlimits",), milliseconds=3.0)
    monkeypatch.setattr(advice, "best_tier", lambda: weak)
    assert backmark("doctor", tmp_path).code == 1
    none = advice.TierReport("T1", advice.WHAT["T1"], False, (), ("seccomp",), "no table", ("Use another.",))
    monkeypatch.setattr(advice, "every_tier", lambda: iter([none]))
    said = backmark("doctor", "--sandbox", tmp_path)
    assert said.code == 1
    assert "missing: seccomp" in said.out
    assert "to get it: Use another." in said.out
