# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by the scripts that read this file
# For the tool tests: run a real tool against real processes and look at what it printed.
#
# A test is a script that sources this file, calls check for each thing it shows, and ends with
# finish. SNOOPKIT_BUILD is the build directory; it holds tools/ and tests/ (helper programs). With
# SNOOPKIT_HEADERS set to kernel or btf, each tool runs with that --headers.
set -u

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${SNOOPKIT_BUILD:=$REPOSITORY/build}"
REAL_TOOLS=$SNOOPKIT_BUILD/tools
TOOLS=$REAL_TOOLS
PROGRAMS=$SNOOPKIT_BUILD/tests
SCRATCH=$(mktemp -d /tmp/snoopkit-test.XXXXXX)
OUT=$SCRATCH/out
ERR=$SCRATCH/err
TOOL_PID=
passed=0
failed=0
finished=
exec {REPORT}>&1

# Bash ends a script for a variable without a value, and where its error goes nowhere, nobody hears of it.
cleanup() {
	# Not in a child that bash lets come here: seen where process numbers had begun anew.
	[ "$BASHPID" = $$ ] || return
	[ -n "$finished" ] || echo 'not ok - the test comes to its end' >&"$REPORT"
	[ -z "$TOOL_PID" ] || kill "$TOOL_PID" 2>/dev/null
	rm -rf --one-file-system "$SCRATCH" # a test that failed may have left a mount
}
trap cleanup EXIT

# Puts a script in front of each tool that adds the option.
use_headers() {
	local tool
	TOOLS=$SCRATCH/tools
	chmod 755 "$SCRATCH"
	mkdir "$TOOLS"
	for tool in "$REAL_TOOLS"/*; do
		printf '#!/bin/sh\nexec "%s" --headers %s "$@"\n' "$tool" "$SNOOPKIT_HEADERS" \
			>"$TOOLS/${tool##*/}"
	done
	chmod 755 "$TOOLS"/*
}
[ -z "${SNOOPKIT_HEADERS:-}" ] || use_headers

# check NAME COMMAND...: one result; a failing command's surroundings are shown.
check() {
	local name=$1
	shift
	if "$@" >"$SCRATCH/check" 2>&1; then
		passed=$((passed + 1))
		echo "ok - $name"
	else
		failed=$((failed + 1))
		echo "not ok - $name"
		echo "#   command: $*"
		sed 's/^/#   /' "$SCRATCH/check" | head -5
		[ ! -s "$OUT" ] || { echo "#   standard output, last lines:"; tail -5 "$OUT" | cut -c1-300 | sed 's/^/#     /'; }
		[ ! -s "$ERR" ] || { echo "#   standard error, last lines:"; tail -5 "$ERR" | cut -c1-300 | sed 's/^/#     /'; }
	fi
}

# skip NAME REASON: for what this kernel can't show.
skip() {
	echo "ok - $1 # SKIP $2"
}

# linux_before MAJOR.MINOR: whether the kernel is older.
[[ $(uname -r) =~ ^([0-9]+)\.([0-9]+) ]]
LINUX_NUMBER=$((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2]))
linux_before() { [ "$LINUX_NUMBER" -lt $((${1%.*} * 1000 + ${1#*.})) ]; }

# A short sleep without a process of its own, which would take from what is waited for.
exec {NEVER}<> <(:)
nap() { read -rt 0.05 -u "$NEVER" || true; }

# Waits until a command succeeds; fails after that many seconds, and says so.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge "$end" ]; then
			echo "# waited in vain: $*"
			return 1
		fi
		nap
	done
}

# Whether the process has ended; bash may not have waited for it.
is_gone() { [[ ! -e /proc/$1/stat ]] || [[ $(<"/proc/$1/stat") == *') Z '* ]]; } 2>/dev/null

# sleeps_in PID REGEX: the kernel's functions that it sleeps in have such a name among them. Without
# another program, for the same reason.
sleeps_in() {
	local functions
	{ functions=$(<"/proc/$1/stack"); } 2>/dev/null && [[ $functions =~ $2 ]]
}

# monitor_of PID: MONITOR becomes the PID of the tool's monitor, HASHER that of what reads files for it, or
# empty; OTHERS its other children.
monitor_of() {
	local pids pid name
	MONITOR='' HASHER='' OTHERS=''
	read -ra pids <"/proc/$1/task/$1/children"
	for pid in "${pids[@]}"; do
		name=
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null
		case $name in
		snoop-monitor) MONITOR=$pid ;;
		snoop-hasher) HASHER=$pid ;;
		*) OTHERS+="$pid " ;;
		esac
	done
}

is_not_compiling() {
	monitor_of "$1"
	[[ -z $OTHERS ]]
}

# A tool without a header (--json, modsnoop, mirrors) is ready once it has no child but the monitor any
# more (the compiler), its probes are on, and then it polls. While it attaches, which may take long, it
# sleeps elsewhere.
is_tracing() { # [PID]
	local pid=${1:-$TOOL_PID}
	sleeps_in "$pid" poll && is_not_compiling "$pid" &&
		find "/proc/$pid/fd" -printf '%l\n' | grep -Eq 'perf_event|raw-tracepoint|bpf_link' &&
		sleeps_in "$pid" poll
}

has_header() {
	[ -s "$OUT" ] || ! kill -0 "$TOOL_PID"
}

# in_background COMMAND...: its output goes to $OUT and $ERR. What a command wrote there before is gone
# at once, and not only when the new one has begun: nobody is to wait for text that is there already.
in_background() {
	: >"$OUT"
	: >"$ERR"
	"$@" >"$OUT" 2>"$ERR" &
	TOOL_PID=$!
}

# launch READY TOOL ARGS...: runs it in the background and waits for READY.
launch() {
	in_background "$TOOLS/$2" "${@:3}"
	wait_for 180 "$1"
}

# start TOOL ARGS...: runs it and waits until it is attached.
start() { launch has_header "$@"; }

# The same for a tool that prints no header.
start_headerless() { launch is_tracing "$@"; }

# Several tools at a time. start_beside NAME TOOL ARGS...: one more, its output in $SCRATCH/NAME.out.
beside=()
start_beside() {
	local name=$1
	shift
	"$TOOLS/$1" "${@:2}" >"$SCRATCH/$name.out" 2>"$SCRATCH/$name.err" </dev/null &
	beside+=($!)
}

all_are_tracing() {
	local pid
	for pid in "${beside[@]}"; do
		is_tracing "$pid" || return 1
	done
}

stop_all() {
	kill -INT "${beside[@]}" 2>/dev/null # one may have ended by itself
	wait "${beside[@]}"
	beside=()
}

# stop: ends the tool as Ctrl-C does; STATUS is its exit status.
stop() {
	kill -INT "$TOOL_PID" 2>/dev/null
	wait "$TOOL_PID" 2>/dev/null
	STATUS=$?
	TOOL_PID=
}

# Waits for a tool that ends by itself.
wait_tool() {
	wait "$TOOL_PID" 2>/dev/null
	STATUS=$?
	TOOL_PID=
}

# out_has REGEX, out_lacks REGEX, err_has REGEX, err_is_empty, out_lines REGEX COUNT
out_has() { grep -Eaq -- "$1" "$OUT"; }
out_lacks() { ! grep -Eaq -- "$1" "$OUT"; }
err_has() { grep -Eaq -- "$1" "$ERR"; }
err_is_empty() { [ ! -s "$ERR" ]; }
out_lines() { [ "$(grep -Eac -- "$1" "$OUT")" -eq "$2" ]; }

# Waits for a line. The events' own delay is a tenth of a second, but the machine may be busy. As events
# are printed in the order of their times, all that came before it are there too.
out_soon() { wait_for "${2:-60}" out_has "$1"; }

# Under software emulation, where all is some twenty times slower, the big counts are smaller. An arm64
# processor does not tell; the machines of tests/vm are emulated.
is_emulated() { grep -q 'TCG\|QEMU' /proc/cpuinfo || [ -d /run/vm/job ]; }

# The option for a start at which the compiler works; where that would take half a minute, the kept
# programs serve.
FIRST_START=--no-cache
! is_emulated || FIRST_START=

# ---- what a machine may lack ----

prepare_hiding() {
	mkdir "$SCRATCH/empty"
	chmod 755 "$SCRATCH"
	export SCRATCH
	export -f hide
}

# hide FILE [BEHIND]: behind an empty directory; what is not there needs no hiding.
hide() { [ ! -e "$1" ] || mount --bind "${2:-$SCRATCH/empty}" "$1"; }

# hidden SETUP COMMAND: in a mount namespace in which SETUP hid something.
hidden() { unshare -m bash -c "$1; exec $2"; }

# For SETUP.
no_btf='hide /sys/kernel/btf'
no_kept='hide /var/lib/snoopkit; hide /var/cache/snoopkit'
# shellcheck disable=SC2016 # for another shell
no_headers='hide "/lib/modules/$(uname -r)/build"; hide "/lib/modules/$(uname -r)/source"'
# shellcheck disable=SC2016 # for another shell
# A file of sysfs can't be hidden but with all that is beside it.
[ ! -e /sys/kernel/kheaders.tar.xz ] ||
	no_headers+='; cat /sys/kernel/notes >$SCRATCH/notes; mount -t tmpfs tmpfs /sys/kernel
		mkdir /sys/kernel/tracing; mount -t tracefs tracefs /sys/kernel/tracing
		cat $SCRATCH/notes >/sys/kernel/notes'

# Where libbcc is; nothing if it is not installed.
libbcc() { ldconfig -p | awk '$1 == "libbcc.so.0" { print $NF; exit }'; }

# ---- sources ----

# Sources as a user may give them to --source. That of the fallback lacks the programs that see more.
fallback_source() { # TOOL PROGRAMS FILE
	"$REAL_TOOLS/$1" --ebpf | sed -E "s/^int ($2)\(/static int no_\1(/" >"$3"
}
exits_source() { # FILE: opensnoop by the syscalls' exits, where the kernel tells enough there
	fallback_source opensnoop on_fd_install "$1"
}
entries_source() { # FILE: opensnoop by the syscalls' entries and exits
	fallback_source opensnoop 'on_fd_install|on_exit_alone' "$1"
}
shell_entries_source() { # FILE: shellsnoop by the same
	fallback_source shellsnoop on_any_exit "$1"
}
tcp_source() { # NAME FILE: tcpconnect, tcpaccept or tcpreset by its probes of that name
	case $1 in
	connect-kprobe) fallback_source tcpconnect 'on_state|on_next_state' "$2" ;;
	connect-exits) fallback_source tcpconnect 'on_datagram|on_datagram_return' "$2" ;;
	accept-return) fallback_source tcpaccept on_graft "$2" ;;
	accept-exits) fallback_source tcpaccept 'on_graft|on_accept_return' "$2" ;;
	accept-entries) fallback_source tcpaccept 'on_graft|on_accept_return|on_exit_alone' "$2" ;;
	reset-kprobes) fallback_source tcpreset on_reset_with_reason "$2" ;;
	reset-dropped) fallback_source tcpreset 'on_reset_with_reason|on_send_reset' "$2" ;;
	reset-alone) fallback_source tcpreset 'on_reset_with_reason|on_send_reset|on_free_tcp' "$2" ;;
	esac
}
any_source() { # FILE: execsnoop that can't tell scripts, as before 4.17
	"$REAL_TOOLS/execsnoop" --ebpf | sed 's/EXEC_PROGRAM : EXEC_SCRIPT/EXEC_ANY : EXEC_ANY/' >"$1"
}
filtered_source() { # FILE: execsnoop of programs with an "e" in front
	"$REAL_TOOLS/execsnoop" --ebpf | sed "s/\tread_new_args(event);/&\n\tif (event->comm[0] != 'e')\n\t\treturn 0;/" >"$1"
}

unnoted_source() { # FILE: setuids that does not see setuid(), which is then a change without a call
	"$REAL_TOOLS/setuids" --ebpf | sed 's/^BEGIN(on_setuid, CALL_SETUID)/int on_setuid(struct pt_regs *ctx)\n{\n\treturn 0;\n}/' >"$1"
}

who_source() { # FILE: all of execsnoop with --who, and a field of its own
	"$REAL_TOOLS/execsnoop" --who --ebpf |
		sed 's/^\(\tREAD_COMM(event->comm);\)$/\1\n\tFIELD(half, event->pid \/ 2);/' >"$1"
}

# edited TOOL FILE LINE TEXT: its source with a text after the first line that has LINE.
edited() {
	"$REAL_TOOLS/$1" --ebpf | awk -v line="$3" -v text="$4" \
		'{ print } index($0, line) && !done { print text; done = 1 }' >"$2"
}

# with_function TOOL FILE HEAD: its source with a function that starts like this, at the end.
with_function() {
	"$REAL_TOOLS/$1" --ebpf >"$2"
	cat >>"$2" <<-END
		$3
		{
			struct execsnoop_event *event;

			if (READ(my_task()->pid) != READ(my_task()->tgid))
				return 0;
			event = begin_event(-4000);
			if (event)
				end_event(ctx, event);
			return 0;
		}
	END
}

# twenty_fields HOSTILE: as a program adds them, two of which can't be read; HOSTILE points to a text
# of the traced program's.
twenty_fields() {
	for i in {1..14}; do echo "	FIELD(f$i, $i);"; done
	cat <<-END
		FIELD(negative, -5);
		FIELD(small, (signed char)200);
		FIELD(flag, READ(my_task()->pid) > 0);
		FIELD(bad, READ(((struct task_struct *)8)->pid));
		FIELD_STR(hostile, $1);
		FIELD_STR(nowhere, (void *)8);
	END
}

# What customising.sh runs, as TOOL.NAME.c in a directory.
customised_sources() { # DIRECTORY
	local tool
	edited execsnoop "$1/execsnoop.fields.c" 'read_new_args(event);' \
		"$(twenty_fields 'event->text + event->filename_size + 10')
	FIELD_STR(parent, READ(my_task()->real_parent)->comm);"
	edited opensnoop "$1/opensnoop.batch.c" 'size = fill_event(event, ended, NAME_IN_BATCH);' \
		"$(twenty_fields 'my_task()->comm')
	FIELD(opener, my_pid());"
	for tool in shellsnoop ttysnoop; do
		edited $tool "$1/$tool.fields.c" 'event->is_doubtful = write->is_doubtful;' \
			"$(twenty_fields 'my_task()->comm')"
	done
	edited execsnoop "$1/execsnoop.refused.c" 'read_new_args(event);' \
		'	event->pid = *(volatile u32 *)(u64)event->uid;'
	with_function execsnoop "$1/execsnoop.named.c" 'RAW_TRACEPOINT_PROBE(sched_process_exit)'
	with_function execsnoop "$1/execsnoop.missing.c" 'RAW_TRACEPOINT_PROBE(no_such)'
	with_function execsnoop "$1/execsnoop.kprobe.c" 'int kprobe__sys_clone(struct pt_regs *ctx)'
	with_function execsnoop "$1/execsnoop.stray.c" 'int stray(struct pt_regs *ctx)'
}

# in_headers FILE WORD: the kernel's headers have the word there. Those that are in no tree have it.
# For another kernel see images.sh.
in_headers() {
	local trees tree found=yes
	trees=("/lib/modules/$(uname -r)"/{build,source})
	[ -z "${FOR-}" ] || trees=("$HEADERS_FROM"/usr/src/*)
	for tree in "${trees[@]}"; do
		[ -d "$tree/include/linux" ] || continue
		! grep -qw "$2" "$tree/include/$1" 2>/dev/null || return 0
		found=
	done
	[ -n "$found" ]
}

# The programs of BCC's tools, as TOOL.bcc_KIND.c in a directory. Its scripts want Debian's Python.
bcc_sources() { # DIRECTORY
	local tool kind
	in_headers uapi/linux/openat2.h open_how || local -x LACKS_OPENAT2=1
	for tool in execsnoop.kprobes opensnoop.kprobes opensnoop.kfuncs bashreadline.kprobes; do
		kind=${tool#*.} tool=${tool%.*}
		/usr/bin/python3 "$REPOSITORY/tests/tools/bcc_text.py" "$kind" "/usr/sbin/$tool-bpfcc" \
			>"$1/$tool.bcc_$kind.c" || return
	done
}

# ---- docs/customising.md ----

page=$REPOSITORY/docs/customising.md

# page_block KIND NUMBER: the lines of that block of that kind. page_head: what follows the kind.
page_block() { awk -v kind="^\`\`\`$1" -v n="$2" '/^```$/ { on = 0 } on { print } $0 ~ kind { on = ++i == n }' "$page"; }
page_head() { grep -E "^\`\`\`$1" "$page" | sed -n "$2s/^\`\`\`$1 *//p"; }

# page_edit NUMBER FILE: makes that edit, as the page says.
page_edit() {
	local place
	place=$(page_head c "$1")
	if [ "$place" = 'at the end' ]; then
		page_block c "$1" >>"$2"
	else
		place=${place#after }
		[ "$(grep -cF -- "$place" "$2")" -eq 1 ] || return
		page_block c "$1" >"$2.edit"
		awk -v place="$place" -v edit="$2.edit" \
			'{ print } index($0, place) { while ((getline line <edit) > 0) print line }' "$2" >"$2.new"
		mv "$2.new" "$2"
	fi
}

# What the page's first edit reads, since 4.19.
can_edit_as_page() { in_headers linux/sched.h thread_pid; }

# As execsnoop.pageN.c in a directory: the source after N edits.
page_sources() { # DIRECTORY
	local number
	"$REAL_TOOLS/execsnoop" --ebpf >"$1/execsnoop.page.c"
	for number in 1 2 3; do
		page_edit "$number" "$1/execsnoop.page.c" || return
		cp "$1/execsnoop.page.c" "$1/execsnoop.page$number.c"
	done
	rm -f "$1"/execsnoop.page.c*
}

# ---- events as JSON ----

# One Python judges all, because under emulation a start of it takes a second. The line of a question:
# file, filter, expression.
start_judge() {
	# shellcheck disable=SC2034 # JUDGE_PID
	coproc JUDGE { python3 -uc 'import json, os, sys
def judge(path, wanted, expression):
    for line in open(path):
        event = json.loads(line)
        who = event.get("who", {})
        family = [who.get("parent", {})] + who.get("ancestors", [])
        commands = [" ".join(one.get("args") or []) for one in family]
        names = dict(globals(), event=event, who=who, family=family, commands=commands)
        if eval(wanted, names):
            return "yes" if eval(expression, names) else "no: " + json.dumps(event)
    return "no such event"
for line in sys.stdin:
    try:
        print(judge(*line.rstrip("\n").split("\t")))
    except Exception as error:
        print("no:", repr(error))'; }
}

# event_is NAME FILTER EXPRESSION: both are Python. The first event of $SCRATCH/NAME.out of which the filter
# is true is as the expression says; who is its own, family are its parent and those above, commands their
# command lines.
event_is() {
	local answer
	[ -n "${JUDGE_PID-}" ] || start_judge
	printf '%s\t%s\t%s\n' "$SCRATCH/$1.out" "${2//[$'\n\t']/ }" "${3//[$'\n\t']/ }" >&"${JUDGE[1]}"
	read -r answer <&"${JUDGE[0]}"
	echo "$answer"
	[ "$answer" = yes ]
}

# json NAME EXPRESSION: it is true of one of the events.
json() { event_is "$1" "$2" True; }

has_kprobes() {
	[ -e /sys/bus/event_source/devices/kprobe ] || [ -e /sys/kernel/tracing/kprobe_events ]
}

# openat2() came in 5.6.
has_openat2() { grep -Eq ' (__[a-z0-9]+_)?sys_openat2$' /proc/kallsyms; }

# Before 4.17 the kernel has no raw tracepoints; nor does it tell a script from a program.
has_raw_tracepoints() { grep -qw raw_tp_prog_func_proto /proc/kallsyms; }

# --who needs Linux 4.18, which has this helper.
has_who() { grep -qw bpf_get_current_cgroup_id /proc/kallsyms; }

# What follows the line about a wrong command line, and that alone: where to find help.
ends_with_help() { # TOOL STATUS
	if [ "$2" -eq 2 ]; then
		[ "$(wc -l <"$ERR")" -eq 2 ] &&
			[ "$(tail -n 1 "$ERR")" = "Try '$1 --help' for the options." ]
	else
		[ "$(wc -l <"$ERR")" -eq 1 ]
	fi
}

# one_line_error STATUS REGEX TOOL ARGS...: bad input gives one line and that exit status.
one_line_error() {
	local status=$1 pattern=$2 tool=$3 result
	shift 3
	"$TOOLS/$tool" "$@" >"$OUT" 2>"$ERR" </dev/null
	result=$?
	[ $result -eq "$status" ] && ends_with_help "$tool" "$status" && [ ! -s "$OUT" ] &&
		grep -Eq -- "^$tool: $pattern" "$ERR"
}

# For the tools that watch TCP: connections of these kinds, see programs/tcp_kinds.c.
TCP_KINDS=(plain accept4 nonblocking ipv6 mapped fastopen thread compat socketcall uring)
MADE=$SCRATCH/made

# connect KIND...: $MADE gets their lines.
connect() { "$PROGRAMS/tcp_kinds" "$@" >"$MADE"; }

# of KIND FIELD: of the line "KIND PID TID CLIENT-PORT SERVER-PORT".
of() { awk -v kind="$1" -v field="$2" '$1 == kind { print $field }' "$MADE"; }

# address_of KIND: IP and address as in the columns, for both ends.
address_of() {
	case $1 in
	ipv6) echo '6  ::1             ' ;;
	*) echo '4  127\.0\.0\.1       ' ;;
	esac
}

check_kinds() { # COMMAND ARGUMENT...: for each kind that this kernel has
	local kind
	for kind in "${TCP_KINDS[@]}"; do
		if [ "$(of "$kind" 2)" = none ]; then
			skip "$1: $kind" 'this kernel has no such way'
		else
			check "$1: $kind" "$1" "$kind" "${@:2}"
		fi
	done
}

finish() {
	finished=yes
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ]
}
