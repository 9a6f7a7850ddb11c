#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What all tools have in common, shown with execsnoop: descriptors, sources, maps, ends.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ends STATUS COMMAND...: with that status and one line on standard error.
ends() {
	local status=$1 result
	shift
	"$@" >"$OUT" 2>"$ERR" </dev/null
	result=$?
	[ $result -eq "$status" ] && [ "$(wc -l <"$ERR")" -eq 1 ] && grep -q '^execsnoop: ' "$ERR"
}

tool=$TOOLS/execsnoop
check "full standard output" ends 1 bash -c "'$tool' --duration 1 >/dev/full"
for option in --ebpf --help --version --support; do
	check "full standard output of $option" ends 1 bash -c "'$tool' $option >/dev/full"
done
check "closed standard output" ends 1 bash -c "'$tool' --duration 1 >&-"
check "it says that it is closed" err_has "can't write to standard output: Bad file descriptor"
check "closed standard output of --ebpf" ends 1 bash -c "'$tool' --ebpf >&-"
for closed in '<&-' '2>&-' '<&- 2>&-'; do
	bash -c "'$tool' --no-cache --duration 0.5 $closed" >"$OUT" 2>"$ERR" </dev/null
	check "closed with $closed: status 0" [ $? -eq 0 ]
	check "closed with $closed: the header comes first" bash -c "head -1 '$OUT' | grep -q '^PCOMM '"
done

"$tool" --ebpf >"$SCRATCH/my.c"
sed 's/$/\r/' "$SCRATCH/my.c" >"$SCRATCH/crlf.c"
start execsnoop --source "$SCRATCH/crlf.c"
/bin/true by-crlf
out_soon by-crlf
stop
check "a source with CR LF" out_has '/bin/true by-crlf$'
start execsnoop --source <(cat "$SCRATCH/my.c")
/bin/true by-pipe
out_soon by-pipe
stop
check "a source from a pipe" out_has '/bin/true by-pipe$'
mkfifo "$SCRATCH/fifo"
in_background "$tool" --source "$SCRATCH/fifo"
waiting=$TOOL_PID
wait_for 60 sleeps_in $waiting 'fifo|pipe|poll'
kill -TERM $waiting
check "while it waits for its source, it can be ended" wait_for 60 bash -c "! kill -0 $waiting"
kill -KILL $waiting 2>/dev/null
check "a source without end" one_line_error 1 "can't read /dev/zero: File too large" execsnoop --source /dev/zero
check "a directory as source" one_line_error 1 "can't read /etc: Is a directory" execsnoop --source /etc
: >"$SCRATCH/empty.c"
check "an empty source" one_line_error 1 "the source has no perf buffer named events" execsnoop --source "$SCRATCH/empty.c"
echo 'BPF_PERF_OUTPUT(events);' >"$SCRATCH/empty.c"
check "a source without programs" one_line_error 1 "the source has no program on_exec" execsnoop --source "$SCRATCH/empty.c"

# edited TOOL SED_EXPRESSION...: the tool's source, edited, as $SCRATCH/my.c.
edited() {
	local tool=$1
	shift
	"$TOOLS/$tool" --ebpf | sed -E "$@" >"$SCRATCH/my.c"
}

# Whoever edits a source may give a map another size, and an event other sizes of its parts.
# wrong_map TOOL MAP OPTIONS...: the source in $SCRATCH/my.c is refused for it.
wrong_map() {
	local tool=$1 map=$2
	shift 2
	check "$tool: a map of another size: $map" one_line_error 1 \
		"the source's map $map is not as the tool reads it: an? [a-z_]+ with keys of [0-9]+ bytes and values of [0-9]+\$" \
		"$tool" --source "$SCRATCH/my.c" "$@"
}
edited execsnoop -e 's/^BPF_PERCPU_ARRAY\(lost_events, u64/struct big { u64 a[501]; };\nBPF_PERCPU_ARRAY(lost_events, struct big/' \
	-e 's/= lost_events.lookup/= (void *)lost_events.lookup/'
wrong_map execsnoop lost_events
edited execsnoop 's/char events\[BATCH_SIZE\]/char events[2 * BATCH_SIZE]/'
wrong_map execsnoop batches
edited execsnoop -e 's/^BPF_ARRAY\(batching, u32/BPF_ARRAY(batching, struct batch/' \
	-e 's/= batching.lookup/= (void *)batching.lookup/'
wrong_map execsnoop batching
edited eperm -e 's/^BPF_ARRAY\(epoch, u32/BPF_ARRAY(epoch, struct eperm_others/' \
	-e 's/now = epoch.lookup/now = (void *)epoch.lookup/'
wrong_map eperm epoch
edited eperm 's/__u64 counts\[EPERM_OTHER_COUNTS\]/__u64 counts[EPERM_OTHER_COUNTS + 1]/'
wrong_map eperm others
edited opensnoop -e 's/^BPF_HASH\(followed, u32, u32/BPF_HASH(followed, u32, u64/' \
	-e '/followed\.(insert|update)/d'
wrong_map opensnoop followed --exec true
for sizes in 'event->args_size = 50000000' 'event->filename_size = 0xffffffff; event->args_size = 1'; do
	edited execsnoop "s/^\tif \(is_bounded\(&size, sizeof\(\*event\)\)\)/\t$sizes;\n&/"
	for format in '' --json; do
		# shellcheck disable=SC2086
		launch is_tracing execsnoop --source "$SCRATCH/my.c" $format
		sleep 0.3
		/bin/true too-large
		out_soon '/bin/true'
		stop
		check "sizes beyond the event $format: ($sizes)" out_has '/bin/true'
		check "and the tool goes on" [ "$STATUS" -eq 0 ]
	done
done

# Whoever is to outlive the terminal ignores its signal.
in_background nohup "$tool"
wait_for 180 has_header
kill -HUP $TOOL_PID
/bin/true by-nohup-1
out_soon by-nohup-1
# The first may come with the last events of a tool that ends.
/bin/true by-nohup-2
check "nohup" out_soon by-nohup-2
stop
check "a file at its limit is an error" bash -c "ulimit -f 0; trap '' TERM
	'$tool' --no-cache --duration 0.1 >'$SCRATCH/limited'; [ \$? -eq 1 ]"

# with_tmp OPTIONS SCRIPT: where /tmp is a file system of its own, and the tool $1.
with_tmp() {
	cp "$REAL_TOOLS/execsnoop" "$SCRATCH/execsnoop"
	# shellcheck disable=SC2016
	unshare -m bash -c 'mount --bind "$1" /mnt && mount -t tmpfs -o "$2" none /tmp && eval "$3"' \
		bash "$SCRATCH" "$1" "set -- /mnt/execsnoop; $2"
}

# shellcheck disable=SC2016
check "a full /tmp" with_tmp size=4k 'head -c 4096 /dev/zero >/tmp/fill; "$1" --no-cache --duration 0.1'
# shellcheck disable=SC2016
check "killed while it compiles, it leaves nothing in /tmp" with_tmp size=100m \
	'for delay in 0 0.1 0.2 0.3 0.4; do
		"$1" --no-cache &
		until [ "$(cat /proc/$!/task/$!/children)" ]; do :; done
		sleep $delay; kill -KILL $!; wait
	done; ls /tmp; [ -z "$(ls -A /tmp)" ]'

# A pipe that is full, that nobody reads, and that somebody might still read.
mkfifo "$SCRATCH/full"
exec 7<>"$SCRATCH/full"
dd if=/dev/zero of="$SCRATCH/full" oflag=nonblock bs=4096 2>"$SCRATCH/dd"
mkfifo "$SCRATCH/full_errors"
exec 8<>"$SCRATCH/full_errors"
dd if=/dev/zero of="$SCRATCH/full_errors" oflag=nonblock bs=4096 2>"$SCRATCH/dd"
# Half a second is for a busy machine.
second=1500000
! is_emulated || second=5000000

# The shell may have taken its status already.
has_gone() { ! grep -q '^State:.[^Z]' "/proc/$TOOL_PID/status"; }

# ends_soon END TOOL ARGS...: a second after END (a signal, or the --duration) it has ended, though
# output and messages are blocked. What happens meanwhile gives it something to write.
ends_soon() {
	local end=$1 tool=$2 before
	shift 2
	"$TOOLS/$tool" "$@" >"$SCRATCH/full" 2>"$SCRATCH/full_errors" 7<&- 8<&- &
	TOOL_PID=$!
	wait_for 180 is_tracing || return
	bash -c 'cat /etc/hostname; echo; exec cat /nonexistent' >"$SCRATCH/events" 2>&1
	before=${EPOCHREALTIME/./}
	[ "$end" = duration ] || kill "-$end" "$TOOL_PID"
	wait_for 20 has_gone || kill -KILL "$TOOL_PID"
	wait_tool
	[ "$STATUS" -eq 0 ] && [ $((${EPOCHREALTIME/./} - before)) -lt $((second + ${DURATION:-0})) ]
}

for arguments in execsnoop opensnoop elfsnoop setuids 'capable -v' 'eperm -i 1' bashreadline "shellsnoop $$"; do
	# shellcheck disable=SC2086
	for end in INT TERM; do
		check "blocked everywhere, $end ends $arguments" ends_soon $end $arguments
	done
	# shellcheck disable=SC2086
	DURATION=500000 check "blocked everywhere, --duration ends $arguments" \
		ends_soon duration $arguments --duration 0.5
done
exec 7<&- 8<&-

# What waits for a tool without a header: a descriptor, and systemd's socket. An exec that follows is shown.
mkfifo "$SCRATCH/ready"
"$tool" --json --max-events 1 -l "ready-$$" --duration 100 --ready-fd 5 5>"$SCRATCH/ready" >"$OUT" 2>"$ERR" &
check "--ready-fd gets a byte and is closed" [ "$(od -An -c <"$SCRATCH/ready" | tr -d ' ')" = '\n' ]
/bin/echo "ready-$$" >/dev/null
wait $!
check "it is told when the probes are attached" out_has "\"ready-$$\""
python3 - "$tool" "$SCRATCH/notify" "ready-$$" >"$OUT" 2>"$ERR" <<'END'
import os, socket, subprocess, sys
tool, path, mark = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
arguments = [tool, '--json', '--max-events', '1', '-l', mark, '--duration', '100']
process = subprocess.Popen(arguments, env=dict(os.environ, NOTIFY_SOCKET=path))
print(listener.recv(64))
subprocess.run(['/bin/echo', mark], stdout=subprocess.DEVNULL)
process.wait()
END
check "systemd's socket gets READY=1" out_has "^b'READY=1'"
check "and then an exec is shown" out_has "\"ready-$$\""
check "a descriptor that is not open" one_line_error 2 "bad descriptor '99': it is not open" execsnoop --ready-fd 99

# The compiler's stack is larger.
check "limits of few descriptors and a small stack" bash -c "ulimit -S -n 8; ulimit -S -s 64
	'$tool' --help >/dev/null && '$tool' --no-cache --duration 0.1"
check "the command has its own limit" bash -c "ulimit -S -n 50;
	'$TOOLS/opensnoop' --exec sh -c 'ulimit -S -n >&2' 2>&1 >/dev/null | grep -qx 50"

printf '\n\nint broken( {\n' >"$SCRATCH/my.c"
"$TOOLS/execsnoop" --source "$SCRATCH/my.c" >"$OUT" 2>"$ERR"
check "--source: a mistake ends it with status 1" [ $? -eq 1 ]
check "--source: clang's message names file and line" err_has "^$SCRATCH/my.c:3:[0-9]+: error: "

mkdir -p "$SCRATCH/bpf"
if mount -t bpf none "$SCRATCH/bpf" 2>/dev/null; then
	bpftool map create "$SCRATCH/bpf/short" type hash key 4 value 4 entries 8 name short
	bpftool map create "$SCRATCH/bpf/array" type array key 4 value 8 entries 8 name array
	for map in short array; do
		check "a pinned map of another kind: $map" \
			one_line_error 1 ".*/bpf/$map is no pinned hash map" execsnoop --cgroupmap "$SCRATCH/bpf/$map"
	done
	umount "$SCRATCH/bpf"
fi
finish
