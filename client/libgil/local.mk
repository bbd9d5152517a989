# libgil: the client as a library. libgilparts is all of it, for gilctl and the
# tests: linked in, so that they run from the build tree as they are, and need
# no library to be installed. What programs of others get exports the names in
# libgil.sym and nothing else.

LIBGIL_CFLAGS = -std=gnu11 $(WARN_CFLAGS) $(HARDEN_CFLAGS) $(CHECKING_CFLAGS)

noinst_LTLIBRARIES += libgilparts.la
libgilparts_la_SOURCES = \
	%D%/book.c %D%/book.h \
	%D%/buffer.c %D%/buffer.h \
	%D%/connect.c %D%/connect.h \
	%D%/gil.c %D%/gil_private.h \
	%D%/gil_poll.c \
	%D%/reply.c %D%/reply.h \
	%D%/scan.c %D%/scan.h \
	%D%/write.c %D%/write.h
libgilparts_la_CFLAGS = $(LIBGIL_CFLAGS)
libgilparts_la_LDFLAGS = $(HARDEN_LDFLAGS)

lib_LTLIBRARIES += libgil.la
libgil_la_SOURCES =
libgil_la_CFLAGS = $(LIBGIL_CFLAGS)
libgil_la_LIBADD = libgilparts.la $(JANSSON_LIBS)
# CURRENT:REVISION:AGE. A change of the library: REVISION + 1; of what gil.h
# promises: CURRENT + 1, REVISION 0, and AGE + 1 where only something was added
# (into `reserved`, or at an event's end), else AGE 0.
libgil_la_LDFLAGS = $(HARDEN_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-export-symbols $(srcdir)/%D%/libgil.sym
EXTRA_libgil_la_DEPENDENCIES = $(srcdir)/%D%/libgil.sym

include_HEADERS = %D%/gil.h
pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = %D%/libgil.pc
EXTRA_DIST += %D%/libgil.sym
dist_man_MANS += %D%/libgil.3

# Compiled by make check, and by whoever reads it.
check_PROGRAMS += %D%/example
%C%_example_LDADD = libgilparts.la $(JANSSON_LIBS)
%C%_example_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D%
