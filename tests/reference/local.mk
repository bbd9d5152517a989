# gild beside real CPython, in about four minutes: make reference. It prints and
# does not judge, and no test depends on it.

EXTRA_DIST += %D%/reference.py %D%/README.md

reference: gild
	@python3 $(srcdir)/%D%/reference.py --gild ./gild

.PHONY: reference
