# SPDX-License-Identifier: Apache-2.0
"""in_terminal.py SHELL [ARG...]: runs a shell in a new pty and types there what comes on standard input.

Each line is typed once the shell shows its prompt; "raw HEX" types bytes. What the terminal shows goes
to standard output. It ends with the shell, or when all lines were typed and the shell is done with them.
"""
import os
import pty
import select
import sys


def start(command):
    """The pty's master."""
    pid, master = pty.fork()
    if pid == 0:
        os.environ.setdefault("TERM", "xterm")
        os.execvp(command[0], command)
    return master


def type_line(master, line):
    data = bytes.fromhex(line[4:].decode()) if line.startswith(b"raw ") else line + b"\n"
    while data:
        data = data[os.write(master, data):]


def read_some(fd):
    """b"" at the end, which a pty's master tells by an error."""
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


def main():
    master = start(sys.argv[1:])
    shown, lines = b"", b""
    sources = [master, sys.stdin.fileno()]
    while master in sources:
        if shown.endswith((b"$ ", b"# ")):
            if b"\n" in lines:
                line, _, lines = lines.partition(b"\n")
                type_line(master, line)
                shown = b""
            elif len(sources) == 1:
                return
        for fd in select.select(sources, [], [])[0]:
            data = read_some(fd)
            if not data:
                sources.remove(fd)
            elif fd == master:
                shown += data
                os.write(sys.stdout.fileno(), data)
            else:
                lines += data


main()
