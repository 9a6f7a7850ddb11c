#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs that are compiled elsewhere: snoopkit describe, compile and list, and the tools where
# nothing can be compiled: without libbcc, and without headers and BTF.
# shellcheck disable=SC2016 # some variables are for another shell
unset SNOOPKIT_HEADERS
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

prepare_hiding
export SNOOPKIT_BUILD
SNOOPKIT=$SNOOPKIT_BUILD/snoopkit
MADE=$SCRATCH/made           # by compile, for this kernel
PLACE=$SCRATCH/lib/snoopkit/programs # where the tools look for them
release=$(uname -r)
[ -z "$(libbcc)" ] || no_libbcc="hide $(libbcc) /dev/null"

# Where this machine keeps programs is left alone.
keep_here='mkdir -p /var/lib /var/cache/snoopkit; mount --bind $SCRATCH/lib /var/lib
	mount --bind $SCRATCH/empty /var/cache/snoopkit; hide /usr/lib/snoopkit'
nothing="${no_libbcc-:}; $keep_here"

run_without() { # COMMAND
	hidden "$nothing" "$1" >"$OUT" 2>"$ERR" </dev/null
}

# refused REGEX: eperm finds no program; without -v it says only what to do, with -v also why.
refused() {
	local pattern=$1
	run_without "$TOOLS/eperm --duration 0.1"
	[ $? -eq 1 ] && [ "$(wc -l <"$ERR")" -eq 1 ] && [ ! -s "$OUT" ] &&
		err_has "^eperm: can't load libbcc.*snoopkit describe.*snoopkit compile --for" || return
	run_without "$TOOLS/eperm --duration 0.1 -v"
	[ $? -eq 1 ] && err_has "^eperm: .* is not used: $pattern"
}

taken() {
	run_without "$TOOLS/eperm --duration 0.1" && err_is_empty && out_has '^ERROR +COMM'
}

# A fresh copy of eperm's program, whose path is in file.
fresh() {
	file=$PLACE/${own##*/}
	rm -rf "${SCRATCH:?}/lib"
	mkdir -p "$PLACE"
	cp "$own" "$file"
}

# Which of eperm's is the one for this kernel: there may be others, of edited sources.
find_own() {
	for own in "$MADE"/eperm-*; do
		fresh
		! taken || return 0
	done
	return 1
}

# ---- the command line ----

fails() { # STATUS REGEX ARGS...
	local status=$1 pattern=$2 result
	shift 2
	"$SNOOPKIT" "$@" >"$OUT" 2>"$ERR" </dev/null
	result=$?
	[ $result -eq "$status" ] && ends_with_help snoopkit "$status" && grep -Eq -- "^snoopkit: $pattern" "$ERR"
}

check 'a command is needed' fails 2 'a command is missing'
check 'one that there is' fails 2 "there is no command 'comple'" comple
check 'an option that there is' fails 2 'unrecognized option' compile --nonsense
check 'an option that the command takes' fails 2 'list takes no --root' list --root /
check 'a tool that there is' fails 2 "there is no tool 'sl'" compile sl
check 'one kernel' fails 2 '--for excludes' compile --for x --kernel y
check 'a release is no path' fails 2 "bad release '../x'" compile --kernel ../x
check 'a kernel that is not installed' fails 1 'there is no file vmlinuz-0.0-none' compile --kernel 0.0-none
check 'a tree without kernels' fails 1 'there is no kernel in' compile --root "$SCRATCH/empty"
check 'a file that is not there' fails 1 "can't read .*none: No such file" compile --for "$SCRATCH/none"
check 'a file that describes nothing' fails 1 '.* is no description of a kernel' compile --for "$0"

# ---- a description ----

"$SNOOPKIT" describe >"$SCRATCH/kernel"
check 'a description begins with a line of JSON' python3 -c '
import json, os, sys
line = open(sys.argv[1], "rb").readline()
kernel, btf = json.loads(line), "/sys/kernel/btf/vmlinux"
assert kernel["release"] == os.uname().release and kernel["version"] == os.uname().version
assert kernel["btf_size"] == (os.path.getsize(btf) if os.path.exists(btf) else 0)
assert os.path.getsize(sys.argv[1]) == len(line) + kernel["btf_size"]' "$SCRATCH/kernel"
check 'it is not written to a terminal' bash -c '! script -qec "$1 describe" /dev/null >"$2" && grep -q "write it to a file" "$2"' \
	bash "$SNOOPKIT" "$OUT"

spoilt() { # REGEX SED
	sed "1$2" "$SCRATCH/kernel" >"$SCRATCH/spoilt"
	fails 1 ".*$1" compile --output "$SCRATCH/none" --for "$SCRATCH/spoilt" eperm && [ ! -e "$SCRATCH/none" ]
}
check 'a description that lacks something' spoilt 'version is missing or wrong' 's/"version": "[^"]*", //'
check 'a release with a path in it' spoilt 'release is missing or wrong' 's|"release": "|&../|'
check 'a number that is none' spoilt 'page_size is missing or wrong' 's/"page_size": [0-9]*/"page_size": "a"/'
check 'a description that ends too late' spoilt '[0-9]+ bytes follow the first line, not' 's/$/ /;1a x'
check 'another kind of machine' spoilt 'kernel .* is for riscv64: compile for it on such a machine' \
	's/"machine": "[^"]*"/"machine": "riscv64"/'

# ---- compiling ----

# Under emulation that takes minutes: what was compiled outside of this machine is there.
headers=()
[ ! -e "/lib/modules/$release/build" ] || headers=(--headers-from /)
[ ! -e /sys/kernel/kheaders.tar.xz ] || headers=(--headers-from /sys/kernel/kheaders.tar.xz)
if is_emulated; then
	mkdir "$MADE"
	check 'programs from another machine are there' bash -c 'cp "$1"/*-* "$2"' bash /var/lib/snoopkit/programs "$MADE"
else
	check 'by the description alone' "$SNOOPKIT" compile --for "$SCRATCH/kernel" "${headers[@]}" --output "$MADE" --quiet
	before=$(stat -c '%i %Z' "$MADE"/*)
	"$SNOOPKIT" compile --for "$SCRATCH/kernel" "${headers[@]}" --output "$MADE" --quiet
	check 'what is there is not compiled again' [ "$(stat -c '%i %Z' "$MADE"/*)" = "$before" ]
	check 'into a directory that is made' "$SNOOPKIT" compile --for "$SCRATCH/kernel" "${headers[@]}" --output "$SCRATCH/deep/er" --quiet eperm
	"$TOOLS/eperm" --no-cache --image "$SCRATCH/here"
	"$TOOLS/eperm" --no-cache --for "$SCRATCH/kernel" "${headers[@]}" --image "$SCRATCH/there"
	check 'the program is the same as one that is compiled here' cmp "$SCRATCH/here" "$SCRATCH/there"
fi
programs=("$MADE"/*-*)
tools=("$REAL_TOOLS"/*)
check 'each tool has its program' [ "$(printf '%s\n' "${programs[@]##*/}" | sed 's/-.*//' | sort -u | wc -l)" -ge "${#tools[@]}" ]

# ---- what is not needed any more ----

check 'which kernel' fails 2 'forget needs --kernel' forget
forgets() { # KERNEL NUMBER
	"$SNOOPKIT" forget --kernel "$1" --output "$SCRATCH/forgotten" >"$OUT" 2>"$ERR" &&
		err_is_empty && out_has "^kernel $1: $2 programs removed"
}
mkdir "$SCRATCH/forgotten"
cp "$MADE"/eperm-* "$SCRATCH/forgotten"
check "another kernel's programs stay" forgets 0.0-none 0
check 'a file' [ "$(echo "$SCRATCH"/forgotten/eperm-*)" != "$SCRATCH/forgotten/eperm-*" ]
check "a kernel's programs go" forgets "$release" "$(echo "$SCRATCH"/forgotten/* | wc -w)"
check 'all of them' rmdir "$SCRATCH/forgotten"
check 'where there are none' forgets "$release" 0

# ---- what is used, and what is not ----

if [ -z "${no_libbcc-}" ]; then
	skip 'what is not used' 'needs libbcc, to hide it'
	finish
	exit
fi
check 'a tool takes its program' find_own
check '--support counts it' run_without "$TOOLS/eperm --support"
listed() { hidden "$nothing" "$SNOOPKIT list" >"$OUT" 2>"$ERR" && err_is_empty && out_has "$1"; }
check 'it is listed' listed '^    /var/lib/snoopkit/programs: eperm$'
check 'with the facts' out_has "^  kernel: $release "
check 'and with each tool' [ "$(grep -Ec '^  [a-z]+: (full|partial|unsupported)' "$OUT")" -eq "${#tools[@]}" ]
rm -rf "$PLACE"
run_without "$TOOLS/eperm --duration 0.1"
check 'nothing there: one line says what to do' err_has "^eperm: can't load libbcc.*snoopkit compile --for kernel' there$"
fresh
printf '\xff' | dd of="$file" bs=1 seek=200 conv=notrunc status=none
check 'one that was changed' refused 'it is damaged'
fresh
truncate -s -1 "$file"
check 'one that was cut' refused 'it is damaged'
fresh
chmod 666 "$file"
check 'one that others can write' refused "it is not root's own"
fresh
chown 65534 "$file"
check 'one that is not root'"'"'s' refused "it is not root's own"
fresh
mv "$file" "$SCRATCH/target"
ln -s "$SCRATCH/target" "$file"
check 'a link to a good one' refused 'it is a symbolic link'
fresh
others=("$MADE"/elfsnoop-*)
cp "${others[0]}" "$file"
check 'that of another tool under its name' refused 'it has the key of another program or kernel'
fresh
chmod 777 "$PLACE"
check 'a directory that others can write' refused 'it must be a directory of root'
fresh
mv "$PLACE" "$SCRATCH/elsewhere"
ln -s "$SCRATCH/elsewhere" "$PLACE"
check 'a link to a good directory' refused 'it must be a directory of root'
rm "$PLACE"
if ! is_emulated; then
	sed '1s/"version": "#1/"version": "#2/' "$SCRATCH/kernel" >"$SCRATCH/kernel2"
	rm -rf "${SCRATCH:?}/lib"
	check 'for another build of the same release' "$SNOOPKIT" compile --for "$SCRATCH/kernel2" "${headers[@]}" --output "$PLACE" --quiet eperm
	check 'it is not used' refused "it is for another build of kernel $release"
	check 'and is listed for that build' listed "^  kernel $release #2 [^(]*$"
	cp "$PLACE"/eperm-* "$SCRATCH/foreign"
	fresh
	cp "$SCRATCH/foreign" "$file"
	check 'that of another build under its name' refused 'it has the key of another program or kernel'
fi

# ---- all tools where nothing can be compiled ----

# --who has a program of its own: it is there too, or one line says what to do.
rm -rf "${SCRATCH:?}/lib"
mkdir -p "$PLACE"
cp "$MADE"/{exec,elf}snoop-* "$PLACE"
starts() { run_without "$TOOLS/$1 --duration 0.1" && ! grep -v 'not seen on this kernel' "$ERR"; }
for options in 'elfsnoop --who' 'execsnoop --hash' 'execsnoop --who --exits'; do
	check "$options without libbcc" starts "$options"
done
run_without "$TOOLS/opensnoop --who --duration 0.1"
check 'where it is not there: one line says what to do' err_has "^opensnoop: can't load libbcc.*snoopkit compile --for kernel' there$"

rm -rf "${SCRATCH:?}/lib"
mkdir -p "$PLACE"
cp "$MADE"/* "$PLACE"
hidden "$nothing; $no_headers; $no_btf" "bash $(dirname "$0")/../vm/smoke" >"$SCRATCH/smoke" 2>"$ERR"

# works TOOL RESULT: yes, or partly; without BTF some kernels have nothing to attach a tool to.
works() {
	[[ $2 != no ]] || { hidden "$nothing; $no_headers; $no_btf" "$TOOLS/$1 --support" >"$OUT" && false; } ||
		out_has "^$1: unsupported: (can't attach|this kernel has no modules)"
}
while IFS=': ' read -r tool result; do
	check "without libbcc, headers and BTF: $tool: $result" works "$tool" "$result"
done < <(sed -En 's/^(not )?ok - snoopkit //p' "$SCRATCH/smoke")
check 'these are all tools' [ "$(grep -Ec '^(not )?ok - snoopkit ' "$SCRATCH/smoke")" -eq "${#tools[@]}" ]
finish
