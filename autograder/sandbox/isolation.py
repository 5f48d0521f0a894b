"""Tiers: how much stands between a submission and the machine."""

TIERS = {
    "T3": {"rlimits", "no_new_privs", "landlock", "seccomp", "namespaces"},
    "T2": {"rlimits", "no_new_privs", "landlock", "seccomp", "own user"},
    "T1": {"rlimits", "no_new_privs", "landlock", "seccomp"},
    "T0": set(),
}


class WeakIsolation(RuntimeError):
    """This machine cannot keep a submission from the files and processes around it."""


def tier_of(layers: tuple[str, ...]) -> str:
    """Name the highest tier all of whose layers hold."""
    return next(tier for tier, needed in TIERS.items() if needed <= set(layers))


def refuse_if_weak(tier: str, layers: tuple[str, ...], allow_weak: bool) -> None:
    """Stop unless submissions are confined or staff asked for less.

    Raises:
        WeakIsolation: the tier is T0 and ``allow_weak`` is false; the message names what is missing.
    """
    if tier == "T0" and not allow_weak:
        missing = ", ".join(sorted(TIERS["T1"] - set(layers)))
        raise WeakIsolation(
            f"Submissions would run with weak isolation on this machine (missing: {missing}). "
            "Grade on Linux 5.13 or later with Landlock and seccomp, "
            "or pass --allow-weak if you trust every student."
        )
