#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --who: who did it, of all tools that have it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chmod 755 "$SCRATCH"

if ! has_who; then
	check "that this kernel is too old is said" one_line_error 1 "--who needs Linux 4\.18 or newer" execsnoop --who
	skip "who did it" "this kernel is older"
	finish
	exit
fi
check "an unknown field of it" one_line_error 2 "no field 'who.ex': the nearest is 'who.exe'" execsnoop --fields who.ex
check "a tool whose rows are about no task" one_line_error 2 "unrecognized option '--who'" eperm --who
printf 'int nothing(void *ctx)\n{\n\treturn 0;\n}\n' >"$SCRATCH/bare.c"
check "a source that sends nothing as this version does" one_line_error 1 \
	"$SCRATCH/bare.c does not send its events as this version does: --who is not possible" \
	execsnoop --who --source "$SCRATCH/bare.c"
"$TOOLS/execsnoop" --who --ebpf >"$SCRATCH/whole.c"
check "--ebpf prints all of the program" grep -q '^int who_send(' "$SCRATCH/whole.c"
"$TOOLS/execsnoop" --ebpf >"$OUT"
check "and nothing of it without --who" out_lacks 'who_send|==== bpfsrc/who'

has() { grep -Eaq -- "$2" "$SCRATCH/$1.out"; } # NAME REGEX

# A container's cgroup of version 1, where there is that.
id=$(printf '%016x%048x' $$ 12)
old=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpuset(,|$)/ { print $2; exit }' /proc/mounts)
if [ -z "$old" ] && mkdir "$SCRATCH/cpuset" && mount -t cgroup -o cpuset none "$SCRATCH/cpuset"; then
	old=$SCRATCH/cpuset
fi 2>/dev/null
old_cgroup=$old/docker-$id.scope
make_old_cgroup() {
	[ -n "$old" ] && grep -qx '0::/' /proc/self/cgroup && mkdir "$old_cgroup" &&
		cat "$old/cpuset.cpus" >"$old_cgroup/cpuset.cpus" && cat "$old/cpuset.mems" >"$old_cgroup/cpuset.mems"
} 2>/dev/null
clean_up() {
	cleanup
	[ ! -d "$old_cgroup" ] || wait_for 10 rmdir "$old_cgroup"
	[ "$old" != "$SCRATCH/cpuset" ] || umount "$old"
	rm -rf --one-file-system "$SCRATCH"
} 2>/dev/null
trap clean_up EXIT

mark=mark-$$
start_beside exec execsnoop --hash --json --where "args~$mark"
start_beside columns execsnoop --who --where "args~$mark-columns"
start_beside fields execsnoop --fields comm,who.tty,who.exe,args --where "who.exe=$SCRATCH/nothing"
start_beside elf elfsnoop --who --json --where "filename=$SCRATCH/nothing"
start_beside ids setuids --who --json --where 'comm=python3'
exec {watched}<> <(:) # the watched shell's commands
bash <&"$watched" >"$SCRATCH/shell.written" 2>&1 &
shell=$!
start_beside shell shellsnoop --who --json "$shell"
start_beside mirror shellsnoop --who -C "$shell"
start_beside connect tcpconnect --who --json -r --where "comm=bash"
wait_for 240 all_are_tracing

# What it says of a process that changes, beside what the process reads of itself.
mkdir "$SCRATCH/whole" "$SCRATCH/dropped"
chmod 777 "$SCRATCH/dropped"
step() { "$TOOLS/opensnoop" --who --json --where "path~^$SCRATCH/$1/step" --exec "${@:2}" >"$SCRATCH/$1.out" 2>"$SCRATCH/$1.err" </dev/null; }
step whole "$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" python3 "$here/who_am_i.py" "$SCRATCH/whole"
step dropped python3 "$here/who_am_i.py" --drop "$SCRATCH/dropped"
cp "$PROGRAMS/nothing" "$SCRATCH/nothing"
# Each has ended before its line is printed.
"$SCRATCH/nothing" "$mark-columns"
(cd / && bash -c "'$SCRATCH/nothing' $mark-child; true")
"$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" "$SCRATCH/nothing" "$mark-terminal" </dev/null
cp "$SCRATCH/nothing" "$SCRATCH/gone"
bash -c "exec 3<'$SCRATCH/gone'; rm '$SCRATCH/gone'; exec /proc/self/fd/3 $mark-deleted"
bash -c ": </dev/tcp/127.0.0.1/9" 2>/dev/null
echo "echo $mark-shell; dd if=/dev/zero bs=300000 count=1 status=none; '$SCRATCH/nothing'; echo $mark-end" >&"$watched"
wait_for 60 has shell "$mark-end"
wait_for 60 has mirror "$mark-end"
kill "$shell"
has_old=
if make_old_cgroup; then
	has_old=yes
	(echo $BASHPID >"$old_cgroup/cgroup.procs" && exec "$SCRATCH/nothing" "$mark-old")
fi
"$SCRATCH/nothing" "$mark-last"
wait_for 60 has exec "$mark-last"
wait_for 60 has fields "$mark-last"
stop_all

for kind in whole dropped; do
	check "all that a process is, after each change ($kind)" \
		python3 "$here/who_am_i.py" --compare "$SCRATCH/$kind/expected" "$SCRATCH/$kind.out"
done
check "the header" grep -Eq '^PCOMM +PID +PPID +RET AUID +TTY +CONTAINER +EXE +ARGS$' "$SCRATCH/columns.out"
check "the columns" has columns "^nothing +[0-9]+ +[0-9]+ +0 [0-9-]+ +(pts/[0-9]+|tty[^ ]*|-) +(-|[0-9a-f]{12}) +$SCRATCH/nothing +$SCRATCH/nothing $mark-columns\$"
check "--fields and --where alone" has fields "^nothing +pts/[0-9]+ +$SCRATCH/nothing +$SCRATCH/nothing $mark-terminal\$"
check "the parent and its command line" json exec "'$mark-child' in event['args'] and who['parent']['comm'] == 'bash' and who['parent']['args'][1] == '-c' and 'from' not in who['parent']"
check "who is above it, by /proc" json exec "'$mark-child' in event['args'] and [a for a in who['ancestors'] if a['pid'] == $$ and a['from'] == 'proc']"
check "the hash of its file" json exec "'$mark-child' in event['args'] and who['exe_sha256'] == '$(sha256sum "$SCRATCH/nothing" | cut -d ' ' -f 1)'"
check "the parent's file" json exec "'$mark-child' in event['args'] and who['parent']['exe'].endswith('/bash')"
check "the working directory of an exec" json exec "'$mark-child' in event['args'] and who['cwd'] == '/'"
check "nothing was gained" json exec "'$mark-child' in event['args'] and who['gained'] == {'uids': [], 'gids': [], 'capabilities': []}"
check "a file that was removed" json exec "'$mark-deleted' in event['args'] and who['exe'] == '$SCRATCH/gone' and 'deleted' in who['exe_flags']"
if [ -n "$has_old" ]; then
	check "the container by a cgroup of version 1" json exec "'$mark-old' in event['args'] and who['container'] == '$id'"
else
	skip "the container by a cgroup of version 1" "there is none of cpuset, or this runs in one of version 2"
fi
check "elfsnoop has it too" json elf "who['exe'] and who['parent']['pid']"
check "setuids too" json ids "'python' in who['exe'] and event['syscall'] == 'setresuid'"
check "tcpconnect too, whatever came in between" json connect "event['dport'] == 9 and who['exe'].endswith('/bash') and who['parent']['pid'] == $$"
check "shellsnoop too, of the shell" json shell "'$mark-shell' in event['data'] and event['pid'] == $shell and who['exe'].endswith('/bash') and who['parent']['pid'] == $$"
check "and of another program's long writes" json shell "event['size'] == 300000 and who['exe'].endswith('/dd') and who['parent']['comm'] == 'bash'"
check "what is mirrored stays as it is" cmp "$SCRATCH/shell.written" "$SCRATCH/mirror.out"
for name in whole dropped exec elf ids connect shell; do
	files+=("$SCRATCH/$name.out")
done
check "all of it follows the schemas" python3 "$here/follows_schema.py" "$here/../../docs/schema" "${files[@]}"

# What is not known is said, and only where something was lost.
known() {
	local file
	for file in "$SCRATCH"/*.err; do
		! grep -q 'not known' "$file" || grep -q '^[a-z]*: lost' "$file" || return 1
	done
}
check "who did it is known, where nothing was lost" known

who_source "$SCRATCH/edited.c"
start_beside edited execsnoop --who --source "$SCRATCH/edited.c" --where "args~$mark-edited"
wait_for 180 all_are_tracing
"$SCRATCH/nothing" "$mark-edited"
wait_for 60 has edited "$mark-edited"
stop_all
check "an edited source has it beside its own fields" has edited " $SCRATCH/nothing +$SCRATCH/nothing $mark-edited +[0-9]+\$"
check "and no message" test ! -s "$SCRATCH/edited.err"

# Many processes that live for a moment.
count=3000
! is_emulated || count=100
start_beside storm execsnoop --who --json --where 'args~^/bin/true storm'
wait_for 180 all_are_tracing
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${beside[0]}/status"; }
"$PROGRAMS/exec_storm" 4 $count 4
storm_is_over() { [ "$(grep -ac '"who":' "$SCRATCH/storm.out")" -ge $count ]; }
check "of each of $count processes it is known" wait_for 120 storm_is_over
memory=$(rss)
stop_all
check "they had different parents" test "$(python3 -c 'import json, sys
print(len({json.loads(line)["who"]["parent"]["id"] for line in open(sys.argv[1])}))' "$SCRATCH/storm.out")" -ge 4
check "each is one of its own" test "$(python3 -c 'import json, sys
print(len({json.loads(line)["who"]["id"] for line in open(sys.argv[1])}))' "$SCRATCH/storm.out")" -ge $count
check "memory stays bounded: $memory kB" test "$memory" -lt 100000

# What sends the records is compiled once for all tools. Under emulation that takes a minute.
kept_after() { # TOOL
	"$TOOLS/$1" --who --duration 0.1 >/dev/null 2>&1
	ls -i /var/cache/snoopkit/who-*
}
kept_once() {
	mount -t tmpfs -o mode=755 tmpfs /var/cache/snoopkit
	first=$(kept_after elfsnoop)
	[ "$(wc -l <<<"$first")" = 1 ] && [ "$(kept_after setuids)" = "$first" ] && ls /var/cache/snoopkit/setuids-*
}
if is_emulated; then
	skip "another tool starts with what was compiled for --who" "to compile takes long here"
else
	prepare_hiding
	export TOOLS
	export -f kept_after kept_once
	check "another tool starts with what was compiled for --who" hidden "$no_kept; hide /usr/lib/snoopkit" \
		"bash -c kept_once"
fi
finish
