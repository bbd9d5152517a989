#!/usr/bin/env python3
"""A soak: a mixed load for many minutes, with a reload each minute.

Samples, ten times a minute: resident memory of all of gild's processes (shared
pages left out), their descriptors, slots in use, and the latency of a pinger
and of tiny jobs beside the load. Prints the first and the last fifth of the
time side by side. What must not grow is judged: descriptors and processes,
and memory beyond a bound; latencies are shown.
"""

import asyncio
import collections
import random
import signal
import time

from client import Cut, Refused
from crowd import Crowd
from drill import OPTIONS, Drill
from ledger import print_table
from rest import await_no_differences, await_rest

PROBE_PAUSE_S = 0.05
JOB_PAUSE_S = 0.2
TINY = {"count": 10, "pool": "processes"}
MORE_MEMORY = 1.25  # than in the first fifth, and
MORE_MEMORY_KIB = 16 << 10


def percentile(values, part):
    """Of values in any order; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0


class Fifth:
    """What was seen in one fifth of the time."""

    def __init__(self):
        self.samples = collections.defaultdict(list)

    def middle(self, name):
        return percentile(self.samples[name], 0.5)


class Soak(Drill):
    name = "soak"
    # The store's file is to reach its size in the first fifth.
    daemon_options = (*OPTIONS, "keep_for = 2m")

    def __init__(self, options):
        super().__init__(options)
        self.crowd = Crowd(self, options.seed, collects_at_once=True)
        self.chance = random.Random(options.seed)
        self.fifths = [Fifth() for _ in range(5)]
        self.n_reloads = 0
        self.begin = self.end = 0.0

    @classmethod
    def add_options(cls, parser):
        parser.add_argument("--minutes", type=float, default=30, help="how long (30)")
        parser.add_argument("--reload-every", type=float, default=60, help="seconds (60)")
        parser.add_argument("--rate", type=float, default=100, help="jobs a second (100)")

    def _note(self, name, value):
        part = (time.monotonic() - self.begin) / (self.end - self.begin)
        self.fifths[min(4, int(part * 5))].samples[name].append(value)

    def _goes_on(self):
        return time.monotonic() < self.end

    # --- what goes on at the same time ---

    async def _probe(self, name, pause_s, method, **params):
        """How long a call takes, again and again, on a connection of its own."""
        client = self.new_client(is_tcp=True)
        while self._goes_on():
            start = time.monotonic()
            try:
                await client.call(method, **params)
                self._note(name, time.monotonic() - start)
            except (Cut, Refused) as error:
                self.expect(False, "a probe was not answered", repr(error))
            await asyncio.sleep(pause_s)

    async def _sample(self, pause_s):
        client = self.new_client(is_tcp=False)
        while self._goes_on():
            stats = await self.crowd.insist(client, "server.stats")
            processes = self.daemon.processes()
            descriptors = sum(sum(counts) for counts in self.daemon.descriptors().values())
            self._note("processes", len(processes))
            self._note("descriptors", descriptors)
            self._note("resident KiB", self.daemon.resident_kib())
            self._note("tasks dispatched", sum(p["tasks"]["dispatched"] for p in stats["pools"]))
            self._note("jobs running", stats["jobs"]["running"])
            self._note("file KiB", stats["store"]["file_bytes"] // 1024)
            await asyncio.sleep(pause_s)

    async def _reload(self):
        while self._goes_on():
            await asyncio.sleep(min(self.options.reload_every, max(0, self.end - time.monotonic())))
            if self._goes_on():
                self.daemon.master.send_signal(signal.SIGHUP)
                self.n_reloads += 1

    async def _load(self):
        await asyncio.sleep(self.end - time.monotonic())
        self.crowd.is_over = True

    async def _settle(self):
        """Then nothing may be left of all that load."""
        await await_rest(self.crowd)
        n_reloaded = self.daemon.log().count("reloaded: generation")
        missed = f"{self.n_reloads} SIGHUPs, {n_reloaded} reloads"
        self.expect(n_reloaded == self.n_reloads, "a reload was missed", missed)
        await self.crowd.close()
        for client in self.clients:
            await client.close()
        fresh = self.new_daemon(f"{self.folder}/fresh")
        fresh.start()
        for difference in await await_no_differences(self.daemon, fresh):
            self.expect(False, "something is left", difference)
        fresh.end()

    def _judge(self):
        first, last = self.fifths[0], self.fifths[-1]
        before, after = first.middle("resident KiB"), last.middle("resident KiB")
        grows = after > before * MORE_MEMORY and after > before + MORE_MEMORY_KIB
        self.expect(not grows, "memory grows", f"{before} KiB, {after} KiB")

    async def perform(self):
        self.begin = time.monotonic()
        self.end = self.begin + 60 * self.options.minutes
        pause_s = min(6, self.options.minutes * 60 / 50)
        await asyncio.gather(
            self.crowd.run(1 / self.options.rate),
            self._load(),
            self._sample(pause_s),
            self._reload(),
            self._probe("ping", PROBE_PAUSE_S, "server.ping"),
            self._probe("tiny job", JOB_PAUSE_S, "job.submit", **TINY),
        )
        await self._settle()
        self._judge()

    # --- what it says ---

    def _rows(self):
        first, last = self.fifths[0], self.fifths[-1]
        rows = [["", "first fifth", "last fifth"]]
        for name in sorted(first.samples):
            if name in ("ping", "tiny job"):
                for part, text in ((0.5, "p50"), (0.99, "p99")):
                    times = [percentile(f.samples[name], part) for f in (first, last)]
                    rows.append([f"{name}, {text}", *(f"{t * 1000:.2f} ms" for t in times)])
            else:
                rows.append([f"{name}, median", first.middle(name), last.middle(name)])
        return rows

    def describe(self):
        print_table(self._rows())
        print_table(self.ledger.rows())
        return f"{self.ledger.n_asked} jobs, {self.n_reloads} reloads"


if __name__ == "__main__":
    Soak.main(__doc__)
