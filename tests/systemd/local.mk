# make check-systemd: gild under a real systemd, booted in namespaces. No part
# of make check, since it takes root. SCENARIOS='NAME...' runs just these.

dist_noinst_SCRIPTS += %D%/boot.sh %D%/boot_init.sh %D%/check.sh \
	%D%/inside.sh %D%/load.py %D%/test_boot.sh
EXTRA_DIST += \
	%D%/scenarios/death.sh \
	%D%/scenarios/load.sh \
	%D%/scenarios/operators.sh \
	%D%/scenarios/reload.sh \
	%D%/scenarios/sandbox.sh \
	%D%/scenarios/service.sh \
	%D%/scenarios/socket.sh \
	%D%/scenarios/stop.sh \
	%D%/scenarios/store.sh

check-systemd:
	@MAKE='$(MAKE)' builddir='$(builddir)' $(srcdir)/%D%/check.sh $(SCENARIOS) || \
		[ $$? -eq 77 ]

clean-local:
	-rm -rf %D%/usr

.PHONY: check-systemd
