/* Values by path. It runs in the process that Check forks for a test. */
#include "tests/e2e/value.h"

#include <check.h>
#include <string.h>

json_t *
value_at(const json_t *value, const char *path)
{
	const char *step = path;
	char name[64];

	while (value != NULL) {
		size_t len = strcspn(step, ".");

		ck_assert_uint_lt(len, sizeof(name));
		memcpy(name, step, len);
		name[len] = '\0';
		value = json_is_array(value)
		    ? json_array_get(value, strtoul(name, NULL, 10))
		    : json_object_get(value, name);
		if (step[len] == '\0')
			break;
		step += len + 1;
	}
	ck_assert_msg(value != NULL, "no %s there", path);
	return (json_t *)(uintptr_t)value;
}

int64_t
int_at(const json_t *value, const char *path)
{
	const json_t *found = value_at(value, path);

	ck_assert_msg(json_is_integer(found), "%s is no integer", path);
	return json_integer_value(found);
}

const char *
text_at(const json_t *value, const char *path)
{
	const json_t *found = value_at(value, path);

	ck_assert_msg(json_is_string(found), "%s is no string", path);
	return json_string_value(found);
}

int64_t
sum_of(const json_t *array, const char *member)
{
	int64_t sum = 0;

	for (size_t i = 0; i < json_array_size(array); i++)
		sum += int_at(json_array_get(array, i), member);
	return sum;
}

json_t *
pool_of(const json_t *told, const char *name)
{
	json_t *pool;
	size_t i;

	json_array_foreach (value_at(told, "pools"), i, pool)
		if (strcmp(text_at(pool, "name"), name) == 0)
			return pool;
	ck_abort_msg("no pool %s", name);
}
