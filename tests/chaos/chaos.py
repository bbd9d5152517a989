#!/usr/bin/env python3
"""Chaos: a load on gild while everything dies, and then the accounts of it.

Starts a gild of its own, with its state on a small disk, and submits plain,
keyed and detached jobs over several connections, cancels some, waits for some
from elsewhere. Meanwhile a schedule that the seed decides kills and stops
processes of every kind, cuts and resets connections, fills the disk, reloads
and restarts gild. It goes on for S seconds (20), or until N jobs are in the
store, and N kills are done. Then it waits for rest, collects every result, and
compares:

    every job that was accepted has one result, and there is no other;
    no job that was refused, and none that nobody asked for, has a record;
    a key has one job; turns add up; nothing is answered twice;
    a job whose cancellation was answered did not end otherwise;
    where nothing was done that cuts clients off, every call was answered;
    gild is left with the processes and descriptors of a fresh one.

Prints a table, and exits with 1 where something of this does not hold. With
--keep, and where something does not hold, the folder with its log stays.
"""

import argparse
import asyncio
import time

from crowd import Crowd
from drill import Drill
from ledger import print_table
from mischief import CUTTING, KINDS, Mischief
from rest import await_no_differences, await_rest


def parse_kinds(text):
    kinds = text.split(",")
    for kind in kinds:
        if kind not in KINDS:
            raise argparse.ArgumentTypeError(f"no {kind!r}; there are {', '.join(KINDS)}")
    return kinds


class Chaos(Drill):
    name = "chaos"

    def __init__(self, options):
        super().__init__(options)
        self.crowd = Crowd(self, options.seed, options.jobs)
        self.mischief = Mischief(self.daemon, self.crowd, self.disk, options.seed, options.only)

    @classmethod
    def add_options(cls, parser):
        parser.add_argument("--seconds", type=float, default=20, help="how long (20)")
        parser.add_argument("--jobs", type=int, help="until so many jobs are in the store")
        parser.add_argument("--kills", type=int, default=0, help="and so many kills are done")
        parser.add_argument("--pause", type=float, default=0.35, help="between faults (0.35 s)")
        parser.add_argument("--only", type=parse_kinds, help="KIND,... of " + " ".join(KINDS))

    def _goes_on(self, end):
        if self.mischief.n_kills < self.options.kills:
            return True
        if self.options.jobs:
            return self.crowd.n_kept() < self.options.jobs
        return time.monotonic() < end and not self.options.kills

    async def _disturb(self, load):
        """Until there was enough of it; then the load ends too."""
        end = time.monotonic() + self.options.seconds
        await self.mischief.run(self.options.pause, lambda: self._goes_on(end))
        await self.mischief.undo_all()
        self.crowd.is_over = True
        await load

    def _check_answers(self):
        """Who was not cut off was answered, each time."""
        lost = [job.params for job in self.ledger.jobs.values() if job.n_lost]
        is_cut = any(self.mischief.done[kind] for kind in CUTTING)
        self.expect(is_cut or not lost, "a connection ended by itself", lost[:3])

    async def _look_for_leaks(self):
        fresh = self.new_daemon(f"{self.folder}/fresh")
        fresh.start()
        for difference in await await_no_differences(self.daemon, fresh):
            self.ledger.breach("something is left", difference)
        fresh.end()

    async def perform(self):
        await self._disturb(asyncio.create_task(self.crowd.run()))
        await await_rest(self.crowd)
        await self.crowd.collect()
        self.ledger.check_records(await self.crowd.records())
        self._check_answers()
        await self.crowd.close()
        await self._look_for_leaks()

    def describe(self):
        print_table(self.ledger.rows())
        done = [f"{kind} {n}" for kind, n in sorted(self.mischief.done.items())]
        print("  done to it:", ", ".join(done))
        kills, starts = self.mischief.n_kills, self.daemon.n_starts
        return f"{self.ledger.n_asked} jobs, {kills} kills, {starts} starts"


if __name__ == "__main__":
    Chaos.main(__doc__)
