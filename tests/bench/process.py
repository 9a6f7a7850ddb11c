# SPDX-License-Identifier: Apache-2.0
"""Running a tool and reading off it what it takes."""

from __future__ import annotations

import glob
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from dataclasses import dataclass

START_LIMIT = 60.0  # seconds; a virtual machine multiplies it
END_LIMIT = 20.0
TICKS = os.sysconf("SC_CLK_TCK")

LOST = re.compile(rb"lost (\d+) (?:events|samples)(?! in all)", re.IGNORECASE)


class DoesNotRun(Exception):
    """Why a tool does not run here, in its own words."""


def read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def complaint(text: bytes) -> str:
    """The line of what a program said before it failed that says most."""
    lines = [line.strip() for line in text.decode(errors="replace").splitlines()
             if line.strip() and "RLIMIT" not in line]
    telling = [line for line in lines
               if re.search(r"unable|can't|could not|failed to|not found", line, re.IGNORECASE)
               and "modprobe" not in line and "raise" not in line]
    return (telling or lines or ["it ended without a word"])[0][:160]


@dataclass
class Sample:
    """Read at one moment, all threads together."""

    cpu: int  # nanoseconds
    sleeps: int  # voluntary context switches: each is a wake-up later


class Running:
    """A tool that was started, its standard output and error in files or on a terminal."""

    def __init__(self, command: list[str], scratch: str, terminal: bool = False) -> None:
        self.command = command
        self.output_path = os.path.join(scratch, "output")
        self.error_path = os.path.join(scratch, "error")
        self.master = -1
        self.max_rss_kb = 0
        output = os.open(self.output_path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if terminal:
            self.master, slave = pty.openpty()
            os.close(output)
            output = slave
        with open(self.error_path, "wb") as error:
            self.started = time.monotonic_ns()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=error)
        os.close(output)
        self.pid = self.process.pid

    def wait_for_header(self, header: bytes, limit: float = START_LIMIT) -> int:
        """Nanoseconds from the start until the terminal showed it."""
        seen = b""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if not select.select([self.master], [], [], end - time.monotonic())[0]:
                break
            try:
                seen += os.read(self.master, 65536)
            except OSError:  # the other side is closed
                break
            if re.search(header, seen):
                return time.monotonic_ns() - self.started
        self.stop()
        raise DoesNotRun(complaint(self.errors() or seen))

    def wait_until_tracing(self, limit: float = START_LIMIT) -> None:
        """Until its probes are on and it sleeps, or is too busy with events to sleep."""
        end = time.monotonic() + limit
        descriptors, since, sleeps = 0, time.monotonic(), 0
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise DoesNotRun(complaint(self.errors() or self.output()))
            now = self.count_descriptors() if not self.has_children() else 0
            if now != descriptors:
                descriptors, since, sleeps = now, time.monotonic(), 0
            sleeps += "poll" in read_text(f"/proc/{self.pid}/wchan")
            if descriptors and (sleeps >= 3 or time.monotonic() - since > 2):
                return
            time.sleep(0.02)
        self.stop()
        raise DoesNotRun(f"it was not ready after {limit:.0f} s")

    def has_children(self) -> bool:
        """Others than the monitor: a compiler."""
        children = read_text(f"/proc/{self.pid}/task/{self.pid}/children").split()
        names = [read_text(f"/proc/{child}/comm").strip() for child in children]
        return any(name not in ("snoop-monitor", "snoop-hasher") for name in names)

    def count_descriptors(self) -> int:
        """0 while none of them is a probe."""
        names = []
        for path in glob.glob(f"/proc/{self.pid}/fd/*"):
            try:
                names.append(os.readlink(path))
            except OSError:
                pass
        attached = any(re.search("perf_event|raw-tracepoint|bpf_link", name) for name in names)
        return len(names) if attached else 0

    def sample(self) -> Sample:
        cpu = sleeps = 0
        for task in glob.glob(f"/proc/{self.pid}/task/*"):
            fields = read_text(f"{task}/schedstat").split()
            if fields:
                cpu += int(fields[0])
            else:
                fields = read_text(f"{task}/stat").rpartition(")")[2].split()
                cpu += (int(fields[11]) + int(fields[12])) * 1_000_000_000 // TICKS
            found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", read_text(f"{task}/status"),
                              re.MULTILINE)
            sleeps += int(found[1]) if found else 0
        return Sample(cpu, sleeps)

    def memory_kb(self) -> tuple[int, int]:
        """Peak and present resident memory."""
        status = read_text(f"/proc/{self.pid}/status")
        values = [re.search(rf"^{key}:\s*(\d+)", status, re.MULTILINE) for key in
                  ("VmHWM", "VmRSS")]
        return tuple(int(value[1]) if value else 0 for value in values)

    def settle(self, limit: float = 10.0) -> Sample:
        """Lets it print what it has got; the sample once it has nothing to do any more."""
        time.sleep(0.25)
        before = self.sample()
        end = time.monotonic() + limit
        while time.monotonic() < end:
            time.sleep(0.1)
            now = self.sample()
            if now.cpu - before.cpu < 2_000_000:
                return now
            before = now
        return before

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process.returncode is None:
            self.end_by((signal.SIGINT, END_LIMIT), (signal.SIGKILL, END_LIMIT))
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def end_by(self, *attempts: tuple[signal.Signals, float]) -> None:
        for number, limit in attempts:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass
            end = time.monotonic() + limit
            while time.monotonic() < end:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    self.process.returncode = os.waitstatus_to_exitcode(status)
                    self.max_rss_kb = usage.ru_maxrss
                    return
                if self.master >= 0:
                    self.drain_terminal()
                time.sleep(0.01)

    def drain_terminal(self) -> None:
        if select.select([self.master], [], [], 0)[0]:
            try:
                os.read(self.master, 65536)
            except OSError:
                pass

    def output(self) -> bytes:
        with open(self.output_path, "rb") as file:
            return file.read()

    def errors(self) -> bytes:
        with open(self.error_path, "rb") as file:
            return file.read()

    def events_seen(self, marker: bytes, counts: bool) -> int:
        """Lines with the marker, or the sum of the numbers at their ends."""
        seen = 0
        with open(self.output_path, "rb") as file:
            for line in file:
                if marker in line:
                    seen += int(re.search(rb"(\d+)\s*$", line)[1]) if counts else 1
        return seen

    def events_reported_lost(self) -> int:
        """What it said itself, whether on standard output or error."""
        return sum(int(match[1]) for text in (self.errors(), self.output())
                   for match in LOST.finditer(text))


@dataclass
class WorkloadResult:
    count: int
    elapsed: int  # ns, all
    busy: float  # ns an event
    median: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.count / (self.elapsed / 1e9)


class Workload:
    """A timed program, ready to begin."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        words = self.process.stdout.readline().split()
        if len(words) != 3 or words[0] != "ready":
            self.end()
            raise RuntimeError(f"{' '.join(command)}: it did not start")
        self.pid, self.tty = words[1], words[2]

    def run(self, limit: float = 120.0) -> WorkloadResult:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.end()
            raise RuntimeError("a workload took too long")
        words = self.process.stdout.readline().split()
        values = dict(zip(words[::2], words[1::2]))
        return WorkloadResult(int(values["count"]), int(values["elapsed"]),
                              *(float(values[key]) for key in ("busy", "median", "cpu")))

    def run_often(self, times: int) -> WorkloadResult:
        """All its events, and what one takes where it takes least: other work only adds to it."""
        results = [self.run() for _ in range(times)]
        return WorkloadResult(
            sum(result.count for result in results), sum(result.elapsed for result in results),
            *(min(getattr(result, clock) for result in results)
              for clock in ("busy", "median", "cpu")))

    def end(self) -> None:
        """Also where it never began."""
        self.process.stdin.close()
        try:
            self.process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def ask_bpftool(*arguments: str) -> list[dict]:
    result = subprocess.run(["bpftool", "-j", *arguments], capture_output=True, text=True,
                            check=False, timeout=60)
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        return []
    return answer if isinstance(answer, list) else []


def attachments(pid: int) -> list[dict]:
    """Which programs a process has on which probe points."""
    return [link for link in ask_bpftool("perf", "show") if link.get("pid") == pid]


def programs(pid: int) -> list[dict]:
    """What the kernel counted of a process's programs; see kernel.bpf_stats_enabled."""
    wanted = {link["prog_id"] for link in attachments(pid)}
    return [{"name": program.get("name", ""), "instructions": program["bytes_xlated"] // 8,
             "runs": program.get("run_cnt", 0), "ns": program.get("run_time_ns", 0)}
            for program in ask_bpftool("prog", "show") if program["id"] in wanted]


def count_program_time(on: bool) -> None:
    with open("/proc/sys/kernel/bpf_stats_enabled", "w", encoding="ascii") as file:
        file.write("1" if on else "0")


def floor_probe(link: dict, symbol: str) -> str | None:
    """The same probe point, in the words of floor.c."""
    kind = link["fd_type"]
    if kind == "raw_tracepoint":
        return f"raw_tracepoint:{link['tracepoint']}"
    if kind == "tracepoint":
        found = glob.glob(f"/sys/kernel/tracing/events/*/{link['tracepoint']}")
        return f"tracepoint:{found[0].split('/')[-2]}:{link['tracepoint']}" if found else None
    if kind in ("kprobe", "kretprobe"):
        return f"{kind}:{link['func']}" if link.get("func") else None
    return f"{kind}:{symbol}@{link['filename']}"
