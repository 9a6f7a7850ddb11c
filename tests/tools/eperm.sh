#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
# What it mounts is gone with its mount namespace.
[ "${1-}" = inside ] || exec unshare -m --propagation private "$0" inside
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Programs by names that nothing else on this machine has.
for program in cat nice perl; do
	ln -s "$(type -P $program)" "$SCRATCH/$program.$$"
done
ln -s perl.$$ "$SCRATCH/kill.$$" # kill(1) may be a program that looks at its own name
cp "$PROGRAMS/failing" "$SCRATCH/failing.$$"
cp "$PROGRAMS/failing32" "$SCRATCH/fail32.$$" 2>/dev/null
FAILING=$SCRATCH/failing.$$
MARK=failing.$$
chmod 755 "$SCRATCH"

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# sum COMM SYSCALL: of the counts in all tables; a program's own count is in $SCRATCH/made.
sum() { awk -v comm="$1" -v call="$2" 'NF > 3 && $(NF-2) == comm && $(NF-1) == call { n += $NF } END { printf "%d", n }' "$OUT"; }
made() { awk -v error="$1" '{ for (i = 1; i < NF; i++) if ($i == error) print $(i + 1) }' "$SCRATCH/made"; }
is_exact() {
	echo "counted $(sum "$1" sethostname) and $(sum "$1" setpriority), made: $(cat "$SCRATCH/made")"
	[ "$(made EPERM)" -gt 0 ] && [ "$(sum "$1" sethostname)" = "$(made EPERM)" ] &&
		[ "$(sum "$1" setpriority)" = "$(made EACCES)" ]
}
# Others' programs may make up names, as those below do.
says_nothing() { ! grep -v '^eperm: too many different names: ' "$ERR"; }
is_ascending() { awk 'NR > 1 && NF { if ($NF < last) bad = 1; last = $NF } END { exit bad }' "$OUT"; }

start eperm
as_nobody "$SCRATCH/cat.$$" /etc/shadow 2>/dev/null
as_nobody "$SCRATCH/kill.$$" -e 'kill 9, 1'
"$PROGRAMS/deny" getpriority 1 "$SCRATCH/nice.$$" true 2>/dev/null
"$PROGRAMS/deny" unknown 13 "$SCRATCH/perl.$$" -e 'syscall(1000)'
"$FAILING" 2 >"$SCRATCH/made"
stop
check 'ends quietly with status 0' [ "$STATUS" = 0 ]
check 'nothing on standard error' says_nothing
check 'header' out_has '^ERROR +COMM +SYSCALL +COUNT$'
check 'EACCES under its own name' out_has "^EACCES cat\.$$ +open(at)? +1\$"
check 'EPERM under its own name' out_has "^EPERM +kill\.$$ +kill +1\$"
check 'what a seccomp filter refuses' out_has "^EPERM +nice\.$$ +getpriority +[0-9]+\$"
check 'an unknown number' out_has "^EACCES perl\.$$ +syscall_1000 +1\$"
check 'the most frequent comes last' is_ascending
check 'a thread at full speed is counted exactly' is_exact "$MARK"

start eperm
"$FAILING" 2 8 >"$SCRATCH/made"
stop
check 'eight threads are counted exactly' is_exact "$MARK"

if "$SCRATCH/fail32.$$" 0.1 >/dev/null 2>&1; then
	start eperm
	"$SCRATCH/fail32.$$" 1 2 >"$SCRATCH/made"
	stop
	check "a 32-bit program's syscalls by the 32-bit table, exactly" is_exact "fail32.$$"
else
	skip "a 32-bit program's syscalls" 'no 32-bit programs here'
fi

start eperm -i 1
"$FAILING" 6.5 4 >"$SCRATCH/made"
stop
check 'intervals: the tables add up exactly' is_exact "$MARK"
check 'intervals: a table each' [ "$(grep -c "$MARK .*sethostname" "$OUT")" -ge 4 ]
check 'intervals: an empty line between tables' \
	awk -v row=" $MARK +sethostname" 'BEGIN { RS = "" } gsub(row, "&") > 1 { exit 1 }' "$OUT"
check 'intervals: one header' out_lines '^ERROR' 1
check 'intervals: nothing on standard error' says_nothing

"$FAILING" 60 >/dev/null &
background=$!
start eperm -T -i 1 2
wait_tool
kill "$background"
wait "$background" 2>/dev/null
check 'COUNT intervals and the end' [ "$STATUS" = 0 ]
check 'COUNT tables' out_lines "$MARK +sethostname" 2
check '-T: the time in each line' out_has "^[0-9:]{8}  EPERM +$MARK +sethostname +[0-9]+\$"

start eperm -P
"$FAILING" 0.1 >"$SCRATCH/made" &
first=$!
wait "$first"
"$FAILING" 0.1 >/dev/null &
second=$!
wait "$second"
stop
check '-P: header' out_has '^ERROR +PID +COMM +SYSCALL +COUNT$'
check '-P: each process by itself' out_has "^EPERM +$first +$MARK +sethostname +$(made EPERM)$"
check '-P: and the other' out_has "^EPERM +$second +$MARK +sethostname"

# One that waits to be told, so that its PID is known before.
mkfifo "$SCRATCH/go"
bash -c 'read -r _ <"$0"; exec "$1" 0.3 2' "$SCRATCH/go" "$FAILING" >"$SCRATCH/made" &
watched=$!
start eperm -p "$watched"
"$FAILING" 0.1 >/dev/null
echo >"$SCRATCH/go"
wait "$watched"
stop
check '-p: this process, all its threads, no other' is_exact "$MARK"

start eperm -u nobody
"$FAILING" 0.3 >"$SCRATCH/made"
"$PROGRAMS/deny" getpriority 1 nice true 2>/dev/null
stop
check '-u: this user' is_exact "$MARK"
check '-u: nobody else' out_lacks getpriority

start_headerless eperm --json
"$FAILING" 0.1 >"$SCRATCH/made"
stop
check '--json: every field' python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
row = [r for r in rows if r["comm"] == sys.argv[3] and r["error"] == "EPERM"][0]
assert row["syscall"] == "sethostname" and row["errno"] == 1 and row["compat"] is False
assert row["number"] > 0 and row["count"] == int(sys.argv[2]) and row["time"].endswith("Z")
' "$OUT" "$(made EPERM)" "$MARK"

# What has no counter is counted by error and syscall, whoever it was: a cgroup keeps others out.
mkdir "$SCRATCH/cgroup"
mount -t cgroup2 none "$SCRATCH/cgroup" && mkdir "$SCRATCH/cgroup/eperm.$$" &&
	own=(--cgroup "$SCRATCH/cgroup/eperm.$$") || own=()
alone() { # COMMAND...
	[ ${#own[@]} -eq 0 ] || set -- bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "${own[1]}" "$@"
	"$@"
}

# A program makes up names, some by processes of their own; what others fail at is still told.
make_up_names() { # SYSCALLS PROCESSES
	alone python3 -c '
import ctypes, os, sys
c = ctypes.CDLL(None)
os.setuid(65534)
count, processes = int(sys.argv[1]), int(sys.argv[2])
for p in range(processes):
    if os.fork() == 0:
        for i in range(count // processes):
            c.prctl(15, b"name%d.%d" % (p, i), 0, 0, 0)
            c.sethostname(b"", 0)
        os._exit(0)
    os.wait()
' "$1" "$2"
}
all_sum() { awk -v call="$1" 'NF > 3 && $(NF-1) == call { n += $NF } END { printf "%d", n }' "$OUT"; }
total_is() { [ "$(all_sum "$1")" = "$2" ]; }

for options in '' '-i 1' -P; do
	# shellcheck disable=SC2086
	start eperm "${own[@]}" $options
	make_up_names 12000 1
	alone setpriv --reuid 65533 --clear-groups cat /etc/shadow 2>/dev/null
	alone setpriv --reuid 65534 --clear-groups cat /etc/shadow 2>/dev/null
	stop
	check "eperm $options: names made up by a program: every failure is counted" total_is sethostname 12000
	check "eperm $options: others' failures have their names" \
		bash -c "[ \$(awk '/ cat .* openat/ { n += \$NF } END { print n }' '$OUT') -eq 2 ]"
	check "eperm $options: it is said" err_has \
		'^eperm: too many different names: [0-9]+ failures counted as \(other\)$'
	check "eperm $options: nothing is lost" bash -c "! grep -q lost '$ERR'"
done
start eperm "${own[@]}"
make_up_names 12000 60
alone setpriv --reuid 65533 --clear-groups cat /etc/shadow 2>/dev/null
stop
check 'names made up by 60 processes: every failure is counted' total_is sethostname 12000
check "another user's failures have their names" out_has '^EACCES cat +openat +1$'
check 'one row for the rest' out_lines '^EPERM +\(other\) +sethostname' 1
start eperm "${own[@]}"
alone "$PROGRAMS/deny" unknown 13 python3 -c '
import ctypes
c = ctypes.CDLL(None)
for i in range(4000):
    c.prctl(15, b"name%d" % i, 0, 0, 0)
    c.syscall(1000)
'
stop
check 'a made-up syscall has a row for the rest too' out_has '^EACCES +\(other\) +\(other\) +[0-9]+$'
check 'and is counted exactly' bash -c "[ \$(awk '/(syscall_1000|\(other\)) +[0-9]+$/ { n += \$NF } END { print n }' '$OUT') -eq 4000 ]"
start_headerless eperm "${own[@]}" --json
make_up_names 1000 1
stop
check '--json says which row is for the rest' \
	jq -es 'any(.other and .comm == "(other)" and .syscall == "sethostname")' "$OUT"

# A counter's place is used again some intervals later, from zero.
start eperm -i 1
for _ in 1 2 3 4 5 6; do
	"$FAILING" 0.9 3
done >"$SCRATCH/made.all"
stop
awk '{ p += $2; a += $4 } END { print "EPERM", p, "EACCES", a }' "$SCRATCH/made.all" >"$SCRATCH/made"
check 'many intervals add up exactly' is_exact "$MARK"
[ ${#own[@]} -eq 0 ] || rmdir "${own[1]}"
umount "$SCRATCH/cgroup"

check 'bad interval' one_line_error 2 "bad interval '0'" eperm -i 0
check 'bad interval' one_line_error 2 "bad interval 'x'" eperm -i x
check 'COUNT without -i' one_line_error 2 'COUNT' eperm 3
check 'bad COUNT' one_line_error 2 "bad COUNT 'no'" eperm -i 1 no
check 'two COUNTs' one_line_error 2 "unexpected argument '4'" eperm -i 1 3 4
check 'bad PID' one_line_error 2 "bad PID '0'" eperm -p 0
check 'unknown user' one_line_error 2 "unknown user 'no such user'" eperm -u 'no such user'
finish
