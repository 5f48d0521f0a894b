"""The system calls a submission may make, as a seccomp filter assembled by hand.

Everything not listed gets EPERM, so that student code sees an ordinary PermissionError.  What is let
through is what one process needs to compute, to read files it may read, and to end itself: no new
process, no program, no socket, no signal to anybody else, no change of owner, mode, limits or mounts.
"""

import ctypes
import errno
import functools
import platform
import struct

# name: (x86-64, aarch64); None where the architecture has no such call.
ALLOWED = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66),
    "pread64": (17, 67), "pwrite64": (18, 68), "close": (3, 57), "close_range": (436, 436),
    "lseek": (8, 62), "fstat": (5, 80), "stat": (4, None), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "statfs": (137, 43), "fstatfs": (138, 44),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61), "getdents": (78, None),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "umask": (95, 166),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None), "pipe2": (293, 59),
    "ftruncate": (77, 46), "fsync": (74, 82), "fdatasync": (75, 83), "flock": (73, 32),
    "fadvise64": (221, 223), "sendfile": (40, 71), "copy_file_range": (326, 285),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216),
    "madvise": (28, 233), "brk": (12, 214), "mincore": (27, 232), "msync": (26, 227),
    "membarrier": (324, 283),
    "futex": (202, 98), "futex_waitv": (449, 449), "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293), "set_tid_address": (218, 96), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126), "getcpu": (309, 168),
    "get_mempolicy": (239, 236), "getpriority": (140, 141),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132), "pause": (34, None), "alarm": (37, None),
    "setitimer": (38, 103), "getitimer": (36, 102), "restart_syscall": (219, 128),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, None), "epoll_pwait": (281, 22), "eventfd2": (290, 19),
    "getrandom": (318, 278), "capget": (125, 90), "uname": (63, 160), "sysinfo": (99, 179), "getrusage": (98, 165),
    "getrlimit": (97, 163), "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158), "getpgid": (121, 155),
    "getpgrp": (111, None), "getsid": (124, 156), "wait4": (61, 260), "waitid": (247, 95),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip

# Let through depending on their arguments.
RULED = {
    "open": (2, None), "openat": (257, 56), "clone": (56, 220), "clone3": (435, 435),
    "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261), "fcntl": (72, 25),
    "ioctl": (16, 29), "prctl": (157, 167),
}  # fmt: skip

# What the zygote needs and its children may not: to pass descriptors, to hold, limit and confine a child,
# to remove its folder.  A child can neither remove nor rename files, so whoever counts them sees them all.
ZYGOTE_ONLY = {
    "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212),
    "pidfd_open": (434, 434), "setrlimit": (160, 164), "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
    "unlink": (87, None), "rmdir": (84, None), "unlinkat": (263, 35),
    "setgroups": (116, 159), "setresuid": (117, 147), "setresgid": (119, 149), "capset": (126, 91),
}  # fmt: skip

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
FCNTL_COMMANDS = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032)  # dup, flags, locks; no owner and signal settings
IOCTL_REQUESTS = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # is it a terminal, bytes waiting
PR_SET_NAME, PR_GET_NAME = 15, 16
O_TRUNC, O_ACCMODE, TMPFILE_BIT = 0o1000, 0o3, 0o20000000
CLONE_THREAD = 0x10000
CLONE_NEW = 0x7E020000  # new namespaces of any kind
ANY_PID = 0x5EA17E57  # stands in the template for the process that is to be filtered

LIBC = ctypes.CDLL(None, use_errno=True)
LOAD, EQUAL, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
ALLOW = 0x7FFF0000
DENY = 0x00050000 | errno.EPERM
NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
KILL = 0x80000000


def _instruction(code: int, k: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, jump_true, jump_false, k)


def _load_argument(number: int) -> bytes:
    return _instruction(LOAD, 16 + 8 * number)


def _one_of(number: int, values: tuple[int, ...]) -> bytes:
    """Allow when the low word of an argument is one of the values."""
    tests = [_instruction(EQUAL, v, len(values) - i, 0) for i, v in enumerate(values)]
    return _load_argument(number) + b"".join(tests) + _verdicts()


def _verdicts() -> bytes:
    return _instruction(RETURN, DENY) + _instruction(RETURN, ALLOW)


def _unless(test: bytes) -> bytes:
    """Deny when the test's true branch is taken; the test must jump over one instruction when false."""
    return test + _instruction(RETURN, DENY)


def _open_rule(flags: int) -> bytes:
    """Deny nameless files (nobody could see and count them) and truncating through a read-only open.

    So is an open for neither reading nor writing: Landlock lets it pass, and old versions of it truncate.
    """
    load = _load_argument(flags)
    nameless = _unless(load + _instruction(ANY_BIT, TMPFILE_BIT, 0, 1))
    neither = _unless(load + _instruction(AND, O_ACCMODE) + _instruction(EQUAL, O_ACCMODE, 0, 1))
    masked = load + _instruction(AND, O_TRUNC | O_ACCMODE)
    truncates = _unless(masked + _instruction(EQUAL, O_TRUNC, 0, 1))
    return nameless + neither + truncates + _instruction(RETURN, ALLOW)


def _only_self() -> bytes:
    """Allow when the first argument, a process, is this one."""
    return _instruction(LOAD, 16) + _instruction(EQUAL, ANY_PID, 1, 0) + _verdicts()


def _argument_rules(threads: bool) -> dict[str, bytes]:
    thread = _load_argument(0) + _instruction(ANY_BIT, CLONE_THREAD, 0, 1)
    thread += _instruction(ANY_BIT, CLONE_NEW, 0, 1) + _verdicts()
    reads_limits = _load_argument(2) + _instruction(EQUAL, 0, 0, 2) + _instruction(LOAD, 16 + 8 * 2 + 4)
    return {
        "open": _open_rule(1),
        "openat": _open_rule(2),
        "clone": thread if threads else _instruction(RETURN, DENY),
        "clone3": _instruction(RETURN, NO_SUCH_CALL),
        "kill": _only_self(),
        "tgkill": _only_self(),
        "prlimit64": reads_limits + _instruction(EQUAL, 0, 1, 0) + _verdicts(),
        "fcntl": _one_of(1, FCNTL_COMMANDS),
        "ioctl": _one_of(1, IOCTL_REQUESTS),
        "prctl": _one_of(0, (PR_SET_NAME, PR_GET_NAME)),
    }


def outer(machine: str | None = None) -> bytes:
    """Assemble the filter of the zygote, which its children inherit: no call but those in the tables.

    Raises:
        OSError: there is no table for this kind of processor.
    """
    column, audit = _column(machine)
    numbers = [both[column] for both in (*ALLOWED.values(), *RULED.values(), *ZYGOTE_ONLY.values())]
    tests = [_instruction(EQUAL, n, 0, 1) + _instruction(RETURN, ALLOW) for n in numbers if n is not None]
    right_machine = _instruction(LOAD, 4) + _instruction(EQUAL, audit, 1, 0) + _instruction(RETURN, KILL)
    return right_machine + _instruction(LOAD, 0) + b"".join(tests) + _instruction(RETURN, DENY)


def inner(pid: int, threads: bool, machine: str | None = None) -> bytes:
    """Assemble the filter of the child ``pid``, on top of the outer one: what only the zygote may do.

    It is short because the kernel works through a filter once for every call there is when it is put on.
    """
    return _inner(threads, machine).replace(struct.pack("=I", ANY_PID), struct.pack("=I", pid))


@functools.cache
def _inner(threads: bool, machine: str | None) -> bytes:
    column, _ = _column(machine)
    rules = {**dict.fromkeys(ZYGOTE_ONLY, _instruction(RETURN, DENY)), **_argument_rules(threads)}
    numbers = {name: both[column] for name, both in {**ZYGOTE_ONLY, **RULED}.items()}
    parts = [
        _instruction(EQUAL, number, 0, len(rules[name]) // 8) + rules[name]
        for name, number in numbers.items()
        if number is not None
    ]
    return _instruction(LOAD, 0) + b"".join(parts) + _instruction(RETURN, ALLOW)


def _column(machine: str | None) -> tuple[int, int]:
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    return MACHINES[machine]


def install(code: bytes) -> None:
    """Put the filter on this thread and all it starts; needs no_new_privs or privilege.

    Raises:
        OSError: the kernel refuses.
    """
    held = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(held)))
    if LIBC.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(header)), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
