#!/usr/bin/env python3
"""One key, submitted a thousand times by many clients, while gild restarts.

All of them get the same job, and the store has one record of it: whoever asks
first makes it, and who asks after its end, or after gild's, gets it too. Some
ask with `detach`, some wait for the result, and all results are the same.
Now and then somebody asks with other parameters, and is refused.
"""

import asyncio
import itertools
import random
import signal

from client import Cut, Refused
from crowd import LATER
from drill import Drill

# Half a second of work: it is asked for before, while and after it runs.
PARAMS = {"count": 500000, "cost_ns": 1000, "workers": 2, "pool": "threads", "key": "the one"}
RESTART_EVERY_S = 0.4
PAUSE_S = 0.05


class Keys(Drill):
    name = "keys"

    def __init__(self, options):
        super().__init__(options)
        self.chance = random.Random(options.seed)
        self.numbers = itertools.count()
        self.job = self.ledger.new("keyed", {})
        self.job.params.update(PARAMS)
        self.n_created = self.n_conflicts = 0
        self.has_ended = False

    @classmethod
    def add_options(cls, parser):
        parser.add_argument("--times", type=int, default=1000, help="submissions (1000)")
        parser.add_argument("--clients", type=int, default=8, help="who submit (8)")

    async def _ask(self, client, method, **params):
        """Until it is answered: each of these calls may be made twice."""
        while True:
            try:
                return await client.call(method, **params)
            except Cut:
                pass
            except Refused as error:
                if error.reason not in LATER:
                    raise
            await asyncio.sleep(0.02)

    async def _submit(self, client):
        detach = self.chance.random() < 0.5
        answer = await self._ask(client, "job.submit", detach=detach, **PARAMS)
        if detach:
            self.ledger.accept(self.job, answer)
            self.n_created += answer["created"]
        else:
            self.ledger.take(self.job, answer)

    async def _submit_another(self, client):
        """The same key for something else."""
        try:
            answer = await self._ask(client, "job.submit", **dict(PARAMS, count=1, detach=True))
            self.expect(False, "a key was taken for another job", answer)
        except Refused as error:
            self.expect(error.reason == "key_conflict", "the wrong refusal", error)
            self.n_conflicts += 1

    async def _client(self, client):
        while next(self.numbers) < self.options.times:
            await self._submit(client)
            if self.chance.random() < 0.05:
                await self._submit_another(client)
            await asyncio.sleep(self.chance.random() * PAUSE_S)

    async def _restart(self):
        """By the signal that asks, or by the one that does not."""
        while not self.has_ended:
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * RESTART_EVERY_S)
            number = self.chance.choice((signal.SIGTERM, signal.SIGKILL))
            await asyncio.to_thread(self.daemon.end, number)
            await asyncio.to_thread(self.daemon.start)

    async def perform(self):
        clients = [self.new_client(is_tcp=i % 2 == 0) for i in range(self.options.clients)]
        await self._submit(clients[0])
        restarts = asyncio.create_task(self._restart())
        await asyncio.gather(*(self._client(client) for client in clients))
        self.has_ended = True
        await restarts
        self.ledger.take(self.job, await self._ask(clients[0], "job.wait", job=self.job.id))
        page = await self._ask(clients[0], "job.list", limit=1000)
        self.expect(len(page["jobs"]) == 1, "one key has many jobs", page["jobs"])
        self.expect(self.n_created <= 1, "created more than once", self.n_created)

    def describe(self):
        return (
            f"{self.options.times} submissions of one key by {self.options.clients} clients, "
            f"{self.n_conflicts} with other parameters, {self.daemon.n_starts} starts, "
            f"{len(self.job.ids)} job"
        )


if __name__ == "__main__":
    Keys.main(__doc__)
