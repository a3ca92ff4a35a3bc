"""The fork server inside the sandbox: a Python that holds IPython's shell, and forks a kernel on request.

A script of its own, run with three arguments: the folder of the graded package, that in which kernels may write, and
what else may be seen, as JSON: null without walls, [] where the folders are hidden already, or the rules for Landlock.
Standard input is a socket on which a request is one byte: FORK, with the socket of the new kernel, or KILL, which is
answered. One kernel at a time.
"""

import gc
import json
import os
import resource
import shutil
import signal
import socket
import sys

FORK, KILL = b"f", b"k"
DONE, NOT_DONE = b".", b"!"
MEMORY = 2 * 2**30  # bytes of address space
FILE_SIZE = 20 * 2**20  # bytes
OPEN_FILES = 256
CHANNEL = 3  # the descriptor of a kernel's socket
PR_SET_DUMPABLE, PR_SET_PDEATHSIG = 4, 1


def main(package, scratch, landlock):
    """Serve until standard input ends."""
    sys.path.insert(0, package)
    landlock = json.loads(landlock)
    shell = warm_up(scratch, landlock is not None)
    prctl(PR_SET_DUMPABLE, 0)
    control = socket.socket(fileno=os.dup(0))
    control.sendall(DONE)
    child = None
    while True:
        request, descriptors, *_ = socket.recv_fds(control, 1, 1)
        if request == FORK:
            child = os.fork() or become_kernel(shell, descriptors[0], scratch, landlock)
            os.close(descriptors[0])
            continue
        if child is not None:
            kill(child)
            child = None
        if not request:
            return
        control.sendall(DONE if is_emptied(scratch) else NOT_DONE)


def warm_up(scratch, walls):
    """The shell of every kernel: a fork has it, and what it imports. Matplotlib wants to write where its list of fonts
    lies."""
    empty(scratch)
    os.environ["MPLCONFIGDIR"] = shutil.copytree(os.environ["MPLCONFIGDIR"], os.path.join(scratch, "matplotlib"))
    import IPython.core.completer  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import matplotlib_inline.backend_inline  # noqa: F401
    import numpy.random  # noqa: F401

    import bgd_helpers.checks.shell

    if walls:
        import pyseccomp  # noqa: F401
    shell = bgd_helpers.checks.shell.started()
    empty(scratch)
    gc.freeze()  # what is there already is not looked through, and so not copied, by each fork
    return shell


def kill(child):
    """End a process, and wait until it is gone."""
    os.kill(child, signal.SIGKILL)  # one that has ended is there until it is waited for
    os.waitpid(child, 0)


def is_emptied(folder):
    """Whether nothing of one kernel is left to the next; if not, this process is not used again."""
    try:
        empty(folder)
        return not os.listdir(folder)
    except OSError:
        return False


def empty(folder):
    """Remove what is in a folder. However deep it is, and whatever its modes: a folder in it is emptied by moving the
    folders that it holds up, so that no path grows long and nothing is recursive."""
    token, number = os.urandom(8).hex(), 0
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, 0o700)
            for inner in list(os.scandir(entry.path)):
                if inner.is_dir(follow_symlinks=False):
                    os.chmod(inner.path, 0o700)
                    os.rename(inner.path, os.path.join(folder, f"{token}-{number}"))
                    number += 1
                else:
                    os.unlink(inner.path)
            os.rmdir(entry.path)


def become_kernel(shell, channel, scratch, landlock):
    """Turn this forked process into a kernel; the walls are up before the first line of an answer runs."""
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(channel, CHANNEL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.closerange(CHANNEL + 1, OPEN_FILES)
        os.setsid()
        os.chdir(scratch)
        os.environ.update(HOME=scratch, TMPDIR=scratch)
        sys.path.insert(0, "")
        limit()
        if landlock:
            restrict_files([*landlock, [scratch, "write"]])
        if landlock is not None:
            drop_capabilities()
            restrict_calls()
        sys.modules["bgd_helpers.checks.shell"].serve(shell, socket.socket(fileno=CHANNEL))
    finally:
        os._exit(1)


def limit():
    """The limits of one kernel."""
    for which, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))


def drop_capabilities():
    """Leave root no right that another user has not: to look into what others closed, to change owners."""
    import ctypes

    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capset(header, none)


def restrict_files(rules):
    """Landlock: only these files and folders can be listed, read or written."""
    from landlock import FSAccess, Ruleset

    ruleset = Ruleset()
    read, listing = FSAccess.READ_FILE | FSAccess.EXECUTE, FSAccess.READ_DIR
    of_folders = {"list": listing, "read": read | listing, "write": FSAccess.all()}
    of_files = {"read": read, "write": read | FSAccess.WRITE_FILE}
    for path, kind in rules:
        ruleset.allow(path, rules=(of_folders if os.path.isdir(path) else of_files)[kind])
    ruleset.apply()


def restrict_calls():
    """seccomp: no new process, no other program, no connection, no signal to another process, no change of a file's
    mode, owner or times (these seem to work, and do nothing)."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    denied = {name: seccomp.ERRNO(1) for name in DENIED} | {name: seccomp.ERRNO(0) for name in FEIGNED}
    denied |= dict.fromkeys(("clone3", "openat2"), seccomp.ERRNO(38))  # ENOSYS: the C library has others for them
    for name, answer in denied.items():
        _add(rules, answer, name)
    deny, equal = seccomp.ERRNO(1), seccomp.EQ
    rules.add_rule(deny, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, 0x00010000, 0))  # without CLONE_THREAD
    for name, flags in (("open", 1), ("openat", 2)):  # to empty what may be read: Landlock refuses it since Linux 6.2
        _add(rules, deny, name, seccomp.Arg(flags, seccomp.MASKED_EQ, os.O_TRUNC | os.O_ACCMODE, os.O_TRUNC))
    for name in ("kill", "tgkill"):
        rules.add_rule(deny, name, seccomp.Arg(0, seccomp.NE, os.getpid()))
    rules.add_rule(deny, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    rules.add_rule(deny, "sendto", seccomp.Arg(4, seccomp.NE, 0))
    rules.add_rule(deny, "prctl", seccomp.Arg(0, equal, PR_SET_PDEATHSIG))
    for command in (8, 10, 15):  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals to others by way of a descriptor
        rules.add_rule(deny, "fcntl", seccomp.Arg(1, equal, command))
    for command in (0x8901, 0x8902):  # FIOSETOWN, SIOCSPGRP: the same
        rules.add_rule(deny, "ioctl", seccomp.Arg(1, equal, command))
    rules.load()


def _add(rules, answer, name, *arguments):
    """Add a rule, unless this kernel or architecture does not have the call."""
    try:
        rules.add_rule(answer, name, *arguments)
    except (OSError, RuntimeError, ValueError):
        pass


DENIED = (
    "fork vfork truncate execve execveat ptrace process_vm_readv process_vm_writev process_madvise socket connect "
    "bind listen sendmsg sendmmsg tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal pidfd_open pidfd_getfd "
    "kcmp process_mrelease mount umount2 pivot_root chroot unshare setns open_by_handle_at fsopen fsmount move_mount "
    "open_tree bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register keyctl add_key "
    "request_key kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct "
    "quotactl shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semctl mq_open mq_unlink memfd_create "
    "memfd_secret setuid setgid setreuid setregid setresuid setresgid setgroups capset setxattr lsetxattr fsetxattr "
    "setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr setpriority sched_setaffinity "
    "ioprio_set settimeofday clock_settime adjtimex sethostname"
).split()
FEIGNED = "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat".split()


def prctl(option, value):
    """Set an attribute of this process; Linux alone has the call."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
