# gilctl: the client. Everything but main() is in libgilctlcore.

noinst_LIBRARIES += libgilctlcore.a
libgilctlcore_a_SOURCES =

bin_PROGRAMS += gilctl
gilctl_SOURCES = %D%/gilctl.c
gilctl_LDADD = libgilctlcore.a libgilproto.a $(EVENT_LIBS) $(JANSSON_LIBS) -lm
