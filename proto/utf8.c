/* Owns: the rules of well-formed UTF-8. Pure; any process and thread. */
#include "proto/utf8.h"

size_t
utf8_length(const char *s, size_t left)
{
	const unsigned char *bytes = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (left == 0 || (bytes[0] >= 0x80 && bytes[0] < 0xc2) ||
	    bytes[0] > 0xf4)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (bytes[0] == 0xe0)
		low = 0xa0;
	else if (bytes[0] == 0xed)
		high = 0x9f;
	else if (bytes[0] == 0xf0)
		low = 0x90;
	else if (bytes[0] == 0xf4)
		high = 0x8f;
	if (left < length || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	return length;
}
