#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What each tool's program becomes on this kernel: whether 4.15 could run it too, and whether it is
# the same, instruction by instruction, whatever it was compiled from.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

IMAGES=$PROGRAMS/images/images

has_headers() { [ -e "/lib/modules/$(uname -r)/build/include/generated/autoconf.h" ]; }
has_btf() { [ -e /sys/kernel/btf/vmlinux ]; }

# TAP of a program of ours: each of its lines counts here.
take() {
	local line
	"$@" >"$SCRATCH/tap" 2>&1 || [ -s "$SCRATCH/tap" ] || echo "not ok - $*"
	while IFS= read -r line; do
		case $line in
		"ok "*) passed=$((passed + 1)) ;;
		"not ok "*) failed=$((failed + 1)) ;;
		esac
		printf '%s\n' "$line"
	done <"$SCRATCH/tap"
}

# compiled NAME HEADERS FILE OPTION...: writes the image.
compiled() {
	local name=$1 from=$2 file=$3
	shift 3
	check "$name compiles from $from" "$REAL_TOOLS/$name" --headers "$from" --image "$file" "$@"
	[ -s "$file" ]
}

for tool in "$REAL_TOOLS"/*; do
	[ -f "$tool" ] || continue
	name=${tool##*/}
	image=$SCRATCH/$name
	! has_headers || compiled "$name" kernel "$image.kernel" || continue
	! has_btf || compiled "$name" btf "$image.btf" || continue
	if has_headers && has_btf; then
		take "$IMAGES" compare "$name, headers and BTF" "$image.kernel" "$image.btf"
	elif has_headers; then
		# The program asks of types what BTF answers where there is BTF, and else the headers:
		# what is kept may have been made with the one, what is compiled now is with the other.
		compiled "$name" kernel "$image.now" --no-cache &&
			take "$IMAGES" compare "$name, kept and new" "$image.kernel" "$image.now"
	fi
	for file in "$image".{kernel,btf}; do
		[ -e "$file" ] || continue
		take "$IMAGES" check "$name" "$file"
		break
	done
done
finish
