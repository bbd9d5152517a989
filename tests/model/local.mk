# The model of the lock, for Spin: make check-model. No part of make check, since
# it needs Spin, and less than a minute.

EXTRA_DIST += %D%/gil.pml %D%/README.md
dist_noinst_SCRIPTS += %D%/check.sh

check-model:
	@CC='$(CC)' $(srcdir)/%D%/check.sh || [ $$? -eq 77 ]

.PHONY: check-model
