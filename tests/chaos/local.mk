# make check-chaos: gild while everything dies, and the accounts of it; and
# what else the same scripts do. No part of make check: the clock and chance
# have a say in it, and a breach prints the seed that reruns it.
#
#	make check-chaos              about two minutes
#	make soak SOAK='--minutes 5'  half an hour, or what is said

EXTRA_DIST += \
	%D%/cancels.py \
	%D%/chaos.py \
	%D%/check.sh \
	%D%/client.py \
	%D%/crowd.py \
	%D%/daemon.py \
	%D%/disk.py \
	%D%/disks.py \
	%D%/drill.py \
	%D%/keys.py \
	%D%/ledger.py \
	%D%/mischief.py \
	%D%/rest.py \
	%D%/soak.py \
	%D%/test_ledger.py

check-chaos: gild
	@GILD='$(abs_builddir)/gild' $(srcdir)/%D%/check.sh || [ $$? -eq 77 ]

soak: gild
	@PYTHONDONTWRITEBYTECODE=1 python3 $(srcdir)/%D%/soak.py \
		--gild '$(abs_builddir)/gild' $(SOAK)

.PHONY: check-chaos soak
