#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A made-up break-in. What the tools say with --who --json alone answers: from which login, by which
# commands, in which container, which file, what was gained.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if ! has_who; then
	skip "a break-in" "--who needs Linux 4.18"
	finish
	exit
fi
intruder=4242
work=$SCRATCH/work
chmod 755 "$SCRATCH"
mkdir "$work" "$SCRATCH/cgroups"
chmod 777 "$work"

# A container's cgroup, where there are any.
id=$(printf '%016x%048x' $$ 11)
top=$SCRATCH/cgroups/snoopkit-$$
container=
if mount -t cgroup2 none "$SCRATCH/cgroups" 2>/dev/null && mkdir -p "$top/docker-$id.scope"; then
	container=$id
fi
clean_up() {
	cleanup
	rmdir "$top/docker-$id.scope" "$top"
	umount "$SCRATCH/cgroups"
	rm -rf "$SCRATCH"
} 2>/dev/null
trap clean_up EXIT

# The set-user-ID program becomes whatever it is told.
cp "$(command -v setpriv)" "$work/become"
chmod 4755 "$work/become"

# The login, which is the leader of a session on a terminal of its own.
cat >"$work/login" <<-END
	echo $intruder >/proc/self/loginuid
	cd $work
	exec setpriv --reuid $intruder --regid $intruder --clear-groups bash $work/session
END
# The intruder's session.
cat >"$work/session" <<-END
	$work/become --reuid 0 --regid 0 --clear-groups bash $work/root
	true
END
# As root, into a container.
cat >"$work/root" <<-END
	echo \$\$ >$top/docker-$id.scope/cgroup.procs
	unshare --mount --pid --fork bash $work/inside
	true
END
# A copy of cat by another name, in the container's own layer; a program that is in memory only; a module.
cat >"$work/inside" <<-END
	mkdir $work/layers
	mount -t tmpfs none $work/layers
	mkdir $work/layers/{lower,upper,work,all}
	mount -t overlay -o lowerdir=$work/layers/lower,upperdir=$work/layers/upper,workdir=$work/layers/work \
		none $work/layers/all && touch $work/overlay
	cp $(command -v cat) $work/layers/all/harmless
	$work/layers/all/harmless /etc/shadow
	$PROGRAMS/exec_kinds memfd
	[ ! -e /proc/modules ] || modprobe dummy
	touch $work/end
END

start_beside exec execsnoop --who --json --where "who.cwd~^$work"
start_beside open opensnoop --who --json --where path=/etc/shadow --where comm=harmless
start_beside ids setuids --who --json -X --where "who.exe~/become$"
if [ -e /proc/modules ]; then
	modprobe -r dummy
	start_beside module modsnoop --who --json --where name=dummy
fi
wait_for 240 all_are_tracing
"$PROGRAMS/in_pty" "$SCRATCH/pty" "$SCRATCH/tty" bash "$work/login" </dev/null
seen() { grep -q "$2" "$SCRATCH/$1.out"; } # NAME TEXT
wait_for 60 seen exec memfd-argument
wait_for 60 seen open shadow
stop_all

become="event['args'][0].endswith('/become')"
shadow="True"
memfd="'memfd-argument' in event['args']"
tty=$(<"$SCRATCH/tty")

check "the copy of cat that opens /etc/shadow is seen" event_is open "$shadow" "event['path'] == '/etc/shadow'"
if [ -e /proc/self/loginuid ]; then
	check "from which login: of the open" event_is open "$shadow" "who['auid'] == $intruder and who['uid'] == 0"
	check "of the program in memory" event_is exec "$memfd" "who['auid'] == $intruder and who['uid'] == 0"
else
	check "a kernel without logins says none" event_is open "$shadow" "'auid' not in who"
fi
check "from which terminal" event_is open "$shadow" "'/dev/' + who['tty'] == '$tty'"
check "whose session it is" event_is exec "$memfd" "who['sid'] in [one['pid'] for one in [who['parent']] + who['ancestors']]"
check "by which commands" event_is open "$shadow" "commands[0] == 'bash $work/inside' and
	commands[1].startswith('unshare --mount') and commands[2] == 'bash $work/root' and commands[3] == 'bash $work/session'
	and [one for one in family[:4] if 'from' in one] == []"
check "in which namespaces" event_is open "$shadow" "who['mntns'] != os.stat('/proc/self/ns/mnt').st_ino and
	who['pidns'] != os.stat('/proc/self/ns/pid').st_ino and 1 < who['pid_in_ns'] < 100 and who['netns'] == os.stat('/proc/self/ns/net').st_ino"
if [ -n "$container" ]; then
	check "in which container" event_is open "$shadow" "who['container'] == '$container' and who['cgroup'].endswith('/docker-$id.scope')"
	check "before that in none" event_is exec "$become" "'container' not in who"
else
	skip "in which container" "this kernel has no cgroups of version 2"
fi
check "which file it was" event_is open "$shadow" "who['exe'] == '$work/layers/all/harmless' and event['comm'] == 'harmless'"
if [ -e "$work/overlay" ]; then
	check "and that it is no part of the container's image" event_is open "$shadow" "who['exe_flags'] == ['upper']"
else
	skip "and that it is no part of the container's image" "this kernel has no overlayfs"
fi
check "a program that is in no file system" event_is exec "$memfd" "who['exe'] == '/memfd:secret' and who['exe_flags'][:2] == ['deleted', 'memfd']"
check "what was gained" event_is exec "$become" "who['gained']['uids'] == [0] and 'CAP_SYS_ADMIN' in who['gained']['capabilities']
	and who['uid'] == $intruder and who['euid'] == 0 and commands[0] == 'bash $work/session'"
# With kprobes the event is that of the last moment before.
check "setuids says so too" event_is ids "event['syscall'] == 'execve'" "event['gained']['uids'] == [0] and event['after']['euid'] == 0
	and who['uid'] == $intruder and commands[0] == 'bash $work/session'"
check "what is gained is not the copy's" event_is exec "event['args'][0].endswith('/harmless')" "who['gained'] == {'uids': [], 'gids': [], 'capabilities': []}"
if [ -e /proc/modules ]; then
	check "who loaded the module" event_is module "True" "event['name'] == 'dummy' and commands[0] == 'bash $work/inside' and
		('$container' == '' or who['container'] == '$container')"
fi
finish
