/*
 * Requests of frontends. Run by the master alone. A frontend may be dying, or
 * worse: a request of the wrong size or kind is dropped, and one that names a
 * generation or a frontend that there is not is answered to nobody. One that is
 * leaving, in good order or not, may leave letters of ours unread: the master
 * has the other end of its inbox, too.
 */
#include "daemon/desk.h"

#include <errno.h>

#include "daemon/crew.h"
#include "daemon/log.h"
#include "daemon/master_private.h"

#define SERVE_MAX 256 /* in one turn of the master's loop */

bool
desk_is_full(const struct desk *desk)
{
	return desk->is_full;
}

bool
desk_is_empty(const struct desk *desk)
{
	return desk->is_empty;
}

void
desk_clear(struct desk *desk)
{
	packet_close_fds(&desk->fds);
	desk->is_full = false;
}

/* False when it has to be tried again. */
static bool
crew_tell_frontend(struct crew *crew, uint32_t frontend,
    const struct peer_message *message, const struct packet_fds *fds)
{
	if (crew == NULL || frontend >= crew->settings.frontends ||
	    crew->children[frontend].pid == 0)
		return true; /* nobody is there to hear it */
	return generation_tell(&crew->generation, frontend, message, fds) ==
	    0 ||
	    errno == EPIPE || errno == ECONNRESET;
}

/* --- clients --- */

/* A client goes to the crew that serves; if that fails for good, away. */
static bool
desk_pass_client(struct desk *desk, struct master *master)
{
	const struct peer_message message = {.kind = PEER_CLIENT};
	struct crew *crew = master->serving;
	uint32_t frontend;

	if (crew == NULL || desk->fds.n == 0)
		return true;
	frontend = crew_choose_frontend(crew);
	if (crew->children[frontend].pid == 0 && crew->phase == CREW_SERVING)
		return false; /* all of them are being replaced */
	return crew_tell_frontend(crew, frontend, &message, &desk->fds);
}

/* --- jobs of other generations --- */

static bool
desk_answer_cancel(
    struct master *master, const struct master_request *request, bool was_found)
{
	const struct peer_message message = {
	    .kind = PEER_CANCELLED,
	    .question = request->question,
	    .job = request->job,
	    .was_found = was_found,
	};

	return crew_tell_frontend(master_find_crew(master, request->generation),
	    request->from, &message, NULL);
}

/* Asks the next crew behind this one (NULL: the first), or says no. */
static bool
desk_pass_cancel(struct master *master, const struct master_request *request,
    struct crew *behind)
{
	const struct peer_message message = {
	    .kind = PEER_CANCEL,
	    .generation = request->generation,
	    .from = request->from,
	    .question = request->question,
	    .job = request->job,
	};
	uint32_t frontend = job_id_frontend(request->job);
	struct crew *crew = behind == NULL ? TAILQ_FIRST(&master->crews)
					   : TAILQ_NEXT(behind, links);

	for (; crew != NULL; crew = TAILQ_NEXT(crew, links)) {
		if (crew->generation.number == request->generation ||
		    frontend >= crew->settings.frontends ||
		    crew->children[frontend].pid == 0)
			continue;
		return crew_tell_frontend(crew, frontend, &message, NULL);
	}
	return desk_answer_cancel(master, request, false);
}

/* --- all of them --- */

/*
 * What a frontend left unread that has gone and is not replaced, as it would
 * have dealt with it: a client goes on to the generation that serves, a job that
 * is asked for was not found. False when it was neither.
 */
static bool
desk_take_letter(struct desk *desk, const struct peer_message *letter)
{
	desk->request = (struct master_request){
	    .generation = letter->generation,
	    .from = letter->from,
	    .question = letter->question,
	    .job = letter->job,
	};
	switch (letter->kind) {
	case PEER_CLIENT:
		desk->request.kind = MASTER_CLIENT;
		return true;
	case PEER_CANCEL:
		desk->request.kind = MASTER_CANCELLED;
		return true;
	default:
		packet_close_fds(&desk->fds);
		return false;
	}
}

/* The next such letter. False when there is none. */
static bool
desk_read_inboxes(struct desk *desk, const struct crew *crew)
{
	struct peer_message letter;

	if (crew->phase < CREW_RETIRING)
		return false; /* who takes the place of the dead reads them */
	for (uint32_t i = 0; i < crew->settings.frontends; i++) {
		int inbox = crew->generation.inbox_in[i], got;

		if (crew->children[i].pid != 0)
			continue;
		while ((got = packet_receive(
			    inbox, &letter, sizeof(letter), &desk->fds)) != 0) {
			if (got > 0 && desk_take_letter(desk, &letter))
				return true;
		}
	}
	return false;
}

/* The next request. False when there is none. */
static bool
desk_take(struct desk *desk, const struct crew *crew)
{
	int got;

	do
		got = packet_receive(crew->generation.desk_in, &desk->request,
		    sizeof(desk->request), &desk->fds);
	while (got < 0);
	return got > 0 || desk_read_inboxes(desk, crew);
}

/* False when it has to be tried again. */
static bool
desk_handle(struct desk *desk, struct master *master, struct crew *crew)
{
	const struct master_request *request = &desk->request;

	switch (request->kind) {
	case MASTER_RELOAD:
		log_info("an operator asks to reload");
		master_reload(master, request);
		break;
	case MASTER_DRAIN:
		log_info("an operator asks to drain: finishing what is in "
			 "flight, then stopping");
		master_drain(master);
		break;
	case MASTER_SHUTDOWN:
		log_info("an operator asks to shut down: cancelling what is in "
			 "flight, then stopping");
		master_shutdown(master);
		break;
	case MASTER_CLIENT:
		return desk_pass_client(desk, master);
	case MASTER_CANCEL:
		return desk_pass_cancel(master, request, NULL);
	case MASTER_CANCELLED:
		return request->was_found
		    ? desk_answer_cancel(master, request, true)
		    : desk_pass_cancel(master, request, crew);
	}
	return true;
}

void
desk_serve(struct desk *desk, struct master *master, struct crew *crew)
{
	desk->is_empty = false;
	for (int i = 0; i < SERVE_MAX; i++) {
		if (!desk->is_full && !desk_take(desk, crew)) {
			desk->is_empty = true;
			return;
		}
		desk->is_full = !desk_handle(desk, master, crew);
		if (desk->is_full)
			return;
		packet_close_fds(&desk->fds);
	}
}
