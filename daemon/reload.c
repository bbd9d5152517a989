/*
 * Reloading. Run by the master alone. Nothing that can fail is done to the
 * crew that serves: it goes on as it is until its successor's doors are open.
 */
#include "daemon/master_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/configuration.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"

struct crew *
master_find_crew(struct master *master, uint32_t generation)
{
	struct crew *crew;

	TAILQ_FOREACH (crew, &master->crews, links) {
		if (crew->generation.number == generation)
			return crew;
	}
	return NULL;
}

void
master_count_others(struct master *master)
{
	struct crew *crew;
	uint32_t n = 0;

	TAILQ_FOREACH (crew, &master->crews, links)
		n += crew->phase != CREW_GONE;
	master->n_others = n > 0 ? n - 1 : 0;
	TAILQ_FOREACH (crew, &master->crews, links)
		counter_set(
		    &crew->generation.board.shared->n_others, master->n_others);
}

int
master_check_sandbox(
    const struct settings *settings, char *error, size_t error_size)
{
	if (!settings->sandbox || sandbox_check() == 0)
		return 0;
	snprintf(error, error_size,
	    "this kernel cannot filter executors' system calls: %s; set "
	    "sandbox = false to go without",
	    strerror(errno));
	return -1;
}

int
master_add_crew(struct master *master, struct settings *settings,
    struct listeners *listeners)
{
	struct crew *crew = crew_new(
	    settings, listeners, master->n_generations + 1, &master->constants);

	if (crew == NULL)
		return -1;
	master->n_generations++;
	TAILQ_INSERT_HEAD(&master->crews, crew, links);
	master->coming = crew;
	master_count_others(master);
	return 0;
}

/* A child logs as its master does when it forks it. */
static void
log_follow(const struct settings *settings)
{
	log_set_format(settings->log_format, JOURNAL_SOCKET);
}

/* --- answers --- */

/* False when the asker's inbox is full. */
static bool
asker_tell(struct master *master, const struct master_request *asker,
    const struct peer_message *message)
{
	struct crew *crew = master_find_crew(master, asker->generation);

	if (crew == NULL || asker->from >= crew->settings.frontends)
		return true;
	return generation_tell(&crew->generation, asker->from, message, NULL) ==
	    0 ||
	    errno != EAGAIN;
}

static void
message_set_addresses(
    struct peer_message *message, const struct listeners *listeners)
{
	size_t length = 0;

	for (size_t i = 0; i < listeners->n; i++) {
		const char *name = listeners->all[i].name;
		size_t room = sizeof(message->text) - length;

		if (strlen(name) + 2 > room)
			return; /* no room for all of them */
		length += (size_t)snprintf(message->text + length, room, "%s%s",
		    i == 0 ? "" : "\n", name);
	}
}

static void
message_set_refusal(
    struct peer_message *message, const char *why_not, bool is_busy)
{
	message->kind = PEER_UNCHANGED;
	message->is_busy = is_busy;
	snprintf(message->text, sizeof(message->text), "%s", why_not);
}

void
master_end_reload(struct master *master, const char *why_not)
{
	struct reload *reload = &master->reload;
	struct peer_message *answer = &reload->answer;

	if (!reload->is_under_way)
		return;
	reload->is_under_way = false;
	if (why_not != NULL) {
		if (master->serving != NULL)
			log_follow(&master->serving->settings);
		log_warn("nothing was reloaded: %s", why_not);
	}
	if (!master->is_stopping)
		notify_ready(&master->notifier);
	if (!reload->has_asker)
		return;
	*answer = (struct peer_message){
	    .kind = PEER_RELOADED,
	    .question = reload->asked.question,
	};
	if (why_not != NULL) {
		message_set_refusal(answer, why_not, false);
		answer->is_stopping = master->is_stopping;
	} else {
		answer->new_generation = master->serving->generation.number;
		message_set_addresses(answer, &master->serving->listeners);
	}
	reload->is_answer_unsent = !asker_tell(master, &reload->asked, answer);
}

/* --- the way there --- */

static void
master_refuse_reload(
    struct master *master, const struct master_request *request)
{
	struct peer_message answer = {.question = request->question};

	message_set_refusal(
	    &answer, "a reload is under way: try again when it is done", true);
	/* With a full inbox it gives up its question in time. */
	if (!asker_tell(master, request, &answer))
		log_warn("frontend %" PRIu32 " does not read its inbox",
		    request->from);
}

/* 0, or -1 with what is wrong in error. */
static int
master_begin_reload(struct master *master, char *error, size_t error_size)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	struct settings settings;
	int result = -1;

	if (master->is_stopping) {
		snprintf(error, error_size, "gild is stopping");
		goto out;
	}
	/* One may have gone in this turn: it is forgotten at its end. */
	master_count_others(master);
	if (master->n_others + 1 >= MASTER_MAX_CREWS) {
		snprintf(error, error_size,
		    "%" PRIu32 " generations before this one still finish "
		    "their jobs: try again when some have ended",
		    master->n_others);
		goto out;
	}
	if (listeners == NULL) {
		snprintf(error, error_size, "out of memory");
		goto out;
	}
	if (configuration_read(master->configuration, &settings, error) != 0)
		goto out;
	log_follow(&settings);
	if (keeper_check(&master->keeper, &settings, error, error_size) != 0 ||
	    privileges_check(&settings, error) != 0 ||
	    master_check_sandbox(&settings, error, error_size) != 0 ||
	    listeners_open(listeners, &settings, &master->serving->listeners,
		error, error_size) != 0) {
		settings_free(&settings);
		goto out;
	}
	if (master_add_crew(master, &settings, listeners) != 0) {
		snprintf(error, error_size, "cannot start a new generation: %s",
		    strerror(errno));
		goto out;
	}
	result = 0;
out:
	free(listeners);
	return result;
}

void
master_reload(struct master *master, const struct master_request *request)
{
	struct reload *reload = &master->reload;
	char error[OPTIONS_ERROR_CHARS + 1];

	if (reload->is_under_way || reload->is_answer_unsent ||
	    (master->serving == NULL && !master->is_stopping)) {
		if (request == NULL)
			reload->is_asked_again = true;
		else
			master_refuse_reload(master, request);
		return;
	}
	reload->is_under_way = true;
	reload->has_asker = request != NULL;
	if (request != NULL)
		reload->asked = *request;
	if (!master->is_stopping)
		notify_reloading(&master->notifier);
	if (master_begin_reload(master, error, sizeof(error)) != 0)
		master_end_reload(master, error);
}

bool
master_tend_reload(struct master *master)
{
	struct reload *reload = &master->reload;

	if (reload->is_answer_unsent)
		reload->is_answer_unsent =
		    !asker_tell(master, &reload->asked, &reload->answer);
	if (reload->is_asked_again && !reload->is_under_way &&
	    !reload->is_answer_unsent && master->serving != NULL) {
		reload->is_asked_again = false;
		master_reload(master, NULL);
	}
	return reload->is_answer_unsent;
}
