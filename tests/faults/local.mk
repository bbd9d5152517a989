# Injected faults: a library that tests preload into gild, and what gild does
# when calls fail. A program to automake, which then knows how to make it.

check_PROGRAMS += %D%/libgildfaults.so
%C%_libgildfaults_so_SOURCES = %D%/calls.c %D%/faults.h \
	%D%/rules.c %D%/rules.h
# Of its own: a sanitizer's runtime would have to come before it, and the
# functions that it stands in for are not to be checked ones.
%C%_libgildfaults_so_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir) -U_FORTIFY_SOURCE
%C%_libgildfaults_so_CFLAGS = -std=gnu11 $(WARN_CFLAGS) $(HARDEN_CFLAGS) -fPIC
# Its programs are libtool's to link, who would keep -shared to himself.
%C%_libgildfaults_so_LDFLAGS = -XCClinker -shared -Wl,-z,relro -Wl,-z,now
