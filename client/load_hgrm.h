/*
 * A histogram as the text that HdrHistogram's tools exchange and its plotters
 * read (http://hdrhistogram.github.io/HdrHistogram/plotFiles.html): a line for
 * each percentile, five to each halving of what is left to 100 %.
 *
 *	       Value     Percentile TotalCount 1/(1-Percentile)
 *
 *	    0.081919 0.000000000000          1           1.00
 *	    0.094207 0.100000000000        104           1.11
 *	 ...
 *	    1.310719 1.000000000000       1000
 *	#[Mean    =     0.123456, StdDeviation   =     0.045678]
 *	#[Max     =     1.310719, Total count    =         1000]
 *	#[Buckets =           36, SubBuckets     =         1024]
 *
 * Values are milliseconds with their nanoseconds, the greatest that the bucket
 * stands for; TotalCount is how many values do not exceed it. The last line has
 * no fourth column: 100 % is infinitely many nines.
 */
#ifndef GILD_CLIENT_LOAD_HGRM_H
#define GILD_CLIENT_LOAD_HGRM_H

#include <stdio.h>

#include "client/hdr.h"

/* Errors stay in the stream, for ferror(). */
void load_hgrm_write(const struct hdr *hdr, FILE *out);

#endif
