"""The filters of system calls: their numbers against the kernel's own tables, their rules against an interpreter."""

import json
import struct
from pathlib import Path

import pytest

from autograder.sandbox import _seccomp

# From the kernel's headers: asm/unistd_64.h, and asm-generic/unistd.h, which aarch64 uses.
KERNEL = json.loads((Path(__file__).parents[1] / "data" / "system_calls.json").read_text(encoding="utf-8"))
TABLES = {**_seccomp.ALLOWED, **_seccomp.RULED, **_seccomp.ZYGOTE_ONLY}
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
MINE = 4321


def verdict(code: bytes, machine: str, number: int, *arguments: int) -> int:
    """Run a filter as the kernel would."""
    words = [number, MACHINES.get(machine, 0x40000003), 0, 0]
    for value in (*arguments, *[0] * (6 - len(arguments))):
        words += [value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF]
    program = list(struct.iter_unpack("=HBBI", code))
    place = accumulator = 0
    while True:
        operation, when_true, when_false, k = program[place]
        place += 1
        if operation == 0x20:
            accumulator = words[k // 4]
        elif operation == 0x54:
            accumulator &= k
        elif operation == 0x15:
            place += when_true if accumulator == k else when_false
        elif operation == 0x45:
            place += when_true if accumulator & k else when_false
        else:
            assert operation == 0x06
            return k


def ruled(machine: str, name: str, *arguments: int, threads: bool = True) -> int:
    """Return what both filters together make of a call of a child: the stricter one wins."""
    number = KERNEL[machine][name]
    filters = (_seccomp.outer(machine), _seccomp.inner(MINE, threads, machine))
    return min((verdict(code, machine, number, *arguments) for code in filters), key=lambda v: v & 0x7FFF0000)


@pytest.mark.parametrize("column", [0, 1])
def test_numbers_are_those_of_the_kernel(column):
    table = KERNEL[list(MACHINES)[column]]
    for name, numbers in TABLES.items():
        assert numbers[column] == table.get(name), name


@pytest.mark.parametrize("machine", MACHINES)
def test_children_can_compute_and_read(machine):
    names = (
        "read",
        "write",
        "openat",
        "mmap",
        "mprotect",
        "munmap",
        "futex",
        "exit_group",
        "clock_gettime",
        "brk",
    )
    assert {ruled(machine, n) for n in (*names, "newfstatat", "getrandom", "rt_sigaction")} == {ALLOW}


DANGEROUS = """
execve execveat socket socketpair connect ptrace process_vm_readv process_vm_writev io_uring_setup
bpf keyctl add_key userfaultfd mount umount2 unshare setns pivot_root chroot tkill rt_sigqueueinfo
pidfd_open pidfd_getfd pidfd_send_signal setuid setresuid capset setrlimit sched_setaffinity
memfd_create shmget mq_open unlinkat renameat2 mkdirat mknodat symlinkat linkat fchmodat fchownat
truncate openat2 open_by_handle_at name_to_handle_at perf_event_open seccomp setsid setpgid
landlock_restrict_self init_module kexec_load reboot sethostname personality acct sendmsg recvmsg
splice vmsplice tee inotify_init1 fanotify_init kcmp mlock
"""


@pytest.mark.parametrize("machine", MACHINES)
def test_children_cannot_do_anything_to_others(machine):
    for name in DANGEROUS.split():
        assert ruled(machine, name) == EPERM, name


def test_everything_not_named_is_refused():
    for machine, table in KERNEL.items():
        for name in table.keys() - TABLES.keys():
            assert ruled(machine, name) == EPERM, name


@pytest.mark.parametrize("machine", MACHINES)
def test_rules_look_at_arguments(machine):
    thread = 0x3D0F00  # what the C library asks for
    assert ruled(machine, "clone", thread) == ALLOW
    assert ruled(machine, "clone", thread, threads=False) == EPERM
    assert ruled(machine, "clone", 17) == EPERM
    for new in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert ruled(machine, "clone", thread | new) == EPERM
    assert ruled(machine, "clone3") == ENOSYS
    assert ruled(machine, "kill", MINE, 9) == ALLOW
    assert {ruled(machine, "kill", p & (1 << 64) - 1, 9) for p in (0, -1, 1, -MINE, MINE + 1)} == {EPERM}
    assert ruled(machine, "tgkill", MINE + 1, MINE + 1, 9) == EPERM
    assert ruled(machine, "prlimit64", 0, 7, 0, 1 << 40) == ALLOW
    assert {ruled(machine, "prlimit64", 0, 7, new) for new in (1, 1 << 32, 1 << 63)} == {EPERM}
    assert ruled(machine, "openat", 0, 0, 0o101) == ALLOW
    assert ruled(machine, "openat", 0, 0, 0o20200002) == EPERM
    assert ruled(machine, "openat", 0, 0, 0o1000) == EPERM
    assert ruled(machine, "openat", 0, 0, 0o1101) == ALLOW
    assert ruled(machine, "openat", 0, 0, 0o3) == EPERM  # neither reading nor writing: Landlock lets it pass
    assert ruled(machine, "openat", 0, 0, 0o1003) == EPERM
    assert ruled(machine, "fcntl", 3, 8, MINE) == EPERM
    assert ruled(machine, "ioctl", 0, 0x5412) == EPERM
    assert ruled(machine, "prctl", 15) == ALLOW
    assert {ruled(machine, "prctl", option) for option in (1, 4, 22, 24, 35, 38, 59)} == {EPERM}


def test_other_tables_of_numbers_are_not_let_in():
    code = _seccomp.outer("x86_64")
    assert verdict(code, "i386", 2) == KILL
    assert {verdict(code, "x86_64", 0x40000000 + n) for n in range(600)} == {EPERM}
    assert verdict(_seccomp.outer("aarch64"), "x86_64", 63) == KILL


def test_a_processor_without_a_table_is_named():
    with pytest.raises(OSError, match="no table of system calls for riscv64"):
        _seccomp.outer("riscv64")
