#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --cgroup and --container of all tools: tasks in a cgroup and below it, and no others.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The hierarchy of version 2, wherever it is mounted.
root=$SCRATCH/cgroups
mkdir "$root"
if ! mount -t cgroup2 none "$root" 2>"$SCRATCH/mount"; then
	skip "--cgroup and --container" "this kernel has no cgroups of version 2"
	finish
	exit
fi
top=$root/snoopkit-$$
id=$(printf '%016x%048x' $$ 7)
mkdir -p "$top/docker-$id.scope/inner" "$top/other" "$top/libpod-conmon-$id.scope"

# in_cgroup DIRECTORY COMMAND...
in_cgroup() {
	local directory=$1
	shift
	(echo "$BASHPID" >"$directory/cgroup.procs" && exec "$@")
}

remove_cgroups() {
	cleanup
	find "$top" -depth -type d -exec rmdir {} +
	umount "$root"
	rmdir "$root" "$SCRATCH"
} 2>/dev/null
trap remove_cgroups EXIT

check "no such cgroup" one_line_error 1 "no cgroup /no/such: No such file" opensnoop --cgroup /no/such
check "an empty path is not the root" one_line_error 1 "the path of the cgroup is empty" opensnoop --cgroup ""
check "a directory that is none" one_line_error 1 "/proc is no cgroup of version 2" opensnoop --cgroup /proc
check "no such container" one_line_error 1 "no container 'no-such-$$': no cgroup below " opensnoop --container no-such-$$
check "both" one_line_error 2 "--cgroup and --container exclude each other" opensnoop --cgroup / --container 1
mkdir "$top/docker-$id-2.scope"$'\e[2J'
check "several containers" one_line_error 1 "several containers have '$id': .*, .*$id" opensnoop --container "$id"
check "a name does not drive the terminal" err_has "docker-$id-2\.scope\\\\033\[2J"
rmdir "$top/docker-$id-2.scope"$'\e[2J'

has() { grep -aq -- "$2" "$SCRATCH/$1.out"; } # NAME TEXT
shows() { has "$1" "$2-inside" && has "$1" "$2-below" && ! has "$1" "$2-outside"; } # NAME TEXT

# The shells that the mirrors and bashreadline watch; what each is told, a part of it runs elsewhere.
mkfifo "$SCRATCH/commands" "$SCRATCH/keys.inside" "$SCRATCH/keys.outside"
exec 7<>"$SCRATCH/commands"
"$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" bash -c "echo \$\$ >$SCRATCH/pid
	while read -r line <&7; do eval \"\$line\"; done" </dev/null &
wait_for 60 test -s "$SCRATCH/pid"
wait_for 60 test -s "$SCRATCH/tty"
read -r shell <"$SCRATCH/pid"
read -r tty <"$SCRATCH/tty"
in_cgroup "$top/docker-$id.scope/inner" python3 "$here/in_terminal.py" bash --norc \
	<"$SCRATCH/keys.inside" >"$SCRATCH/screen" 2>&1 &
python3 "$here/in_terminal.py" bash --norc <"$SCRATCH/keys.outside" >"$SCRATCH/screen" 2>&1 &
exec 8>"$SCRATCH/keys.inside" 9>"$SCRATCH/keys.outside"

start_beside execsnoop execsnoop --container "${id:0:20}"
start_beside elfsnoop elfsnoop --cgroup "$top/docker-$id.scope"
start_beside opensnoop opensnoop --cgroup "/snoopkit-$$/docker-$id.scope"
start_beside tcpconnect tcpconnect --cgroup "$top/docker-$id.scope"
start_beside tcpaccept tcpaccept --cgroup "$top/docker-$id.scope"
start_beside eperm eperm --cgroup "$top/docker-$id.scope"
start_beside bashreadline bashreadline --container "$id"
start_beside ttysnoop ttysnoop --container "$id" "$tty"
start_beside shellsnoop shellsnoop --container "$id" "$shell"
if [ -e /proc/modules ]; then
	start_beside modsnoop modsnoop --container "$id"
else
	skip "modsnoop" "this kernel has no modules"
fi
wait_for 180 all_are_tracing

for where in outside inside below; do
	cp "$PROGRAMS/nothing" "$SCRATCH/run-$where"
	ln -s "$(command -v cat)" "$SCRATCH/eperm-$where"
	ln -s "$PROGRAMS/tcp_kinds" "$SCRATCH/tcp-$where"
done
chmod 755 "$SCRATCH"
work() { # DIRECTORY WHERE
	in_cgroup "$1" "$SCRATCH/run-$2" "exec-$2"
	in_cgroup "$1" bash -c ": </etc/open-$2" 2>"$SCRATCH/errors"
	in_cgroup "$1" "$SCRATCH/tcp-$2" plain >"$SCRATCH/ports"
	in_cgroup "$1" setpriv --reuid 65534 --clear-groups "$SCRATCH/eperm-$2" /etc/shadow 2>"$SCRATCH/errors"
	echo "(echo \$BASHPID >$1/cgroup.procs; /bin/echo write-$2)" >&7
	[ ! -e /proc/modules ] || in_cgroup "$1" modprobe "$3"
}
[ ! -e /proc/modules ] || rmmod dummy loop 2>"$SCRATCH/errors"
work "$top/other" outside dummy
echo "echo line-outside" >&9
wait_for 60 grep -aq line-outside "$SCRATCH/screen"
work "$top/docker-$id.scope" inside loop
work "$top/docker-$id.scope/inner" below dummy
echo "echo line-below" >&8
for name in execsnoop elfsnoop; do
	wait_for 60 has $name run-below
done
wait_for 60 has opensnoop open-below
wait_for 60 has tcpconnect tcp-below
wait_for 60 has tcpaccept tcp-below
wait_for 60 has bashreadline line-below
for name in ttysnoop shellsnoop; do
	wait_for 60 has $name write-below
done
stop_all
for name in tcpconnect tcpaccept; do
	check "$name" shows $name tcp
done
for name in execsnoop elfsnoop; do
	check "$name" shows $name run
done
check "opensnoop" shows opensnoop open
check "eperm" shows eperm eperm
for name in ttysnoop shellsnoop; do
	check "$name" shows $name write
done
check "bashreadline" bash -c "grep -q line-below '$SCRATCH/bashreadline.out' && ! grep line-outside '$SCRATCH/bashreadline.out'"
if [ -e /proc/modules ]; then
	check "modsnoop" bash -c "grep -q 'init: loop' '$SCRATCH/modsnoop.out' && ! grep 'init: dummy' '$SCRATCH/modsnoop.out'"
fi

# A cgroup that is removed while it is watched, and made again.
mkdir "$top/short"
start execsnoop --cgroup "$top/short"
in_cgroup "$top/short" "$SCRATCH/run-inside" "before-$$"
out_soon "before-$$"
# The kernel tells of the last task's end, not of the removal after that.
wait_for 60 grep -qx 'populated 0' "$top/short/cgroup.events"
sleep 0.2
wait_for 60 rmdir "$top/short"
wait_for 60 err_has '^execsnoop: the cgroup was removed: nothing more of it will be seen$'
mkdir "$top/short"
busy() { cut -d ' ' -f 14,15 "/proc/$TOOL_PID/stat" | tr ' ' +; } # ticks of the CPU
before=$(($(busy)))
for _ in {1..20}; do
	in_cgroup "$top/short" "$SCRATCH/run-inside" "after-$$"
done
check "it does not turn in circles" [ $(($(busy) - before)) -lt 10 ]
stop
check "that a cgroup was removed is said" err_has '^execsnoop: the cgroup was removed: nothing more of it will be seen$'
check "once" [ "$(grep -c removed "$ERR")" = 1 ]
check "another of that name is another" out_lacks "after-$$"

"$TOOLS/execsnoop" --ebpf | sed 's/wanted_cgroup/some_cgroup/' >"$SCRATCH/my.c"
check "a source that can't" one_line_error 1 "the source has no map wanted_cgroup" \
	execsnoop --source "$SCRATCH/my.c" --cgroup "$top"
exec 8>&- 9>&-
echo exit >&7
finish
