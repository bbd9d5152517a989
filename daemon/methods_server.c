/*
 * server.reload, server.drain and server.shutdown: an operator's orders. Run by
 * a frontend's one thread, which sees whether the client may give them; the
 * master carries them out.
 */
#include <string.h>

#include "daemon/answer.h"
#include "daemon/authority.h"
#include "daemon/connection.h"
#include "daemon/frontend.h"
#include "daemon/job.h"
#include "daemon/methods_private.h"
#include "daemon/peer.h"
#include "daemon/report.h"
#include "proto/params.h"

/* True when the order may be carried out; else it was answered. */
static bool
order_is_allowed(const struct invocation *invocation)
{
	struct rpc_error error;

	if (params_check(invocation->params, NULL, 0, &error) == 0 &&
	    authority_check(
		connection_fd(invocation->owner->connection), &error) == 0)
		return true;
	answer_error(invocation->answer, &error);
	return false;
}

/* 0, or -1, and the answer was given. */
static int
order_give(const struct invocation *invocation, enum master_request_kind kind)
{
	const struct frontend *frontend = invocation->frontend;
	const struct master_request request = {
	    .kind = kind,
	    .generation = frontend->generation->number,
	    .from = frontend->number,
	};
	struct rpc_error error;

	if (generation_ask_master(frontend->generation, &request, NULL) == 0)
		return 0;
	rpc_error_set(&error, RPC_BUSY, NULL,
	    "the master has many requests to read; try again");
	answer_error(invocation->answer, &error);
	return -1;
}

void
server_reload(const struct invocation *invocation)
{
	if (order_is_allowed(invocation))
		peers_reload(invocation->frontend->peers, invocation->answer);
}

void
server_drain(const struct invocation *invocation)
{
	const struct generation *generation = invocation->frontend->generation;
	json_t *result;

	if (!order_is_allowed(invocation) ||
	    order_give(invocation, MASTER_DRAIN) != 0)
		return;
	result = report_stopping(generation, "draining");
	if (result != NULL)
		json_object_set_new(result, "drain_timeout_ns",
		    json_integer(
			(json_int_t)generation->settings->drain_timeout_ns));
	answer_result(invocation->answer, result);
}

void
server_shutdown(const struct invocation *invocation)
{
	if (order_is_allowed(invocation) &&
	    order_give(invocation, MASTER_SHUTDOWN) == 0)
		answer_result(invocation->answer,
		    report_stopping(
			invocation->frontend->generation, "stopping"));
}
