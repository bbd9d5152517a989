# libgilproto: what goes over the wire. Pure library code, no daemon state.

noinst_LIBRARIES += libgilproto.a
libgilproto_a_SOURCES = \
	%D%/frame.c %D%/frame.h \
	%D%/jobid.c %D%/jobid.h \
	%D%/jsonrpc.c %D%/jsonrpc.h \
	%D%/nearest.c %D%/nearest.h \
	%D%/params.c %D%/params.h \
	%D%/request.c %D%/request.h \
	%D%/result.c %D%/result.h \
	%D%/rpcerror.c %D%/rpcerror.h
EXTRA_DIST += %D%/PROTOCOL.md
