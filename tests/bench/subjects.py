# SPDX-License-Identifier: Apache-2.0
"""What is measured: each tool, its namesakes of other families, and how they are called."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

SNOOPKIT = "snoopkit"
LIBBPF = "libbpf-tools"
BPFTRACE = "bpftrace"
BCC = "BCC"
FLOOR = "floor"  # an empty program on the tool's probe points
NOBODY = "nobody"  # the workload alone

FAMILIES = (SNOOPKIT, LIBBPF, BPFTRACE, BCC)
PACKAGES = {LIBBPF: "libbpf-tools", BPFTRACE: "bpftrace", BCC: "bpfcc-tools"}

MIRROR_HEADER = rb"\x1b"


@dataclass(frozen=True)
class Tool:
    """Arguments may hold {pid} and {tty} of the traced program, {library}: libreadline."""

    name: str
    workload: str | None  # a kind of workload.c; None: nothing here makes its events
    header: bytes  # a regular expression: once this is printed, it is ready
    arguments: tuple[str, ...] = ()  # when there are events
    idle: tuple[str, ...] = ()  # so that there are none
    peers: dict[str, str] = field(default_factory=dict)  # by family: the program
    marker: bytes = b"snoopmark"  # in each line of an event
    counts: bool = False  # a line ends with how many events it stands for
    symbol: str = ""  # where its uprobe is
    full_count: int = 100_000  # events of a run at full speed

    def program(self, family: str, build: str, here: str) -> str | None:
        if family == SNOOPKIT:
            return os.path.join(build, "tools", self.name)
        path = self.peers.get(family)
        return os.path.join(here, path) if path else None


def namesakes(name: str) -> dict[str, str]:
    """Where Debian's packages put them."""
    return {
        LIBBPF: f"/usr/sbin/{name}",
        BPFTRACE: f"/usr/sbin/{name}.bt",
        BCC: f"/usr/sbin/{name}-bpfcc",
    }


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("opensnoop", "open", rb"COMM", idle=("-p", "{pid}"), peers=namesakes("opensnoop"),
             full_count=300_000),
        Tool("execsnoop", "exec", rb"PID", idle=("-u", "65533"), peers=namesakes("execsnoop"),
             full_count=5_000),
        Tool("bashreadline", "readline", rb"COMMAND", arguments=("-s", "{library}"),
             peers=namesakes("bashreadline"), symbol="readline_internal_teardown",
             full_count=50_000),
        Tool("eperm", "fail", rb"COUNT", idle=("-p", "{pid}"), peers={BPFTRACE: "eperm.bt"},
             counts=True, full_count=300_000),
        Tool("capable", "fail", rb"AUDIT", idle=("-p", "{pid}"), peers=namesakes("capable"),
             full_count=200_000),
        Tool("setuids", "identity", rb"SYSCALL", idle=("-p", "{pid}"),
             peers={BPFTRACE: "/usr/sbin/setuids.bt"}, full_count=200_000),
        Tool("shellsnoop", "shell", MIRROR_HEADER, arguments=("{pid}",), idle=("{pid}",),
             peers={BPFTRACE: "shellsnoop.bt"}, full_count=200_000),
        Tool("ttysnoop", "tty", MIRROR_HEADER, arguments=("{tty}",), idle=("{tty}",),
             peers={BCC: "/usr/sbin/ttysnoop-bpfcc"}, full_count=100_000),
        Tool("elfsnoop", "exec", rb"INODE", idle=("-p", "{pid}"), marker=b"exec_chain",
             full_count=5_000),
        Tool("tcpconnect", "connect", rb"DPORT", idle=("-p", "{pid}"),
             peers=namesakes("tcpconnect"), full_count=50_000),
        Tool("tcpaccept", "connect", rb"LPORT", idle=("-p", "{pid}"),
             peers={BPFTRACE: "/usr/sbin/tcpaccept.bt", BCC: "/usr/sbin/tcpaccept-bpfcc"},
             full_count=50_000),
        Tool("tcpreset", "reset", rb"RPORT", idle=("-a", "192.0.2.1"),
             peers={BPFTRACE: "tcpreset.bt"}, marker=b"127.9.9.9", full_count=100_000),
        Tool("modsnoop", None, rb"never"),
    )
}


def find_library(program: str, name: str) -> str | None:
    """The shared library that a program is linked with, by what ldd says."""
    import subprocess

    text = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    found = re.search(rf"{re.escape(name)}\S* => (\S+)", text)
    return os.path.realpath(found[1]) if found else None
