#!/bin/sh
# make deb: builds Debian's packages from a release tarball. What is built is
# what was released: the tarball alone, unpacked into a folder of its own. Any
# user can: nothing here needs root, or pretends to be.
#
# usage: deb.sh TARBALL VERSION FOLDER [SUFFIX]
# The packages go to FOLDER; those of another version that are there stay. With
# SUFFIX, such as +1, they are a rebuild with a version to upgrade to. Environment: what
# dpkg-buildpackage looks at, such as DEB_BUILD_OPTIONS=nocheck: without the
# tests.

set -eu
export LC_ALL=C
tarball=$1 version=$2 folder=$3 suffix=${4-}

# It has its own makes, which are not parts of the one that runs this.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

give_up() {
	echo "make deb: $*" >&2
	exit 1
}

command -v dpkg-buildpackage >/dev/null ||
	give_up 'dpkg-buildpackage is missing (Debian: apt-get install dpkg-dev)'
case $suffix in
*[!A-Za-z0-9+.~]*) give_up "$suffix: no part of a version of Debian's" ;;
esac

mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)
scratch=$folder/scratch
rm -rf "$scratch"
mkdir "$scratch"
tar -C "$scratch" -xf "$tarball"
cd "$scratch/gild-$version"
cp -R systemd/debian debian

packaged=$(dpkg-parsechangelog -S Version)
[ "${packaged%-*}" = "$version" ] ||
	give_up "systemd/debian/changelog begins with $packaged, but this is gild $version: add an entry"
if [ -n "$suffix" ]; then
	{
		printf 'gild (%s) unstable; urgency=medium\n\n' "$packaged$suffix"
		printf '  * Rebuilt.\n\n'
		# The same date: the same packages, whenever they are built.
		printf ' -- %s  %s\n\n' "$(dpkg-parsechangelog -S Maintainer)" \
			"$(dpkg-parsechangelog -S Date)"
		cat systemd/debian/changelog
	} >debian/changelog
fi

dpkg-buildpackage -us -uc -b
cd "$folder"
mv -f "$scratch"/*.deb "$scratch"/*.changes "$scratch"/*.buildinfo .
rm -rf "$scratch"
echo "Built, in $folder:"
for package in ./*"_$packaged${suffix}_"*.deb; do
	echo "${package#./}"
done
