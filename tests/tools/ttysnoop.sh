#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ttysnoop against real ttys.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

HERE=$(cd "$(dirname "$0")" && pwd)
WRITER=$PROGRAMS/writer
GO=$SCRATCH/go
REAL=$SCRATCH/real
WIDE=(-s 4096 -c 4096)

# open_pty NAME COMMAND [OPTION...]: runs COMMAND in a pty, once $GO is there; its path is in NAME.
open_pty() {
	local name=$1 command=$2
	shift 2
	rm -f "$GO" "$SCRATCH/$name"
	"$PROGRAMS/in_pty" "$@" "$SCRATCH/$name.out" "$SCRATCH/$name" bash -c \
		"stty -opost; until [ -e $GO ]; do sleep 0.05; done; $command" </dev/null &
	wait_for 60 test -e "$SCRATCH/$name"
}

same() { cmp "$REAL" "$OUT"; }

# A process that has ended and not been waited for has no descriptors any more.
has_ended() { [ -z "$(ls "/proc/$TOOL_PID/fd" 2>/dev/null)" ]; }

# mirrors NAME COMMAND [TTYSNOOP-OPTION...]: COMMAND in a pty is mirrored byte for byte, and the
# tool ends when the pty does.
mirrors() {
	local name=$1 command=$2
	shift 2
	open_pty tty "$command"
	start_headerless ttysnoop "$@" "$(cat "$SCRATCH/tty")"
	touch "$GO"
	wait_tool
	cp "$SCRATCH/tty.out" "$REAL"
	check "$name" same
	check "$name: ends with the pty, status 0" test "$STATUS" -eq 0
}

mirrors "a line" "echo hello"
mirrors "every byte value" "$WRITER all"
mirrors "writes of all sizes up to 2,100" "$WRITER sizes 2100"
mirrors "all segments of a gathered write" "$WRITER writev 100 40"
mirrors "a gathered write of 1,024 segments" "$WRITER writev 1024 1024" "${WIDE[@]}"
mirrors "1 MB in one write" "$WRITER write 1048576" "${WIDE[@]}"
mirrors "a write by /dev/tty" "echo by its own name >/dev/tty"
mirrors "threads" "$WRITER threads 1 500"

open_pty tty "$WRITER write 5000; echo; echo after"
start_headerless ttysnoop "$(cat "$SCRATCH/tty")"
touch "$GO"
wait_tool
check "a write is cut at 256 times 16 bytes" test "$(head -1 "$OUT" | wc -c)" -eq 4097
check "and this is said" err_has '1 write cut: 904 bytes not shown'
check "the next write is whole" out_has '^after$'

# Bytes that no program has: a file's own pages.
open_pty tty "python3 -c 'import os; os.sendfile(1, os.open(\"/etc/passwd\", 0), 0, 10)'; echo; echo end"
start_headerless ttysnoop "$(cat "$SCRATCH/tty")"
touch "$GO"
wait_tool
check "sendfile is shown, or it is said that it is not" bash -c \
	"cmp -s '$SCRATCH/tty.out' '$OUT' || grep -Eq 'not seen .*sendfile|write cut: 10 bytes' '$ERR'"
check "what comes then is shown" out_has '^end$'

# Before 5.10.11 the kernel makes each segment a write of its own.
writes='1 write' shown=21 cut=279
! linux_before 5.10 || writes='10 writes' shown=210 cut=90
open_pty tty "$WRITER writev 10 30"
start_headerless ttysnoop -s 7 -c 3 "$(cat "$SCRATCH/tty")"
touch "$GO"
wait_tool
check "-s and -c bound a write" test "$(wc -c <"$OUT")" -eq $shown
check "of which the rest is counted" err_has "$writes cut: $cut bytes not shown"

# No write comes after the second one that is cut.
open_pty tty "$WRITER write 4097; $WRITER write 4098; until [ -e $GO.end ]; do sleep 0.1; done"
start_headerless ttysnoop "$(cat "$SCRATCH/tty")"
touch "$GO"
check "a cut write is said at once" wait_for 60 err_has '1 write cut: 1 byte not shown$'
check "and a second one soon after" wait_for 60 err_has '1 write cut: 2 bytes not shown$'
touch "$GO.end"
wait_tool

# A name that stays when the pts goes: a descriptor that holds it open.
open_pty tty "echo by another name; sleep 10000"
terminal=$!
exec 9<>"$(cat "$SCRATCH/tty")"
start_headerless ttysnoop "/proc/$$/fd/9"
touch "$GO"
check "a pts by a link" out_soon 'by another name'
kill $terminal
check "and it ends with the pts" wait_for 60 has_ended
stop
exec 9>&-

# Writers that wait for a stopped terminal, more than the kernel expects to be in tty_write().
flow() { python3 -c "import termios; termios.tcflow(open('$(cat "$SCRATCH/stopped")', 'wb', 0), termios.$1)"; }
all_wait() {
	local pid
	[ "$(for pid in $(pgrep -f "^$WRITER threads 20 1"); do
		grep -ls tty_write "/proc/$pid"/task/*/stack
	done | wc -l)" -eq 20 ]
}
open_pty stopped "$WRITER threads 20 1"
stopped=$!
flow TCOOFF
open_pty tty "until [ -e $GO.all ]; do sleep 0.05; done; echo one of many"
start_headerless ttysnoop "$(cat "$SCRATCH/tty")"
touch "$GO"
check "20 writers wait" wait_for 60 all_wait
touch "$GO.all"
wait_tool
check "they have waited" test ! -s "$SCRATCH/stopped.out"
flow TCOON
wait $stopped
check "a write beside 20 that wait" out_has '^one of many$'
check "of which nothing is lost" test ! "$(grep lost "$ERR")"

# More threads in one write each than any table of calls in flight has slots.
blocked=12000
is_emulated && blocked=2000
rm -f "$SCRATCH/tty"
"$PROGRAMS/blocked_writers" $blocked "$SCRATCH/blocked" "$GO.blocked" >"$SCRATCH/tty" &
blocked_writers=$!
wait_for 60 test -s "$SCRATCH/tty"
start_headerless ttysnoop "$(cat "$SCRATCH/tty")"
touch "$GO.blocked"
wait $blocked_writers
wait_tool
check "$blocked blocked writers, or the loss is said" bash -c \
	"cmp <(sort '$SCRATCH/blocked') <(sort '$OUT') || grep -q lost '$ERR'"

# Another thread swaps the descriptor while it is written to. In doubt a write is shown, and marked: with
# kprobes the tty itself is asked, and nothing is doubtful. Whether a swap hits a write is up to the
# scheduler, so that a busy machine may have none in one of the ways.
for way in dup2 dup3 close int80; do
	rm -f "$GO" "$SCRATCH/tty"
	"$PROGRAMS/swapped_writer" $way 50000 "$SCRATCH/swapped" "$GO" >"$SCRATCH/tty" &
	swapped_writer=$!
	wait_for 60 test -s "$SCRATCH/tty"
	start_headerless ttysnoop --json "$(cat "$SCRATCH/tty")"
	touch "$GO"
	wait $swapped_writer
	wait_tool
	check "a descriptor that is swapped by $way" python3 -c '
import json, sys
real = set(open(sys.argv[1]).read().splitlines())
shown = {json.loads(line)["data"].strip() for line in open(sys.argv[2])}
assert real and not real - shown, (len(real), len(real - shown))' "$SCRATCH/swapped" "$OUT"
	grep -h '"doubtful":true' "$OUT" >>"$SCRATCH/doubtful"
done
if has_kprobes; then
	check "none of these writes is doubtful" test ! -s "$SCRATCH/doubtful"
else
	check "a write that may not be the tty's is marked" test -s "$SCRATCH/doubtful"
fi

# Writes that are no 64-bit syscalls are seen, or it is said that they are not.
is_mirrored_or_said() {
	cmp "$SCRATCH/tty.out" "$OUT" ||
		{ [[ $way != tagged* ]] && err_has 'not seen on this kernel: .*(writes through io_uring|32-bit)'; }
}
for way in write pwrite writev x32-write x32-writev tagged tagged-writev uring uring-writev uring-registered \
	uring-silent; do
	"$PROGRAMS/other_entries" $way 10 >/dev/null 2>&1
	if [ $? -eq 77 ]; then
		skip "a write by $way" "this kernel has no such entry"
		continue
	fi
	open_pty tty "$PROGRAMS/other_entries $way 30; $PROGRAMS/other_entries $way 3000; $PROGRAMS/other_entries $way 100000"
	start_headerless ttysnoop "${WIDE[@]}" "$(cat "$SCRATCH/tty")"
	touch "$GO"
	wait_tool
	check "writes by $way" is_mirrored_or_said
done

# Two instances of devpts, a pts of the same number in each.
DEVPTS=$SCRATCH/devpts
mkdir "$DEVPTS"
if mount -t devpts -o newinstance,ptmxmode=666 devpts "$DEVPTS" 2>/dev/null; then
	open_pty here "echo in the first instance >/dev/tty"
	number=$(basename "$(cat "$SCRATCH/here")")
	others=
	for ((i = 0; i <= number; i++)); do
		rm -f "$SCRATCH/there"
		"$PROGRAMS/in_pty" -d "$DEVPTS" "$SCRATCH/there.out" "$SCRATCH/there" bash -c \
			"until [ -e $GO ]; do sleep 0.05; done; echo in the second instance" \
			</dev/null &
		others="$others $!"
		wait_for 60 test -e "$SCRATCH/there"
	done
	check "both have the number $number" test "$(basename "$(cat "$SCRATCH/there")")" = "$number"
	start_headerless ttysnoop "$DEVPTS/$number"
	"$TOOLS/ttysnoop" "$number" >"$SCRATCH/first" 2>/dev/null &
	first=$!
	wait_for 180 is_tracing $first
	touch "$GO"
	wait_tool
	wait $first
	check "the second instance's pts is told apart" test "$(tr -d '\r' <"$OUT")" = "in the second instance"
	check "and so is the first's" test "$(tr -d '\r' <"$SCRATCH/first")" = "in the first instance"
	# shellcheck disable=SC2086
	wait $others
	umount "$DEVPTS"
else
	skip "two devpts instances" "can't mount devpts"
fi

# tty_of DEVICE TEXT: a write to it is seen.
sees() {
	start_headerless ttysnoop "$1"
	echo "text for $1" >"$1"
	out_soon "text for $1"
	check "$1" test "$(grep -c "text for $1" "$OUT")" -eq 1
	stop
}
for device in /dev/console /dev/tty0 /dev/ttyS0; do
	if [ -c $device ] && timeout 2 sh -c ": >$device" 2>/dev/null; then
		sees $device
	else
		skip $device "it can't be opened here"
	fi
done

# Its own terminal. $1 is what follows the options; what the shell in the pty is to expand is escaped.
in_own() { "$PROGRAMS/in_pty" "$OUT" "$SCRATCH/own" bash -c "$TOOLS/ttysnoop --duration 1 $1; echo status \$?" </dev/null; }
in_own "\$(tty)"
check "its own terminal is refused" out_has 'is the terminal that this is printed on'
check "with status 1" out_has 'status 1'
in_own "\$(tty) | cat"
check "also through a pipe" out_has 'is the terminal that this is printed on'
in_own "\$(tty) >$SCRATCH/recorded"
check "a file is another place" out_has 'status 0'
in_own "--force \$(tty)"
check "--force allows it" out_has 'status 0'
check "by a number too" one_line_error 1 'no tty 4095: No such file' ttysnoop 4095

# JSON and the recording.
open_pty tty "$WRITER pieces; $WRITER wrong"
start_headerless ttysnoop --json "$(cat "$SCRATCH/tty")"
touch "$GO"
wait_tool
check "JSON: an object a write" python3 -c '
import json, sys
data = b""
for line in open(sys.argv[1]):
    event = json.loads(line)
    assert event["comm"] == "writer" and not event["data_truncated"], event
    data += bytes.fromhex(event["data_hex"]) if "data_hex" in event else event["data"].encode()
    assert not event["doubtful"], event
    assert "/dev/" + event["tty"] == sys.argv[3] and event["auid"] != 4294967295, event
assert data == open(sys.argv[2], "rb").read(), data' "$OUT" "$SCRATCH/tty.out" "$(cat "$SCRATCH/tty")"

if command -v asciinema >/dev/null; then
	open_pty tty "$WRITER pieces; $WRITER writev 100 40; ls --color=always /; $WRITER threads 1 100"
	start_headerless ttysnoop --asciicast "$SCRATCH/cast" "$(cat "$SCRATCH/tty")"
	touch "$GO"
	wait_tool
	# It wants a terminal of its own.
	LC_ALL=C.UTF-8 "$PROGRAMS/in_pty" /dev/null "$SCRATCH/tty" \
		bash -c "asciinema cat $SCRATCH/cast >$SCRATCH/cat" </dev/null
	check "asciinema cat gives the same bytes" cmp "$SCRATCH/tty.out" "$SCRATCH/cat"
	check "the recording has the terminal's size" grep -q '"width": 80, "height": 24' "$SCRATCH/cast"
else
	skip "asciinema cat gives the same bytes" "no asciinema here"
fi

# A full-screen program looks the same in a terminal that gets the mirror's bytes.
screen() { tmux -L "snoopkit-$$" "$@"; }
# Debian's smallest vim, which it does not call so.
vim=$(command -v vim.tiny || command -v vim)
if command -v tmux >/dev/null && [ -n "$vim" ]; then
	rm -f "$GO"
	screen -f /dev/null new-session -d -x 80 -y 24 -s one "stty -echo; until [ -e $GO ]; do sleep 0.05; done; $vim -u NONE -n --not-a-term $HERE/in_terminal.py"
	screen pipe-pane -t one "cat >$SCRATCH/pane"
	start_headerless ttysnoop -C "${WIDE[@]}" "$(screen display -p -t one '#{pane_tty}')"
	touch "$GO"
	# screen_has NAME TEXT, same_screens: of what they show now.
	screen_has() {
		screen capture-pane -t "$1" -p >"$SCRATCH/$1"
		grep -q -- "$2" "$SCRATCH/$1"
	}
	same_screens() {
		screen capture-pane -t one -p >"$SCRATCH/one"
		screen capture-pane -t two -p >"$SCRATCH/two"
		cmp "$SCRATCH/one" "$SCRATCH/two"
	}
	check "vim shows a file" wait_for 60 screen_has one 'in_terminal.py SHELL'
	for keys in 10j 3dd /def Enter :split Enter G ":write! $SCRATCH/written" Enter; do
		screen send-keys -t one "$keys"
	done
	check "vim has taken its keys" wait_for 60 screen_has one '/written".* written'
	check "vim's bytes are mirrored" wait_for 60 cmp "$SCRATCH/pane" "$OUT"
	# Whatever comes later too, for tail goes on until the server is ended.
	screen new-session -d -x 80 -y 24 -s two "stty raw -echo; tail -c +1 -f $OUT"
	check "vim's screen is mirrored" wait_for 60 same_screens
	screen kill-server
	stop
else
	skip "vim's screen is mirrored" "no tmux and vim here"
fi

# The watcher's own terminal: what the watched program prints leaves no mode, and no answers.
if command -v tmux >/dev/null; then
	sleep 0.1
	screen -f /dev/null new-session -d -x 80 -y 24 -s watched "PS1='\$ ' exec bash --norc"
	screen new-session -d -x 80 -y 24 -s watcher "PS1='prompt> ' exec bash --norc"
	state() { screen display -p -t watcher '#{alternate_on} #{mouse_any_flag}#{mouse_all_flag} #{cursor_flag}'; }
	watched_tty=$(screen display -p -t watched '#{pane_tty}')
	watcher_pid=$(screen display -p -t watcher '#{pane_pid}')
	# The tool that the watcher's shell runs.
	watching() { cat "/proc/$watcher_pid/task/$watcher_pid/children"; }
	is_watching() { [ -n "$(watching)" ]; }
	watches_no_more() { ! is_watching; }
	has_echoed() {
		screen capture-pane -t watcher -p >"$SCRATCH/watcher"
		grep -qx 'lqk' "$SCRATCH/watcher"
	}
	sleep 0.5
	tool=$TOOLS/ttysnoop
	for signal in INT TERM QUIT; do
		screen send-keys -t watcher "$tool $watched_tty" Enter
		wait_for 60 is_watching
		sleep 2
		screen send-keys -t watched "printf '\\033[c\\033[6n\\033[?1003h\\033[?1049h\\033(0\\033[?25l'" Enter
		wait_for 5 sh -c "tmux -L snoopkit-$$ display -p -t watcher '#{alternate_on}' | grep -q 1"
		check "the mirror shows the alternate screen ($signal)" test "$(state)" = "1 11 0"
		screen send-keys -t watcher "typed meanwhile"
		sleep 0.3
		# shellcheck disable=SC2046
		kill -$signal $(watching)
		wait_for 10 watches_no_more
		screen send-keys -t watcher "echo lqk" Enter
		wait_for 10 has_echoed
		check "after $signal the modes are reset" test "$(state)" = "0 00 1"
		check "after $signal the character set is" has_echoed
		check "after $signal no answer was typed" bash -c "! grep -Eq '[0-9]c|[0-9]R|meanwhile' '$SCRATCH/watcher'"
		screen send-keys -t watched "printf '\\033[?1003l\\033[?1049l\\033(B\\033[?25h'; clear" Enter
		screen send-keys -t watcher "clear" Enter
	done
	screen kill-server
else
	skip "the watcher's terminal is reset" "no tmux here"
fi

# --safe
open_pty tty "printf 'a\\033[cb\\033[31mred\\033[?1049hc\\033]0;title\\007d\\016e\\n'"
start_headerless ttysnoop --safe "$(cat "$SCRATCH/tty")"
touch "$GO"
wait_tool
check "--safe" test "$(cat "$OUT")" = "$(printf 'ab\033[31mredcde')"

# A recording has the carriage returns that the line discipline added, and changes of size.
open_pty tty "echo raw; stty opost onlcr; echo cooked; stty cols 100; echo wide"
start_headerless ttysnoop --asciicast "$SCRATCH/cast" "$(cat "$SCRATCH/tty")"
touch "$GO"
wait_tool
check "a recording: line ends and size" python3 -c '
import json, sys
events = [json.loads(line)[1:] for line in list(open(sys.argv[1]))[1:]]
assert events == [["o", "raw\n"], ["o", "cooked\r\n"], ["r", "100x24"], ["o", "wide\r\n"]], events' "$SCRATCH/cast"
check "only its owner can read a recording" test "$(stat -c %a "$SCRATCH/cast")" = 600

check "no tty" one_line_error 1 'no tty /nonexistent: No such file' ttysnoop /nonexistent
check "a file is no tty" one_line_error 1 '/etc/passwd is no tty' ttysnoop /etc/passwd
check "another device is no tty" one_line_error 1 '/dev/null is no tty' ttysnoop /dev/null
check "/dev/tty is no single one" one_line_error 1 '/dev/tty is another tty for each process' ttysnoop /dev/tty
check "/dev/ptmx is no single one" one_line_error 1 '/dev/ptmx is a new tty for each process that opens it' ttysnoop --duration 1 /dev/ptmx
check "a missing argument" one_line_error 2 'the tty, a path or a pts number, is missing' ttysnoop
check "a bad size" one_line_error 2 "bad size 'x'" ttysnoop -s x 1
finish
