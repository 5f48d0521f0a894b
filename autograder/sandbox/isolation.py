"""Tiers: how much stands between a submission and the machine."""

from collections.abc import Mapping

T1 = frozenset({"rlimits", "no_new_privs", "landlock", "seccomp"})
T2 = T1 | {"no capabilities", "own user"}
T3 = T1 | {
    *("no capabilities", "pid namespace", "network namespace", "ipc namespace", "uts namespace"),
    *("read-only root", "private tmpfs"),
}
TIERS: dict[str, frozenset[str]] = {"T3": T3, "T2": T2, "T1": T1, "T0": frozenset()}


class WeakIsolation(RuntimeError):
    """This machine cannot keep a submission from the files and processes around it."""


class UnknownTier(WeakIsolation, ValueError):
    """A tier was asked for that does not exist."""


def tier_of(layers: tuple[str, ...]) -> str:
    """Name the highest tier all of whose layers hold."""
    return next(tier for tier, needed in TIERS.items() if needed <= set(layers))


def wanted_tier(asked: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the tier that is asked for, by the caller or by BACKMARK_TIER; None for the best there is.

    Raises:
        UnknownTier: there is no such tier.
    """
    tier = asked or environment.get("BACKMARK_TIER") or None
    if tier is not None and tier not in TIERS:
        raise UnknownTier(
            f"There is no tier {tier!r} of isolation; choose one of {', '.join(sorted(TIERS))}."
        )
    return tier


def granted(wanted: str | None, layers: tuple[str, ...], reasons: Mapping[str, str]) -> str:
    """Name the tier that holds; one that was asked for is named itself, also where more holds.

    Raises:
        WeakIsolation: less holds than was asked for; the message names what is missing and why.
    """
    if wanted is None:
        return tier_of(layers)
    missing = sorted(TIERS[wanted] - set(layers))
    if missing:
        why = "; ".join(dict.fromkeys(reasons.values()))
        raise WeakIsolation(
            f"Isolation {wanted} does not hold on this machine (missing: {', '.join(missing)}"
            f"{f'; {why}' if why else ''}). `backmark doctor --sandbox` says how to get it."
        )
    return wanted


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
