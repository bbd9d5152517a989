# libgilproto: what goes over the wire. Pure library code, no daemon state.

noinst_LIBRARIES += libgilproto.a
libgilproto_a_SOURCES = \
	%D%/frame.c %D%/frame.h \
	%D%/histogram.c %D%/histogram.h \
	%D%/jobid.c %D%/jobid.h \
	%D%/jsonrpc.c %D%/jsonrpc.h \
	%D%/lockevent.c %D%/lockevent.h \
	%D%/lockrecord.c %D%/lockrecord.h \
	%D%/lockwire.c %D%/lockwire.h \
	%D%/member.c %D%/member.h \
	%D%/nearest.c %D%/nearest.h \
	%D%/params.c %D%/params.h \
	%D%/record.c %D%/record.h \
	%D%/request.c %D%/request.h \
	%D%/result.c %D%/result.h \
	%D%/rpcerror.c %D%/rpcerror.h \
	%D%/token.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/writer.c %D%/writer.h
dist_doc_DATA += %D%/PROTOCOL.md
dist_man_MANS += %D%/gild-protocol.7
