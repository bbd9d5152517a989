# gild as a service: the units, the user, and the configuration that it reads.
# An existing configuration is nobody's but its owner's: it is neither replaced
# nor removed.

systemdunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
UNITS = %D%/gild.service %D%/gild.socket
nodist_systemdunit_DATA = $(UNITS)
noinst_DATA = %D%/gild.service.conf
dist_noinst_DATA += %D%/gild.service.in %D%/gild.socket.in \
	%D%/gild.sysusers %D%/gild.conf
CLEANFILES += $(UNITS) $(noinst_DATA)

# Only make knows all of these folders: configure's still refer to each other.
$(UNITS): %D%/%: %D%/%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	sed -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
		-e 's|@libdir[@]|$(libdir)|g' \
		-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
		-e 's|@runstatedir[@]|$(runstatedir)|g' \
		$(srcdir)/$@.in >$@.new && mv $@.new $@

# The example, but for a service, which listens where gilctl reload looks for it.
%D%/gild.service.conf: %D%/gild.conf Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	sed 's|^#listen = .*|listen = {"127.0.0.1:4453", "unix:$(runstatedir)/gild/gild.sock"}|' \
		$(srcdir)/%D%/gild.conf >$@.new && mv $@.new $@

install-data-local: %D%/gild.service.conf
	@$(MKDIR_P) '$(DESTDIR)$(sysconfdir)' '$(DESTDIR)$(sysusersdir)'
	@test -e '$(DESTDIR)$(sysconfdir)/gild.conf' || \
		$(INSTALL_DATA) %D%/gild.service.conf \
			'$(DESTDIR)$(sysconfdir)/gild.conf'
	@$(INSTALL_DATA) $(srcdir)/%D%/gild.sysusers \
		'$(DESTDIR)$(sysusersdir)/gild.conf'

uninstall-local:
	@cmp -s %D%/gild.service.conf '$(DESTDIR)$(sysconfdir)/gild.conf' && \
		rm '$(DESTDIR)$(sysconfdir)/gild.conf' || :
	@rm -f '$(DESTDIR)$(sysusersdir)/gild.conf'

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
	%D%/debian/libgil-dev.examples \
	%D%/debian/libgil-dev.install \
	%D%/debian/libgil-dev.lintian-overrides \
	%D%/debian/libgil0.install \
	%D%/debian/libgil0.lintian-overrides \
	%D%/debian/libgil0.symbols \
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
