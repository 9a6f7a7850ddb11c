#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --hash: the SHA-256 of the executed file.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
chmod 755 "$SCRATCH"
mark=mark-$$
sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# has NAME ARGUMENT SUM: the event with that argument has it; without SUM it has none. Commands of this
# test have it in another place.
has() { event_is "$1" "'$2' in event['args'][1:2] + event['args'][3:4]" "(who.get('exe_sha256') or '') == '${3-}'"; }

check "a tool whose rows are about no task" one_line_error 2 "unrecognized option '--hash'" eperm --hash

start_beside exec execsnoop --hash --json --where "args~$mark"
start_beside columns execsnoop --hash --where "args~$mark-columns"
start_beside fields execsnoop --fields comm,who.exe_sha256,args --where "args~$mark-fields"
start_beside root execsnoop --hash --json --keep-privileges --where "args~$mark-kept"
start_beside who execsnoop --who --json --where "args~$mark-who"
wait_for 240 all_are_tracing

# ---- what reads the files ----

monitor_of "${beside[0]}"
is_confined() {
	local status
	status=$(<"/proc/$HASHER/status")
	echo "$status"
	[[ $status =~ CapPrm:.0*80004$'\n' && ! $status =~ Uid:.0 && $status =~ NoNewPrivs:.1 && $status =~ Seccomp:.2 ]]
} 2>/dev/null # cap_dac_read_search, cap_sys_ptrace
check "what reads the files has two capabilities" is_confined
holds_nothing() { ! find "/proc/$HASHER/fd" -mindepth 1 -printf '%l\n' | grep -Ev '^/dev/null$|^socket:'; }
check "and nothing of the tool's" holds_nothing
monitor_of "${beside[4]}"
check "without the option there is none" test -z "$HASHER"

# ---- files ----

seen() { grep -aq "$mark-$2" "$SCRATCH/$1.out"; }
run() { # PROGRAM NAME: until its line is there, so that the file is what it was
	"$1" "$mark-$2"
	wait_for 60 seen exec "$2"
}

file=$SCRATCH/file
cp "$PROGRAMS/nothing" "$file"
first=$(sum_of "$file")
for name in first columns fields kept; do run "$file" $name; done
cp "$PROGRAMS/nothing" "$SCRATCH/other"
echo other >>"$SCRATCH/other"
mv "$SCRATCH/other" "$file"
replaced=$(sum_of "$file")
run "$file" replaced
echo changed >>"$file"
changed=$(sum_of "$file")
run "$file" changed
chmod 111 "$file"
run "$file" unreadable
printf '#!%s\n' "$(realpath "$BASH")" >"$SCRATCH/script"
chmod 755 "$SCRATCH/script"
"$SCRATCH/script" "$mark-script"
cp "$PROGRAMS/nothing" "$SCRATCH/large"
truncate -s 65M "$SCRATCH/large"
"$SCRATCH/large" "$mark-large"
cp "$PROGRAMS/nothing" "$SCRATCH/huge"
truncate -s 1T "$SCRATCH/huge" 2>/dev/null || truncate -s 1G "$SCRATCH/huge"
"$SCRATCH/huge" "$mark-huge"

# Files that have no name, of processes that wait for their end.
waiting=()
run_removed() { # FILE NAME
	cp "$BASH" "$1"
	echo gone >>"$1"
	gone=$(sum_of "$1")
	bash -c "exec 3<'$1'; rm '$1'; exec /proc/self/fd/3 -c 'read -r' $mark-$2" <&"$NEVER" &
	waiting+=($!)
}
run_removed "$SCRATCH/gone" gone
python3 -c 'import os, shutil, sys
memory = os.memfd_create("secret")
shutil.copyfileobj(open(sys.argv[1], "rb"), os.fdopen(os.dup(memory), "wb"))
os.execv("/proc/self/fd/%d" % memory, ["bash", "-c", "read -r", sys.argv[2] + "-memory"])' "$BASH" "$mark" <&"$NEVER" &
waiting+=($!)

# A file of an overlay, below and above, of two file systems.
layers=$SCRATCH/layers
mkdir "$layers"
overlay=
if mount -t tmpfs none "$layers" && mkdir "$layers"/{lower,upper,work,all} && mount -t tmpfs none "$layers/lower" &&
	cp "$PROGRAMS/nothing" "$layers/lower/below" &&
	mount -t overlay -o "lowerdir=$layers/lower,upperdir=$layers/upper,workdir=$layers/work" none "$layers/all"; then
	overlay=yes
	cp "$file" "$layers/all/above"
	"$layers/all/below" "$mark-below"
	chmod 755 "$layers/all/above"
	"$layers/all/above" "$mark-above"
	run_removed "$layers/all/gone" removed
fi 2>/dev/null

# One that is another by the time that it is looked for: the event may have no hash, never another's.
for i in {1..20}; do
	cp "$PROGRAMS/nothing" "$SCRATCH/quick"
	echo "$i" >>"$SCRATCH/quick"
	quick[i]=$(sum_of "$SCRATCH/quick")
	"$SCRATCH/quick" "$mark-quick-$i"
	rm "$SCRATCH/quick"
done
"$file" "$mark-last"
wait_for 60 seen exec last
wait_for 60 seen fields fields
wait_for 60 seen root kept
kill "${waiting[@]}"
stop_all

check "a file" has exec "$mark-first" "$first"
check "another in its place" has exec "$mark-replaced" "$replaced"
check "the same file, changed" has exec "$mark-changed" "$changed"
check "one that only root may read" has exec "$mark-unreadable" "$changed"
check "a script: its interpreter" has exec "$mark-script" "$(sum_of "$(realpath "$BASH")")"
check "none of one that is too large" has exec "$mark-large"
check "nor of one that is mostly holes" has exec "$mark-huge"
check "a file that was removed and still runs" has exec "$mark-gone" "$gone"
check "a file in memory" has exec "$mark-memory" "$(sum_of "$BASH")"
if [ -n "$overlay" ]; then
	check "the lower file of an overlay" has exec "$mark-below" "$(sum_of "$layers/lower/below")"
	check "the upper one" has exec "$mark-above" "$(sum_of "$file")"
	check "one that was removed and still runs" has exec "$mark-removed" "$gone"
else
	skip "files of an overlay" "this kernel has no overlayfs"
fi
umount -R "$layers"
never_anothers() {
	local i
	for i in {1..20}; do
		has exec "$mark-quick-$i" || has exec "$mark-quick-$i" "${quick[i]}" || return 1
	done
}
check "never another's, however soon the file is gone" never_anothers
check "lines are in order" python3 -c 'import json, sys
times = [json.loads(line)["time"] for line in open(sys.argv[1])]
assert times and times == sorted(times)' "$SCRATCH/exec.out"
check "the column" grep -Eq "^file +[0-9]+ +[0-9]+ +0 .* $file +$first +$file $mark-columns\$" "$SCRATCH/columns.out"
check "its header" grep -Eq '^PCOMM .* EXE +SHA256 +ARGS$' "$SCRATCH/columns.out"
check "--fields implies it" grep -Eq "^file +$first +$file $mark-fields\$" "$SCRATCH/fields.out"
check "with --keep-privileges too" has root "$mark-kept" "$first"
check "it follows the schema" python3 "$REPOSITORY/tests/tools/follows_schema.py" "$REPOSITORY/docs/schema" "$SCRATCH/exec.out"
no_messages() { ! cat "$SCRATCH"/*.err | grep -v ': lost '; } # of other processes: the machine may be busy
check "no message" no_messages

# ---- a file that does not answer ----

# On an overlay over FUSE, where the path or the size does not tell that. What reads it may not even end.
mkdir "$SCRATCH/slow" "$SCRATCH/none" "$SCRATCH/over"
modprobe -qa fuse overlay
if slow=$("$PROGRAMS/slow_file" "$SCRATCH/slow" "$PROGRAMS/nothing" 2>/dev/null) &&
	mount -t overlay -o "lowerdir=$SCRATCH/slow:$SCRATCH/none" over "$SCRATCH/over" 2>/dev/null; then
	start_beside exec execsnoop --hash --json --where "args~$mark"
	wait_for 240 all_are_tracing
	kill -USR1 "$slow"
	"$SCRATCH/over/program" "$mark-slow"
	run "$file" behind
	tries=0
	hashes_again() { run "$file" "later-$((++tries))" && has exec "$mark-later-$tries" "$changed"; }
	check "what comes later has its own, after a while" wait_for 60 hashes_again
	before=$SECONDS
	stop_all
	check "one that does not answer has none" has exec "$mark-slow"
	check "nor is it waited for at the end" [ $((SECONDS - before)) -lt 4 ]
	kill -KILL "$slow"
	umount -l "$SCRATCH/over" "$SCRATCH/slow"
else
	skip "a file that does not answer" "needs FUSE and overlayfs"
fi

# ---- what has no hash ----

cp "$PROGRAMS/nothing" "$SCRATCH/large"
truncate -s 65M "$SCRATCH/large"
start execsnoop --fields pid,args --where who.exe_sha256=0 --where "args~$mark-where"
"$SCRATCH/large" "$mark-where"
"$PROGRAMS/nothing" "$mark-where"
"$SCRATCH/large" "$mark-where-last"
out_soon "$mark-where-last"
stop
check "a condition on a hash that is not known holds" out_lines "/large $mark-where" 2
check "and on one that is known it does what it says" out_lacks "/nothing $mark-where"

# ---- under load, and without what reads ----

count=3000
! is_emulated || count=100
cp /bin/true "$SCRATCH/true"
start_beside storm execsnoop --hash --json --where "args~^/bin/true storm-$$"
start_beside killed execsnoop --hash --json --where "args~$mark-after"
wait_for 240 all_are_tracing
"$PROGRAMS/exec_storm" 4 $count 4
monitor_of "${beside[1]}"
read -r reader _ <"/proc/$HASHER/task/$HASHER/children"
kill -KILL "$HASHER" "$reader"
"$file" "$mark-after"
wait_for 60 seen killed after
hashed() { [ "$(grep -ac "\"exe_sha256\":\"$(sum_of /bin/true)\"" "$SCRATCH/storm.out")" -eq $count ]; }
check "each of $count processes that live for a moment" wait_for 60 hashed
stop_all
check "an event comes without what reads files" has killed "$mark-after"
check "and a message says so" grep -q '^execsnoop: the process that hashes files was killed: no more are hashed$' "$SCRATCH/killed.err"
finish
