#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is said where something is missing: one true line, status 1; and what --support says.
# shellcheck disable=SC2016,SC2086 # several variables are commands with their arguments
# What is said depends on --headers, which is given here where it matters.
unset SNOOPKIT_HEADERS
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

capability_set() { capsh --print | sed -n 's/^Bounding set =//p' | tr , '\n'; }

# all_but CAPABILITY...: the others, for capsh --drop.
all_but() { capability_set | grep -vxF "$(printf '%s\n' "$@")" | paste -sd,; }

# without CAPABILITIES COMMAND: runs COMMAND as root that lacks them (a list with commas).
without() { capsh --drop="$1" -- -c "$2"; }

# fails REGEX TOOL COMMAND...: one line of that tool's and status 1, nothing on standard output.
fails() {
	local pattern=$1 tool=$2 result
	shift 2
	"$@" >"$OUT" 2>"$ERR" </dev/null
	result=$?
	[ $result -eq 1 ] && [ "$(wc -l <"$ERR")" -eq 1 ] && [ ! -s "$OUT" ] &&
		grep -Eq -- "^$tool: $pattern" "$ERR"
}

# says STATUS REGEX COMMAND...: of --support.
says() {
	local status=$1 pattern=$2 result
	shift 2
	"$@" >"$OUT" 2>"$ERR" </dev/null
	result=$?
	[ $result -eq "$status" ] && [ ! -s "$ERR" ] && [ "$(wc -l <"$OUT")" -eq 1 ] &&
		grep -Eq -- "$pattern" "$OUT"
}

mkdir "$SCRATCH/tracefs" "$SCRATCH/tracefs/events"
prepare_hiding
eperm="$TOOLS/eperm $FIRST_START --duration 0.1"
deny=$PROGRAMS/deny
policy='although the capabilities are there'

if grep -q '\[confidentiality\]' /sys/kernel/security/lockdown 2>/dev/null; then
	bash "$(dirname "$0")/../vm/lockdown"
	finished=yes
	exit
fi

check 'not root' fails 'run as root: tracing needs CAP_BPF and CAP_PERFMON \(or CAP_SYS_ADMIN\)$' eperm \
	setpriv --reuid 65534 --regid 65534 --clear-groups $eperm
check 'without CAP_BPF' fails 'run as root: tracing needs CAP_BPF$' eperm \
	without cap_sys_admin,cap_bpf "$eperm"
check 'without CAP_PERFMON' fails 'run as root: tracing needs CAP_PERFMON$' eperm \
	without cap_sys_admin,cap_perfmon "$eperm"
check 'without a capability' fails 'run as root: tracing needs CAP_BPF and CAP_PERFMON' eperm \
	without "$(all_but nothing)" "$eperm"
# Where maps count as locked memory.
counts_memory() { linux_before 5.11; }

little="prlimit --memlock=65536:65536 capsh --drop=cap_sys_resource --"
enough_memory=
if counts_memory; then
	enough_memory="prlimit --memlock=unlimited"
	check 'too little locked memory' fails '.* locked memory, .* is 64 kB: run with CAP_SYS_RESOURCE' eperm \
		$little -c "$eperm"
	check '--support says so' says 1 '^eperm: unsupported: .* locked memory' $little -c "$TOOLS/eperm --support"
else
	check 'little locked memory is no matter' $little -c "$eperm"
fi
check 'a stack too small for the compiler' fails ".* by signal 11, with a stack of 64 kB \(ulimit -s\)$" execsnoop \
	bash -c "$enough_memory prlimit --stack=65536:65536 capsh --drop=cap_sys_resource -- \
		-c '$TOOLS/execsnoop --no-cache --duration 0.1'"
if [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ]; then
	check 'CAP_BPF and CAP_PERFMON are not enough' fails \
		'run as root: with kernel.perf_event_paranoid [0-9]+ tracing needs CAP_SYS_ADMIN$' eperm \
		without "$(all_but cap_bpf cap_perfmon)" "$eperm"
else
	enough=(cap_bpf cap_perfmon)
	counts_memory && enough+=(cap_sys_resource)
	check "${enough[*]} are enough, where tracefs is mounted" \
	hidden 'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing' \
	"capsh --drop=$(all_but "${enough[@]}") -- -c '$eperm'"
fi
check '--support says so' says 1 '^eperm: unsupported: run as root' \
	setpriv --reuid 65534 --regid 65534 --clear-groups "$TOOLS/eperm" --support
if unshare -Ur true 2>/dev/null; then
	check 'root of a user namespace' fails "the kernel refuses BPF $policy" eperm unshare -Ur $eperm
else
	skip 'root of a user namespace' "user namespaces can't be made here"
fi

check 'a kernel without BPF' fails 'this kernel has no BPF \(CONFIG_BPF_SYSCALL\)$' eperm "$deny" bpf 38 $eperm
check 'BPF refused' fails "the kernel refuses BPF $policy" eperm "$deny" bpf 1 $eperm
check 'perf events refused' fails "the kernel refuses perf events $policy" eperm "$deny" perf_event_open 13 $eperm
check 'a kernel without perf events' fails 'this kernel has no perf events \(CONFIG_PERF_EVENTS\)$' eperm \
	"$deny" perf_event_open 38 $eperm

any_types=$REAL_TOOLS/eperm # without the --headers that the test may be run with
check 'neither headers nor BTF' fails 'no headers and no BTF for kernel .*linux-headers-' eperm \
	hidden "$no_btf; $no_headers" "$any_types --no-cache"
check '--support says so' says 1 '^eperm: unsupported: no headers and no BTF' \
	hidden "$no_kept; $no_btf; $no_headers" "$any_types --support"
check '--headers kernel without headers' fails 'no headers for kernel .*linux-headers-' eperm \
	hidden "$no_headers" "$eperm --no-cache --headers kernel"
check '--headers btf without BTF' fails 'kernel .* has no BTF .*--headers kernel' eperm \
	hidden "$no_btf" "$eperm --no-cache --headers btf"

library=$(libbcc)
check 'a damaged libbcc' fails "can't load libbcc.*file too short" eperm \
	hidden "hide $library /dev/null" "$eperm --no-cache"
check '--support says so' says 1 "^eperm: unsupported: can't load libbcc.*file too short" \
	hidden "$no_kept; hide $library /dev/null" "$TOOLS/eperm --support"

# The kernel's own tracefs, if mounted, hides behind an empty one.
no_events='hide /sys/kernel/tracing $SCRATCH/tracefs'
no_pmu='hide /sys/bus/event_source/devices'
bash="$TOOLS/bashreadline $FIRST_START --duration 0.1"
check 'no uprobes' fails "can't attach to the .*: this kernel has no uprobes \(CONFIG_UPROBE_EVENTS\)" bashreadline \
	hidden "$no_events; $no_pmu" "$bash"
check '--support says so' says 1 '^bashreadline: unsupported: .* no uprobes' \
	hidden "$no_events; $no_pmu" "$TOOLS/bashreadline --support"
# With BTF opensnoop needs neither kprobes nor tracefs: this one is to do without BTF's tracepoint.
chmod 755 "$SCRATCH"
entries_source "$SCRATCH/entries.c"
entries="$TOOLS/opensnoop --duration 0.1 --source $SCRATCH/entries.c"
check 'no kprobes and no tracepoints' fails \
	"can't attach to the kprobe .* no kprobes \(CONFIG_KPROBE_EVENTS\).* no such tracepoint" opensnoop \
	hidden "$no_events; $no_pmu" "$entries"
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ] ||
check 'tracefs not mounted, and no right to' fails '.*mount -t tracefs tracefs /sys/kernel/tracing(;.*)?$' \
	opensnoop hidden "umount /sys/kernel/debug /sys/kernel/tracing 2>/dev/null; $no_pmu" \
	"capsh --drop=cap_sys_admin -- -c '$entries'" 2>/dev/null
if [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ]; then
	mounted='mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing'
	# CAP_BPF and CAP_PERFMON, which an older setpriv(1) has no names for.
	as_user="$enough_memory setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+cap_39,+cap_38 \
		--ambient-caps=-all,+cap_39,+cap_38"
	# With the perf PMU kprobes need no tracefs.
	if [ -e /sys/bus/event_source/devices/kprobe/type ]; then
		check 'tracefs closed to this user, with kprobes: descendants are followed all the same' \
			hidden "$mounted" "$as_user $TOOLS/opensnoop $FIRST_START --exec true"
	else
		check 'tracefs closed to this user' fails '.*tracefs is closed to this user: run as root' \
			opensnoop hidden "$mounted" "$as_user $entries"
	fi
	[ ! -e /sys/bus/event_source/devices/uprobe/type ] || check 'a uprobe without CAP_SYS_ADMIN' fails \
		"can't attach to the uretprobe readline: not permitted: run as root.*CAP_SYS_ADMIN" \
		bashreadline without cap_sys_admin "$bash"
fi
check 'tracefs not mounted' hidden 'umount /sys/kernel/debug /sys/kernel/tracing 2>/dev/null' \
	"$TOOLS/opensnoop --duration 0.1"

check 'a function that is not there' one_line_error 1 '.*readline' bashreadline -s /lib/x86_64-linux-gnu/libc.so.6
if [ ! -e /proc/modules ]; then
	check 'no modules' one_line_error 1 'this kernel has no modules' modsnoop
	check '--support says so' says 1 '^modsnoop: unsupported: this kernel has no modules' \
		"$TOOLS/modsnoop" --support
fi

check '--support: full' says 0 '^eperm: full$' "$TOOLS/eperm" --support
if has_kprobes; then
	check '--support: full' says 0 '^opensnoop: full$' "$TOOLS/opensnoop" --support
else
	check '--support: partial, and why' says 0 \
		'^opensnoop: partial: not seen: .*io_uring.*; .*no kprobes \(CONFIG_KPROBE_EVENTS\)' \
		"$TOOLS/opensnoop" --support
fi
# Where the types rule the raw tracepoint out (see TEST_FAULTABLE_TRACEPOINTS) it is not counted on.
if grep -qs trace_call_bpf_faultable /sys/kernel/btf/vmlinux; then
	check '--support: a tracepoint whose program would be skipped' says 1 \
		'^eperm: unsupported: .*raw_syscalls:sys_exit: this kernel has no such tracepoint' \
		hidden "$no_events" "$TOOLS/eperm --support"
fi
"$TOOLS/eperm" --support --verbose >"$OUT"
for fact in kernel capabilities lockdown BPF kprobes uprobes tracepoints 'raw tracepoints' BTF headers modules; do
	check "--support --verbose: $fact" out_has "^$fact: [^ ]"
done
check '--support --verbose: BPF is there' out_has '^BPF: yes$'
check '--support --verbose: lockdown is known' out_has '^lockdown: (none|integrity|confidentiality)'
check '--support --verbose: where libbcc is' out_has "^libbcc: /.*libbcc"
check '--support --verbose: the tool last' [ "$(tail -1 "$OUT")" = 'eperm: full' ]

# What is opened later must not get a closed descriptor's number: messages would go into it.
: >"$OUT"
"$TOOLS/execsnoop" <&- 2>&- >"$OUT" &
TOOL_PID=$!
wait_for 180 has_header
is_null() { # NUMBER FLAGS
	[ "$(readlink "/proc/$TOOL_PID/fd/$1")" = /dev/null ] &&
		grep -Eq "^flags:.*0$2\$" "/proc/$TOOL_PID/fdinfo/$1"
}
check 'a closed input stays one that nobody can read' is_null 0 1
check 'closed messages stay one that nobody can write' is_null 2 0
stop
finish
