#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What each tool's program becomes on this kernel: whether 4.15 could run it too, and whether it is
# the same, instruction by instruction, whatever it was compiled from. tests/vm/compile asks the same of
# another kernel: FOR is its description, HEADERS_FROM its tree or archive, ARCHIVE its archive, and the
# programs are kept in KEEP.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

IMAGES=$PROGRAMS/images/images

# With BTF, a tool's own program is what is kept for any headers.
if [ -n "${FOR-}" ]; then
	target=(--for "$FOR") from_tree=(--headers-from "$HEADERS_FROM") keep=(--keep "$KEEP") btf=auto
	has_headers() { true; }
	has_archive() { [ -e "$ARCHIVE" ]; }
	has_btf() { ! head -n 1 "$FOR" | grep -q '"btf_size": 0}'; }
else
	target=() from_tree=() keep=() btf=btf
	has_headers() { [ -e "/lib/modules/$(uname -r)/build/include/generated/autoconf.h" ]; }
	has_archive() { [ -e /sys/kernel/kheaders.tar.xz ]; }
	has_btf() { [ -e /sys/kernel/btf/vmlinux ]; }
fi

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
	check "$name compiles from $from" "$REAL_TOOLS/$name" "${target[@]}" "${from_tree[@]}" "${keep[@]}" \
		--headers "$from" --image "$file" "$@"
	[ -s "$file" ]
}

# The same without a look at what is kept, which stays as it is.
compiled_anew() {
	local keep=()
	compiled "$@"
}

# compiled_from_archive NAME FILE OPTION...: the kernel's own headers are taken where there is no build
# tree.
# shellcheck disable=SC2016
compiled_from_archive() {
	local name=$1 file=$2
	shift 2
	if [ -n "${FOR-}" ]; then
		set -- "$REAL_TOOLS/$name" "${target[@]}" --headers-from "$ARCHIVE" --headers kernel --image "$file" "$@"
	else
		set -- unshare -m bash -c 'mount --bind "$1" /lib/modules && shift && exec "$@"' bash "$SCRATCH/empty" \
			"$REAL_TOOLS/$name" --headers kernel --image "$file" "$@"
	fi
	check "$name compiles from the kernel's archive of headers" "$@"
	[ -s "$file" ]
}

mkdir "$SCRATCH/empty"
# The sources that other tests give to --source, from each origin that a kernel is tried with.
compile_sources() {
	local name file from options
	customised_sources "$SCRATCH"
	! can_edit_as_page || check "the edits of docs/customising.md can be made" page_sources "$SCRATCH"
	! command -v opensnoop-bpfcc >/dev/null || bcc_sources "$SCRATCH"
	# What a TRACEPOINT_PROBE() gets is in the running kernel's tracefs.
	rm -f "$SCRATCH/execsnoop.page3.c"
	filtered_source "$SCRATCH/execsnoop.filtered.c"
	who_source "$SCRATCH/execsnoop.who.c"
	any_source "$SCRATCH/execsnoop.any.c"
	fallback_source elfsnoop on_load_return "$SCRATCH/elfsnoop.fallback.c"
	fallback_source modsnoop on_init_module "$SCRATCH/modsnoop.fallback.c"
	unnoted_source "$SCRATCH/setuids.unnoted.c"
	shell_entries_source "$SCRATCH/shellsnoop.entries.c"
	exits_source "$SCRATCH/opensnoop.exits.c"
	entries_source "$SCRATCH/opensnoop.entries.c"
	for name in connect-kprobe connect-exits accept-return accept-exits accept-entries reset-kprobes reset-dropped \
		reset-alone; do
		tcp_source $name "$SCRATCH/tcp${name/-/.}.c"
	done
	for file in "$SCRATCH"/*.*.c; do
		name=${file##*/}
		name=${name%%.*}
		options=(--source "$file")
		[[ $file != *.who.c ]] || options+=(--who)
		for from in kernel btf; do
			[ ! -e "$SCRATCH/$name.$from" ] ||
				compiled "$name" "$from" "$SCRATCH/$name.source" "${options[@]}"
		done
		[ ! -e "$SCRATCH/$name.archive" ] ||
			compiled_from_archive "$name" "$SCRATCH/$name.source" "${options[@]}"
	done
}

# compiled_from_each LABEL NAME IMAGE [OPTION...]: IMAGE.kernel and IMAGE.btf, as far as this kernel has
# what they are compiled from: whether they are the same, and whether 4.15 could run them.
compiled_from_each() {
	local label=$1 name=$2 image=$3 file
	shift 3
	! has_headers || compiled "$name" kernel "$image.kernel" "$@" || return
	! has_btf || compiled "$name" $btf "$image.btf" "$@" || return
	! has_headers || ! has_btf || take "$IMAGES" compare "$label, headers and BTF" "$image.kernel" "$image.btf"
	for file in "$image".{kernel,btf}; do
		[ -e "$file" ] || continue
		take "$IMAGES" check "$label" "$file"
		break
	done
}

for tool in "$REAL_TOOLS"/*; do
	[ -f "$tool" ] || continue
	name=${tool##*/}
	image=$SCRATCH/$name
	compiled_from_each "$name" "$name" "$image" || continue
	if has_headers && ! has_btf; then
		# The program asks of types what BTF answers where there is BTF, and else the headers:
		# what is kept may have been made with the one, what is compiled now is with the other.
		compiled_anew "$name" kernel "$image.now" --no-cache &&
			take "$IMAGES" compare "$name, kept and new" "$image.kernel" "$image.now"
	fi
	if has_headers && has_archive; then
		compiled_from_archive "$name" "$image.archive" &&
			take "$IMAGES" compare "$name, headers and the kernel's archive" \
				"$image.kernel" "$image.archive"
	fi
done

# With --who, which adds as much to each tool: of those that tests run with it.
for name in elfsnoop execsnoop modsnoop opensnoop setuids shellsnoop tcpconnect ttysnoop; do
	compiled_from_each "$name --who" "$name" "$SCRATCH/$name.who" --who
done

# Parts that are compiled for an option only.
compiled_from_each "execsnoop --exits --tree" execsnoop "$SCRATCH/processes" --exits --tree

# A check that finds nothing proves nothing: programs that 4.15 refuses, and the same behind a guard.
# source_of NAME BODY: a tool's whole program, its image in $SCRATCH/NAME.
source_of() {
	printf 'int %s(struct bpf_raw_tracepoint_args *ctx)\n{\n%s\n\treturn 0;\n}\n' "$1" "$2" \
		>"$SCRATCH/$1.c"
	"$REAL_TOOLS/eperm" --no-cache --source "$SCRATCH/$1.c" --image "$SCRATCH/$1"
}

# judged STATUS REGEX COMMAND...: what it says, and nothing else that is not ok.
judged() {
	local status=$1 pattern=$2 result
	shift 2
	"$IMAGES" "$@" >"$OUT" 2>"$ERR"
	result=$?
	[ $result -eq "$status" ] && err_is_empty && out_has "$pattern" || return 1
	if [ "$status" -eq 0 ]; then
		out_lacks '^not ok'
	else
		out_lacks '^ok .* could run on 4\.15'
	fi
}

if [ -z "${FOR-}" ]; then
	: >"$OUT"
	source_of loops 'u64 i, n = ctx->args[0];
	for (i = 0; i < n; i++)
		asm volatile("" : "+r"(i));'
	source_of lengthy 'u64 value;
	asm volatile(".rept 4096\n\t%0 = 0\n\t.endr" : "=r"(value));'
	source_of newer 'return bpf_get_current_cgroup_id();'
	source_of guarded 'u64 option;
	asm volatile("%0 = %1 ll" : "=r"(option) : "i"(0x5eed000100000000ULL));
	if (option)
		return bpf_get_current_cgroup_id();'
	source_of impossible 'u64 limit, n = ctx->args[0];
	char text[64];
	asm volatile("%0 = %1 ll" : "=r"(limit) : "i"(0x5eed000100000000ULL));
	n = n < limit ? n : limit;
	asm volatile("" : "+r"(n));
	if (n <= sizeof(text))
		bpf_probe_read(text, n, (void *)ctx->args[1]);'
	source_of spilled 'u64 n = ctx->args[0];
	volatile u64 kept;
	char text[64];
	if (n > sizeof(text))
		return 0;
	kept = n;
	bpf_probe_read(text, kept, (void *)ctx->args[1]);'
	sed 's/u64 limit,/volatile u64 limit; u64/; s/"=r"(limit)/"=r"(n)/; s/ULL));/ULL)); limit = n; n = ctx->args[0];/; s/int impossible/int possible/' \
		"$SCRATCH/impossible.c" >"$SCRATCH/possible.c"
	"$REAL_TOOLS/eperm" --no-cache --source "$SCRATCH/possible.c" --image "$SCRATCH/possible"
	check 'the check finds a backward jump' judged 1 '^not ok - it: loops, .*backward jump' check it "$SCRATCH/loops"
	check 'and a program that is too long' judged 1 '^not ok - it: lengthy has 409[78] instructions' check it "$SCRATCH/lengthy"
	check 'and a newer helper' judged 1 '^not ok - it: newer, .*newer helper get_current_cgroup_id' check it "$SCRATCH/newer"
	check 'and a size that a comparison of constants bounds' judged 1 '^not ok - it: impossible, .*two constants' check it "$SCRATCH/impossible"
	check 'and a size that was on the stack' judged 1 '^not ok - it: spilled, .*nothing that 4.15 sees' check it "$SCRATCH/spilled"
	check 'and lets it pass where the constant is forgotten' judged 0 '^ok - it: possible could run' check it "$SCRATCH/possible"
	check 'and lets a helper pass behind an option' judged 0 '^ok - it: guarded could run' check it "$SCRATCH/guarded"
	sed 's/0; i < n/1; i < n/' "$SCRATCH/loops.c" >"$SCRATCH/other.c"
	"$REAL_TOOLS/eperm" --no-cache --source "$SCRATCH/other.c" --image "$SCRATCH/other"
	check 'a program is the same as itself' judged 0 '^ok - it: loops is the same' compare it "$SCRATCH/loops" "$SCRATCH/loops"
	check 'and not as one that differs in a number' judged 1 '^not ok - it: loops ' compare it "$SCRATCH/loops" "$SCRATCH/other"
fi

# What the caller's environment says of another kernel is no matter.
"$REAL_TOOLS/eperm" --no-cache --image "$SCRATCH/plain"
check "the compiler has an environment of its own" env ARCH=arm64 BCC_LINUX_VERSION_CODE=1 \
	BCC_KERNEL_SOURCE=/nonexistent BCC_KERNEL_MODULES_DIR=/nonexistent CPATH="$SCRATCH" PATH="$SCRATCH" \
	"$REAL_TOOLS/eperm" --no-cache --image "$SCRATCH/foreign"
check "its programs are the same" cmp "$SCRATCH/plain" "$SCRATCH/foreign"
compile_sources
finish
