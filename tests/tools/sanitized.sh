#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=lib.sh
# The tools built with AddressSanitizer and UndefinedBehaviorSanitizer, as scripts/test builds them:
# each with all its options at once, at the same time, in text and in JSON; then the seeds of the
# fuzz targets. What the tools show is other tests' business.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SANITIZED=$SNOOPKIT_BUILD/sanitized
if [ ! -x "$SANITIZED/tools/eperm" ]; then
	skip "sanitized tools" "there is no $SANITIZED/tools"
	finish
	exit
fi

# A finding ends the process with this status. The compiler's child maps what it never frees.
FINDING=99
export ASAN_OPTIONS=exitcode=$FINDING:detect_leaks=0 UBSAN_OPTIONS=exitcode=$FINDING:print_stacktrace=1

# run TOOL ARGS...: in the background, for as long as the workload takes.
names=()
pids=()
run() {
	local number=${#names[@]}
	names+=("$*")
	"$SANITIZED/tools/$1" "${@:2}" >"$SCRATCH/$number.out" 2>"$SCRATCH/$number.err" </dev/null &
	pids+=($!)
}

is_sound() { # NUMBER STATUS
	tail -n 40 "$SCRATCH/$1.err"
	[ "$2" -le 1 ] && ! grep -Eq 'runtime error|AddressSanitizer' "$SCRATCH/$1.err"
}

# Status 1 is a kernel that has no modules, or no kprobes.
end_all() {
	local number status
	for number in "${!names[@]}"; do
		kill -INT "${pids[number]}" 2>/dev/null
		wait "${pids[number]}"
		status=$?
		check "${names[number]//$SCRATCH\/}" is_sound "$number" $status
	done
	names=()
	pids=()
}

# Has attached, or given up: then it polls, or is gone.
has_attached() {
	local pid line
	for pid in "${pids[@]}"; do
		read -r line <"/proc/$pid/stack" 2>/dev/null || continue
		[[ $line == *poll* ]] || return 1
		is_not_compiling "$pid" || return 1
	done
}

mkfifo "$SCRATCH/commands" "$SCRATCH/keys"
exec 7<>"$SCRATCH/commands"
"$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" bash -c "echo \$\$ >$SCRATCH/pid
	while read -r line <&7; do eval \"\$line\"; done" </dev/null &
python3 "$here/in_terminal.py" bash --norc <"$SCRATCH/keys" >/dev/null 2>&1 &
exec 9>"$SCRATCH/keys"
wait_for 10 test -s "$SCRATCH/pid"

workload() {
	echo 'echo typed ü; true' >&9
	echo 'printf "%300s" wide; head -c 100000 /dev/zero; (exec sh -c "echo child")' >&7
	setpriv --reuid 65534 --clear-groups cat /etc/shadow
	"$PROGRAMS/failing" 0.2
	/bin/true "" $'a\xff\u200b\n' "$(printf 'x%.0s' $(seq 3000))"
	(cd / && exec -a "" /bin/true)
	(cd /tmp && "$PROGRAMS/open_kinds" all "$SCRATCH/file")
	"$SCRATCH/nothing-here"
	"$PROGRAMS/tcp_kinds" plain ipv6 mapped refused closed
	"$PROGRAMS/scan" xmas ::1 ::1 1 1
	"$PROGRAMS/dns_answer" www.example.com 127.0.0.1 udp
	sleep 0.3
} >/dev/null 2>&1

for format in '' --json; do
	# shellcheck disable=SC2086
	{
		run bashreadline $format
		run capable -vxsKU $format
		run capable -c -i 1 --advise $format
		run elfsnoop -FDUP $format
		run elfsnoop -x -n x $format
		run eperm -PT $format
		run eperm -p 1 -i 1 1 $format
		run execsnoop -xTtUqCM -l '(a+)+$|.' $format
		run modsnoop -x $format
		run opensnoop -TUeF $format
		run opensnoop -x -f O_CREAT -n e $format
		run opensnoop -F $format --exec /bin/true
		run setuids -gXP -n . $format
		run setuids -e $format
		run shellsnoop -C --asciicast "$SCRATCH/a.cast" $format "$(cat "$SCRATCH/pid")"
		run tcpaccept -TtUbwl $format
		run tcpconnect -TtULr -d --udp $format
		run tcpconnect -c $format
		run tcpreset -xru $format
		run tcpreset -c -i 0.2 $format
		run ttysnoop -C --asciicast "$SCRATCH/b.cast" $format "$(cat "$SCRATCH/tty")"
	}
	run execsnoop --fields time,args,filename,comm,argv0 --where 'args!~(a+)+$|b' --where 'pid>1' $format
	run opensnoop --fields full_path,path,fd,call --where 'file!=x' --where 'path~.' $format
	run elfsnoop --fields mount,elf,inode --where 'elf!=x' $format
	run ttysnoop --fields data,fd --where 'data!~x' $format "$(cat "$SCRATCH/tty")"
	[ "$format" ] || run shellsnoop -r "$(cat "$SCRATCH/pid")"
	wait_for 180 has_attached
	workload
	end_all
done
for tool in "$SANITIZED"/tools/*; do
	for option in --help --ebpf --support --no-such; do
		run "${tool##*/}" $option
	done
done
for number in "${!names[@]}"; do
	wait "${pids[number]}"
	status=$?
	[ $status -eq 2 ] && status=0
	check "${names[number]//$SCRATCH\/}" is_sound "$number" $status
done
exec 9>&-
echo exit >&7

for replay in "$SANITIZED"/tests/fuzz/replay_*; do
	target=${replay##*/replay_}
	check "seeds of $target" "$replay" "$here/../fuzz/seeds/$target"/*
done
finish
