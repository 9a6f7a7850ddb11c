# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What fetch, boot and run share: where things are, and how to fail.

# shellcheck disable=SC2034 # used by the scripts that read this file
vm_kernels=(5.10 5.10-nobtf 6.1 6.1-arm64 6.12 7.2)

vm_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_repo=$(cd "$vm_scripts/../.." && pwd)
vm_store=$vm_repo/.vm

die() {
	echo "${0##*/}: $*" >&2
	exit 125
}

need() {
	local program

	for program; do
		command -v "$program" >/dev/null ||
			die "$program is missing: install the packages of tests/vm/packages*"
	done
}

# The suite of Debian's archive that has this kernel.
kernel_suite() {
	case $1 in
	5.10 | 5.10-nobtf) echo bullseye-security ;;
	6.1 | 6.1-arm64) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo forky ;;
	*) die "no kernel $1: there are ${vm_kernels[*]}" ;;
	esac
}

# As Debian names it.
kernel_architecture() {
	case $1 in
	*-arm64) echo arm64 ;;
	*) echo amd64 ;;
	esac
}

# Where the files are that a kernel's machine has beside the kernel's own: they are this machine's
# ("", the root), or those of another architecture.
base_of() { # KERNEL
	[[ $(kernel_architecture "$1") == amd64 ]] || echo "$vm_store/$1/base"
}

# A kernel built without BTF can't be without it in another way, and to attach makes no difference to it;
# ours knows no lockdown; it alone has its own headers.
has_mode() { # KERNEL MODE
	case $1,$2 in
	*-nobtf,headers | *-nobtf,kheaders | *-nobtf,peers) ;;
	*-nobtf,* | *,kheaders) return 1 ;;
	esac
}

# The initramfs of a fetched kernel, by what it is made of: another version of these scripts has its
# own in the same directory.
initrd_of() { # KERNEL
	echo "$vm_store/$1/initrd-$(cat "$vm_scripts/init" "$vm_scripts/initrd" \
		"$(base_of "$1")/bin/busybox" | cksum | tr ' ' -)"
}

# The release (uname -r) of a fetched kernel.
kernel_release() {
	local tree

	for tree in "$vm_store/$1"/root/usr/lib/modules/*; do
		echo "${tree##*/}"
	done
}
