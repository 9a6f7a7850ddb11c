# SPDX-License-Identifier: Apache-2.0
"""who_am_i.py [--drop] DIRECTORY: opens DIRECTORY/step.NAME after each change of its own identity, and
writes what /proc says of it then to DIRECTORY/expected: a JSON object a step. With --drop its last
steps give up root.

who_am_i.py --compare EXPECTED EVENTS: the events of opensnoop --who --json say the same.
"""
import ctypes
import json
import os
import sys

PR_SET_NO_NEW_PRIVS = 38
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
SECCOMP = ["disabled", "strict", "filter"]


def read(path):
    with open("/proc/self/" + path, encoding="utf-8") as file:
        return file.read()


def number(path):
    try:
        value = int(read(path))
    except FileNotFoundError:
        return None
    return None if value == 0xFFFFFFFF else value


def namespace(name):
    return os.stat("/proc/self/ns/" + name).st_ino


def cgroup():
    for line in read("cgroup").splitlines():
        if line.startswith("0::"):
            return line[3:]
    return None


def terminal():
    device = int(read("stat").rsplit(")", 1)[1].split()[4])
    return f"pts/{device & 0xff}" if device >> 8 == 136 else None


def snapshot(step):
    status = dict(line.split(":\t", 1) for line in read("status").splitlines() if ":\t" in line)
    uids, gids = (list(map(int, status[n].split())) for n in ("Uid", "Gid"))
    exe = os.stat("/proc/self/exe")
    # Of a file stat() says the device of its layer in an overlay, of a directory the overlay's own.
    device = os.stat(os.path.dirname(os.readlink("/proc/self/exe"))).st_dev
    start = int(read("stat").rsplit(")", 1)[1].split()[19])
    said = {
        "id": start << 22 | os.getpid(),
        "exe": os.readlink("/proc/self/exe"),
        "exe_device": f"{os.major(device)}:{os.minor(device)}",
        "exe_inode": exe.st_ino,
        "uid": uids[0],
        "euid": uids[1],
        "suid": uids[2],
        "gid": gids[0],
        "egid": gids[1],
        "auid": number("loginuid"),
        "session": number("sessionid"),
        "sid": os.getsid(0),
        "pgid": os.getpgid(0),
        "tty": terminal(),
        "cgroup": cgroup(),
        "mntns": namespace("mnt"),
        "pidns": namespace("pid"),
        "netns": namespace("net"),
        "userns": namespace("user"),
        "pid_in_ns": os.getpid(),
        "no_new_privs": status["NoNewPrivs"] == "1",
        "seccomp": SECCOMP[int(status["Seccomp"])] if "Seccomp" in status else None,
        "kernel": False,
    }
    caps = bin(int(status["CapEff"], 16)).count("1")
    return {"step": step, "ppid": os.getppid(), "caps": caps, "who": said}


def write_steps(directory, drop):
    libc = ctypes.CDLL(None)
    out = open(directory + "/expected", "w", encoding="utf-8")

    def step(name):
        out.write(json.dumps(snapshot(name)) + "\n")
        out.flush()
        os.close(os.open(directory + "/step." + name, os.O_RDONLY | os.O_CREAT))

    step("begin")
    step("again")
    os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None
    step("group")
    if not libc.unshare(NEW_NETWORK):
        step("network")
    try:
        with open("/proc/self/loginuid", "w", encoding="utf-8") as file:
            file.write("4242")
        step("login")
    except OSError:
        pass
    os.setresgid(4001, 4002, 4003)
    step("groups")
    if drop:
        os.setresuid(4001, 4002, 0)
        step("users")
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    step("privileges")
    step("end")


def compare(expected, events):
    wanted = [json.loads(line) for line in open(expected, encoding="utf-8")]
    seen = {}
    for line in open(events, encoding="utf-8"):
        event = json.loads(line)
        seen[event["path"].rsplit(".", 1)[-1]] = event
    wrong = []
    for want in wanted:
        who = seen.get(want["step"], {}).get("who")
        if who is None:
            wrong.append((want["step"], "no who"))
            continue
        for key, value in want["who"].items():
            if who.get(key) != value:
                wrong.append((want["step"], key, value, who.get(key)))
        if who["parent"]["pid"] != want["ppid"]:
            wrong.append((want["step"], "parent", want["ppid"], who["parent"]))
        if len(who["caps"]) != want["caps"]:
            wrong.append((want["step"], "caps", want["caps"], who["caps"]))
    for what in wrong:
        print(*what)
    sys.exit(1 if wrong or not wanted else 0)


if sys.argv[1] == "--compare":
    compare(*sys.argv[2:4])
else:
    write_steps(sys.argv[-1], sys.argv[1] == "--drop")
