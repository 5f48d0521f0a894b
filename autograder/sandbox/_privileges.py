"""Who a submission runs as: a user of its own where the sandbox is root, and without any capability."""

import contextlib
import ctypes
import os
import struct

PR_CAPBSET_DROP = 24
CAPABILITY_VERSION = 0x20080522
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7
FOR_SLOTS = (1 << CAP_KILL) | (1 << CAP_SETGID) | (1 << CAP_SETUID)
HIGHEST_SLOT = 2_000_000_000
SLOTS = 1 << 22  # no more processes than this exist on a machine

LIBC = ctypes.CDLL(None, use_errno=True)


def slot(process: int) -> int:
    """Return a user number that nobody else has: one slot per zygote, told apart by its process number.

    It lies high among the numbers that exist here; containers may have few.

    Raises:
        OSError: there are no numbers to spare.
    """
    first, count = max(_ranges(), key=lambda r: r[1])
    if count < 1 << 16:
        raise OSError(f"only {count} user numbers exist here")
    top = min(first + count, HIGHEST_SLOT) - 16
    return top - process % min(SLOTS, count // 2)


def _ranges() -> list[tuple[int, int]]:
    with open("/proc/self/uid_map") as file:
        lines = [line.split() for line in file]
    return [(int(first), int(count)) for first, _, count in lines]


def become(number: int) -> None:
    """Be this user and group for good; the kernel takes a former root's capabilities."""
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)


def keep_capabilities(mask: int) -> None:
    """Give up all capabilities but these.

    Raises:
        OSError: the kernel refuses.
    """
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    if LIBC.capset(header, struct.pack("=6I", low, low, 0, high, high, 0)):
        raise OSError(ctypes.get_errno(), "capset")


def held_capabilities() -> int:
    """Return the capabilities of this process, effective or permitted, as a mask."""
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    words = ctypes.create_string_buffer(24)
    if LIBC.capget(header, words):
        raise OSError(ctypes.get_errno(), "capget")
    low, low_permitted, _, high, high_permitted, _ = struct.unpack("=6I", words.raw)
    return low | low_permitted | (high | high_permitted) << 32


def shrink(mask: int) -> None:
    """Keep these capabilities for this process, none for any program it could start."""
    with contextlib.suppress(OSError):
        for number in range(64):
            if LIBC.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0):
                break  # the last one is behind us, or we may not
    keep_capabilities(mask)
