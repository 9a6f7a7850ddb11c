#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# What it mounts is gone with its mount namespace.
[ "${1-}" = inside ] || exec unshare -m --propagation private "$0" inside
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
follows_schema() { /usr/bin/python3 "$here/follows_schema.py" "$here/../../docs/schema" "$OUT"; }

chmod 755 "$SCRATCH"
CHECKS=$SCRATCH/checks.$$ # a comm of its own
cp "$PROGRAMS/checks" "$CHECKS"
MARK=checks.$$

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# line CAP NAME AUDIT RESULT: the regex of a line of nobody's
line() { echo "^[0-9:]{8}  65534  [0-9]+ +$MARK +$1 +$2 +$3 +$4\$"; }

# A shell that becomes the program once it is told to, so that its PID is known before.
mkfifo "$SCRATCH/go"
hold() { # COMMAND...
	bash -c 'read -r _ <"$0"; exec "$@"' "$SCRATCH/go" "$@" >"$SCRATCH/made" 2>&1 &
	held=$!
}
release() {
	echo >"$SCRATCH/go"
	wait "$held"
}

start capable
as_nobody "$CHECKS" memory >/dev/null
as_nobody "$CHECKS" quiet >/dev/null
as_nobody "$CHECKS" all >/dev/null
out_soon "$(line 7 CAP_SETUID 1 deny)"
"$CHECKS" chown >/dev/null
out_soon "^[0-9:]{8}  0 +[0-9]+ +$MARK +0 +CAP_CHOWN"
stop
check 'ends quietly with status 0' [ "$STATUS" = 0 ]
check 'nothing on standard error' err_is_empty
check 'header' out_has '^TIME      UID    PID    COMM             CAP  NAME                 AUDIT  RESULT$'
check 'mount' out_has "$(line 21 CAP_SYS_ADMIN 1 deny)"
check 'ptrace' out_has "$(line 19 CAP_SYS_PTRACE 1 deny)"
check 'a raw socket, as ping has' out_has "$(line 13 CAP_NET_RAW 1 deny)"
check 'chown' out_has "$(line 0 CAP_CHOWN 1 deny)"
check 'setuid' out_has "$(line 7 CAP_SETUID 1 deny)"
check 'what is allowed' out_has " +0 +[0-9]+ +$MARK +0 +CAP_CHOWN +1 +allow\$"
check 'what is not audited is not shown' out_lacks "$MARK .* 0 +(allow|deny)\$"

start capable -v -x
as_nobody "$CHECKS" memory >/dev/null
as_nobody "$CHECKS" quiet >/dev/null
as_nobody "$CHECKS" all >/dev/null
as_nobody "$CHECKS" thread >"$SCRATCH/made"
read -r _ pid _ tid <"$SCRATCH/made"
out_soon "$MARK +0 +CAP_CHOWN .*" && out_soon "$tid +$MARK +0 +CAP_CHOWN"
stop
# cap_capable() has a parameter that tells it since then.
not_setid=0 setid=1
! linux_before 5.1 || not_setid=N/A setid=N/A
check '-v: what is not audited' out_has "$MARK +19 +CAP_SYS_PTRACE +0 +$not_setid +deny\$"
# With kprobes it is seen where the compiler has not put cap_capable() into its caller.
has_kprobes ||
	check '-v: the accounting of memory' out_has "$MARK +21 +CAP_SYS_ADMIN +0 +$not_setid +deny\$"
check '-x: header' out_has '^TIME      UID    PID    TID    COMM             CAP  NAME                 AUDIT  INSETID RESULT$'
check '-x: a thread' out_has "^[0-9:]{8}  65534  $pid +$tid +$MARK +0 +CAP_CHOWN +1 +$not_setid +deny\$"
check '-x: INSETID of setuid' out_has "$MARK +7 +CAP_SETUID +1 +$setid +deny\$"
check '-x: and of no other' out_has "$MARK +19 +CAP_SYS_PTRACE +1 +$not_setid +deny\$"

hold "$CHECKS" thread
start capable -p "$held"
"$CHECKS" chown >/dev/null
release
out_soon "$held +$MARK +0 +CAP_CHOWN"
stop
check '-p: the process, also by a thread' out_has " $held +$MARK +0 +CAP_CHOWN"
check '-p: no other' bash -c "! sed 1d '$OUT' | grep -v ' $held '"

start capable -u nobody --cap net_raw,CAP_SETUID -s
"$CHECKS" all >/dev/null
as_nobody "$CHECKS" all >/dev/null
out_soon "$MARK +7 "
stop
check '-u: this user' out_lacks " 0 +[0-9]+ +$MARK"
check '--cap: these capabilities' out_lines "$MARK" 2
check '-s: the syscall' out_has "$MARK +13 +CAP_NET_RAW +1 +deny +socket\$"
check '-s: setuid' out_has "$MARK +7 +CAP_SETUID +1 +deny +setuid\$"
check '-s: header' out_has 'AUDIT  RESULT SYSCALL$'

start capable --denied
"$CHECKS" chown >/dev/null
as_nobody "$CHECKS" all >/dev/null
out_soon "$MARK +7 "
stop
check '--denied: only these' out_lacks 'allow$'
check '--denied: all of them' out_lines "$MARK .* deny\$" 5

# has_stack REGEX: between a line of ours and the next.
has_stack() {
	awk -v mark="$MARK" -v want="$1" '/^[0-9]/ { mine = index($0, mark) } mine && $0 ~ want { found = 1 }
		END { exit !found }' "$OUT"
}
# bpf_get_stack() is there since then.
stacks=(-K -U)
if linux_before 4.18; then
	stacks=()
	check 'stacks: it is said what they need' one_line_error 1 'stacks need Linux 4.18' capable -K
	skip '-K, -U' 'needs Linux 4.18'
else
	hold "$CHECKS" chown
	start capable -K -p "$held" --cap chown
	release
	out_soon 'entry_SYSCALL|do_syscall_64'
	stop
	check '-K: the kernel'"'"'s stack, from the check on' has_stack '^        cap_capable[+]0x[0-9a-f]+ \[kernel\]$'
	check '-K: and who made it' has_stack '^        (__x64_sys_chown|do_fchownat|chown_common)[+]0x[0-9a-f]+ \[kernel\]$'

	start capable -U --cap chown
	# No function in between, or the program would outlive the one that is killed.
	setpriv --reuid 65534 --regid 65534 --clear-groups "$CHECKS" stay >/dev/null &
	staying=$!
	out_soon "watched_function[+]0x[0-9a-f]+ .$MARK."
	kill "$staying"
	wait "$staying" 2>/dev/null
	stop
	check "-U: the program's stack, by the symbols of its file" \
		has_stack "^        watched_function[+]0x[0-9a-f]+ \[$MARK\]\$"
	check '-U: and of its libraries' has_stack '^        [^ ]+ \[libc[.-][^ ]*\]$'
	check '-U: no stack of the kernel' out_lacks 'cap_capable'
fi

# The file of a program is on an overlay over FUSE that stops answering once it was opened.
mkdir "$SCRATCH/slow" "$SCRATCH/none" "$SCRATCH/over"
modprobe -qa fuse overlay
slow=
if ! linux_before 4.18 && slow=$("$PROGRAMS/slow_file" "$SCRATCH/slow" "$CHECKS" 2>/dev/null) &&
	mount -t overlay -o "lowerdir=$SCRATCH/slow:$SCRATCH/none" over "$SCRATCH/over" 2>/dev/null; then
	kill -USR1 "$slow"
	start capable -U --cap chown
	setpriv --reuid 65534 --regid 65534 --clear-groups "$SCRATCH/over/program" stay "$CHECKS" >/dev/null &
	staying=$!
	out_soon ' program .* CAP_CHOWN '
	before=$SECONDS
	stop
	check '-U: a file that does not answer is not waited for' out_has ' program +0 +CAP_CHOWN +1 +deny$'
	check '-U: nor at the end' [ $((SECONDS - before)) -lt 4 ]
	kill -KILL "$staying"
	wait "$staying" 2>/dev/null
	umount -l "$SCRATCH/over"
else
	skip '-U: a file that does not answer is not waited for' 'needs FUSE and overlayfs, and Linux 4.18'
	skip '-U: nor at the end' 'needs FUSE and overlayfs, and Linux 4.18'
fi
if [ -n "$slow" ]; then
	kill -KILL "$slow"
	umount -l "$SCRATCH/slow"
fi

start capable --unique --cap chown
as_nobody "$CHECKS" chown 20 >/dev/null
"$CHECKS" chown 20 >/dev/null
out_soon "$MARK .* allow"
stop
check '--unique: each process once' out_lines "$MARK +0 +CAP_CHOWN" 2

# map_of NAME VALUE-BYTES NUMBER: a pinned map with that number.
map_of() {
	local bytes
	bytes=$(printf '%016x' "$3" | sed 's/../& /g' | tac -s ' ' | tr '\n' ' ')
	bpftool map create "$SCRATCH/bpf/$1" type hash key 8 value "$2" entries 8 name "$1"
	# shellcheck disable=SC2046,SC2086 # a byte an argument
	bpftool map update pinned "$SCRATCH/bpf/$1" key hex $bytes value $(printf '1 %.0s' $(seq "$2"))
}
mkdir "$SCRATCH/bpf" "$SCRATCH/cgroup"
if command -v bpftool >/dev/null && mount -t bpf none "$SCRATCH/bpf" &&
	mount -t cgroup2 none "$SCRATCH/cgroup" && mkdir "$SCRATCH/cgroup/capable.$$"; then
	map_of namespaces 4 "$(stat -L -c %i /proc/self/ns/mnt)"
	start capable --mntnsmap "$SCRATCH/bpf/namespaces" --cap chown
	unshare -m "$CHECKS" chown >/dev/null
	as_nobody "$CHECKS" chown >/dev/null
	out_soon "$MARK"
	stop
	check '--mntnsmap: only these' out_lines "$MARK" 1
	if linux_before 4.18; then
		check '--cgroupmap: it is said what it needs' one_line_error 1 '--cgroupmap needs Linux 4.18' \
			capable --cgroupmap "$SCRATCH/bpf/namespaces"
		skip '--unique with --cgroupmap' 'needs Linux 4.18'
	else
		map_of cgroups 8 "$(stat -c %i "$SCRATCH/cgroup/capable.$$")"
		start capable --cgroupmap "$SCRATCH/bpf/cgroups" --unique --cap chown
		for who in 'setpriv --reuid 65534' 'setpriv --reuid 65534' ''; do
			"$CHECKS" chown >/dev/null
			bash -c 'echo $$ >"$0/cgroup.procs"; exec $1 "$2" chown' "$SCRATCH/cgroup/capable.$$" "$who" \
				"$CHECKS" >/dev/null
		done
		out_soon "$MARK .* allow"
		stop
		check '--unique with --cgroupmap: each cgroup once' out_lines "$MARK .* deny" 1
		check '--unique: another result is another check' out_lines "$MARK .* allow" 1
	fi
	rmdir "$SCRATCH/cgroup/capable.$$"
else
	skip '--mntnsmap, --cgroupmap' 'no bpftool, or no cgroups of version 2'
fi
umount "$SCRATCH/bpf" "$SCRATCH/cgroup" 2>/dev/null

start capable -c
as_nobody "$CHECKS" chown 1000 >/dev/null
"$CHECKS" chown 30 >"$SCRATCH/made"
stop
check '-c: header' out_has '^COMM             PID    CAP  NAME                  ALLOWED   DENIED$'
check '-c: what was denied, exactly' out_has "^$MARK +[0-9]+ +0 +CAP_CHOWN +0 +1000\$"
# An overlay asks twice.
check '-c: what was allowed' out_has "^$MARK +[0-9]+ +0 +CAP_CHOWN +(30|60) +0\$"
check '-c: the most frequent comes last' \
	awk 'NR > 1 { n = $(NF-1) + $NF; if (n < last) exit 1; last = n }' "$OUT"

denied_sum() { awk 'NF > 4 && $(NF-2) == "CAP_CHOWN" { n += $NF } END { printf "%d", n }' "$OUT"; }
denied_is() { [ "$(denied_sum)" -eq "$1" ]; }
start capable -c -i 1 --cap chown --denied
for _ in 1 2 3; do
	as_nobody "$CHECKS" chown 5000 >/dev/null
	sleep 0.7
done
stop
check '-i: the tables add up exactly' denied_is 15000
check '-i: several tables' [ "$(grep -c "$MARK" "$OUT")" -gt 1 ]
check '-i: an empty line between them' out_has '^$'

start capable -c --cap chown --denied
as_nobody "$CHECKS" names 5000 >/dev/null
as_nobody "$CHECKS" chown 7 >/dev/null
stop
check 'made-up names: all is counted' denied_is 5007
check 'made-up names: one row for the rest' out_lines '^\(other\) +- +0 +CAP_CHOWN' 1
check "made-up names: another process has its own row" out_has "^$MARK +[0-9]+ +0 +CAP_CHOWN +0 +7\$"
check 'made-up names: it is said' err_has '^capable: too many different names: [0-9]+ checks counted as \(other\)$'

hold "$CHECKS" all
start capable -c --advise -p "$held"
release
stop
check '--advise: the last line' \
	bash -c "[[ \$(tail -n 1 '$OUT') == CapabilityBoundingSet=*CAP_CHOWN*CAP_SETUID* ]]"
check '--advise: nothing that was not used' out_lacks 'BoundingSet=.*CAP_(NET_ADMIN|SYS_MODULE)'
hold "$CHECKS" chown
start capable -c --advise -p "$held" --cap chown
release
stop
set_of() { sed -n 's/^CapabilityBoundingSet=//p' "$OUT" | tr '[:upper:] ' '[:lower:],' | sed 's/cap_/+/g'; }
check '--advise: the program works with it' [ "$(setpriv --bounding-set "-all,$(set_of)" \
	--inh-caps "-all,$(set_of)" "$CHECKS" chown)" = 'allowed 1' ]
check '--advise: and not without' \
	[ "$(setpriv --bounding-set -all --inh-caps -all "$CHECKS" chown)" = 'allowed 0' ]

start_headerless capable --json "${stacks[@]}"
as_nobody "$CHECKS" all >/dev/null
out_soon "CAP_SETUID"
stop
check '--json: every field' python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
row = [r for r in rows if r["comm"] == sys.argv[2] and r["name"] == "CAP_CHOWN"][0]
assert row["cap"] == 0 and row["audit"] is True and row["insetid"] is (None if sys.argv[3] == "N/A" else False)
assert row["result"] == "deny" and row["ret"] == -1 and row["used"] is False
assert row["uid"] == 65534 and row["tid"] == row["pid"] and row["time"].endswith("Z")
assert row["syscall"] == "chown" and (not sys.argv[4:] or row["kernel_stack"][0].startswith("cap_capable+0x"))
' "$OUT" "$MARK" "$not_setid" "${stacks[@]}"
check '--json: follows the schema' follows_schema
start_headerless capable --json -c --cap chown
as_nobody "$CHECKS" chown 5 >/dev/null
stop
check '--json -c: the counts' jq -es --arg mark "$MARK" \
	'any(.comm == $mark and .denied == 5 and .allowed == 0 and .allowed_used == 0 and .other == false)' "$OUT"
check '--json -c: follows the schema' follows_schema

start capable "${stacks[@]:0:1}" --fields comm,result,syscall --where name=CAP_CHOWN --where "comm=$MARK"
as_nobody "$CHECKS" all >/dev/null
out_soon "$MARK"
stop
check '--fields, --where' out_has "^$MARK +deny +chown\$"
check '--fields: a line is the fields alone' out_lines . 2

if ! has_kprobes; then
	printf '0000000000000000 T cap_capable\n' >"$SCRATCH/kallsyms"
	mount --bind "$SCRATCH/kallsyms" /proc/kallsyms
	start capable -K --cap chown
	as_nobody "$CHECKS" chown >/dev/null
	out_soon "$MARK"
	stop
	umount /proc/kallsyms
	check 'hidden symbols: AUDIT is not known, and the check is shown' out_has "$(line 0 CAP_CHOWN - deny)"
	check 'hidden symbols: it is said' err_has \
		'^capable: without kprobes AUDIT and INSETID come from /proc/kallsyms, which can.t be read: sysctl'
	check 'hidden symbols: a stack of addresses' has_stack '^        0x[0-9a-f]+ \[unknown\]$'
fi

check '--advise is a line for a unit' one_line_error 1 '--advise prints a line for a unit' capable -c --advise --json
check 'unknown capability' one_line_error 2 "unknown capability 'NOTHING'" capable --cap chown,NOTHING
check 'no capability' one_line_error 2 "unknown capability ''" capable --cap ''
check '-i without -c' one_line_error 2 '--interval' capable -i 1
check '--advise without -c' one_line_error 2 '--advise' capable --advise
check '-c with stacks' one_line_error 2 '-c counts' capable -c -K
check 'bad PID' one_line_error 2 "bad PID 'x'" capable -p x
finish
