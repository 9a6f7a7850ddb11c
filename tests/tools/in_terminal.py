# SPDX-License-Identifier: Apache-2.0
"""in_terminal.py PROGRAM: runs PROGRAM in a new pty and types there what comes on standard input.

Each line is typed as it is; "wait SECONDS" waits, "raw HEX" types bytes.
"""
import os
import pty
import select
import sys
import time

pid, master = pty.fork()
if pid == 0:
    os.environ.setdefault("TERM", "xterm")
    os.execvp(sys.argv[1], sys.argv[1:])


def drain(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([master], [], [], 0.02)[0]:
            try:
                os.read(master, 65536)
            except OSError:
                return


def settle():
    """Reads until the terminal has been silent for a while: it keeps up with what is typed."""
    end = time.monotonic() + 10
    while time.monotonic() < end and select.select([master], [], [], 0.2)[0]:
        try:
            os.read(master, 65536)
        except OSError:
            return


drain(0.5)
for line in sys.stdin:
    line = line.rstrip("\n")
    if line.startswith("wait "):
        drain(float(line[5:]))
        continue
    data = bytes.fromhex(line[4:]) if line.startswith("raw ") else line.encode() + b"\n"
    while data:
        data = data[os.write(master, data[:512]):]
        settle()
drain(0.3)
