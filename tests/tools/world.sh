#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What surrounds a tool: CPUs that come and go, PID namespaces, a root directory, an environment.
# shellcheck disable=SC2016
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ---- CPUs that come and go ----

cpu=$(tr , '\n' </sys/devices/system/cpu/online | sed 's/.*-//' | tail -1)
switch=/sys/devices/system/cpu/cpu$cpu/online

# The test never leaves it off.
switch_on() { echo 1 >"$switch"; }

cpu_changes() {
	trap 'switch_on; cleanup' EXIT
	start execsnoop -C -n '^true$'
	taskset -c "$cpu" /bin/true before
	out_soon before
	echo 0 >"$switch"
	switch_on
	# Within a second it is traced again, and so the last of these is seen.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		taskset -c "$cpu" /bin/true back
		sleep 0.1
	done
	taskset -c "$cpu" /bin/true the-last
	out_soon the-last
	stop
	check "a CPU that comes back is traced again" out_has "  $cpu +0 /bin/true the-last$"
	check "what was before is still there" out_has "  $cpu +0 /bin/true before$"

	echo 0 >"$switch"
	start execsnoop -C -n '^true$'
	switch_on
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		taskset -c "$cpu" /bin/true came
		sleep 0.1
	done
	taskset -c "$cpu" /bin/true the-last
	out_soon the-last
	stop
	check "a CPU that comes is traced" out_has "  $cpu +0 /bin/true the-last$"
	trap cleanup EXIT
}

if [ "$cpu" != 0 ] && echo 0 2>/dev/null >"$switch" && switch_on; then
	cpu_changes
else
	skip "CPUs that come and go" "none can be switched off here"
fi

# ---- PID namespaces ----

# in_namespace SCRIPT: in a PID namespace, with the tools in $1. timeout(1) of coreutils 9.10 fails where
# its parent is in another one.
in_namespace() {
	timeout 180 unshare -pf --kill-child --mount-proc bash -c "$1" bash "$TOOLS" >"$OUT" 2>"$ERR"
}

busy='while :; do : </etc/hostname; /bin/true; sleep 0.05; done & pid=$!;'
in_namespace '"$1/opensnoop" --exec cat /etc/hostname'
check "in a PID namespace: --exec" out_has ' cat +[0-9-]+ +0 /etc/hostname$'
in_namespace "$busy"' "$1/opensnoop" --pid $pid --max-events 1; kill $pid'
check "in a PID namespace: --pid" out_has ' bash +[0-9-]+ +0 /'
in_namespace "$busy"' "$1/opensnoop" --tid $pid --max-events 1; kill $pid'
check "in a PID namespace: --tid" out_has ' bash +[0-9-]+ +0 /'
in_namespace "$busy"' "$1/execsnoop" --ppid $pid --max-events 1; kill $pid'
check "in a PID namespace: --ppid" out_has ' 0 /(usr/)?bin/(true|sleep)'
in_namespace 'setpriv --reuid 65534 --clear-groups bash -c "while :; do : </etc/shadow; sleep 0.05; done" &
	"$1/eperm" --pid $! --duration 1; kill $!' 2>"$SCRATCH/refusals"
check "in a PID namespace: eperm --pid" out_has '^EACCES bash +openat '
in_namespace '"$1/opensnoop" --pid 31999; echo $? >&2'
check "in a PID namespace: no such process" err_has '^opensnoop: no process 31999 in this PID namespace$'
check "that is status 1" err_has '^1$'
check "and nothing is traced" [ ! -s "$OUT" ]
check "in the initial one a number is enough" "$TOOLS/opensnoop" --pid 31999 --duration 0.1

# ---- a root directory that is no mount point ----

# in_chroot COMMAND: as in a rescue system; nothing has mounted tracefs in it.
in_chroot() {
	unshare -m bash -c 'set -e
		mount --make-rprivate /
		root=$1/root
		mkdir -p "$root"
		for directory in usr etc dev tmp; do
			mkdir "$root/$directory"
			mount --rbind "/$directory" "$root/$directory"
		done
		for directory in bin lib lib64 sbin; do
			[ ! -e "/$directory" ] || { mkdir "$root/$directory"; mount --rbind "/$directory" "$root/$directory"; }
		done
		mkdir "$root/proc" "$root/sys" "$root/tools"
		mount -t proc proc "$root/proc"
		mount -t sysfs sysfs "$root/sys"
		mount --bind "$2" "$root/tools"
		exec chroot "$root" $3' bash "$SCRATCH" "$REAL_TOOLS" "$1" >"$OUT" 2>"$ERR"
}
if [ -e /sys/kernel/btf/vmlinux ]; then
	in_chroot '/tools/opensnoop --no-cache --exec cat /etc/hostname'
	check "in a chroot" out_has ' cat +[0-9-]+ +0 /etc/hostname$'
else
	skip "in a chroot" "its kernel headers would be missing"
fi
# ---- an environment ----

in_background bash -c 'trap "" CHLD; exec "$1/opensnoop" --exec true' bash "$TOOLS"
check "with SIGCHLD ignored --exec ends with its command" wait_for 180 is_gone "$TOOL_PID"
kill -KILL "$TOOL_PID" 2>/dev/null
wait_tool

# ends_at_fifo SECONDS NAME: the tool opens a FIFO within these, and a signal ends it all the same.
waits_at_fifo() { sleeps_in "$TOOL_PID" 'fifo_open|wait_for_partner'; }
ends_at_fifo() {
	wait_for "$1" waits_at_fifo
	kill "$TOOL_PID"
	check "$2" wait_for 10 is_gone "$TOOL_PID"
	kill -KILL "$TOOL_PID" 2>/dev/null
	wait_tool
}

mkfifo "$SCRATCH/image"
in_background "$TOOLS/eperm" --image "$SCRATCH/image"
ends_at_fifo 180 "a FIFO that nobody reads does not keep --image from a signal"

# A file that nobody writes. Like Ctrl-C: a signal that is not ignored in the background.
mkfifo "$SCRATCH/zone"
in_background env "TZ=:$SCRATCH/zone" "$TOOLS/execsnoop" -T --duration 1
ends_at_fifo 30 "a time zone that never comes does not hold up a signal"

finish
