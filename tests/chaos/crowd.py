"""The mixed load: clients over both sockets, each with several calls under way."""

import asyncio
import random

from client import Cut, Hung, Refused

POOLS = ("threads", "processes", "free")
KINDS = ("plain", "keyed", "detached", "detached")
CLIENTS = 4  # over TCP and a Unix socket in turn
HANDS = 6  # calls of one client at the same time
LATER = ("busy", "shutting_down", "store_unavailable", "rate_limited", "internal_error")
LONGEST_PAUSE_S = 0.5


def random_params(chance):
    """A small job: up to ten milliseconds of work."""
    params = {
        "pool": chance.choice(POOLS),
        "workers": chance.randint(1, 3),
        "cost_ns": chance.choice((0, 100, 300, 1000)),
        "priority": chance.randint(0, 9),
    }
    if chance.random() < 0.05:
        params["timeout_ms"] = chance.choice((1, 20, 200))
    if chance.random() < 0.1:
        params.update(profile="io", io_every=1000, io_for_us=200)
    if chance.random() < 0.1:
        params["start_after_ms"] = chance.randint(1, 500)
    return params


class Crowd:
    """
    Submits jobs until max_jobs detached ones were accepted, or it is told to
    end. Whatever is refused for now is submitted again, a lost job only where
    its key makes that safe.
    """

    def __init__(self, drill, seed, max_jobs=None, collects_at_once=False):
        self.ledger = drill.ledger
        self.collects_at_once = collects_at_once
        self.chance = random.Random(seed)
        self.max_jobs = max_jobs
        self.clients = [drill.new_client(is_tcp=i % 2 == 0) for i in range(CLIENTS)]
        self.is_over = False
        self.kept = []  # accepted jobs that other connections may ask about

    def n_kept(self):
        return len(self.kept)

    def _has_enough(self):
        return self.max_jobs is not None and len(self.kept) >= self.max_jobs

    # --- one call ---

    async def ask(self, client, method, **params):
        """A call, again and again while it cannot be served now. May raise Cut."""
        while True:
            try:
                return await client.call(method, **params)
            except Refused as error:
                if error.reason not in LATER or (self.is_over and method == "job.submit"):
                    raise
                pause_s = error.data.get("retry_after_ms", 20) / 1000
                await asyncio.sleep(min(pause_s, LONGEST_PAUSE_S))

    async def insist(self, client, method, **params):
        """The same of a call that may be made twice: also after a Cut."""
        while True:
            try:
                return await self.ask(client, method, **params)
            except Cut:
                await asyncio.sleep(0.01)

    # --- one job ---

    async def _submit(self, client, job):
        """False when it is not known what became of it."""
        while True:
            try:
                answer = await self.ask(client, "job.submit", **job.params)
            except Refused as error:
                job.refusal = error.reason
                if error.reason not in LATER:
                    self.ledger.breach("refused", f"{job.params}: {error}")
                return False
            except Cut:
                job.n_lost += 1
                if job.key is None:
                    return False
                await asyncio.sleep(0.01)
                continue
            except Hung:
                job.n_lost += 1
                raise
            if job.kind == "detached":
                self.ledger.accept(job, answer)
            else:
                self.ledger.take(job, answer)
            return True

    async def _submit_again(self, client, job):
        """The key's job, asked for once more: nothing new may come of it."""
        params = dict(job.params, detach=True)
        answer = await self.insist(client, "job.submit", **params)
        self.ledger.accept(job, answer)
        if answer.get("created"):
            self.ledger.breach("one job became two", answer)

    async def _cancel(self, client, job):
        await asyncio.sleep(self.chance.random() * 0.02)
        try:
            answer = await self.ask(client, "job.cancel", job=job.id)
        except Cut:
            return
        except Refused as error:
            if error.reason not in ("job_ended", *LATER):
                self.ledger.breach("an accepted job is unknown", f"{job.id}: {error}")
            return
        if answer["state"] == "cancelled":
            self.ledger.confirm_cancel(job)

    async def _wait_for_some(self, client):
        job = self.chance.choice(self.kept[-50:])
        try:
            result = await self.ask(client, "job.wait", job=job.id, timeout_ms=2000)
        except Cut:
            return
        except Refused as error:
            if error.reason not in ("wait_timed_out", *LATER):
                self.ledger.breach("an accepted job is unknown", f"{job.id}: {error}")
            return
        self.ledger.take(job, result)

    async def _one_job(self, client):
        job = self.ledger.new(self.chance.choice(KINDS), random_params(self.chance))
        is_known = await self._submit(client, job)
        if is_known and job.is_kept:
            self.kept.append(job)
            await self._follow_up(client, job)
        if self.collects_at_once:
            if is_known and job.is_kept:
                await self._collect(client, job)
                self.kept.remove(job)
            self.ledger.close(job)

    async def _follow_up(self, client, job):
        """What else somebody may want of an accepted job."""
        dice = self.chance.random()
        if dice < 0.1 and job.kind == "detached":
            await self._cancel(self.chance.choice(self.clients), job)
        elif dice < 0.2:
            await self._wait_for_some(self.chance.choice(self.clients))
        elif dice < 0.5 and job.key:
            await self._submit_again(self.chance.choice(self.clients), job)

    # --- all of it ---

    async def _hand(self, client, pause_s):
        while not self.is_over and not self._has_enough():
            try:
                await self._one_job(client)
            except Hung as error:
                self.ledger.breach("hung", error)
                return
            await asyncio.sleep(pause_s)

    async def run(self, period_s=0):
        """With a period, about one job in each; else as many as can be."""
        pause_s = period_s * len(self.clients) * HANDS
        await asyncio.gather(*(self._hand(c, pause_s) for c in self.clients for _ in range(HANDS)))

    async def _collect(self, client, job):
        self.ledger.take(job, await self.insist(client, "job.wait", job=job.id))
        await self.insist(client, "job.collect", job=job.id)
        job.is_collected = True

    async def collect(self):
        """Every result that is there to be had, over a few connections."""
        jobs = iter(self.ledger.kept())

        async def collector(client):
            for job in jobs:
                await self._collect(client, job)

        await asyncio.gather(*(collector(c) for c in self.clients for _ in range(HANDS)))

    async def records(self):
        """All that the store has."""
        records, params = [], {"limit": 1000}
        while True:
            page = await self.insist(self.clients[0], "job.list", **params)
            records += page["jobs"]
            if page["next"] is None:
                return records
            params["after"] = page["next"]

    async def close(self):
        for client in self.clients:
            await client.close()
