#!/usr/bin/env python3
"""Bad disks: a full one, one that is read-only, and a store that is damaged.

For each: what a detached job is answered, what the log says, that plain jobs go
on and that what was accepted before is kept; and that all is well again once
there is space, or the disk can be written, without a restart. Only root may
mount the small disk that this takes: for others it is skipped.
"""

import asyncio
import hashlib
import os
import signal
import sys
import time

from client import Refused
from drill import Drill

PATIENCE_S = 30
JUNK = b"this is no database " * 4096


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Disks(Drill):
    name = "disks"
    disk_bytes = 16 << 20

    def __init__(self, options):
        super().__init__(options)
        self.client = self.new_client(is_tcp=True)
        self.said = 0  # bytes of the log that were looked at
        self.trials = []

    # --- calls ---

    async def _submit(self, kind):
        job = self.ledger.new(kind, {"pool": "processes", "cost_ns": 100})
        answer = await self.client.call("job.submit", **job.params)
        if kind == "plain":
            self.ledger.take(job, answer)
        else:
            self.ledger.accept(job, answer)
        return job

    async def _expect_refusal(self):
        """Once the disk has been asked: the first ones may still go through."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                await self._submit("detached")
            except Refused as error:
                is_right = error.reason == "store_unavailable" and "retry_after_ms" in error.data
                self.expect(is_right, "the wrong refusal", error.data)
                print(f"    refused: {error}; retry_after_ms {error.data.get('retry_after_ms')}")
                return
        self.expect(False, "detached jobs are still accepted")

    async def _expect_recovery(self):
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                await self._submit("detached")
                break
            except Refused as error:
                if time.monotonic() > end:
                    self.expect(False, "no recovery", error)
                    return
                await asyncio.sleep(0.1)
        await self._expect_results()

    async def _expect_results(self):
        for job in self.ledger.kept():
            self.ledger.take(job, await self.client.call("job.wait", job=job.id))

    async def _expect_store(self, is_available):
        info = await self.client.call("server.info")
        self.expect(info["store"]["available"] == is_available, "server.info", info["store"])
        if not is_available:
            self.expect(info["store"]["reason"], "no reason is given", info["store"])

    def _expect_log(self, text):
        lines = [line for line in self.daemon.log()[self.said :].splitlines() if text in line]
        self.expect(lines, f"the log does not say {text!r}")
        for line in lines[:1]:
            print(f"    log: {line.partition('gild')[2]}")

    def _begin(self, what):
        self.trials.append(what)
        self.said = len(self.daemon.log())
        print(f"  {what}:", flush=True)

    # --- the trials ---

    async def _full(self):
        self._begin("a full disk")
        before = [await self._submit("detached") for _ in range(20)]
        self.disk.fill()
        await self._expect_refusal()
        await self._expect_store(False)
        self._expect_log("the job store is unavailable")
        for _ in range(20):
            await self._submit("plain")
        self.disk.free()
        await self._expect_recovery()
        await self._expect_store(True)
        self._expect_log("the job store serves")
        self.expect(all(job.state for job in before), "results are missing")

    async def _read_only(self):
        self._begin("a read-only disk")
        await self._stop(signal.SIGTERM)
        self.expect(self.disk.set_read_only(True), "cannot remount the disk")
        self.daemon.start()
        await self._expect_refusal()
        await self._expect_store(False)
        self._expect_log("the job store is unavailable")
        for _ in range(20):
            await self._submit("plain")
        self.expect(self.disk.set_read_only(False), "cannot remount the disk")
        await self._expect_recovery()
        await self._expect_store(True)

    async def _damaged(self):
        self._begin("a damaged store")
        await self._stop(signal.SIGKILL)
        path = f"{self.disk.path}/jobs.db"
        for name in os.listdir(self.disk.path):
            if name != "jobs.db":
                os.unlink(f"{self.disk.path}/{name}")
        with open(path, "r+b") as file:
            file.write(JUNK)
        damaged = digest(path)
        self.daemon.start()
        for job in self.ledger.kept():
            job.ids.clear()  # those went with the file
        await self._submit("plain")
        await self._expect_recovery()
        await self._expect_store(True)
        self._expect_log("the job store was damaged")
        files = [f"{self.disk.path}/{name}" for name in os.listdir(self.disk.path)]
        kept = [file for file in files if digest(file) == damaged]
        self.expect(len(kept) == 1 and kept[0] != path, "the damaged file is not kept", files)

    async def _stop(self, number):
        await self.client.close()
        self.daemon.end(number)

    async def perform(self):
        await self._full()
        await self._read_only()
        await self._damaged()

    def describe(self):
        return f"{len(self.trials)} trials"


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("disks: skipped: only root may mount a small disk")
        sys.exit(77)
    Disks.main(__doc__)
