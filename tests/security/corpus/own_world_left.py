{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    # unshare of each kind of namespace, setns, new roots, mounts old and new, quotas, swap, restart, another kernel
    unshare, setns = (97, 268) if HERE else (272, 308)
    got = [call(unshare, 1 << n) for n in (7, 9, 10, 11, 18, 25, 26, 27, 28, 29, 30)] + [call(setns, fd, 0) for fd in (0, 1, 3)]
    others = (51, 41, 40, 39, 60, 224, 225, 142, 104, 294, 105, 273, 106, 58, 92, 89) if HERE else (161, 155, 165, 166, 179, 167, 168, 169, 246, 320, 175, 313, 176, 153, 135, 163)
    got += [call(n, b".", b".", b"tmpfs", 0, 0, 0) for n in others]
    # open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, quotactl_fd, memfd_secret, statmount, listmount, mseal, open_tree_attr
    return got + [call(n, 3, b".", 0, 0, 0, 0) for n in (*range(428, 434), 442, 443, 447, 457, 458, 459, 460, 461, 462, 467)]
