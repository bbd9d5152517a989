# gild: the daemon. Everything but main() is in libgildcore, which tests link.

noinst_LIBRARIES += libgildcore.a
libgildcore_a_CPPFLAGS = $(AM_CPPFLAGS) $(CONFUSE_CFLAGS)
libgildcore_a_CFLAGS = $(AM_CFLAGS) -pthread
libgildcore_a_SOURCES =

# --- lock: the lock and the countdown ---
libgildcore_a_SOURCES += \
	%D%/countdown.c %D%/countdown.h \
	%D%/gil.c %D%/gil.h

sbin_PROGRAMS += gild
gild_SOURCES = %D%/gild.c
gild_CFLAGS = $(AM_CFLAGS) -pthread
gild_LDADD = libgildcore.a libgilproto.a $(CONFUSE_LIBS) $(EVENT_LIBS) \
	$(JANSSON_LIBS)
