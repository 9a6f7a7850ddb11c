# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # used by the scripts that read this file; of setup.sh
# For scripts and tests that work in a chroot of a release of Debian. setup.sh is read before.
#
# The address of Debian's archive is taken from this machine's apt, if that is a Debian, or from
# SNOOPKIT_ARCHIVE.

chroot_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
chroot_tools=(mmdebstrap debian-archive-keyring) # the packages that this takes

chroot_archive() {
	local codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || codename=
	# shellcheck disable=SC2016 # apt replaces them
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		awk -v codename="$codename" '$2 == codename { print $1; exit }'
}

# chroot_make SUITE DIRECTORY [PACKAGE...]
chroot_make() {
	local suite=$1 directory=$2 address=${SNOOPKIT_ARCHIVE:-$(chroot_archive)} include=()
	shift 2
	[ $# -eq 0 ] || include=("--include=$(IFS=, && echo "$*")")
	[ -n "$address" ] || die "no address of Debian's archive: set SNOOPKIT_ARCHIVE"
	# A mirror of a release in the making may be behind its time; who made it is checked all the same.
	mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
		"${include[@]}" "$suite" "$directory" \
		"deb [signed-by=$chroot_keyring] $address $suite main" >&2 ||
		die "could not make a chroot of $suite"
}

# chroot_copy DIRECTORY: this tree becomes /src there.
chroot_copy() {
	rm -rf "$1/src"
	mkdir "$1/src"
	tar -C "$root" --exclude='./build*' --exclude='./.?*' -c . | tar -C "$1/src" -x
}

# chroot_mount DIRECTORY: what tools and tests need of the system.
chroot_mount() {
	mount -t proc proc "$1/proc" &&
		mount --rbind /sys "$1/sys" && mount --make-rslave "$1/sys" &&
		mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev"
}

chroot_unmount() {
	local place
	for place in proc sys dev; do
		umount -l "$1/$place" 2>/dev/null || true
	done
}

# chroot_run DIRECTORY COMMAND...: with nothing of this machine's environment.
chroot_run() {
	local directory=$1
	shift
	chroot "$directory" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}
