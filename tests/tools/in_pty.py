#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
"""in_pty.py [--devpts DIR] [--size COLSxROWS] OUTPUT NAME COMMAND...

Runs COMMAND in a new pty, of that devpts, whose bytes go to the file OUTPUT and whose path goes to
the file NAME. What comes on standard input is typed there.
"""
import getopt
import fcntl
import os
import select
import struct
import sys
import termios

# Not in the module: include/uapi/asm-generic/ioctls.h
TIOCGPTN = 0x80045430
TIOCSPTLCK = 0x40045431


def open_pty(devpts, size):
    master = os.open(f"{devpts}/ptmx", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
    number = struct.unpack("i", fcntl.ioctl(master, TIOCGPTN, bytes(4)))[0]
    columns, rows = map(int, size.split("x"))
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return master, f"{devpts}/{number}"


def start(master, path, command):
    slave = os.open(path, os.O_RDWR | os.O_NOCTTY)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(master)
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.execvp(command[0], command)
    os.close(slave)
    return pid


def copy(master, output):
    sources = [master, 0]
    while master in sources:
        for source in select.select(sources, [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:
                data = b""
            if not data:
                sources.remove(source)
            elif source == master:
                os.write(output, data)
            else:
                os.write(master, data)


def main():
    options, (output, name, *command) = getopt.getopt(sys.argv[1:], "", ["devpts=", "size="])
    options = {"--devpts": "/dev/pts", "--size": "80x24", **dict(options)}
    output = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    master, path = open_pty(options["--devpts"], options["--size"])
    pid = start(master, path, command)
    with open(name + ".new", "w", encoding="ascii") as file:
        file.write(path)
    os.rename(name + ".new", name)
    copy(master, output)
    os.waitpid(pid, 0)


main()
