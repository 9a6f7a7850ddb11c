#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=lib.sh
# What a running tool, its monitor, its compiler and its command may do.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

chmod 755 "$SCRATCH"
mkdir "$SCRATCH/own" "$SCRATCH/theirs"
chown 65534:65534 "$SCRATCH/theirs"
mkfifo "$SCRATCH/hold"
exec 7<>"$SCRATCH/hold"
"$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" bash -c 'read -r line' <&7 >"$SCRATCH/in_pty" 2>&1 &
TERMINAL_PID=$!
wait_for 10 test -s "$SCRATCH/tty"

# status_of PID: the fields of /proc/PID/status in the array STATUS_OF. The file is read at once: its
# content is of the moment of each read.
declare -A STATUS_OF
status_of() {
	local name value text
	text=$(<"/proc/$1/status")
	STATUS_OF=()
	while IFS=$':\t' read -r name value; do STATUS_OF[$name]=$value; done <<<"$text"
}

has_no_privileges() { # PID
	local set
	status_of "$1"
	echo "UID ${STATUS_OF[Uid]}, NoNewPrivs ${STATUS_OF[NoNewPrivs]}, Seccomp ${STATUS_OF[Seccomp]}"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "${STATUS_OF[$set]}" = 0000000000000000 ] || return 1
	done
	[[ ! ${STATUS_OF[Uid]}$'\t' =~ (^|$'\t')0$'\t' ]] && [[ -z ${STATUS_OF[Groups]// } ]] &&
		[ "${STATUS_OF[NoNewPrivs]}" = 1 ] && [ "${STATUS_OF[Seccomp]}" = 2 ]
}

# The monitor is that user too; it keeps capabilities, but not those that lead to all others.
LEADS_TO_ALL=$((1 << 6 | 1 << 7 | 1 << 8 | 1 << 16)) # setgid, setuid, setpcap, sys_module
is_confined_monitor() {
	[ -n "$MONITOR" ] || return 1
	status_of "$MONITOR"
	echo "UID ${STATUS_OF[Uid]}, CapPrm ${STATUS_OF[CapPrm]}"
	[[ ! ${STATUS_OF[Uid]} =~ ^0 ]] && [ "${STATUS_OF[NoNewPrivs]}" = 1 ] &&
		[ "${STATUS_OF[Seccomp]}" = 2 ] && (((0x${STATUS_OF[CapPrm]} & LEADS_TO_ALL) == 0))
}

# While the tool runs, only it holds the probes, so that they end with it.
holds_no_probe() { # PID
	! find "/proc/$1/fd" -printf '%l\n' | grep -E 'perf_event|raw-tracepoint|bpf_link|pipe'
}

text_events() { # PIDS of the processes that made them
	cat /sys/kernel/tracing/kprobe_events /sys/kernel/tracing/uprobe_events 2>/dev/null |
		grep -E ":snoopkit/._($1)_"
}
has_no_text_event() { ! text_events "$1"; }

arguments_of() {
	case $1 in
	shellsnoop) echo $$ ;;
	ttysnoop) cat "$SCRATCH/tty" ;;
	esac
}

# What needs the monitor to put into maps keeps the perf events of the buffers, too.
refuses_bpf() {
	[ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled 2>/dev/null || echo 0)" != 0 ] &&
		linux_before 5.19
}

is_tracing_or_gone() { is_tracing "$TOOL_PID" || ! kill -0 "$TOOL_PID" 2>/dev/null; }

has_failed() { [ "$STATUS" = 1 ] && [ -s "$ERR" ]; }

# Whoever took the tool over: its process is made to make system calls. That begins in one; capable sees
# the attempt, and may be awake.
intrudes() { sleeps_in "$1" poll && "$PROGRAMS/intruder" "$1" >"$SCRATCH/intruder"; } # PID
refuses_intruder() { # PID
	wait_for 60 intrudes "$1" || return 1
	! grep -v ' refused$' "$SCRATCH/intruder" && [ -s "$SCRATCH/intruder" ]
}
can_intrude() { # PID: the same succeeds with a process that may do all
	"$PROGRAMS/intruder" "$1" >"$SCRATCH/intruder" && grep -q 'socket allowed' "$SCRATCH/intruder"
}

check_tool() {
	local tool=$1 arguments pid
	arguments=$(arguments_of "$tool")
	# shellcheck disable=SC2086
	launch is_tracing_or_gone "$tool" $arguments
	if ! kill -0 "$TOOL_PID" 2>/dev/null; then
		wait_tool
		check "$tool: it can't work here and says why" has_failed
		return
	fi
	pid=$TOOL_PID
	wait_for 30 has_no_privileges "$pid"
	check "$tool: no user, no capability, no new privileges, a filter" has_no_privileges "$pid"
	[ "$(uname -m)" != x86_64 ] || check "$tool: an intruder is refused" refuses_intruder "$pid"
	monitor_of "$pid"
	wait_for 30 is_confined_monitor
	check "$tool: its monitor" is_confined_monitor
	if ! refuses_bpf; then
		check "$tool: its monitor holds no probe" holds_no_probe "$MONITOR"
	fi
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	TOOL_PID=
	check "$tool: its monitor ends with it" wait_for 10 is_gone "$MONITOR"
	check "$tool: no probe outlives SIGKILL" has_no_text_event "$pid|$MONITOR"
}

if [ "$(uname -m)" = x86_64 ]; then
	sleep 100 &
	wait_for 10 sleeps_in $! nanosleep
	check "an intruder can try" can_intrude $!
	kill $!
	wait $! 2>/dev/null
fi
for tool in "$REAL_TOOLS"/*; do
	check_tool "${tool##*/}"
done

start execsnoop -v
pid=$TOOL_PID
monitor_of "$pid"
is_safe_from_nobody() { ! setpriv --reuid 65534 --regid 65534 --clear-groups kill -0 "$1"; }
check "programs that run as nobody can't kill it" is_safe_from_nobody "$pid"
check "nor its monitor" is_safe_from_nobody "$MONITOR"
stop
check "-v says what was given up" err_has '^execsnoop: given up: root, all capabilities, all syscalls'
check "and what the monitor keeps" err_has "^execsnoop: the monitor, PID $MONITOR, keeps: cap_"
check "the end takes the monitor along" is_gone "$MONITOR"
check "and the probes" has_no_text_event "$pid|$MONITOR"

# Where probes have names in tracefs, and nothing but the tool removes them.
if [ ! -e /sys/bus/event_source/devices/kprobe ] && [ -e /sys/kernel/tracing/kprobe_events ]; then
	start opensnoop
	pid=$TOOL_PID
	monitor_of "$pid"
	check "probes of the text interface" text_events "$pid|$MONITOR"
	stop
	check "a normal end takes them along" has_no_text_event "$pid|$MONITOR"
fi

start execsnoop --keep-privileges
status_of "$TOOL_PID"
monitor_of "$TOOL_PID"
check "--keep-privileges" [ "${STATUS_OF[Uid]%%$'\t'*}" = 0 ]
check "--keep-privileges needs no monitor" [ -z "$MONITOR" ]
stop

# Killed, the monitor takes nothing along, unless the tool needs it to read its maps.
start execsnoop
monitor_of "$TOOL_PID"
kill -KILL "$MONITOR"
check "that the monitor was killed is said" wait_for 10 err_has '^execsnoop: the monitor was killed'
if refuses_bpf; then
	wait_tool
	check "without its maps the tool ends" [ "$STATUS" = 1 ]
else
	/bin/true "without-monitor-$$"
	check "without its monitor the tool goes on" out_soon "without-monitor-$$"
	stop
	check "and ends as ever" [ "$STATUS" = 0 ]
fi

# Stopped, it answers nothing.
start execsnoop
monitor_of "$TOOL_PID"
kill -STOP "$MONITOR"
kill -INT "$TOOL_PID"
check "a monitor that was stopped does not hold up the tool's end" wait_for 10 is_gone "$TOOL_PID"
kill -CONT "$MONITOR"
wait_tool

# A tool that was taken over, with and without its privileges: the latter shows that the attempts work.
planted() {
	TOOLS=$PROGRAMS start planted "$@"
	/bin/true
	wait_tool
}
planted
check "an intruder is refused everything" out_lacks allowed
check "and tried it" out_lines ' refused$' "$(grep -c ' ' "$OUT")"
check "a process among it" out_has '^process refused$'
check "a socket among it" out_has '^socket refused$'
planted --keep-privileges
for attempt in open-to-read process exec socket bpf-program bpf-map kill; do
	check "which root is not: $attempt" out_has "^$attempt allowed$"
done

# The command of --exec, and files that are written for a user.
export SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody
# shellcheck disable=SC2016
who='echo $(id -u) $(id -g) $(id -G) $USER ${SUDO_UID:-none}'
"$TOOLS/opensnoop" --exec sh -c "$who >$SCRATCH/theirs/exec" >"$OUT" 2>"$ERR"
check "--exec is the caller's" grep -qx '65534 65534 65534 nobody none' "$SCRATCH/theirs/exec"
"$TOOLS/opensnoop" --exec-user root --exec sh -c "$who >$SCRATCH/own/exec" >"$OUT" 2>"$ERR"
check "--exec-user" grep -q '^0 0 ' "$SCRATCH/own/exec"
check "--exec-user of nobody known" one_line_error 1 "unknown user 'no-such-user'" \
	opensnoop --exec-user no-such-user --exec true
for place in theirs own; do
	"$TOOLS/ttysnoop" --duration 0.1 --asciicast "$SCRATCH/$place/a.cast" "$(cat "$SCRATCH/tty")" \
		>"$OUT" 2>"$ERR" </dev/null
done
check "--asciicast belongs to the caller" \
	[ "$(stat -c '%u %a' "$SCRATCH/theirs/a.cast")" = "65534 600" ]
check "and to root where the caller may not write" \
	[ "$(stat -c '%u %a' "$SCRATCH/own/a.cast")" = "0 600" ]
unset SUDO_UID SUDO_GID SUDO_USER

# The compiler. Each compilation takes half a minute where all is emulated.
if is_emulated; then
	skip "the compiler" "a compilation takes too long here"
	kill "$TERMINAL_PID"
	finish
	exit
fi
compiler_is_confined() { # PID of the tool
	monitor_of "$1"
	[ -n "$OTHERS" ] && status_of "${OTHERS%% *}" && [ "${STATUS_OF[Seccomp]}" = 2 ] &&
		limits=$(cat "/proc/${OTHERS%% *}/limits") &&
		spaces=$(readlink "/proc/${OTHERS%% *}/ns/net" "/proc/${OTHERS%% *}/ns/mnt")
}
in_background "$TOOLS/execsnoop" --no-cache --duration 0.1
until compiler_is_confined $TOOL_PID 2>/dev/null || is_gone $TOOL_PID; do :; done
check "the compiler is no user" [ -z "$(getent passwd "${STATUS_OF[Uid]%%$'\t'*}" | grep -v '^snoopkit:')" ]
check "has CAP_BPF and CAP_DAC_READ_SEARCH at most" \
	[ $((0x${STATUS_OF[CapPrm]} & ~(1 << 39 | 1 << 21 | 1 << 2))) = 0 ]
check "can't gain others" [ "${STATUS_OF[NoNewPrivs]}" = 1 ]
check "has limits" grep -Eq '^Max address space +4294967296 ' <<<"$limits"
check "and namespaces of its own" [ "$(sort -u <<<"$spaces" |
	grep -cvxFf <(readlink /proc/self/ns/net /proc/self/ns/mnt))" = 2 ]
wait_tool

echo "secret-$$" >"$SCRATCH/own/secret"
chmod 600 "$SCRATCH/own/secret"
{
	echo "#include \"$SCRATCH/own/secret\""
	"$REAL_TOOLS/execsnoop" --ebpf
} >"$SCRATCH/spy.c"
"$TOOLS/execsnoop" --source "$SCRATCH/spy.c" --duration 0.1 >"$OUT" 2>"$ERR"
check "a --source can't read root's files" [ $? = 1 ]
check "nor show them" bash -c "! grep -q 'secret-$$' '$ERR'"
"$TOOLS/execsnoop" --keep-privileges --source "$SCRATCH/spy.c" --duration 0.1 >"$OUT" 2>"$ERR"
check "with --keep-privileges it can" err_has "secret-$$"
kill "$TERMINAL_PID"
finish
