/* Text in XML: whatever it is, it is text there. */
#include "client/markup.h"

#include <check.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

static void
check(const char *given, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	markup_put(out, given);
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(what_markup_is_made_of_is_escaped)
{
	check("", "");
	check("plain", "plain");
	check("<a href=\"x\">&amp;</a>",
	    "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
	check("it's", "it's");
}
END_TEST

START_TEST(what_xml_has_not_is_a_question_mark)
{
	check("a\x01z\x1b[0m", "a?z?[0m");
	check("tab\tline\n", "tab\tline\n");
	check("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x92",
	    "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x92");
	check("cut \xf0\x9f\x94", "cut ???");
	check("\xed\xa0\x80", "???");
	check("\xef\xbf\xbe", "???");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("markup");
	TCase *tcase = tcase_create("markup");

	tcase_add_test(tcase, what_markup_is_made_of_is_escaped);
	tcase_add_test(tcase, what_xml_has_not_is_a_question_mark);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
