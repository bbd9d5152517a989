#!/usr/bin/env python3
"""The race to cancel: detached jobs, each cancelled while it is queued or starts.

A job whose cancellation was answered ends as `cancelled`, whatever ran at that
moment. Where it had not started it never starts: its record says so (no start,
no attempt), and so do its tasks (no process ever had one, no turn was done).
A job that had ended says so, and keeps its result. All is looked at again when
gild is at rest, so that a task which began after the answer would be seen.
"""

import asyncio
import collections
import random

from client import Refused
from crowd import Crowd
from drill import Drill
from rest import await_rest

AT_ONCE = 48
TURN_NS = 2000  # so a job takes 2 ms and more, and most wait for their turn
LONGEST_PAUSE_S = 0.2
POOLS = ("threads", "processes", "free")


def has_started(result):
    return any(task["pid"] != 0 or task["turns"] != 0 for task in result["tasks"])


class Cancels(Drill):
    name = "cancels"

    def __init__(self, options):
        super().__init__(options)
        self.chance = random.Random(options.seed)
        self.crowd = Crowd(self, options.seed)
        self.outcomes = collections.Counter()

    @classmethod
    def add_options(cls, parser):
        parser.add_argument("--jobs", type=int, default=10000, help="how many (10000)")

    def _new_job(self):
        params = {"pool": self.chance.choice(POOLS), "workers": 1, "cost_ns": TURN_NS}
        return self.ledger.new("detached", params)

    async def _pause(self):
        """None, or so long that the job may just start, run, or have ended."""
        if self.chance.random() < 0.7:
            await asyncio.sleep(self.chance.random() ** 3 * LONGEST_PAUSE_S)

    async def _cancel(self, client, job):
        """What gild had said of the job when it said that it is cancelled."""
        try:
            await self.crowd.ask(client, "job.cancel", job=job.id)
        except Refused as error:
            self.expect(error.reason == "job_ended", "the wrong refusal", error)
            self.outcomes["had ended"] += 1
            return
        self.ledger.confirm_cancel(job)
        record = await self.crowd.ask(client, "job.get", job=job.id)
        self.expect(record["state"] == "cancelled", "cancelled and yet something else", record)
        if record["started_unix_ms"] is None:
            self.outcomes["cancelled before it started"] += 1
            job.never_started = True
        else:
            self.outcomes["cancelled while it ran"] += 1

    async def _hand(self, client, other, jobs):
        for job in jobs:
            answer = await self.crowd.ask(client, "job.submit", **job.params)
            self.ledger.accept(job, answer)
            await self._pause()
            await self._cancel(self.chance.choice((client, other)), job)

    async def _look_again(self, client, jobs):
        for job in jobs:
            record = await self.crowd.ask(client, "job.get", job=job.id)
            self.ledger.take(job, record["result"])
            if getattr(job, "never_started", False):
                is_so = record["started_unix_ms"] is None and not has_started(record["result"])
                self.expect(is_so, "cancelled, and it started after that", record)

    async def perform(self):
        jobs = [self._new_job() for _ in range(self.options.jobs)]
        clients = self.crowd.clients
        hands = iter(jobs)
        pairs = [(clients[i % 4], clients[(i + 1) % 4]) for i in range(AT_ONCE)]
        await asyncio.gather(*(self._hand(a, b, hands) for a, b in pairs))
        await await_rest(self.crowd)
        again = iter(jobs)
        await asyncio.gather(*(self._look_again(a, again) for a, _ in pairs))

    def describe(self):
        counts = ", ".join(f"{n} {what}" for what, n in sorted(self.outcomes.items()))
        return f"{self.options.jobs} jobs: {counts}"


if __name__ == "__main__":
    Cancels.main(__doc__)
