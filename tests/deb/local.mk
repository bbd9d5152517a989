# make check-deb: Debian's packages in a fresh minimal system. No part of make
# check, since it takes root, debootstrap and a mirror of Debian's.

dist_noinst_SCRIPTS += %D%/check.sh %D%/inside.sh

check-deb: dist-xz
	@tarball=$(distdir).tar.xz version='$(VERSION)' $(srcdir)/%D%/check.sh || \
		[ $$? -eq 77 ]

.PHONY: check-deb
