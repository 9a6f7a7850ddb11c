#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# elfsnoop against real loads; what it mounts is gone with its mount namespace.
[ "${1-}" = inside ] || exec unshare -m --propagation private "$0" inside
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

TRUE=$(readlink -f /bin/true)
W=$SCRATCH/w
DEEP=$(printf 'd%s/' {1..23})end
NAME=$'a\e[31m\nb'
PRIVATE=65534 # a user who owns no process here

# line INTERPRETER FILE MOUNT INODE RET: the regex of a line with these columns
line() {
	echo "^[0-9:]{8} +[0-9]+ +$1 +$2 +$3 +$4 +$5\$"
}

inode() { stat -c %i "$1"; }
device() { stat -c %d "$1" | awk '{ printf "%d:%d", int($1 / 256) % 4096, $1 % 256 }'; }

prepare() {
	chmod 755 "$SCRATCH"
	mkdir "$W" && mount -t tmpfs tmpfs "$W" && cd "$W" || exit 1
	mkdir tmpfs source bind
	mount -t tmpfs tmpfs tmpfs
	cp "$TRUE" source/program
	cp "$TRUE" source/last
	cp "$TRUE" 'source/two  - words'
	mount --bind source bind
	mkdir -p "tmpfs/$DEEP/mount" "tmpfs/$DEEP/$DEEP"
	cp "$TRUE" "tmpfs/$DEEP/$DEEP/hidden"
	cp "$TRUE" "tmpfs/$DEEP/leaf"
	mount -t tmpfs tmpfs "tmpfs/$DEEP/mount"
	mkdir "tmpfs/$DEEP/mount/below"
	cp "$TRUE" "tmpfs/$DEEP/mount/below/leaf"
	cp "$TRUE" tmpfs/program
	cp "$TRUE" "source/$NAME"
	cp "$(readlink -f /bin/sleep)" source/gone
	ln -s ../source/program tmpfs/link
	printf '#!/bin/sh\nexit 0\n' | tee source/script >"tmpfs/$DEEP/mount/below/script"
	head -c 4096 "$TRUE" | tr '\002-\377' x >source/corrupt
	sed 's/ld-linux-x86-64/no-linker-is-it/' "$TRUE" >source/linkerless
	chmod 755 source/* "tmpfs/$DEEP/mount/below/script"
	mkdir -p root/bin root/tmpfs
	cp "$(readlink -f /bin/busybox)" root/bin/busybox
	mount -t tmpfs tmpfs root/tmpfs
	cp root/bin/busybox root/tmpfs
}

# What every line of the tests comes from.
load_everything() {
	tmpfs/program
	bind/program
	source/script
	source/corrupt
	source/linkerless
	"bind/$NAME"
	source/gone 1000 &
	until [ "/proc/$!/exe" -ef source/gone ]; do :; done
	rm source/gone
	kill %%
	wait %%
	(cd "tmpfs/$DEEP" && ./leaf && cd mount && below/leaf && cd below && ../below/leaf && ./script &&
		../below/script)
	tmpfs/link
	chroot root /bin/busybox sh -c 'cd tmpfs; ./busybox true'
	cp "$TRUE" source/removed
	(exec 9<source/removed && rm source/removed && /proc/self/fd/9)
	"$PROGRAMS/exec_by_thread" tmpfs/program
	source/'two  - words'
	[ ! -x "$PROGRAMS/nothing32" ] || "$PROGRAMS/nothing32"
	setpriv --reuid=$PRIVATE --clear-groups source/program
	source/last
} 2>/dev/null

prepare
start elfsnoop -DUP
check 'the columns' out_has '^TIME +UID +PID +PPID +INTERPRETER +FILE +MOUNT +DEVICE +INODE +RET$'
load_everything
check 'the device of a file' out_soon "^[0-9:]{8} +0 +[0-9]+ +$BASHPID +tmpfs/program +tmpfs/program +$W/tmpfs +$(device tmpfs/program) +$(inode tmpfs/program) +0\$"
check 'the user' out_soon "^[0-9:]{8} +$PRIVATE .* source/program +source/program "
stop
check 'it ends with status 0' [ "$STATUS" -eq 0 ]

cp "$(readlink -f /bin/sleep)" source/gone
start elfsnoop
check 'the columns without options' out_has '^TIME +PID +INTERPRETER +FILE +MOUNT +INODE +RET$'
gone=$(inode source/gone)
load_everything
out_soon ' source/last '
stop
check 'tmpfs' out_has "$(line tmpfs/program tmpfs/program "$W/tmpfs" "$(inode tmpfs/program)" 0)"
check 'a bind mount' out_has "$(line bind/program bind/program "$W/bind" "$(inode source/program)" 0)"
check 'a script' out_has "$(line /bin/sh source/script "$(stat -c %m "$(readlink -f /bin/sh)")" '[0-9]+' 0)"
check 'a file that is deleted while it runs' out_has "$(line source/gone source/gone "$W" "$gone" 0)"
check 'control bytes in a name' out_has "$(line 'bind/a\\033\[31m\\012b' '[^ ]+' "$W/bind" '[0-9]+' 0)"
check 'a name with spaces is one word' out_has "$(line 'source/two\\040\\040-\\040words' 'source/two\\040\\040-\\040words' "$W" '[0-9]+' 0)"
check 'no escape sequence reaches the output' out_lacks $'\e'
check 'an exec by a thread' out_lines "$(line tmpfs/program tmpfs/program "$W/tmpfs" '[0-9]+' 0)" 2
check 'mount points are those of the task: chroot' out_has ' \./busybox +\./busybox +/tmpfs '
if [ -x "$PROGRAMS/nothing32" ]; then
	check 'a 32-bit program, once' out_lines "$(line '[^ ]+/nothing32' '[^ ]+/nothing32' '[^ ]+' '[0-9]+' 0)" 1
	check 'which the handler of 64-bit programs did not take' out_lacks '/nothing32 .* -8$'
else
	skip 'a 32-bit program' 'none was built'
fi
if has_kprobes; then
	check 'nothing to say' err_is_empty
	check 'a corrupt file, once' out_lines "$(line source/corrupt source/corrupt "$W" '[0-9]+' -8)" 1
	check 'a file without its linker' out_has "$(line source/linkerless source/linkerless "$W" '[0-9]+' -2)"
else
	check 'it says what it does not see' err_has '^elfsnoop: not seen on this kernel: failed loads$'
	check 'there is no failed load' out_lacks ' -[0-9]+$'
fi

cp "$(readlink -f /bin/sleep)" source/gone
start elfsnoop -F
load_everything
out_soon ' source/last '
stop
check '-F: a relative name, 24 directories deep' out_has " \./leaf +$W/tmpfs/$DEEP/leaf +$W/tmpfs "
check '-F: across mounts' out_has " below/leaf +$W/tmpfs/$DEEP/mount/below/leaf +$W/tmpfs/$DEEP/mount "
check '-F: a name with ..' out_has " \.\./below/leaf +$W/tmpfs/$DEEP/mount/below/leaf "
check '-F: a bind mount' out_has " bind/program +$W/bind/program +$W/bind "
check '-F: a symbolic link' out_has " tmpfs/link +$W/source/program +$W "
check '-F: a script' out_lines " /bin/sh +$W/tmpfs/$DEEP/mount/below/script " 2
check '-F: up to the root of the task' out_has ' \./busybox +/tmpfs/busybox +/tmpfs '
check '-F: a removed file' out_has " /proc/self/fd/9 +$W/source/removed \(deleted\) +$W "

cp "$(readlink -f /bin/sleep)" source/gone
start elfsnoop -n '^tmpfs/' -u $PRIVATE
load_everything
setpriv --reuid=$PRIVATE --clear-groups tmpfs/program
out_soon 'tmpfs/program'
stop
check '-n and -u' out_lines 'tmpfs/program .* 0$' 1
check '-n and -u leave the rest out' [ "$(wc -l <"$OUT")" -eq 2 ]

start elfsnoop -F -n "^$W/tmpfs/"
source/program
"tmpfs/$DEEP/$DEEP/hidden"
tmpfs/program
out_soon " tmpfs/program "
stop
check '-n shows a file whose upper directories are not known' out_has ' \.\.\./.*/hidden '
check '-n leaves out others all the same' out_lacks ' source/program '

mkfifo gate
(read -r _ <gate && exec tmpfs/program) &
start elfsnoop -p $!
source/program
echo >gate
out_soon 'tmpfs/program '
stop
check '-p' [ "$(wc -l <"$OUT")" -eq 2 ]

if has_kprobes; then
	cp "$(readlink -f /bin/sleep)" source/gone
	start elfsnoop -x
	load_everything
	out_soon ' source/linkerless .* -2$'
	stop
	check '-x: failures' out_has ' source/linkerless .* -2$'
	check '-x: only failures' out_lacks ' 0$'
fi
if has_kprobes && ! has_raw_tracepoints; then
	skip 'the fallback' 'there are raw tracepoints from Linux 4.17 on'
elif has_kprobes; then
	fallback_source elfsnoop on_load_return fallback.c
	start elfsnoop --source fallback.c
	tmpfs/program
	out_soon ' tmpfs/program'
	stop
	check 'the fallback' out_has "$(line tmpfs/program tmpfs/program "$W/tmpfs" '[0-9]+' 0)"
	check 'the fallback says what it does not see' err_has 'not seen on this kernel: failed loads$'
fi

start_headerless elfsnoop --json
cp "$TRUE" "$(printf 'tmpfs/\377')"
"./$(printf 'tmpfs/\377')"
tmpfs/program
out_soon '"filename":"tmpfs/program"'
stop
check '--json: numbers are numbers' out_has "\"inode\":$(inode tmpfs/program)[,}]"
check '--json: the full path' out_has "\"full_path\":\"$W/tmpfs/program\""
check '--json: bytes that are not UTF-8' out_has '"filename_hex":"2e2f746d7066732fff"'

check 'a wrong PID' one_line_error 2 '.*PID' elfsnoop -p x
check 'an unknown user' one_line_error 2 '.*user' elfsnoop -u no-such-user
check 'a wrong regular expression' one_line_error 2 '.*' elfsnoop -n '('
check 'an argument too many' one_line_error 2 '.*' elfsnoop more
cd /
umount -Rl "$W"
finish
