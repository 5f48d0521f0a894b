"""What is pinned can be installed by everybody whom the project promises that."""

import re
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
SITE = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
OLDEST = (
    tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    + ".0"
)


def test_the_oldest_promised_python_is_one():
    assert Version(OLDEST) >= Version("3.11.0")
    assert len(PINS) > 100


@pytest.mark.parametrize("name", sorted(PINS))
def test_a_pinned_version_takes_the_oldest_promised_python(name):
    """Debian's own Python is often the first release of its line but one."""
    # not all of sys.path: what others carry along in folders of their own is not installed
    found = next(iter(metadata.distributions(name=name, path=SITE)), None)
    if found is None:
        pytest.skip(f"{name} is not installed here: another system or another extra needs it")
    assert found.version == PINS[name], "run `make install`: another version than the pinned one is installed"
    assert Version(OLDEST) in SpecifierSet(found.metadata.get("Requires-Python") or "")
