"""Landlock through its three system calls: which files a process may read and write, for good."""

import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REMOVE_DIR, REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 4, 1 << 5, 1 << 8, 1 << 14
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | MAKE_REG | TRUNCATE
HANDLED_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP_BIND_CONNECT = 3
ABSTRACT_SOCKETS_AND_SIGNALS = 3


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the version of Landlock this kernel offers; 0 for none."""
    return max(0, _libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1))


def restrict(readable: list[str], writable: list[str], removable: str) -> int:
    """Let this process and all it starts reach these paths (folders with all below) and no others.

    ``removable`` is one folder that may be removed with what is in it.  Paths that do not exist are passed
    over.  Returns the version of Landlock used.

    Raises:
        OSError: the kernel offers no Landlock, or refuses.
    """
    version = abi()
    if not version:
        raise OSError("this kernel offers no Landlock")
    ruleset = _create(version)
    try:
        removal = ((REMOVE_FILE | REMOVE_DIR, [removable]), (REMOVE_DIR, [os.path.dirname(removable)]))
        for rights, paths in ((READ, readable), (WRITE, writable), *removal):
            for path in paths:
                _allow(ruleset, path, rights & HANDLED_FILES[min(version, 5)])
        if _libc().syscall(RESTRICT_SELF, ruleset, 0):
            raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    finally:
        os.close(ruleset)
    return version


def _create(version: int) -> int:
    fields = [HANDLED_FILES[min(version, 5)]]
    if version >= 4:
        fields.append(TCP_BIND_CONNECT)
    if version >= 6:
        fields.append(ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _libc().syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= READ_FILE | WRITE_FILE | TRUNCATE
        rule = struct.pack("=Qi", rights, place)
        if _libc().syscall(ADD_RULE, ruleset, 1, rule, 0):
            raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")
    finally:
        os.close(place)
