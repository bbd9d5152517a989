#!/bin/bash
# make check-deb: do the packages of make deb do what an operator expects, from
# the installation to the purge? Builds them, and once more with a version to
# upgrade to; asks lintian; makes a minimal Debian of this machine's release
# with debootstrap, where they are installed as dpkg does it, once where systemd
# does not run and once where it does (inside.sh, in a boot of
# tests/systemd/boot.sh). One line a check; what fails shows what it said. The
# last line holds the totals.
#
# Environment: tarball and version, of the release, as make gives them.
# Exit status: 0 all passed, 1 not, 77 this machine cannot.

# check() calls the functions.
# shellcheck disable=SC2317
set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 2
source=$(cd "$here/../.." && pwd -P) || exit 2
tarball=${tarball:?} version=${version:?}
boot=$source/tests/systemd/boot.sh
passed=0
failed=0
scratch=''

skip() {
	echo "check-deb: skipped: $*"
	exit 77
}

# --- whether it can be done ---

[ "$(id -u)" -eq 0 ] || skip 'it takes root'
for tool in dpkg-buildpackage:dpkg-dev dh:debhelper lintian:lintian \
	debootstrap:debootstrap; do
	command -v "${tool%:*}" >/dev/null ||
		skip "there is no ${tool%:*} (Debian: apt-get install ${tool#*:})"
done
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
[ -e "/usr/share/debootstrap/scripts/${release:-?}" ] ||
	skip "debootstrap knows nothing of this release, \"$release\""
# Where this machine's apt has its own packages from, and by which proxy. It is
# apt who knows REPO_URI.
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
	"Codename: $release" 'Component: main' 2>/dev/null | head -n 1)
[ -n "$mirror" ] || skip "apt has no source for $release"
if [ -z "${http_proxy-}" ]; then
	eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
	[ -z "${http_proxy-}" ] || export http_proxy
fi

scratch=$(mktemp -d) || exit 1
clean_up() {
	# debootstrap leaves none, but is it always asked to leave?
	umount -R "$scratch/tree/proc" "$scratch/tree/sys" 2>/dev/null
	rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# check TEXT COMMAND...: quiet where it is content
check() {
	local text=$1

	shift
	if "$@" >"$scratch/said" 2>&1; then
		passed=$((passed + 1))
		printf '  fine: %s\n' "$text"
	else
		failed=$((failed + 1))
		printf '  NOT fine: %s. It said:\n' "$text"
		sed 's/^/    /' "$scratch/said"
		return 1
	fi
}

finish() {
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
	exit
}

# --- the packages ---

# build SUFFIX: into a folder of its own
build() {
	DEB_BUILD_OPTIONS="nocheck ${DEB_BUILD_OPTIONS-}" "$source/systemd/deb.sh" \
		"$tarball" "$version" "$scratch/packages$1" "$1"
}

ask_lintian() {
	lintian --fail-on error,warning --info --display-info --allow-root \
		"$scratch"/packages/*.changes
}

# The two packages, without those of debugging symbols.
packages() {
	echo "$scratch/packages${1-}/gild_$version-1${1-}_"*.deb \
		"$scratch/packages${1-}/gilctl_$version-1${1-}_"*.deb
}

check 'make deb builds the packages' build '' || finish
check 'and once more, of a version to upgrade to' build +1 || finish
check 'lintian has no objections' ask_lintian

# What they depend on, but for each other.
dependencies() {
	local package

	for package in $(packages); do
		dpkg-deb -f "$package" Depends | tr ',' '\n' |
			sed 's/[|(].*//; s/ //g; /^gilctl$/d'
	done | sort -u
}

# --- a minimal system ---

make_tree() {
	local wanted

	wanted=$(dependencies | paste -sd ,)
	debootstrap --variant=minbase --include="systemd,dbus,$wanted" \
		"$release" "$scratch/tree" "$mirror"
}

# All files of the tree but those that count what happens in it.
tree_files() {
	(cd "$scratch/tree" && find . -path ./var/lib/dpkg/info -prune -o \
		-path ./var/log -prune -o -path ./var/cache -prune -o -print |
		grep -vE '^\./(etc/(passwd|group|g?shadow)-|var/lib/dpkg/[a-z]+-old)$' | sort)
	# And who is in it.
	cut -d : -f 1 "$scratch/tree/etc/passwd" "$scratch/tree/etc/group" | sort
}

in_tree() {
	chroot "$scratch/tree" "$@"
}

leaves_nothing() {
	tree_files >"$scratch/after"
	diff "$scratch/before" "$scratch/after"
}

check "a minimal Debian, $release" make_tree || finish
mkdir "$scratch/tree/srv/packages" "$scratch/tree/srv/packages+1"
for suffix in '' +1; do
	# Words of it are files.
	# shellcheck disable=SC2046
	cp $(packages "$suffix") "$scratch/tree/srv/packages$suffix"
done

# --- where systemd does not run, as in an image that is being made ---

tree_files >"$scratch/before"
check 'without systemd: install' in_tree sh -c 'dpkg -i /srv/packages/*.deb'
check 'without systemd: the socket is enabled' \
	in_tree systemctl is-enabled gild.socket
check 'without systemd: the configuration is accepted' \
	in_tree gild -c /etc/gild.conf -t
check 'without systemd: upgrade' in_tree sh -c 'dpkg -i /srv/packages+1/*.deb'
check 'without systemd: purge' in_tree dpkg --purge gild gilctl
check 'without systemd: nothing is left' leaves_nothing

# --- where it does ---

"$boot" --root "$scratch/tree" --timeout 300 "$here/inside.sh" |
	tee "$scratch/inside"
status=${PIPESTATUS[0]}
if [ "$status" -eq 77 ]; then
	echo '  the rest is skipped: systemd cannot be booted here'
	finish
fi
passed=$((passed + $(grep -c '^  fine: ' "$scratch/inside")))
failed=$((failed + $(grep -c '^  NOT fine: ' "$scratch/inside")))
came_to_its_end() {
	echo "status $status"
	[ "$status" -le 1 ] && [ "$(tail -n 1 "$scratch/inside")" = 'the end' ]
}
check 'with systemd: all of it was done' came_to_its_end
finish
