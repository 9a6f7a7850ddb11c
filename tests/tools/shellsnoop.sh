#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellsnoop against real shells.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

WRITER=$PROGRAMS/writer
COMMANDS=$SCRATCH/commands
REAL=$SCRATCH/real
SHELL_PID=
terminal=
mkfifo "$COMMANDS"
exec 7<>"$COMMANDS"

# open_shell: a bash in a pty that runs what is given to tell; its PID is SHELL_PID. The terminal
# leaves the bytes as they are, so that both sides can be compared.
open_shell() {
	rm -f "$SCRATCH/tty" "$SCRATCH/pid"
	"$PROGRAMS/in_pty" "$SCRATCH/real.pty" "$SCRATCH/tty" bash -c \
		"stty -opost; echo \$\$ >$SCRATCH/pid.new; mv $SCRATCH/pid.new $SCRATCH/pid
		 while read -r line <&7; do eval \"\$line\"; done" </dev/null &
	terminal=$!
	wait_for 60 test -e "$SCRATCH/pid"
	SHELL_PID=$(cat "$SCRATCH/pid")
}

# A process that has ended and not been waited for has no descriptors any more.
has_ended() { [ -z "$(ls "/proc/$TOOL_PID/fd" 2>/dev/null)" ]; }

tell() { printf '%s\n' "$1" >&7; }

same() { cmp "$REAL" "$OUT"; }

# What the terminal has got, which is all of it once the shell has ended.
end_shell() {
	tell exit
	wait_tool
	wait $terminal
	cp "$SCRATCH/real.pty" "$REAL"
}

# mirrors NAME COMMAND [OPTION...]: the shell runs COMMAND, and what it shows is mirrored.
mirrors() {
	local name=$1 command=$2
	shift 2
	open_shell
	start_headerless shellsnoop "$@" "$SHELL_PID"
	tell "$command"
	end_shell
	check "$name" same
	check "$name: ends with the shell, status 0" test "$STATUS" -eq 0
}

mirrors "a line" "echo hello"
mirrors "every byte value" "$WRITER all"
mirrors "writes of all sizes up to 2,100" "$WRITER sizes 2100"
mirrors "1 MB in one write" "$WRITER write 1048576"
mirrors "1 MB in a gathered write of 16 segments" "$WRITER writev 16 65536"
mirrors "1 MB in a gathered write of 1,024 segments" "$WRITER writev 1024 1024"
mirrors "a gathered write of small segments" "$WRITER writev 1000 3"
mirrors "a program's standard error" "ls /nonexistent"
mirrors "background jobs" "(sleep 0.1; echo one) & (sleep 0.3; echo two) & (sleep 0.5; echo three) & wait"
shell_entries_source "$SCRATCH/entries.c"
mirrors "by entries and exits" "$WRITER all; $WRITER sizes 2100; $WRITER writev 16 65536; ls /nonexistent" --source "$SCRATCH/entries.c"
mirrors "grandchildren" "bash -c 'bash -c \"bash -c \\\"echo deep\\\"; echo\"; true'"

open_shell
start_headerless shellsnoop "$SHELL_PID"
tell "$WRITER threads 8 500"
end_shell
check "threads" cmp <(sort "$REAL") <(sort "$OUT")

open_shell
start_headerless shellsnoop "$SHELL_PID"
tell "$WRITER pwrite 300000 >$SCRATCH/file"
end_shell
check "pwrite" cmp "$SCRATCH/file" "$OUT"

check "what is not seen is said" err_has 'not seen on this kernel: .*sendfile, splice and io_submit'

# Writes that are no 64-bit syscalls are seen, or it is said that they are not.
is_mirrored_or_said() { same || err_has "not seen on this kernel: .*$1"; }
for way in write pwrite writev x32-write x32-writev tagged tagged-writev uring uring-writev uring-registered \
	uring-silent; do
	"$PROGRAMS/other_entries" $way 10 >/dev/null 2>&1
	if [ $? -eq 77 ]; then
		skip "a write by $way" "this kernel has no such entry"
		continue
	fi
	open_shell
	start_headerless shellsnoop "$SHELL_PID"
	tell "$PROGRAMS/other_entries $way 30; $PROGRAMS/other_entries $way 3000; $PROGRAMS/other_entries $way 100000"
	end_shell
	case $way in
	uring*) check "writes by $way" is_mirrored_or_said "writes through io_uring" ;;
	tagged*) check "writes, $way" same ;;
	*) check "writes by the 32-bit entry or x32, $way" is_mirrored_or_said 32-bit ;;
	esac
done

# What seccomp traps was not written, but nothing that a program chooses may hide a write.
open_shell
start_headerless shellsnoop --json "$SHELL_PID"
tell "$PROGRAMS/deny pwrite64 trap $WRITER pwrite 300; $PROGRAMS/blocked_sigsys; echo after"
end_shell
check "what seccomp may have trapped is not shown, or is doubtful" python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
assert all(e["doubtful"] for e in events if e["comm"] == "writer"), events
assert "".join(e["data"] for e in events if e["comm"] == "blocked_sigsys") == "hidden\n", events
assert events[-1]["data"] == "after\n" and not events[-1]["doubtful"], events' "$OUT"

# A child that was there before, and its child.
open_shell
until_there() { echo "until [ -e $SCRATCH/$1 ]; do sleep 0.05; done"; }
child="(touch $SCRATCH/there; $(until_there go); echo grandchild) & $(until_there go)"
child+="; (echo later grandchild); wait; echo child"
tell "bash -c '$child' &"
wait_for 60 test -e "$SCRATCH/there"
start_headerless shellsnoop "$SHELL_PID"
touch "$SCRATCH/go"
tell 'wait; echo shell'
end_shell
check "children that were there before" out_has '^child'
check "their children that were there before" out_has '^grandchild'
check "their children" out_has '^later grandchild'

# Only the shell.
open_shell
start_headerless shellsnoop -s "$SHELL_PID"
tell "/bin/echo from a child; echo from the shell; /bin/echo again"
end_shell
check "-s shows the shell" out_has 'from the shell'
check "-s leaves the children out" out_lacks 'child|again'

# An interactive shell.
rm -f "$SCRATCH/tty"
mkfifo "$SCRATCH/keys"
exec 8<>"$SCRATCH/keys"
PS1='prompt> ' "$PROGRAMS/in_pty" "$SCRATCH/real.pty" "$SCRATCH/tty" bash --norc -i <"$SCRATCH/keys" &
terminal=$!
wait_for 60 grep -q prompt "$SCRATCH/real.pty"
shell=$(cat "/proc/$terminal/task/$terminal/children")
# shellcheck disable=SC2086
start_headerless shellsnoop $shell
printf 'echo typed | cat; ls --color=always /etc | tail -3; sleep 0.2 & wait; echo the-\\last\n' >&8
out_soon '^the-last'
printf 'exit\n' >&8
wait_tool
wait $terminal
check "an interactive shell: prompt" out_has 'prompt>'
check "an interactive shell: a pipeline" out_has '^typed'
check "an interactive shell ends it" test "$STATUS" -eq 0

# The script.
for locale in C C.UTF-8; do
	open_shell
	start_headerless shellsnoop -r "$SHELL_PID"
	tell "$WRITER all; echo '0123 \\0101 don'\''t'; $WRITER wrong; echo 7; $WRITER pieces; $WRITER write 100000"
	end_shell
	LC_ALL=$locale bash "$OUT" >"$SCRATCH/replayed"
	check "the script writes the same bytes ($locale)" cmp "$REAL" "$SCRATCH/replayed"
done
# When the script is told to sleep is known to be right whatever else the machine does: each line holds
# the times before and after the one before it was written, and the pause before a write can't be
# longer or shorter than these allow.
# shellcheck disable=SC2016 # the shell in the terminal expands it
pauses='for pause in 0.5 0.03 0.25 1.2 0.07 0.4 0; do
	before=$EPOCHREALTIME; echo $before $after; after=$EPOCHREALTIME; sleep $pause; done'
open_shell
start_headerless shellsnoop -r "$SHELL_PID"
tell "${pauses//$'\n'/ }"
end_shell
bash -c 'sleep() { echo "sleep $1"; }; . "$1"' bash "$OUT" >"$SCRATCH/played"
check "the script keeps the pauses within 20 ms" python3 -c '
import sys
times, slept, pauses = [], 0.0, []
for line in open(sys.argv[1]):
    words = line.split()
    if words[:1] == ["sleep"]:
        slept += float(words[1])
    elif len(words) in (1, 2):
        times.append([float(word) for word in words])
        pauses.append(slept)
        slept = 0.0
assert len(times) == 7, times
for i in range(1, 6):
    before, after = times[i][0], times[i + 1][1]
    least, most = before - times[i][1], after - times[i - 1][0]
    print(least, pauses[i], most)
    assert least - 0.02 <= pauses[i] <= most + 0.02' "$SCRATCH/played"

if command -v asciinema >/dev/null; then
	open_shell
	start_headerless shellsnoop --asciicast "$SCRATCH/cast" "$SHELL_PID"
	tell "$WRITER pieces; ls --color=always /; $WRITER writev 100 40"
	end_shell
	# It wants a terminal of its own.
	LC_ALL=C.UTF-8 "$PROGRAMS/in_pty" /dev/null "$SCRATCH/tty" \
		bash -c "asciinema cat $SCRATCH/cast >$SCRATCH/cat" </dev/null
	check "asciinema cat gives the same bytes" cmp "$REAL" "$SCRATCH/cat"
else
	skip "asciinema cat gives the same bytes" "no asciinema here"
fi

open_shell
start_headerless shellsnoop --json "$SHELL_PID"
tell "$WRITER pieces; $WRITER wrong; $WRITER write 100000; ls /nonexistent"
end_shell
check "JSON: an object a write" python3 -c '
import json, sys
data = b""
fds = set()
for line in open(sys.argv[1]):
    event = json.loads(line)
    assert not event["data_truncated"], event
    fds.add(event["fd"])
    data += bytes.fromhex(event["data_hex"]) if "data_hex" in event else event["data"].encode()
assert data == open(sys.argv[2], "rb").read()
assert fds == {1, 2}, fds' "$OUT" "$REAL"

# Maps and memory after many children; numbers that come again.
followed() {
	local id
	id=$(grep -h '^map_id' "/proc/$TOOL_PID/fdinfo/"* | awk '{ print $2 }' | while read -r id; do
		bpftool map show id "$id" | grep -q 'name followed' && echo "$id"
	done | head -1)
	bpftool -j map dump id "$id" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
}
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$TOOL_PID/status"; }
children=100000
strangers=200
old_pid_max=$(cat /proc/sys/kernel/pid_max)
if is_emulated; then
	children=6000
	strangers=40
	echo 5000 >/proc/sys/kernel/pid_max
fi
open_shell
start_headerless shellsnoop "$SHELL_PID"
tell "$WRITER forks 1000; echo warm"
out_soon warm 60
before=$(memory)
command -v bpftool >/dev/null && check "one process is followed" test "$(followed)" -eq 1
tell "$WRITER forks $children; echo done"
out_soon "done" 600
after=$(memory)
if command -v bpftool >/dev/null; then
	check "after $children children still one" test "$(followed)" -eq 1
else
	skip "after $children children still one" "no bpftool here"
fi
check "and the memory is the same ($before kB, $after kB)" test "$after" -le $((before + 512))
# By now every number has come again.
if [ "$(cat /proc/sys/kernel/pid_max)" -le "$children" ]; then
	for ((i = 0; i < strangers; i++)); do /bin/echo stranger; done >"$SCRATCH/strangers"
	check "a number that comes again is not followed" out_lacks stranger
fi
echo "$old_pid_max" >/proc/sys/kernel/pid_max
end_shell
check "nothing was lost" test ! "$(grep lost "$ERR")"

sleep 10000 &
sleeper=$!
start_headerless shellsnoop $sleeper
kill -9 $sleeper
wait_tool
check "it ends when the process is killed" test "$STATUS" -eq 0

"$WRITER" threads 2 1000000000 >/dev/null &
writer=$!
has_threads() { [ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)" -gt 1 ]; }
wait_for 60 has_threads $writer
thread=$(find /proc/$writer/task -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -v "^$writer$" | head -1)
check "a thread" one_line_error 1 "$thread is a thread of process $writer" shellsnoop "$thread"
kill $writer
wait $writer 2>/dev/null
# A time namespace whose clock is ahead.
if unshare -T --monotonic 1000000 true 2>/dev/null; then
	printf '#!/bin/sh\nexec unshare -T --monotonic 1000000 "%s" "$@"\n' "$TOOLS/shellsnoop" >"$SCRATCH/shifted"
	chmod 755 "$SCRATCH/shifted"
	open_shell
	in_background "$SCRATCH/shifted" "$SHELL_PID"
	wait_for 60 err_has 'not seen'
	sleep 1
	tell "echo in another time"
	check "in a time namespace events appear" out_soon 'in another time' 10
	end_shell
	check "and it ends with the shell" test "$STATUS" -eq 0
else
	skip "in a time namespace events appear" "no time namespaces here"
fi
namespace_error() {
	unshare -pf --mount-proc "$TOOLS/shellsnoop" 1 >"$OUT" 2>"$ERR" </dev/null
	[ $? -eq 1 ] && [ ! -s "$OUT" ] &&
		grep -qx 'shellsnoop: this PID namespace has numbers of its own: run it in the initial one' "$ERR"
}
check "a PID namespace with other numbers" namespace_error

# A process whose number another one has by the time the probes are attached: the tool is stopped
# while it compiles, which is too slow where all is.
test_reused_number() {
	local victim stranger
	sleep 600 &
	victim=$!
	in_background "$TOOLS/shellsnoop" --no-cache $victim
	sleep 0.2
	kill -STOP $TOOL_PID
	kill -KILL $victim
	wait $victim 2>/dev/null
	echo $((victim - 1)) >/proc/sys/kernel/ns_last_pid
	sh -c 'while :; do echo stranger; sleep 0.05; done' >/dev/null &
	stranger=$!
	kill -CONT $TOOL_PID
	if [ $stranger -eq $victim ]; then
		check "where another process has the number, it ends" wait_for 60 has_ended
		kill -KILL $TOOL_PID 2>/dev/null
		wait_tool
		check "a stranger with the number is not mirrored" out_lacks stranger
	else
		kill $TOOL_PID
		wait_tool
		skip "a stranger with the number is not mirrored" "the number was not given again"
	fi
	kill $stranger
	wait $stranger 2>/dev/null
}
if is_emulated; then
	skip "a stranger with the number is not mirrored" "the tool would compile too long"
else
	test_reused_number
fi

# The end event is lost: the buffer is full while the tool is stopped.
"$WRITER" threads 1 1000000000 >/dev/null &
writer=$!
start_headerless shellsnoop --buffer-pages 1 $writer
kill -STOP $TOOL_PID
sleep 1
kill -KILL $writer
wait $writer 2>/dev/null
sleep 0.2
kill -CONT $TOOL_PID
check "it ends although its end event was lost" wait_for 5 has_ended
kill -KILL $TOOL_PID 2>/dev/null
wait_tool

# The recording's file.
mkfifo "$SCRATCH/fifo"
check "a recording into a FIFO" one_line_error 1 "can't write .*fifo: it is no regular file" shellsnoop --asciicast "$SCRATCH/fifo" $$
echo precious >"$SCRATCH/precious"
ln -s "$SCRATCH/precious" "$SCRATCH/link"
ln "$SCRATCH/precious" "$SCRATCH/hard"
check "a recording by a link" one_line_error 1 "can't write .*link: it is a link" shellsnoop --asciicast "$SCRATCH/link" $$
check "a recording into a file of two names" one_line_error 1 "can't write .*hard: the file has another name" shellsnoop --asciicast "$SCRATCH/hard" $$
check "nothing was written there" grep -qx precious "$SCRATCH/precious"
check "no such process" one_line_error 1 "no process $writer" shellsnoop $writer
check "no number" one_line_error 2 "bad PID 'bash'" shellsnoop bash
check "no argument" one_line_error 2 'the PID of the shell is missing' shellsnoop
check "--json and -r" one_line_error 1 '--json and --replay exclude each other' shellsnoop --json -r $$
finish
