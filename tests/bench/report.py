# SPDX-License-Identifier: Apache-2.0
"""What was measured, as targets, as a table and as a chart."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from xml.sax.saxutils import escape

from subjects import BCC, BPFTRACE, FAMILIES, FLOOR, LIBBPF, SNOOPKIT

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def median(entry: dict | None, *path: str) -> float | None:
    """The median at the end of that path, or the number; None where it was not measured."""
    for key in path:
        if not isinstance(entry, dict) or key not in entry:
            return None
        entry = entry[key]
    if isinstance(entry, dict):
        return entry.get("median")
    return entry


# ---- targets ----

@dataclass
class Target:
    tool: str
    what: str
    limit: float
    value: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return (f"{self.tool}: {self.what}: {figure(self.value)}{self.unit} "
                f"(at most {self.limit:g}{self.unit}): {verdict}")


STARTED = ("opensnoop", "execsnoop", "bashreadline")
# tool or None for all, what it says, other family, path to our figure, path to theirs, limit
RATIOS = (
    (STARTED, "second start", LIBBPF, ("second_start_ms",), ("second_start_ms",), 0.4),
    (STARTED, "second start", BCC, ("second_start_ms",), ("second_start_ms",), 0.02),
    (STARTED, "first start", BCC, ("first_start_ms",), ("second_start_ms",), 0.5),
    (None, "peak memory", LIBBPF, ("peak_kb",), ("peak_kb",), 0.45),
    (("opensnoop",), "cost of an event at full speed", LIBBPF, ("full_speed", "cpu"),
     ("full_speed", "cpu"), 0.1),
    (("opensnoop",), "cost of an event at full speed", BPFTRACE, ("full_speed", "cpu"),
     ("full_speed", "cpu"), 0.1),
    (("eperm", "shellsnoop", "ttysnoop"), "cost of an event at full speed", BPFTRACE,
     ("full_speed", "cpu"), ("full_speed", "cpu"), 0.3),
    (None, "cost of an event at full speed", FLOOR, ("full_speed", "cpu"), ("full_speed", "cpu"),
     2.0),
    (None, "its own CPU an event", LIBBPF, ("full_speed", "tool_cpu"), ("full_speed", "tool_cpu"),
     1.0),
)


def ratio_targets(tool: str, entries: dict, place: str) -> list[Target]:
    found = []
    for tools, what, other, our_path, their_path, limit in RATIOS:
        ours = median(entries.get(SNOOPKIT), *our_path)
        theirs = median(entries.get(other), *their_path)
        if (tools is None or tool in tools) and ours is not None and theirs and theirs > 0:
            found.append(Target(tool, f"{what}, of {other}'s{place}", limit, ours / theirs))
    return found


def absolute_targets(tool: str, ours: dict) -> list[Target]:
    found = []
    lost = median(ours, "loss", "2", "lost")
    if lost is not None:
        found.append(Target(tool, "lost at full speed from two processes", 0, lost, " events"))
    idle = ours.get("idle")
    if idle:
        found.append(Target(tool, "wake-ups when idle", 10, idle["wake_ups"], " a second"))
        found.append(Target(tool, "CPU when idle", 0.05, idle["cpu_percent"], " %"))
    return found


def all_targets(results: dict) -> list[Target]:
    found = []
    for tool, entries in results["tools"].items():
        found += ratio_targets(tool, entries, "")
        found += absolute_targets(tool, entries.get(SNOOPKIT, {}))
    in_vm = results.get("vm") or {"tools": {}, "machine": {"kernel": ""}}
    for tool, entries in in_vm["tools"].items():
        found += ratio_targets(tool, {name: entries.get(name, {}) for name in (SNOOPKIT, BCC)},
                               f", on {in_vm['machine']['kernel']}")
    return found


# ---- text ----

def figure(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(entry: dict | None, *path: str, scale: float = 1.0) -> str:
    """The median, with least and greatest."""
    for key in path:
        entry = entry.get(key) if isinstance(entry, dict) else None
    if not entry:
        return "–"
    low, middle, high = (figure(entry[key] * scale) for key in ("min", "median", "max"))
    return middle if low == high else f"{middle} ({low}–{high})"


def losses(entry: dict, producers: str) -> str:
    loss = entry.get("loss", {}).get(producers)
    if not loss:
        return "–"
    if not loss["lost"]:
        return f"none at {figure(loss['rate'])}/s"
    told = "said so" if loss["reported"] else "not a word"
    share = 100 * loss["lost"] / loss["made"]
    return (f"{figure(share)} % at {figure(loss['rate'])}/s, {told}; "
            f"none at {figure(loss['highest_rate'])}/s")


def idle(entry: dict) -> str:
    measured = entry.get("idle")
    if not measured:
        return "–"
    return f"{figure(measured['cpu_percent'])} %, {figure(measured['wake_ups'])}"


ROWS = (
    ("first start, ms", lambda e: spread(e, "first_start_ms")),
    ("second start, ms", lambda e: spread(e, "second_start_ms")),
    ("peak memory, MB", lambda e: spread(e, "peak_kb", scale=1 / 1024)),
    ("steady memory, MB", lambda e: spread(e, "steady_kb", scale=1 / 1024)),
    ("cost of an event, full speed, ns", lambda e: spread(e, "full_speed", "cpu")),
    ("cost of an event, 1,000/s, ns", lambda e: spread(e, "paced", "median")),
    ("the tool's CPU an event, full speed, ns", lambda e: spread(e, "full_speed", "tool_cpu")),
    ("the tool's CPU an event, 1,000/s, ns", lambda e: spread(e, "paced", "tool_cpu")),
    ("lost, 1 process", lambda e: losses(e, "1")),
    ("lost, 2 processes", lambda e: losses(e, "2")),
    ("lost, 8 processes", lambda e: losses(e, "8")),
    ("idle: CPU, wake-ups a second", idle),
)


def tool_table(entries: dict) -> list[str]:
    subjects = [name for name in (*FAMILIES, FLOOR)
                if name in entries and "does_not_run" not in entries[name]]
    lines = ["| | " + " | ".join("empty program" if name == FLOOR else name
                                 for name in subjects) + " |",
             "| --- |" + " ---: |" * len(subjects)]
    for title, cell in ROWS:
        cells = [cell(entries[name]) for name in subjects]
        if set(cells) != {"–"}:
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def absentees(entries: dict) -> list[str]:
    return [f"{name} does not run here: `{entry['does_not_run']}`"
            for name, entry in entries.items() if "does_not_run" in entry]


def program_lines(entries: dict) -> list[str]:
    lines = []
    for subject in (*FAMILIES, FLOOR):
        named = {}
        for program in entries.get(subject, {}).get("programs", []):
            named[program["name"]] = program
        if named:
            lines.append(f"{subject}: " + ", ".join(
                f"`{name}` {program['instructions']} instructions, "
                f"{figure(program['ns_a_run'])} ns a run" for name, program in named.items()))
    return lines


def target_table(targets: list[Target]) -> list[str]:
    lines = ["| target | at most | measured | |", "| --- | ---: | ---: | --- |"]
    for target in targets:
        lines.append(f"| {target.tool}: {target.what} | {target.limit:g}{target.unit} | "
                     f"{figure(target.value)}{target.unit} | "
                     f"{'met' if target.met else '**missed**'} |")
    return lines


def machine_line(machine: dict) -> str:
    return (f"{machine['cpus']} CPUs ({machine['cpu'] or machine['machine']}), "
            f"kernel {machine['kernel']}, {machine['date']}")


EXPLANATION = """\
Each tool and its namesakes in one run, in turns: the median, with least and greatest. A start is from the command to the
header on a terminal; the first is without a kept image (the others keep nothing: each of theirs is
a first). What an event costs is what the traced program needs more for it: CPU time at full speed,
elapsed time of the usual event at 1,000 a second. The empty program is attached to the same probe
points as the tool here. What is lost is counted by comparing with what the program did."""


def markdown(results: dict, targets: list[Target], chart: str) -> str:
    lines = [f"![What the tools cost, beside others]({chart})", "",
             f"Measured by `sudo tests/bench/run` on {machine_line(results['machine'])}. "
             + EXPLANATION, ""]
    met = sum(target.met for target in targets)
    lines += [f"{met} of {len(targets)} targets met.", "", "<details><summary>Targets</summary>", "",
              *target_table(targets), "", "</details>"]
    for tool, entries in results["tools"].items():
        lines += ["", f"<details><summary>{tool}</summary>", "", *tool_table(entries), ""]
        notes = absentees(entries) + program_lines(entries)
        lines += [f"- {note}" for note in notes]
        lines += ["", "</details>"]
    in_vm = results.get("vm")
    if in_vm:
        lines += ["", f"On Debian's kernel {in_vm['machine']['kernel']}, with headers and kprobes, "
                  "in a virtual machine without hardware support, where all takes 15 to 20 times "
                  "as long:"]
        for tool, entries in in_vm["tools"].items():
            lines += ["", f"**{tool}**", "", *tool_table(entries)]
    return "\n".join(lines)


def put_between_markers(path: str, text: str) -> None:
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")


# ---- the chart ----

CHART_PARTS = (
    ("First start, ms", ("first_start_ms",), "second_start_ms", 1.0),
    ("Second start, ms", ("second_start_ms",), None, 1.0),
    ("Peak memory, MB", ("peak_kb",), None, 1 / 1024),
    ("Cost of an event at full speed, ns", ("full_speed", "cpu"), None, 1.0),
    ("Cost of an event at 1,000 a second, ns", ("paced", "median"), None, 1.0),
    ("The tool's own CPU an event, ns", ("full_speed", "tool_cpu"), None, 1.0),
)
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.part { font-weight: 600; font-size: 14px }
.tool { font-weight: 600 }
.value { fill: #57606a }
.snoopkit { fill: #1f883d }
.other { fill: #8c959f }
.floor { fill: #bf8700 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.value { fill: #9198a1 }
.snoopkit { fill: #3fb950 }
.other { fill: #6e7681 }
.floor { fill: #d29922 }
}
"""
WIDTH, LABEL_AT, BAR_AT, BAR_WIDTH, ROW_HEIGHT = 820, 120, 215, 400, 18


class Chart:
    """Horizontal bars, one part below the other. Bars of one tool share a scale."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.y = 10

    def text(self, x: int, text: str, style: str = "") -> None:
        self.parts.append(f'<text x="{x}" y="{self.y + 13}" class="{style}">{escape(text)}</text>')

    def title(self, text: str) -> None:
        self.y += 12
        self.text(10, text, "part")
        self.y += 24

    def bars(self, tool: str, values: dict[str, float]) -> None:
        greatest = max(values.values())
        ours = values.get(SNOOPKIT)
        self.text(10, tool, "tool")
        for subject, value in values.items():
            width = max(BAR_WIDTH * max(value, 0) / greatest, 1.5) if greatest > 0 else 1.5
            style = subject if subject in (SNOOPKIT, FLOOR) else "other"
            note = figure(value)
            if subject != SNOOPKIT and ours and ours > 0 and value > 0:
                note += f"  ({figure(value / ours)} ×)"
            self.text(LABEL_AT, "empty program" if subject == FLOOR else subject)
            self.parts.append(f'<rect x="{BAR_AT}" y="{self.y + 3}" width="{width:.1f}" '
                              f'height="{ROW_HEIGHT - 6}" rx="2" class="{style}"/>')
            self.text(round(BAR_AT + width + 8), note, "value")
            self.y += ROW_HEIGHT
        self.y += 6

    def render(self) -> str:
        height = self.y + 10
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                f'viewBox="0 0 {WIDTH} {height}" role="img">\n'
                f"<title>What the tools cost, beside others: less is better</title>\n"
                f"<style>{STYLE}</style>\n" + "\n".join(self.parts) + "\n</svg>\n")


def chart_values(entries: dict, path: tuple[str, ...], instead: str | None,
                 scale: float) -> dict[str, float]:
    values = {}
    for subject in (*FAMILIES, FLOOR):
        value = median(entries.get(subject), *path)
        if value is None and instead and subject not in (SNOOPKIT, FLOOR):
            value = median(entries.get(subject), instead)
        if value is not None:
            values[subject] = value * scale
    return values


def chart(results: dict) -> str:
    drawing = Chart()
    for title, path, instead, scale in CHART_PARTS:
        found = {tool: chart_values(entries, path, instead, scale)
                 for tool, entries in results["tools"].items()}
        found = {tool: values for tool, values in found.items() if len(values) > 1}
        if found:
            drawing.title(title + ": less is better")
        for tool, values in found.items():
            drawing.bars(tool, values)
    return drawing.render()


# ---- files ----

def write(results: dict, here: str, output: str | None) -> None:
    targets = all_targets(results)
    results["targets"] = [{"tool": target.tool, "what": target.what, "limit": target.limit,
                           "value": target.value, "met": target.met} for target in targets]
    folder = output or here
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    with open(os.path.join(folder, "results.svg"), "w", encoding="utf-8") as file:
        file.write(chart(results))
    text = markdown(results, targets, "results.svg" if output else "tests/bench/results.svg")
    if output:
        with open(os.path.join(folder, "results.md"), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        put_between_markers(os.path.join(os.path.dirname(os.path.dirname(here)), "README.md"), text)
    for target in targets:
        print(target)
    print(f"{sum(target.met for target in targets)} of {len(targets)} targets met; "
          f"results in {folder}")
