#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
follows_schema() { /usr/bin/python3 "$here/follows_schema.py" "$here/../../docs/schema" "$OUT"; }

chmod 755 "$SCRATCH"
IDS=$SCRATCH/ids.$$ # a comm of its own
MARK=ids.$$
cp "$PROGRAMS/set_ids" "$IDS"

# line UID SYSCALL ARGS: the regex of a line with these columns
line() { echo "^[0-9:]{8} [0-9]+ +$MARK +$1 +$2 +$3\$"; }

shows_users() { # SECTION
	check "$1: setfsuid" out_has "$(line 0 setfsuid 'uid=11 \(prevuid=0\)')"
	check "$1: setfsuid that only asks, -1 shown as such" \
		out_has "$(line 0 setfsuid 'uid=-1 \(prevuid=11\)')"
	check "$1: setresuid" out_has "$(line 0 setresuid 'ruid=12 euid=13 suid=0 \(0\)')"
	check "$1: setresuid with -1" out_has "$(line 12 setresuid 'ruid=-1 euid=0 suid=-1 \(0\)')"
	check "$1: setreuid" out_has "$(line 12 setreuid 'ruid=14 euid=0 \(0\)')"
	check "$1: setuid" out_has "$(line 14 setuid 'uid=15 \(0\)')"
}

start setuids
"$IDS" all
"$IDS" groups
out_soon 'uid=15 .0.$'
"$IDS" thread >"$SCRATCH/made"
out_soon 'uid=77'
stop
check 'ends quietly with status 0' [ "$STATUS" = 0 ]
check 'says nothing but what it does not see' \
	bash -c "! grep -v '^setuids: not seen on this kernel: credentials that change without a call\$' '$ERR'"
check 'header' out_has '^TIME     PID    COMM             UID    SYSCALL   ARGS \(RET\)$'
shows_users 'calls'
check 'groups are not shown' out_lacks "$MARK +[0-9]+ +set[a-z]*g"
check 'a thread, by its process' \
	out_has "^[0-9:]{8} $(sed 's/pid \([0-9]*\) .*/\1/' "$SCRATCH/made") +$MARK +0 +setuid +uid=77 \(0\)\$"

start setuids -g
"$IDS" groups
out_soon 'gid=27'
stop
check '-g: setgroups, with the groups' out_has "$(line 0 setgroups 'size=2 groups=21,22 \(0\)')"
check '-g: setfsgid' out_has "$(line 0 setfsgid 'gid=23 \(prevgid=0\)')"
check '-g: setresgid' out_has "$(line 0 setresgid 'rgid=24 egid=25 sgid=-1 \(0\)')"
check '-g: setregid' out_has "$(line 0 setregid 'rgid=26 egid=-1 \(0\)')"
check '-g: setgid' out_has "$(line 0 setgid 'gid=27 \(0\)')"

cp "$PROGRAMS/set_ids32" "$IDS" 2>/dev/null
if "$IDS" many 1; then
	start setuids -g
	"$IDS" all
	"$IDS" groups
	out_soon 'gid=27'
	stop
	shows_users 'a 32-bit program'
	check 'a 32-bit program: setgroups' out_has "$(line 0 setgroups 'size=2 groups=21,22 \(0\)')"
	check 'a 32-bit program: setfsgid' out_has "$(line 0 setfsgid 'gid=23 \(prevgid=0\)')"
	check 'a 32-bit program: setgid' out_has "$(line 0 setgid 'gid=27 \(0\)')"
else
	skip 'a 32-bit program' 'no 32-bit programs here'
fi
cp "$PROGRAMS/set_ids" "$IDS"

start setuids
"$IDS" old
status=$?
"$IDS" trapped
out_soon 'euid=51'
stop
if [ $status -eq 0 ]; then
	check 'int $0x80, 16 bits: setreuid' out_has "$(line 0 setreuid 'ruid=-1 euid=41 \(0\)')"
	check 'int $0x80, 16 bits: setresuid' out_has "$(line 0 setresuid 'ruid=-1 euid=0 suid=-1 \(0\)')"
	check 'int $0x80, 16 bits: setuid' out_has "$(line 0 setuid 'uid=42 \(0\)')"
else
	skip 'int $0x80' 'no 32-bit entry here'
fi
check 'what seccomp traps or refuses did not happen' out_lacks 'uid=432[12]'
check 'and does not stick to the next call' out_has "$(line 0 setresuid 'ruid=-1 euid=51 suid=-1 \(0\)')"

as_31() { setpriv --reuid 31 --regid 31 --clear-groups "$@"; }
start setuids -g -x
as_31 "$IDS" refused
"$IDS" all
as_31 "$IDS" refused
out_soon 'setgroups'
stop
check '-x: setuid' out_has "$(line 31 setuid 'uid=0 \(-1\)')"
check '-x: setresuid' out_has "$(line 31 setresuid 'ruid=-1 euid=0 suid=-1 \(-1\)')"
check '-x: setfsuid, which returns no error' out_has "$(line 31 setfsuid 'uid=32 \(prevuid=31\)')"
check '-x: but not one that changes nothing' out_lacks 'setfsuid +uid=(31|-1)'
check '-x: setgroups' out_has "$(line 31 setgroups 'size=0 \(-1\)')"
check '-x: nothing that succeeded' out_lacks '\(0\)$'

start setuids -u 31 -n "^$MARK\$" -P
as_31 "$IDS" refused
"$IDS" many 1
as_31 "$IDS" refused
out_soon 'setresuid'
stop
check '-u, -n: only these' bash -c "! sed 1d '$OUT' | grep -v '$MARK *31 '"
check '-P: header' out_has '^TIME     PID    PPID   COMM '
check '-P: the parent' out_has "^[0-9:]{8} [0-9]+ +$$ +$MARK"

mkfifo "$SCRATCH/go"
bash -c 'read -r _ <"$0"; exec "$1" thread' "$SCRATCH/go" "$IDS" >/dev/null &
held=$!
start setuids -p $held
"$IDS" many 1
echo >"$SCRATCH/go"
wait $held
out_soon 'uid=77'
stop
check '-p: this process, also by a thread' out_has "^[0-9:]{8} $held +$MARK +0 +setuid +uid=77 "
check '-p: no other' out_lacks 'setreuid'

# A set-user-ID program, a script in its place, and a plain one.
cp "$PROGRAMS/nothing" "$SCRATCH/suid.$$"
cp "$PROGRAMS/nothing" "$SCRATCH/plain.$$"
chmod 4755 "$SCRATCH/suid.$$"
start setuids -X
as_31 env "$SCRATCH/plain.$$"
as_31 env "$SCRATCH/suid.$$"
out_soon "suid\.$$ .0."
stop
check '-X: a set-user-ID program' out_has "^[0-9:]{8} [0-9]+ +suid\.$$ +31 +execve +$SCRATCH/suid\.$$ \(0\)\$"
check '-X: not a plain one' out_lacks "plain\.$$"

start setuids -e
as_31 "$IDS" refused
"$IDS" all
as_31 env "$SCRATCH/suid.$$"
setpriv --reuid 31 --regid 31 --clear-groups --inh-caps +setuid --ambient-caps +setuid "$IDS" all
out_soon 'euid=13'
stop
check '-e: a set-user-ID program' out_has "suid\.$$ +31 +execve"
check '-e: a user with CAP_SETUID who becomes another one' \
	out_has "$(line 31 setresuid 'ruid=12 euid=13 suid=0 \(0\)')"
check '-e: not root who becomes a user' out_lacks "$MARK +0 "
check '-e: not what failed' out_lacks '\(-1\)$'

start_headerless setuids --json -g -e
as_31 env "$SCRATCH/suid.$$"
as_31 env "$SCRATCH/suid.$$"
out_soon '"path"'
stop
check '--json: credentials before and after, and what was gained' python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
row = [r for r in rows if r["comm"] == sys.argv[2]][0]
assert row["syscall"] == "execve" and row["uid"] == 31 and row["ret"] == 0 and not row["failed"]
assert row["path"].endswith(sys.argv[2]) and row["tid"] == row["pid"] and row["ppid"] > 0
before, after, gained = row["before"], row["after"], row["gained"]
assert before["euid"] == before["suid"] == before["uid"] == after["uid"] == 31
assert after["euid"] == after["suid"] == after["fsuid"] == 0 and after["gid"] == 31
assert before["permitted"] == [] and "CAP_CHOWN" in after["permitted"]
assert gained["uids"] == [0] and gained["gids"] == [] and "CAP_SETUID" in gained["capabilities"]
' "$OUT" "suid.$$"

check '--json: follows the schema' follows_schema
start_headerless setuids --json -g
"$IDS" groups
"$IDS" all
out_soon '"uid": ?15'
stop
check '--json: arguments' python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
rows = [r for r in rows if r["comm"] == sys.argv[2]]
asks = [r for r in rows if r["syscall"] == "setfsuid"][1]
given = [r for r in rows if r["syscall"] == "setgroups"][0]
assert given["groups"] == [21, 22] and given["after"]["group_count"] == 2
assert asks["args"] == {"uid": -1} and asks["ret"] == 11 and not asks["failed"]
assert rows[-1]["args"] == {"uid": 15} and rows[-1]["gained"]["uids"] == []
' "$OUT" "$MARK"

check '--json: follows the schema' follows_schema

start setuids --fields syscall,after.euid,gained.capabilities --where args.euid=13 --where "comm=$MARK"
"$IDS" all
out_soon 'setresuid'
stop
check '--fields and --where take parts of objects' out_has '^setresuid +13 '
check '--where: only these' out_lines . 2

calls=20000
! is_emulated || calls=1000
start setuids
pids=()
for _ in 1 2 3 4; do
	"$IDS" many $calls &
	pids+=($!)
done
wait "${pids[@]}"
stop
check 'four processes at full speed: each call' out_lines "$MARK +0 +setreuid +ruid=-1 euid=-1 .0." $((4 * calls))
check 'and nothing lost' bash -c "! grep -q lost '$ERR'"

# Changes that belong to no call. Without these the same program shows what a legitimate change is not.
other_changes() {
	"$IDS" all
	"$IDS" groups
	as_31 env "$SCRATCH/suid.$$"
	setpriv --inh-caps -all --bounding-set -all true
	unshare -U true
	unshare -Ur setpriv --reuid 0 true
	"$IDS" thread
} >/dev/null 2>&1
if has_kprobes; then
	start setuids
	other_changes
	out_soon 'uid=77'
	stop
	check 'what changes credentials legitimately belongs to a call' out_lacks commit_creds

	unnoted_source "$SCRATCH/unnoted.c"
	start setuids --source "$SCRATCH/unnoted.c"
	other_changes
	out_soon 'uid=77'
	stop
	check 'a change without a call' \
		out_has "^[0-9:]{8} [0-9]+ +$MARK +14 +commit_creds uid=15 euid=15 gid=[0-9]+ egid=[0-9]+ \(no call\)\$"
	check 'and by a thread' out_has "$MARK +0 +commit_creds uid=77 "
	check 'and of these alone' out_lines "($MARK|suid\.$$|setpriv|unshare|true|env) .*commit_creds" 2
else
	skip 'changes without a call' 'no kprobes here'
fi

# What an exploit does: a module of ours makes whoever writes to its device root.
headers=/lib/modules/$(uname -r)/build
loads_module() { insmod "$SCRATCH/module/snoopkit_creds.ko" || { cat "$SCRATCH/made" && false; }; }
why_no_module=
if ! has_kprobes || [ ! -e "$headers/Makefile" ]; then
	why_no_module='no kprobes or no headers here'
else
	cp -r "$here/module" "$SCRATCH/module"
	make -s -C "$headers" CC=gcc HOSTCC=gcc M="$SCRATCH/module" modules >"$SCRATCH/made" 2>&1
	! grep -q 'unrecognized command-line option' "$SCRATCH/made" ||
		why_no_module="this compiler is older than the kernel's"
fi
if [ -z "$why_no_module" ]; then
	cp "$(command -v dd)" "$SCRATCH/hole.$$"
	check 'a module is built and loaded' loads_module
	start setuids -e
	as_31 "$SCRATCH/hole.$$" of=/dev/snoopkit_creds status=none <<<1
	out_soon commit_creds
	stop
	check 'a module that commits credentials' out_has \
		"^[0-9:]{8} [0-9]+ +hole\.$$ +31 +commit_creds uid=0 euid=0 gid=31 egid=31 \(no call\)\$"
	start_headerless setuids --json --where syscall=commit_creds
	as_31 "$SCRATCH/hole.$$" of=/dev/snoopkit_creds status=none <<<1
	out_soon commit_creds
	stop
	check 'and what it gives' jq -e \
		'.before.euid == 31 and .after.euid == 0 and .gained.uids == [0] and (.gained.capabilities | index("CAP_SYS_ADMIN"))' \
		"$OUT"
	rmmod snoopkit_creds
else
	skip 'a module that commits credentials' "$why_no_module"
fi

check '-x with -e' one_line_error 2 '-x and -e' setuids -x -e
check '-x with -X' one_line_error 2 '-x and -X' setuids -x -X
check 'bad regex' one_line_error 2 'bad regular' setuids -n '('
check 'unknown user' one_line_error 2 "unknown user 'nobody here'" setuids -u 'nobody here'
finish
