#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Measures the tools beside their namesakes of other families; see run.

Everything that is compared is measured in turns, round by round, with a different one first each
time, so that what else happens on the machine touches all alike. A figure is the median of the
rounds, with the least and the greatest. What an event costs is the difference to the same round's
run without a tool.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Callable

import process
import report
from process import DoesNotRun, Running, Workload, WorkloadResult
from subjects import BCC, BPFTRACE, FAMILIES, FLOOR, NOBODY, SNOOPKIT, TOOLS, Tool, find_library

HERE = os.path.dirname(os.path.abspath(__file__))
PACED_RATE = 1000  # events a second
RANDOM_ADDRESSES = "/proc/sys/kernel/randomize_va_space"


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    starts: int
    rounds: int
    share: float  # of a tool's full count
    paced_seconds: float
    idle_seconds: float
    loss_runs: int
    producers: tuple[int, ...]
    rate_steps: int  # each half of the one before, until nothing is lost
    start_limit: float = process.START_LIMIT
    runs: int = 1  # of the workload under a tool that was started; the least counts


FULL = Extent(starts=9, rounds=5, share=1.0, paced_seconds=1.0, idle_seconds=60.0, loss_runs=2,
              producers=(1, 2, 8), rate_steps=4)
QUICK = Extent(starts=1, rounds=1, share=0.01, paced_seconds=0.1, idle_seconds=1.0, loss_runs=1,
               producers=(2,), rate_steps=1)
IN_VM = Extent(starts=3, rounds=3, share=0.02, paced_seconds=0.0, idle_seconds=0.0, loss_runs=0,
               producers=(), rate_steps=0, start_limit=600.0, runs=7)


def stat(values: list[float]) -> dict:
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "n": len(values)}


def stats(samples: dict[str, list[float]]) -> dict:
    return {key: stat(values) for key, values in samples.items() if values}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Bench:
    """What the measurements share. results is what results.json will hold of this machine."""

    def __init__(self, build: str, extent: Extent, scratch: str, without: list[str]) -> None:
        self.build = build
        self.without = without
        self.extent = extent
        self.scratch = scratch
        self.library = find_library(self.bench("workload"), "libreadline.so") or ""
        self.opened = os.path.join(scratch, "snoopmark")
        self.results: dict[str, dict] = {}
        self.problems: list[str] = []
        with open(self.opened, "wb"):
            pass

    def bench(self, program: str) -> str:
        return os.path.join(self.build, "bench", program)

    # ---- what is run ----

    def script(self, tool: Tool, path: str) -> str:
        """bpftrace's script: it takes no library as an argument, so that is put into a copy."""
        if tool.workload != "readline":
            return path
        with open(path, encoding="utf-8") as file:
            text = file.read()
        copy = os.path.join(self.scratch, os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text.replace("/bin/bash", self.library))
        return copy

    def command(self, tool: Tool, family: str, arguments: tuple[str, ...], pid: str = "",
                tty: str = "") -> list[str]:
        path = tool.program(family, self.build, HERE)
        filled = [argument.format(pid=pid, tty=tty, library=self.library)
                  for argument in arguments]
        if not path.endswith(".bt"):
            return [path, *filled]
        if tool.workload == "readline":
            filled = []
        return ["bpftrace", self.script(tool, path), *filled]

    def workload(self, tool: Tool, count: int, rate: int, producers: int) -> Workload:
        argument = self.bench("exec_chain") if tool.workload == "exec" else self.opened
        return Workload([self.bench("workload"), tool.workload, str(count), str(rate),
                         str(producers), argument])

    def families(self, tool: Tool) -> list[str]:
        """Those that have such a tool and are not known not to run."""
        return [family for family in FAMILIES
                if family not in self.without and tool.program(family, self.build, HERE)
                and "does_not_run" not in self.results[tool.name].get(family, {})]

    def of(self, tool: Tool, subject: str) -> dict:
        return self.results[tool.name].setdefault(subject, {})

    # ---- starting, memory ----

    def start_once(self, tool: Tool, command: list[str]) -> tuple[float, Running]:
        running = Running(command, self.scratch, terminal=True)
        duration = running.wait_for_header(tool.header, self.extent.start_limit)
        time.sleep(0.3)
        return duration / 1e6, running

    def measure_start(self, tool: Tool, family: str, samples: dict, cold: bool, pid: str,
                      tty: str) -> None:
        command = self.command(tool, family, tool.arguments, pid, tty)
        if cold:
            command.insert(1, "--no-cache")
        milliseconds, running = self.start_once(tool, command)
        peak, steady = running.memory_kb()
        running.stop()
        if cold:
            samples["first_start_ms"].append(milliseconds)
            samples["compiler_peak_kb"].append(running.max_rss_kb)
            return
        samples["second_start_ms"].append(milliseconds)
        samples["peak_kb"].append(peak)
        samples["steady_kb"].append(steady)

    def keep_image(self, tool: Tool, pid: str, tty: str) -> None:
        """For a second start to be one also where the tool never ran before."""
        command = self.command(tool, SNOOPKIT, tool.arguments, pid, tty)
        try:
            self.start_once(tool, command)[1].stop()
        except DoesNotRun:
            pass  # the first round says why

    def starts(self, tool: Tool) -> None:
        """What keeps nothing starts the same each time: its first is its second."""
        traced = self.workload(tool, 1, 0, 1) if tool.workload else None
        names = ("first_start_ms", "second_start_ms", "compiler_peak_kb", "peak_kb", "steady_kb")
        samples = {family: {name: [] for name in names} for family in self.families(tool)}
        pid, tty = (traced.pid, traced.tty) if traced else ("", "")
        self.keep_image(tool, pid, tty)
        for _ in range(self.extent.starts):
            for family in self.families(tool):
                try:
                    if family == SNOOPKIT:
                        self.measure_start(tool, family, samples[family], True, pid, tty)
                    self.measure_start(tool, family, samples[family], False, pid, tty)
                except DoesNotRun as reason:
                    self.of(tool, family)["does_not_run"] = str(reason)
                    say(f"{tool.name}: {family}: does not run here: {reason}")
        if traced:
            traced.end()
        for family in self.families(tool):
            self.of(tool, family).update(stats(samples[family]))

    # ---- events ----

    def start_subject(self, tool: Tool, subject: str, traced: Workload) -> Running | None:
        if subject == NOBODY:
            return None
        if subject == FLOOR:
            command = [self.bench("floor"), *self.of(tool, FLOOR)["probes"]]
        else:
            command = self.command(tool, subject, tool.arguments, traced.pid, traced.tty)
        running = Running(command, self.scratch)
        running.wait_until_tracing(self.extent.start_limit)
        return running

    def run_events(self, tool: Tool, subject: str, count: int, rate: int, producers: int,
                   look: Callable[[Running], None] | None = None
                   ) -> tuple[WorkloadResult, dict]:
        """One run of the workload under a subject, and what the subject made of it."""
        traced = self.workload(tool, count, rate, producers)
        running = None
        try:
            running = self.start_subject(tool, subject, traced)
            before = running.sample() if running else None
            result = traced.run_often(self.extent.runs)
            after = running.settle() if running else None
            if look:
                look(running)
        finally:
            if running:
                running.stop()
            traced.end()
        if not running or subject == FLOOR:
            return result, {}
        seen = running.events_seen(tool.marker, tool.counts)
        return result, {"seen": seen, "reported": running.events_reported_lost(),
                        "cpu": (after.cpu - before.cpu) / max(seen, 1)}

    def find_floor(self, tool: Tool) -> None:
        """The probe points that the tool has taken on this kernel, for floor.c."""
        def look(running: Running) -> None:
            probes = [process.floor_probe(link, tool.symbol)
                      for link in process.attachments(running.pid)]
            self.of(tool, FLOOR)["probes"] = sorted({probe for probe in probes if probe})

        self.run_events(tool, SNOOPKIT, 50, 0, 1, look)

    def subjects(self, tool: Tool) -> list[str]:
        floor = [FLOOR] if self.of(tool, FLOOR).get("probes") else []
        return [NOBODY, *floor, *self.families(tool)]

    def costs(self, tool: Tool, count: int, rate: int, key: str) -> None:
        """Fills in what an event costs, by each clock; nanoseconds."""
        clocks = ("busy", "median", "cpu")
        subjects = self.subjects(tool)
        added = {subject: {clock: [] for clock in clocks} for subject in subjects}
        tool_cpu = {subject: [] for subject in subjects}
        losses = {subject: [] for subject in subjects}
        for number in range(self.extent.rounds):
            turn = number % len(subjects)
            results = {}
            for subject in subjects[turn:] + subjects[:turn]:
                results[subject], told = self.run_events(tool, subject, count, rate, 1)
                if told:
                    tool_cpu[subject].append(told["cpu"])
                    losses[subject].append(self.loss(results[subject], told))
            for subject in subjects:
                for clock in clocks:
                    value = getattr(results[subject], clock)
                    if subject != NOBODY:
                        value -= getattr(results[NOBODY], clock)
                    added[subject][clock].append(value)
        for subject in subjects:
            entry = {clock: stat(added[subject][clock]) for clock in clocks}
            if tool_cpu[subject]:
                entry["tool_cpu"] = stat(tool_cpu[subject])
                entry["losses"] = losses[subject]
            self.of(tool, subject)[key] = entry

    # ---- loss ----

    @staticmethod
    def loss(result: WorkloadResult, told: dict) -> dict:
        return {"made": result.count, "seen": told["seen"],
                "lost": max(result.count - told["seen"], 0), "reported": told["reported"],
                "rate": result.rate}

    def rate_without_loss(self, tool: Tool, family: str, producers: int, loss: dict) -> float:
        """Each step is at half the rate; 0 where even the slowest loses something."""
        rate = loss["rate"] / producers
        for _ in range(self.extent.rate_steps):
            rate /= 2
            count = max(int(rate * 2), 100)
            result, told = self.run_events(tool, family, count, max(int(rate), 1), producers)
            if not self.loss(result, told)["lost"]:
                return result.rate
        return 0.0

    def losses(self, tool: Tool) -> None:
        count = self.count(tool)
        for producers in self.extent.producers:
            each = max(count // producers, 50)
            worst = {}
            for _ in range(self.extent.loss_runs):
                for family in self.families(tool):
                    result, told = self.run_events(tool, family, each, 0, producers)
                    loss = self.loss(result, told)
                    if family not in worst or loss["lost"] > worst[family]["lost"]:
                        worst[family] = loss
            for family, loss in worst.items():
                highest = loss["rate"]
                if loss["lost"]:
                    highest = self.rate_without_loss(tool, family, producers, loss)
                self.of(tool, family).setdefault("loss", {})[str(producers)] = {
                    **loss, "highest_rate": highest}

    # ---- idle ----

    def start_idle(self, tool: Tool, family: str, traced: Workload, scratch: str
                   ) -> Running | None:
        arguments = tool.arguments if tool.workload == "readline" else tool.idle
        # bpftrace's scripts take no filter: on a busy machine they are not idle.
        if family == BPFTRACE and arguments not in ((), tool.arguments):
            return None
        os.mkdir(scratch)
        return Running(self.command(tool, family, arguments, traced.pid, traced.tty), scratch)

    def idle(self, tool: Tool) -> None:
        """All families at once: none has anything to do."""
        traced = self.workload(tool, 1, 0, 1)
        running: dict[str, Running] = {}
        with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
            try:
                for family in self.families(tool):
                    started = self.start_idle(tool, family, traced, os.path.join(scratch, family))
                    if started:
                        running[family] = started
                        started.wait_until_tracing()
                time.sleep(1)
                before = {family: one.sample() for family, one in running.items()}
                start = time.monotonic()
                time.sleep(self.extent.idle_seconds)
                seconds = time.monotonic() - start
                for family, one in running.items():
                    after = one.sample()
                    self.of(tool, family)["idle"] = {
                        "cpu_percent": (after.cpu - before[family].cpu) / seconds / 1e7,
                        "wake_ups": (after.sleeps - before[family].sleeps) / seconds,
                        "seconds": seconds}
            finally:
                for one in running.values():
                    one.stop()
                traced.end()

    # ---- inside the kernel ----

    def program_times(self, tool: Tool) -> None:
        """Counting takes time itself, so these runs are apart from the others."""
        process.count_program_time(True)
        try:
            for subject in self.subjects(tool)[1:]:
                found: list[dict] = []

                def look(running: Running) -> None:
                    found.extend(process.programs(running.pid))

                self.run_events(tool, subject, max(self.count(tool) // 5, 50), 0, 1, look)
                self.of(tool, subject)["programs"] = [
                    {**program, "ns_a_run": program["ns"] / program["runs"]}
                    for program in found if program["runs"]]
        finally:
            process.count_program_time(False)

    # ---- all of it ----

    def count(self, tool: Tool) -> int:
        return max(int(tool.full_count * self.extent.share), 100)

    def measure(self, tool: Tool) -> None:
        self.results[tool.name] = {}
        say(f"{tool.name}: starting")
        self.starts(tool)
        if not tool.workload:
            return
        if SNOOPKIT not in self.families(tool):
            return
        paced = max(int(PACED_RATE * self.extent.paced_seconds), 50)
        phases: tuple[tuple[str, object, Callable[[], None]], ...] = (
            ("probe points", True, lambda: self.find_floor(tool)),
            ("events at full speed", True,
             lambda: self.costs(tool, self.count(tool), 0, "full_speed")),
            (f"{PACED_RATE} events a second", self.extent.paced_seconds,
             lambda: self.costs(tool, paced, PACED_RATE, "paced")),
            ("what is lost", self.extent.producers, lambda: self.losses(tool)),
            ("programs", self.extent.producers, lambda: self.program_times(tool)),
            ("idle", self.extent.idle_seconds, lambda: self.idle(tool)),
        )
        for name, is_asked, phase in phases:
            if not is_asked:
                continue
            say(f"{tool.name}: {name}")
            try:
                phase()
            except (DoesNotRun, RuntimeError) as problem:
                self.problems.append(f"{tool.name}: {name}: {problem}")
                say(self.problems[-1])


def describe_machine() -> dict:
    model = [line.partition(":")[2].strip()
             for line in process.read_text("/proc/cpuinfo").splitlines()
             if line.startswith("model name")]
    return {"kernel": platform.release(), "machine": platform.machine(),
            "cpus": os.cpu_count(), "cpu": model[0] if model else "",
            "load_at_start": os.getloadavg()[0],
            "random_addresses": process.read_text(RANDOM_ADDRESSES).strip() != "0",
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")}


def measure_in_vm(names: list[str], build: str, kernel: str, without: list[str]) -> dict:
    """What can't run here runs in a virtual machine: the same program, told to measure less."""
    root = os.path.dirname(os.path.dirname(HERE))
    with tempfile.TemporaryDirectory(prefix="snoopkit-bench-vm.") as shared:
        output = os.path.join(shared, "results")
        command = [os.path.join(root, "tests/vm/run"), "-k", kernel, "-t", "7200", "--rw", shared,
                   "--", sys.executable, os.path.join(HERE, "bench.py"), "--build", build,
                   "--in-vm", output,
                   *(f"--without={family}" for family in without), *names]
        say(f"in a virtual machine: Debian's kernel {kernel}")
        status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
        if status or not os.path.exists(output):
            say(f"the virtual machine failed (status {status})")
            return {}
        with open(output, encoding="utf-8") as file:
            return json.load(file)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the tools beside their namesakes.")
    parser.add_argument("--quick", action="store_true", help="only prove that all of it works")
    parser.add_argument("--build", required=True, help="the build directory")
    parser.add_argument("--vm", metavar="KERNEL", help="also measure on this kernel")
    parser.add_argument("--only-vm", action="store_true", help="and nowhere else; the other "
                        "results stay as they are")
    parser.add_argument("--in-vm", metavar="FILE", help="this is the virtual machine")
    parser.add_argument("--without", metavar="FAMILY", action="append", default=[],
                        choices=FAMILIES[1:], help="leave these tools out: BCC's start for minutes "
                        "in a busy virtual machine")
    parser.add_argument("--output", metavar="DIR", help="for the results, in place of the "
                        "repository's own")
    parser.add_argument("tools", nargs="*", metavar="TOOL", help="all, where none is named")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.tools if name not in TOOLS]
    if unknown:
        parser.error(f"no tool {unknown[0]}; there are: {' '.join(TOOLS)}")
    if arguments.only_vm and (not arguments.vm or arguments.output):
        parser.error("--only-vm needs a virtual machine, and replaces a part of what is there")
    return arguments


def measure_all(names: list[str], build: str, extent: Extent, without: list[str]) -> dict:
    machine = describe_machine()
    scratch = tempfile.mkdtemp(prefix="snoopkit-bench.")
    os.chmod(scratch, 0o755)  # the workload that may not do anything opens nothing, but looks
    try:
        bench = Bench(build, extent, scratch, without)
        for name in names:
            bench.measure(TOOLS[name])
    except SystemExit:
        bench.problems.append("interrupted: the rest was not measured")
    finally:
        shutil.rmtree(scratch)
    return {"machine": machine, "tools": bench.results, "problems": bench.problems,
            "machines": {name: machine for name in bench.results}}


def fix_addresses() -> None:
    """
    QEMU translates code for the address that it runs at, and keeps that: where each start of a
    program has other addresses, all of it is translated anew, which no processor does.
    """
    with open(RANDOM_ADDRESSES, "w", encoding="ascii") as file:
        file.write("0")


def end_orderly(*_: object) -> None:
    """So that no tool is left behind, and what was measured is reported."""
    raise SystemExit(130)


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_orderly)
    signal.signal(signal.SIGINT, end_orderly)
    names = arguments.tools or list(TOOLS)
    if arguments.in_vm:
        fix_addresses()
        results = measure_all(names, arguments.build, IN_VM, arguments.without)
        with open(arguments.in_vm, "w", encoding="utf-8") as file:
            json.dump(results, file)
        return 0
    in_vm = None
    if arguments.vm:
        in_vm = measure_in_vm([name for name in names if BCC in TOOLS[name].peers],
                              arguments.build, arguments.vm, arguments.without)
    if arguments.only_vm:
        results = report.merge_vm(report.read(HERE), in_vm or {})
        report.write(results, HERE, None)
        return 0 if in_vm and not in_vm["problems"] else 1
    results = measure_all(names, arguments.build, QUICK if arguments.quick else FULL,
                          arguments.without)
    results["quick"] = arguments.quick
    results["vm"] = in_vm
    if arguments.tools and not arguments.output:
        results = report.merge(report.read(HERE), results)
    report.write(results, HERE, arguments.output)
    return 1 if results["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
