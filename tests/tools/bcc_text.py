# SPDX-License-Identifier: Apache-2.0
"""bcc_text.py kprobes|kfuncs SCRIPT [ARG...]: prints the BPF program of a script of BCC's.

A script asks BCC about the kernel before it has its text, and BCC compiles something for the answer.
Here the answers are a kernel's that has the one or the other kind of probe, whatever this one has.
"""

import runpy
import sys

import bcc


class TextOnly:
    """In place of BCC's class: it prints the first program that it is given, and ends."""

    has_kfuncs = False

    def __init__(self, text=""):
        if text:
            print(text)
            sys.exit()

    def get_syscall_prefix(self):
        return b"__x64_sys_"

    def get_syscall_fnname(self, name):
        return self.get_syscall_prefix() + name

    def ksymname(self, _name):
        return 0

    @classmethod
    def support_kfunc(cls):
        return cls.has_kfuncs


def main():
    _, kind, script, *arguments = sys.argv
    TextOnly.has_kfuncs = kind == "kfuncs"
    bcc.BPF = TextOnly
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")


main()
