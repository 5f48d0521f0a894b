"""The promises hold whoever grades and whatever the machine allows: one attack of each class in every world."""

import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="layers exist on Linux only")
T1 = {"rlimits", "no_new_privs", "landlock", "seccomp"}
EXPECTED = {
    "root": {"own user", "no capabilities", "pid namespace", "read-only root", "private tmpfs"},
    "root in a container": {"own user", "no capabilities"},
    "root, no namespaces and no user asked for": {"no capabilities"},
    "a user": {"user namespace", "no capabilities", "pid namespace", "read-only root", "private tmpfs"},
    "a user without user namespaces": {"no capabilities"},
}


def test_attacks_are_contained_in_every_world(world, run_all):
    why = run_all.why_not(world)
    if why:
        pytest.skip(why)
    found = run_all.attack_from(world, part=True)
    assert found["wrong"] == {}, found
    assert found["tier"] == world.tier
    assert T1 | EXPECTED[world.name] <= set(found["layers"])
    assert found["attacks"] >= 10
    assert [found[k] for k in ("wrongful marks", "leak", "crash", "leftover", "honest afterwards")] == [0] * 5
