# The suites of make check. One Check program per module, in tests/unit.

UNIT_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)
