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
