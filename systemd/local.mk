# gild as a service: the unit, and the configuration that it reads. An existing
# configuration is nobody's but its owner's: it is neither replaced nor removed.

systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = %D%/gild.service
dist_noinst_DATA += %D%/gild.service.in %D%/gild.conf
CLEANFILES += %D%/gild.service

%D%/gild.service: %D%/gild.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	sed -e 's|@sbindir[@]|$(sbindir)|' -e 's|@sysconfdir[@]|$(sysconfdir)|' \
		$(srcdir)/%D%/gild.service.in >$@.new && mv $@.new $@

install-data-local:
	@$(MKDIR_P) '$(DESTDIR)$(sysconfdir)'
	@test -e '$(DESTDIR)$(sysconfdir)/gild.conf' || \
		$(INSTALL_DATA) $(srcdir)/%D%/gild.conf '$(DESTDIR)$(sysconfdir)'

uninstall-local:
	@cmp -s $(srcdir)/%D%/gild.conf '$(DESTDIR)$(sysconfdir)/gild.conf' && \
		rm '$(DESTDIR)$(sysconfdir)/gild.conf' || :

# --- Debian's packages, in deb/ of the build tree ---

EXTRA_DIST += \
	%D%/debian/changelog \
	%D%/debian/control \
	%D%/debian/copyright \
	%D%/debian/gilctl.docs \
	%D%/debian/gilctl.install \
	%D%/debian/gilctl.lintian-overrides \
	%D%/debian/gild.docs \
	%D%/debian/gild.install \
	%D%/debian/gild.lintian-overrides \
	%D%/debian/gild.postrm \
	%D%/debian/not-installed \
	%D%/debian/rules \
	%D%/debian/source/format
dist_noinst_SCRIPTS += %D%/deb.sh

# DEB_VERSION_SUFFIX=+1: of a version to upgrade to.
deb: dist-xz
	@$(srcdir)/%D%/deb.sh $(distdir).tar.xz '$(VERSION)' deb '$(DEB_VERSION_SUFFIX)'

mostlyclean-local:
	rm -rf deb

.PHONY: deb
