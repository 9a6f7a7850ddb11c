# SPDX-License-Identifier: Apache-2.0
"""bcc_text.py kprobes|kfuncs|columns SCRIPT [ARG...]: what a script of BCC's prints without events.

That is its BPF program, or with columns the line over its events. A script asks BCC about the kernel
before it has its text, and BCC compiles something for the answer. Here the answers are a kernel's that
has the one or the other kind of probe, whatever this one has; nothing is compiled or attached. With
LACKS_OPENAT2 in the environment it has no openat2().
"""

import os
import runpy
import sys
import time

import bcc


class Nothing:
    """Can be called, has all members, no elements."""

    def __getattr__(self, _name):
        return self

    def __call__(self, *_arguments, **_named):
        return self

    def __getitem__(self, _name):
        return self

    def __iter__(self):
        return iter(())


class StandIn(Nothing):
    """In place of BCC's class. It prints the first program that it is given, and ends."""

    kind = ""

    def __init__(self, text="", **_named):
        if text and self.kind != "columns":
            print(text)
            sys.exit()

    def get_syscall_prefix(self):
        return b"__x64_sys_"

    def get_syscall_fnname(self, name):
        return self.get_syscall_prefix() + (name.encode() if isinstance(name, str) else name)

    def ksymname(self, name):
        name = name.decode() if isinstance(name, bytes) else name
        return -1 if name.endswith("openat2") and "LACKS_OPENAT2" in os.environ else 0

    def perf_buffer_poll(self, *_arguments, **_named):
        raise KeyboardInterrupt

    @classmethod
    def support_kfunc(cls):
        return cls.kind == "kfuncs"


def do_not_wait(_seconds):
    raise KeyboardInterrupt


def main():
    _, StandIn.kind, script, *arguments = sys.argv
    bcc.BPF = StandIn
    time.sleep = do_not_wait
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")


main()
