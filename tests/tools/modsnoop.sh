#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# modsnoop against real modules: dummy and loop, which Debian's kernels have.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

NOBODY=65534
WHEN='^[0-2][0-9]:[0-5][0-9]:[0-5][0-9] module init: '

if [ ! -e /proc/modules ]; then
	check 'a kernel without modules' one_line_error 1 'this kernel has no modules' modsnoop
	check 'an argument too many' one_line_error 2 '.*' modsnoop more
	finish
	exit
fi

# The module's file without compression and without its signature, if it had one.
unpack() {
	local file

	file=$(modinfo -n "$1") || return
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -dqc "$file" ;;
	*) cat "$file" ;;
	esac >"$SCRATCH/$1.ko"
	objcopy --strip-debug "$SCRATCH/$1.ko"
}

unload() {
	rmmod "$@" 2>/dev/null
}

by_setuid_helper() {
	install -m 4755 "$PROGRAMS/load_module" "$SCRATCH/helper"
	setpriv --reuid=$NOBODY --clear-groups "$SCRATCH/helper" "$@"
}

chmod 755 "$SCRATCH"
unload dummy loop
unpack loop
unpack dummy
# The taint of a module without a signature, on a kernel that asks for one.
[ -z "$(modinfo -F sig_id dummy)" ] && unsigned=- || unsigned=E
long=$(printf 'max_part=%d ' {1..500})

start_headerless modsnoop
modprobe dummy numdummies=2
insmod "$SCRATCH/loop.ko" max_loop=1
out_soon 'init: loop'
unload dummy loop
by_setuid_helper "$SCRATCH/loop.ko" ''
out_soon 'by helper'
unload loop
stop
check 'it ends with status 0' [ "$STATUS" -eq 0 ]
check 'modprobe' out_lines "${WHEN}dummy, by modprobe \(PID [0-9]+, user root, UID 0\)\$" 1
check 'insmod' out_lines "${WHEN}loop, by insmod \(PID [0-9]+, user root, UID 0\)\$" 1
check 'a set-user-ID helper' out_lines "${WHEN}loop, by helper \(PID [0-9]+, user nobody, UID $NOBODY\)\$" 1
if has_raw_tracepoints; then # and wrappers of the calls, which came with them
	check 'nothing to say' err_is_empty
else
	check 'it says what it does not see' err_has '^modsnoop: not seen on this kernel: loads by 32-bit programs that fail$'
fi

start_headerless modsnoop -x
modprobe dummy numdummies=0
insmod "$SCRATCH/loop.ko" max_part=3 'max_loop=1'
out_soon 'init: loop'
unload loop
"$PROGRAMS/load_module" "$SCRATCH/loop.ko" $'hw_queue_depth="64" \e[31m=1'
out_soon 'by load_module'
unload dummy loop
"$PROGRAMS/load_module" "$SCRATCH/loop.ko" "$long" 2>/dev/null # loop itself may refuse
wait_for 60 out_lines 'init: loop, by load_module' 2
unload loop
insmod "$SCRATCH/dummy.ko"
wait_for 60 out_lines 'init: dummy' 2
unload dummy
stop
check '-x: a signed module has no taint' out_has 'dummy, by modprobe .*, taints -, parameters .*numdummies=0$'
check '-x: an unsigned one' out_has "loop, by insmod .*, taints $unsigned, parameters max_part=3 max_loop=1\$"
check '-x: quotes and control bytes' out_has ', parameters hw_queue_depth="64" \\033\[31m=1$'
check '-x: long parameters are cut and say so' out_has 'max_part=1 max_part=2 .*\.\.\.$'
check '-x: no parameters' out_has 'dummy, by insmod .*, parameters -$'

# What the kernel refuses: at once, by its contents, by its version, as it is there already, by its
# own initialisation.
head -c 5000 /dev/zero >"$SCRATCH/zeros.ko"
sed 's/ mod_unload/ mod_unloaX/' "$SCRATCH/loop.ko" >"$SCRATCH/older.ko"
start_headerless modsnoop
setpriv --reuid=$NOBODY --clear-groups "$PROGRAMS/load_module" "$SCRATCH/loop.ko" '' 2>/dev/null
cp "$SCRATCH/zeros.ko" "$SCRATCH/tun, by root (PID 1)"
setpriv --reuid=$NOBODY --clear-groups "$PROGRAMS/load_module" "$SCRATCH/tun, by root (PID 1)" '' 2>/dev/null
insmod "$SCRATCH/zeros.ko" 2>/dev/null
insmod "$SCRATCH/older.ko" 2>/dev/null
insmod "$SCRATCH/loop.ko" max_loop=1
insmod "$SCRATCH/loop.ko" max_loop=1 2>/dev/null
unload loop
insmod "$SCRATCH/dummy.ko" numdummies=none 2>/dev/null
out_soon 'failed: dummy'
stop
by_root='by insmod \(PID [0-9]+, user root, UID 0\)'
FAILED=${WHEN/init: /failed: }
check 'a load without the right to' \
	out_lines "${FAILED}loop.ko, by load_module \\(PID [0-9]+, user nobody, UID $NOBODY\\): Operation not permitted\$" 1
check 'a name that looks like the rest' out_has "${FAILED}tun,\\\\040by\\\\040root\\\\040\\(PID\\\\0401\\), by load_module "
check 'a file that is no module' out_lines "${FAILED}zeros.ko, $by_root: Exec format error\$" 1
check 'a module of another kernel' out_lines "${FAILED}older.ko, $by_root: Exec format error\$" 1
check 'a module that is there already' out_lines "${FAILED}loop, $by_root: File exists\$" 1
check 'a module with a bad parameter' out_lines "${FAILED}dummy, $by_root: Invalid argument\$" 1
check 'the one that did not fail' out_lines "${WHEN}loop, $by_root\$" 1

start_headerless modsnoop --json --max-events 2
insmod "$SCRATCH/loop.ko" max_loop=1
insmod "$SCRATCH/loop.ko" max_loop=1 2>/dev/null
wait_tool
unload loop
check '--max-events' [ "$STATUS" -eq 0 ]
# shellcheck disable=SC2016 # the variables are jq's
check '--json: file, result, version' jq -es --arg file "$SCRATCH/loop.ko" --argjson inode "$(stat -c %i "$SCRATCH/loop.ko")" \
	--arg version "$(modinfo -F version "$SCRATCH/loop.ko")" --arg srcversion "$(modinfo -F srcversion "$SCRATCH/loop.ko")" \
	'(map([.event, .name, .result]) == [["init", "loop", null], ["failed", "loop", -17]]) and
	all(.call == "finit_module" and .file == $file and .inode == $inode) and
	(.[0] | [.version // "", .srcversion // ""] == [$version, $srcversion])' "$OUT"
check '--json' out_has '"name":"loop".*"uid":0.*"taints":"'"${unsigned#-}"'".*"parameters":"max_loop=1"'

check '--json follows its schema' /usr/bin/python3 "$(dirname "$0")/follows_schema.py" \
	"$(dirname "$0")/../../docs/schema" "$OUT"

start modsnoop --fields name,user,parameters --where 'name~^loop$' --max-events 1
insmod "$SCRATCH/dummy.ko"
insmod "$SCRATCH/loop.ko" max_loop=1
wait_tool
unload loop dummy
check '--fields: columns, with a header' [ "$(tr -s ' ' <"$OUT" | tr '\n' ,)" = 'NAME USER PARAMETERS,loop root max_loop=1,' ]

fallback_source modsnoop on_init_module "$SCRATCH/fallback.c"
start_headerless modsnoop -x --source "$SCRATCH/fallback.c"
insmod "$SCRATCH/loop.ko" max_loop=1
insmod "$SCRATCH/loop.ko" 2>/dev/null
out_soon 'failed: loop'
unload loop
stop
check 'the fallback: a load that fails' out_lines "${FAILED}loop.ko, $by_root: File exists\$" 1
check 'the fallback' out_lines "${WHEN}loop, by insmod \(PID [0-9]+, user root, UID 0\), taints $unsigned, parameters unknown\$" 1
check 'the fallback says what it does not see' err_has '^modsnoop: not seen on this kernel: parameters and versions of modules'
finish
