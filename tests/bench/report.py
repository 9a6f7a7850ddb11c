# SPDX-License-Identifier: Apache-2.0
"""report.py: what was measured, as targets, tables and charts.

Run as a program it writes results.md, results.svg, cost.svg and the README's part anew from
results.json.
"""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import dataclass
from itertools import product
from xml.sax.saxutils import escape

from subjects import BCC, BPFTRACE, FAMILIES, FLOOR, LIBBPF, SNOOPKIT

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
SHOWN_AS = {FLOOR: "empty program"}


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
LATER = ("capable", "setuids", "tcpconnect", "tcpaccept", "tcpreset")
# tool or None for all, what it says, other family, path to our figure, path to theirs, limit
RATIOS = (
    (STARTED + LATER, "second start", LIBBPF, ("second_start_ms",), ("second_start_ms",), 0.4),
    (STARTED, "second start", BCC, ("second_start_ms",), ("second_start_ms",), 0.02),
    (STARTED, "first start", BCC, ("first_start_ms",), ("second_start_ms",), 0.5),
    (None, "peak memory", LIBBPF, ("peak_kb",), ("peak_kb",), 0.45),
    (("opensnoop",), "cost of an event at full speed", LIBBPF, ("full_speed", "cpu"),
     ("full_speed", "cpu"), 0.1),
    (("opensnoop",), "cost of an event at full speed", BPFTRACE, ("full_speed", "cpu"),
     ("full_speed", "cpu"), 0.1),
    (("eperm", "shellsnoop", "ttysnoop"), "cost of an event at full speed", BPFTRACE,
     ("full_speed", "cpu"), ("full_speed", "cpu"), 0.3),
    *((LATER, "cost of an event at full speed", other, ("full_speed", "cpu"),
       ("full_speed", "cpu"), 0.25) for other in (LIBBPF, BPFTRACE, BCC)),
    (None, "cost of an event at full speed", FLOOR, ("full_speed", "cpu"), ("full_speed", "cpu"),
     2.0),
    (None, "its own CPU an event", LIBBPF, ("full_speed", "tool_cpu"), ("full_speed", "tool_cpu"),
     1.0),
)


def shown(subject: str) -> str:
    return SHOWN_AS.get(subject, subject)


def whose(subject: str) -> str:
    return "the empty program's" if subject == FLOOR else f"{subject}'s"


def ratio_targets(tool: str, entries: dict, place: str) -> list[Target]:
    found = []
    for tools, what, other, our_path, their_path, limit in RATIOS:
        ours = median(entries.get(SNOOPKIT), *our_path)
        theirs = median(entries.get(other), *their_path)
        if (tools is None or tool in tools) and ours is not None and theirs and theirs > 0:
            found.append(Target(tool, f"{what}, as a share of {whose(other)}{place}", limit,
                                ours / theirs))
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
        others = FAMILIES if tool in LATER else (SNOOPKIT, BCC)
        found += ratio_targets(tool, {name: entries.get(name, {}) for name in others},
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
    """No lines where nothing was measured; no column and no row without a figure."""
    columns = {name: [cell(entries[name]) for _, cell in ROWS]
               for name in (*FAMILIES, FLOOR)
               if name in entries and "does_not_run" not in entries[name]}
    columns = {name: cells for name, cells in columns.items() if set(cells) != {"–"}}
    if not columns:
        return []
    lines = ["| | " + " | ".join(shown(name) for name in columns) + " |",
             "| --- |" + " ---: |" * len(columns)]
    for (title, _), *cells in zip(ROWS, *columns.values()):
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
            lines.append(f"{shown(subject)}: " + ", ".join(
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
    """Also how busy it was, if it was: then starts took longer, and more was lost."""
    load = machine["load_at_start"]
    return (f"{machine['cpus']} CPUs ({machine['cpu'] or machine['machine']}), "
            f"kernel {machine['kernel']}, {machine['date']}"
            + (f", at a load of {load:.0f}" if load >= 1 else ""))


def vm_line(machine: dict) -> str:
    """When it was measured, and how addresses were chosen."""
    random = machine.get("random_addresses", True)
    return f"{machine['date']}, {'other' if random else 'the same'} addresses at each start"


def machine_of(results: dict, tool: str) -> dict:
    """Where and when it was measured."""
    return results.get("machines", {}).get(tool, results["machine"])


EXPLANATION = """\
Each tool ran beside the tools of its name, in turns, in one run: the line under its name says where
and when. A figure is the median; the least
and the greatest stand in parentheses. `–` means: not measured.

- **Start**: from the command to the header on a terminal. The first start compiles; the second
  takes the kept image. The other families keep nothing: all their starts are second starts here.
- **Cost of an event**: what the traced program needs more for it. At full speed this is CPU time;
  at 1,000 events a second it is elapsed time of the median event. A figure below zero is smaller
  than the noise.
- **Empty program**: a BPF program that does nothing, at the same probe points. It costs what the
  kernel itself takes.
- **Lost**: the events that the traced program made, less those that the tool showed. `said so`
  means that the tool reported its loss; the rate after it is the greatest without one.
- **Idle**: the tool's CPU time and wake-ups while nothing happens."""
VM_EXPLANATION = """\
BCC's tools run on this kernel only. The virtual machine has no hardware support, and everything
takes 15 to 20 times as long: compare within a table, not with the tables above. There are few events
and rounds: what lies within the spread proves little. What an event costs is in each round the least
of some short runs, for other work only adds to it. The emulator translates code for the address that
it runs at: where each start has other addresses, all of a program is translated anew, which takes
longer than the start itself."""


def markdown(results: dict, targets: list[Target]) -> str:
    """results.md, beside the charts."""
    lines = ["# What the tools cost", "",
             "`sudo tests/bench/run` measures and writes this page.", "", EXPLANATION, "",
             "![What the tools cost, beside others](results.svg)"]
    for tool, entries in results["tools"].items():
        table = tool_table(entries)
        notes = [f"- {note}" for note in absentees(entries) + program_lines(entries)]
        lines += ["", f"## {tool}", "", machine_line(machine_of(results, tool)), "", *table,
                  *([""] if table and notes else []), *notes]
    in_vm = results.get("vm")
    if in_vm:
        lines += ["", f"## On {in_vm['machine']['kernel']}, in a virtual machine", "",
                  VM_EXPLANATION]
        for tool, entries in in_vm["tools"].items():
            lines += ["", f"### {tool}", "", vm_line(machine_of(in_vm, tool)), "",
                      *tool_table(entries)]
    met = sum(target.met for target in targets)
    lines += ["", "## Targets", "", f"{met} of {len(targets)} targets are met.", "",
              *target_table(targets)]
    return "\n".join(lines) + "\n"


# ---- the README's part ----

README_TOOL = "opensnoop"
README_FAMILIES = (SNOOPKIT, LIBBPF, BPFTRACE)
README_HERE = ("opensnoop", "setuids", "tcpreset")
README_IN_VM = ("capable", "tcpaccept", "tcpconnect")  # other families' need kprobes


def rate_without_loss(entry: dict, producers: str) -> str:
    loss = entry.get("loss", {}).get(producers)
    if not loss:
        return "–"
    return figure(loss["highest_rate"] if loss["lost"] else loss["rate"])


def middle(entry: dict, *path: str, scale: float = 1.0) -> str:
    value = median(entry, *path)
    if value is None:
        return "–"
    return figure(value * scale) if value >= 0 else "noise"


def seconds(entry: dict, name: str) -> str:
    return figure(median(entry, name) / 1000)


def readme_rows(names: tuple[str, ...], tools: dict) -> list[str]:
    paths = (("second_start_ms",), ("full_speed", "cpu"))
    return ["| " + " | ".join([name, *(middle(tools[name].get(family, {}), *path)
                                       for path in paths for family in README_FAMILIES)]) + " |"
            for name in names if name in tools]


def busy_line(results: dict) -> list[str]:
    """The rows that were measured while the machine had other work."""
    names = [name for name in README_HERE if name in results["tools"]
             and machine_of(results, name)["load_at_start"] >= 1]
    return [f"{', '.join(names)}: on a busy machine."] if names else []


def vm_lines(in_vm: dict) -> list[str]:
    """Where the last rows are from, and BCC's tool, which runs nowhere else."""
    entries = in_vm["tools"].get(README_TOOL, {})
    ours, theirs = entries.get(SNOOPKIT), entries.get(BCC)
    names = [name for name in README_IN_VM if name in in_vm["tools"]]
    lines = [f"{', '.join(names) or 'BCC'}: in a slow virtual machine with "
             f"{in_vm['machine']['kernel']}."]
    if ours and theirs and "does_not_run" not in theirs:
        lines.append(f"There BCC's {README_TOOL} starts in {seconds(theirs, 'second_start_ms')} s; "
                     f"ours first in {seconds(ours, 'first_start_ms')} s, later in "
                     f"{seconds(ours, 'second_start_ms')} s.")
    return lines


def readme_part(results: dict) -> str:
    entries = results["tools"][README_TOOL]
    in_vm = results.get("vm") or {"tools": {}, "machine": {"kernel": "none"}}
    rates = [rate_without_loss(entries.get(name, {}), "8") for name in README_FAMILIES]
    titles = ("start, ms", "an event takes longer by, ns")
    lines = [f"Medians on {machine_line(machine_of(results, README_TOOL))}:", "",
             "| | " + " | ".join(f"{title}: {name}" if name == SNOOPKIT else name
                                 for title in titles for name in README_FAMILIES) + " |",
             "| --- |" + " ---: |" * len(titles) * len(README_FAMILIES),
             *readme_rows(README_HERE, results["tools"]),
             *readme_rows(README_IN_VM, in_vm["tools"]), "",
             textwrap.fill(" ".join([
                 f"The first start of {README_TOOL} on a kernel compiles and takes "
                 f"{middle(entries.get(SNOOPKIT, {}), 'first_start_ms')} ms; the result is kept.",
                 f"Of 8 processes it shows {rates[0]} opens a second without loss, "
                 f"libbpf-tools' {rates[1]}, bpftrace's {rates[2]}.",
                 *busy_line(results), *vm_lines(in_vm)]), 100),
             "", "![Start, memory and cost of three tools, beside libbpf-tools and bpftrace]"
             "(tests/bench/cost.svg)"]
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
.spread { stroke: #24292f; opacity: .6 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.value { fill: #9198a1 }
.snoopkit { fill: #3fb950 }
.other { fill: #6e7681 }
.floor { fill: #d29922 }
.spread { stroke: #e6edf3 }
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
            self.text(LABEL_AT, shown(subject))
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


# ---- the small chart ----

SMALL_TOOLS = ("opensnoop", "execsnoop", "bashreadline")
SMALL_PARTS = (
    ("Start, ms", ("second_start_ms",), 1.0),
    ("Peak memory, MB", ("peak_kb",), 1 / 1024),
    ("An event takes longer by, ns", ("full_speed", "cpu"), 1.0),
)
SMALL_AT, SMALL_STEP, SMALL_BAR = 205, 205, 140


def small_column(results: dict, path: tuple[str, ...]) -> list[dict | None]:
    """Least, median and greatest of each line of the small chart."""
    found = []
    for tool in SMALL_TOOLS:
        for subject in README_FAMILIES:
            entry = results["tools"].get(tool, {}).get(subject)
            for key in path:
                entry = entry.get(key) if isinstance(entry, dict) else None
            found.append(entry)
    return found


def small_bar(x: int, y: int, entry: dict, scale: float, greatest: float, style: str) -> str:
    """A bar as long as the median, a thin line from the least to the greatest."""
    low, long, high = (SMALL_BAR * max(entry[key], 0) / greatest
                       for key in ("min", "median", "max"))
    return (f'<rect x="{x}" y="{y + 3}" width="{max(long, 1.5):.1f}" height="10" rx="2" '
            f'class="{style}"/>\n<path d="M{x + low:.1f} {y + 8}H{x + high:.1f}" class="spread"/>\n'
            f'<text x="{x + max(long, high) + 6:.0f}" y="{y + 12}" class="value">'
            f"{figure(entry['median'] * scale)}</text>")


def small_chart(results: dict) -> str:
    drawing = Chart()
    drawing.y = 4
    for column, (title, _, _) in enumerate(SMALL_PARTS):
        drawing.text(SMALL_AT + column * SMALL_STEP, title, "tool")
    columns = [small_column(results, path) for _, path, _ in SMALL_PARTS]
    drawing.y = 26
    for line, (tool, subject) in enumerate(product(SMALL_TOOLS, README_FAMILIES)):
        if subject == SNOOPKIT:
            drawing.text(10, tool, "tool")
        drawing.text(LABEL_AT, subject)
        for column, (_, _, scale) in enumerate(SMALL_PARTS):
            entry = columns[column][line]
            greatest = max(other["max"] for other in columns[column] if other)
            if entry:
                drawing.parts.append(small_bar(
                    SMALL_AT + column * SMALL_STEP, drawing.y, entry, scale, greatest,
                    subject if subject == SNOOPKIT else "other"))
        drawing.y += ROW_HEIGHT + (8 if subject == README_FAMILIES[-1] else 0)
    return drawing.render()


# ---- files ----

def read(here: str) -> dict:
    with open(os.path.join(here, "results.json"), encoding="utf-8") as file:
        return json.load(file)


def merge(before: dict, now: dict) -> dict:
    """The earlier results, with the tools that were measured now in place of theirs."""
    machines = {tool: machine_of(before, tool) for tool in before["tools"]}
    merged = {**before, "machines": {**machines, **now["machines"]},
              "tools": {**before["tools"], **now["tools"]},
              "problems": before["problems"] + now["problems"]}
    return merge_vm(merged, now["vm"]) if now.get("vm") else merged


def merge_vm(before: dict, in_vm: dict) -> dict:
    """The same of the virtual machine's results alone; {}: there are none."""
    if not in_vm:
        return before
    return {**before, "vm": merge(before["vm"], in_vm) if before.get("vm") else in_vm}


def write(results: dict, here: str, output: str | None) -> None:
    targets = all_targets(results)
    results["targets"] = [{"tool": target.tool, "what": target.what, "limit": target.limit,
                           "value": target.value, "met": target.met} for target in targets]
    folder = output or here
    files = {"results.json": json.dumps(results, indent=1) + "\n",
             "results.svg": chart(results), "results.md": markdown(results, targets)}
    if not output and README_TOOL in results["tools"]:
        files["cost.svg"] = small_chart(results)
        put_between_markers(os.path.join(os.path.dirname(os.path.dirname(here)), "README.md"),
                            readme_part(results))
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    for target in targets:
        print(target)
    print(f"{sum(target.met for target in targets)} of {len(targets)} targets met; "
          f"results in {folder}")


def main() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    write(read(here), here, None)


if __name__ == "__main__":
    main()
