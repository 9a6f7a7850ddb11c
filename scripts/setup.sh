# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by the scripts that read this file
# For scripts/run and scripts/test: install what is missing and build. Everything that is said
# here goes to standard error; standard output belongs to the tool.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${SNOOPKIT_BUILD:-$root/build}

# Packages by package manager: what building and running the tools takes.
packages_apt=(gcc make cmake libc6-dev libjansson-dev libseccomp-dev libxxhash-dev
	libpcre2-dev nettle-dev libbpfcc)
packages_dnf=(gcc make cmake glibc-devel jansson-devel libseccomp-devel xxhash-devel
	pcre2-devel nettle-devel bcc)
packages_zypper=(gcc make cmake glibc-devel libjansson-devel libseccomp-devel xxhash-devel
	pcre2-devel libnettle-devel libbcc0)

die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || die "run as root: sudo scripts/$(basename "$0")"
}

is_installed_apt() {
	dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install_missing_apt() {
	local package missing=()
	for package in "$@"; do
		is_installed_apt "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing ${missing[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update >&2 || die "apt-get update failed"
	apt-get install -y --no-install-recommends "${missing[@]}" >&2 ||
		die "could not install ${missing[*]}"
}

install_missing_rpm() {
	local manager=$1 package missing=()
	shift
	for package in "$@"; do
		rpm -q --whatprovides "$package" >/dev/null 2>&1 || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing ${missing[*]}" >&2
	"$manager" install -y "${missing[@]}" >&2 || die "could not install ${missing[*]}"
}

# install_packages [APT_PACKAGE...]: what the tools take, and on apt more for the tests.
install_packages() {
	if command -v apt-get >/dev/null; then
		install_missing_apt "${packages_apt[@]}" "$@"
	elif command -v dnf >/dev/null; then
		install_missing_rpm dnf "${packages_dnf[@]}"
	elif command -v zypper >/dev/null; then
		install_missing_rpm zypper "${packages_zypper[@]}"
	else
		die "no apt-get, dnf or zypper here: install by hand ${packages_apt[*]} (Debian's names)"
	fi
}

# build_in DIRECTORY [CMAKE_OPTION...]: quiet unless something goes wrong.
build_in() {
	local directory=$1 log
	shift
	log=$(mktemp)
	if ! { cmake -S "$root" -B "$directory" "$@" && cmake --build "$directory" -j "$(nproc)"; } >"$log" 2>&1; then
		grep -E -A5 "[Ee]rror" "$log" | head -60 >&2
		rm -f "$log"
		die "the build failed"
	fi
	rm -f "$log"
}
