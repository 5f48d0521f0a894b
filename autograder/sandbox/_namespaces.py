"""A world of its own for submissions: namespaces, and a read-only root of only what they may read.

The zygote itself stays outside its new process namespace: a first process holds that namespace open, and
the children are born into it. When the zygote ends, the kernel ends the first process and all in there.
"""

import collections
import contextlib
import ctypes
import errno
import os
import shutil
import signal
import struct

from . import _isolation

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
SEPARATE = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
KINDS = ("mnt", "uts", "ipc", "pid_for_children", "net")
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
MOUNT_SETATTR = 442  # the same on every architecture
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
ATTR_RDONLY, ATTR_NOSUID = 1, 2
BOX_BYTES, BOX_FILES = 80 << 20, 320  # above what the grader lets pass, so that it is the one who says so
WHOLE_FOLDER = 64  # so many libraries of one folder are brought in with the folder
LAYERS = (
    *("pid namespace", "network namespace", "ipc namespace", "uts namespace"),
    *("read-only root", "private tmpfs"),
)

LIBC = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    words = [None if w is None else os.fsencode(w) for w in (source, target, kind)]
    _checked(LIBC.mount(*words, ctypes.c_ulong(flags), os.fsencode(options)), f"mount {target}")


def why_not(as_user: bool, folder: str) -> str:
    """Try the whole way in a process that is thrown away; return what is in the way, empty if nothing."""
    hear, say = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(say, _rehearse(as_user, folder).encode()[:4000])
        finally:
            os._exit(0)
    os.close(say)
    with open(hear, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said.removeprefix("fine") if said else "the trial ended at once"


def _rehearse(as_user: bool, folder: str) -> str:
    try:
        separate(as_user)
        build(list(_isolation.DEVICES), folder)
        go_in(folder, None)
    except (OSError, AttributeError, KeyError) as error:
        return f"{error.strerror if isinstance(error, OSError) else error}" or type(error).__name__
    return "fine"


def separate(as_user: bool) -> tuple[int, int]:
    """Take namespaces of one's own; ``as_user`` goes through a user namespace, which needs no privilege.

    Returns the number of the first process in there and the pipe whose closing ends it.

    Raises:
        OSError: the kernel or a container refuses.
    """
    user, group, before = os.getuid(), os.getgid(), _places()
    _checked(LIBC.unshare(SEPARATE | (NEWUSER if as_user else 0)), "unshare")
    if as_user:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    first = hold_open()
    if any(a == b for a, b in zip(before, _places(), strict=True)):
        raise OSError(errno.EPERM, "the namespaces are the old ones")
    LIBC.sethostname(b"backmark", 8)
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    return first


def _places() -> list[int]:
    return [
        os.stat(f"/proc/self/ns/{kind}").st_ino if os.path.exists(f"/proc/self/ns/{kind}") else 0
        for kind in KINDS
    ]


def hold_open() -> tuple[int, int]:
    """Start the first process of the new process namespace: it does nothing, and ends with this one.

    It waits for the end of a pipe whose other end this process keeps and its children close.
    """
    hear, pipe = os.pipe()
    number = os.fork()
    if number:
        os.close(hear)
        return number, pipe
    try:
        os.dup2(hear, 0)
        os.closerange(1, 1 << 16)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        os.read(0, 1)
    finally:
        os._exit(0)


def build(readable: list[str], folder: str) -> None:
    """Lay out the new root below ``folder``: these paths at their places, and copies of the data."""
    root = os.path.join(folder, "root")
    _mount("tmpfs", root, "tmpfs", MS_NOSUID, "mode=755")
    bound: set[str] = set()
    for path in sorted(_fewer(readable), key=lambda p: p.count("/")):
        _bring_in(root, path, bound)
    for name in ("box", "data"):
        os.makedirs(root + os.path.join(folder, name), 0o755)
    for name in os.listdir(os.path.join(folder, "data")):
        copy = root + os.path.join(folder, "data", name)
        shutil.copyfile(os.path.join(folder, "data", name), copy)
        os.chmod(copy, 0o644)
    _keep_times(root)


def _keep_times(root: str) -> None:
    """Give the folders made here their old times; Python lists a folder again when its time has changed."""
    for made, folders, _ in os.walk(root):
        folders[:] = [f for f in folders if not os.path.ismount(os.path.join(made, f))]
        original = made[len(root) :] or "/"
        if os.path.isdir(original):
            info = os.stat(original)
            os.utime(made, ns=(info.st_atime_ns, info.st_mtime_ns))


def _fewer(paths: list[str]) -> list[str]:
    """Take whole folders of system libraries; files one by one would be a thousand mounts."""
    count = collections.Counter(os.path.dirname(p) for p in paths if ".so" in p)
    return list(
        dict.fromkeys(d if count[d := os.path.dirname(p)] > WHOLE_FOLDER and ".so" in p else p for p in paths)
    )


def _bring_in(root: str, path: str, bound: set[str]) -> None:
    real = _way_to(root, path)
    if real is None or any(real == b or real.startswith(b + "/") for b in bound):
        return
    if os.path.isdir(real):
        os.makedirs(root + real, exist_ok=True)
    else:
        os.close(os.open(root + real, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
    _mount(real, root + real, None, MS_BIND | MS_REC)
    bound.add(real)


def _way_to(root: str, path: str) -> str | None:
    """Make the folders and links that lead to a path; return where it really lies, None if nowhere."""
    if not os.path.exists(path):
        return None
    real, parts = "", path.split("/")[1:]
    while parts:
        here = f"{real}/{parts.pop(0)}"
        if os.path.islink(here):
            target = os.readlink(here)
            with contextlib.suppress(FileExistsError):
                os.symlink(target, root + here)
            real, parts = "", os.path.normpath(os.path.join(real or "/", target)).split("/")[1:] + parts
            continue
        if parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(root + here, 0o755)
        real = here
    return real


def go_in(folder: str, owner: int | None, for_good: bool = False) -> None:
    """Make the new root the only one, nothing of it to be written, with a small box for one's own files.

    ``owner`` is the group that may write into the box; None leaves it to this process's user.  ``for_good``
    removes the folder outside, which then nobody needs any more.

    Raises:
        OSError: a step is refused, or does not do what it should.
    """
    os.chdir(os.path.join(folder, "root"))
    machine = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    _checked(LIBC.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    if for_good:
        shutil.rmtree(folder[1:], ignore_errors=True, dir_fd=machine)
    os.close(machine)
    _checked(LIBC.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")
    attributes = struct.pack("=4Q", ATTR_RDONLY | ATTR_NOSUID, 0, 0, 0)
    how = (AT_FDCWD, b"/", AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes)))
    _checked(LIBC.syscall(MOUNT_SETATTR, *how), "mount_setattr")
    box = os.path.join(folder, "box")
    access = "mode=700" if owner is None else f"mode=770,gid={owner}"
    options = f"size={BOX_BYTES},nr_inodes={BOX_FILES},{access}"
    _mount("tmpfs", box, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
    _look_around(box)


def _look_around(box: str) -> None:
    """See that nothing of the machine is left and that the box is small."""
    for gone in ("/proc", "/sys", "/etc/passwd", "/dev/shm"):
        if os.path.exists(gone):
            raise OSError(errno.EPERM, f"{gone} is still there")
    if not os.statvfs("/").f_flag & os.ST_RDONLY:
        raise OSError(errno.EPERM, "the new root can be written")
    room = os.statvfs(box)
    if room.f_blocks * room.f_frsize > BOX_BYTES or room.f_files > BOX_FILES:
        raise OSError(errno.EPERM, "the box is larger than it should be")
