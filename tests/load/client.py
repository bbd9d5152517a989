#!/usr/bin/env python3
"""A scripted client of gild: jobs at a rate, and where their time went.

    client.py [--server HOST:PORT | unix:PATH] [--rate N] [--seconds S]
              [--connections N] [--pool NAME] [--workers N] [--count N]
              [--cost NS]

It needs nothing but Python's standard library, and is meant to be read and
changed: for a load test without programming there is `gilctl load`.

Jobs come at random moments, N a second on average (an open loop), whatever gild
does with the ones before. Latency counts from the moment that a job was to be
sent, not from the one when it was: if gild stands still, all who would have come
meanwhile are late, and are told of.

gild's answers say how long a job was queued, ran, and waited for a lock, so that
each latency can be split up:

    client     its moment had come, and it was not sent yet
    way        to gild and back, and gild had other lines to read
    queue      none of its tasks had begun
    lock wait  its tasks waited for the pool's lock
    run        its tasks ran
    dispatch   its tasks had ended, and it was not answered

Exit status 1 where a job was not done.
"""

import argparse
import asyncio
import collections
import itertools
import json
import os
import random
import sys
import time

PARTS = ("client", "way", "queue", "lock wait", "run", "dispatch")
BANDS = ((0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 0.999), (0.999, 1))
PERCENTILES = (0.5, 0.9, 0.99, 0.999)
PATIENCE_S = 10


class Connection:
    """Calls over one socket, many at a time; answers find their calls by id."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.ids = itertools.count(1)
        self.owed = {}
        self.reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, server):
        if server.startswith("unix:"):
            streams = await asyncio.open_unix_connection(server[5:], limit=1 << 22)
        else:
            host, port = server.rsplit(":", 1)
            streams = await asyncio.open_connection(host.strip("[]"), int(port), limit=1 << 22)
        return cls(*streams)

    async def _read(self):
        while line := await self.reader.readline():
            if line.strip():  # a lone LF asks whether we are still there
                answer = json.loads(line)
                future = self.owed.pop(answer["id"], None)
                if future and not future.done():
                    future.set_result((answer, time.monotonic_ns()))
        for future in self.owed.values():
            future.cancel()

    async def call(self, method, params):
        """The answer, when it was read, and when the call was sent."""
        number = next(self.ids)
        future = self.owed[number] = asyncio.get_running_loop().create_future()
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        line = json.dumps(request, separators=(",", ":")) + "\n"
        self.writer.write(line.encode())
        sent_ns = time.monotonic_ns()
        await self.writer.drain()
        answer, received_ns = await future
        return answer, sent_ns, received_ns

    async def close(self):
        self.writer.close()
        await self.reading


def split(result, scheduled_ns, sent_ns, received_ns):
    """Where a job's latency went: nanoseconds for each of PARTS."""
    timing = result["timing"]
    lock_wait_ns = min(timing["lock_wait_ns"] // result["workers"], timing["wall_ns"])
    return (
        sent_ns - scheduled_ns,
        max(0, received_ns - sent_ns - timing["total_ns"]),
        timing["queue_ns"],
        lock_wait_ns,
        timing["wall_ns"] - lock_wait_ns,
        max(0, timing["total_ns"] - timing["queue_ns"] - timing["wall_ns"]),
    )


class Load:
    """Submits jobs at a rate, and remembers what became of them."""

    def __init__(self, connections, rate, params):
        self.connections, self.rate, self.params = connections, rate, params
        self.jobs = []  # (latency, parts) of each that is done
        self.failures = collections.Counter()

    async def _submit(self, connection, scheduled_ns):
        try:
            answer, sent_ns, received_ns = await asyncio.wait_for(
                connection.call("job.submit", self.params), PATIENCE_S
            )
        except asyncio.TimeoutError:
            self.failures["unanswered"] += 1
            return
        except (OSError, asyncio.CancelledError):
            self.failures["connection_lost"] += 1
            return
        if "error" in answer:
            self.failures[answer["error"]["data"]["reason"]] += 1
        elif answer["result"]["state"] != "done":
            self.failures[answer["result"]["state"]] += 1
        else:
            parts = split(answer["result"], scheduled_ns, sent_ns, received_ns)
            self.jobs.append((received_ns - scheduled_ns, parts))

    async def run(self, seconds):
        turns = itertools.cycle(self.connections)
        under_way = set()
        start_ns = scheduled_ns = time.monotonic_ns()
        while True:
            scheduled_ns += int(random.expovariate(self.rate) * 1e9)
            if scheduled_ns > start_ns + seconds * 1e9:
                break
            # Behind schedule this does not wait, but lets answers be read.
            await asyncio.sleep(max(0, scheduled_ns - time.monotonic_ns()) / 1e9)
            task = asyncio.create_task(self._submit(next(turns), scheduled_ns))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def percentile(ordered, fraction):
    """The value that this fraction of them does not exceed."""
    return ordered[max(0, -int(-fraction * len(ordered) // 1) - 1)]


def band_name(low, high):
    if low == 0:
        return f"fastest {100 * high:g} %"
    return f"above {100 * low:g} %" if high == 1 else f"{100 * low:g} to {100 * high:g} %"


def report(load, seconds):
    jobs = sorted(load.jobs)
    print(f"{len(jobs):,} jobs done, {len(jobs) / seconds:,.0f} a second")
    for reason, n in load.failures.most_common():
        print(f"{n:,} jobs failed: {reason}")
    if not jobs:
        return
    latencies = [latency for latency, _ in jobs]
    print("\nlatency")
    for fraction in PERCENTILES:
        if len(jobs) * (1 - fraction) >= 1:
            print(f"  p{100 * fraction:<6g} {duration(percentile(latencies, fraction)):>8}")
    print(f"  max     {duration(latencies[-1]):>8}")
    print("\nwhere it went" + " " * 4 + "".join(f"{part:>10}" for part in PARTS))
    for low, high in BANDS:
        band = jobs[int(low * len(jobs)) : int(high * len(jobs))]
        if band:
            means = [sum(parts[i] for _, parts in band) / len(band) for i in range(len(PARTS))]
            cells = "".join(f"{duration(mean):>10}" for mean in means)
            print(f"  {band_name(low, high):<15}{cells}")


def read_arguments():
    parser = argparse.ArgumentParser(description="Submits jobs to gild at a rate.")
    add = parser.add_argument
    add("--server", default=os.environ.get("GILD_SERVER") or "127.0.0.1:4453")
    add("--rate", type=float, default=200, help="jobs a second (200)")
    add("--seconds", type=float, default=5, help="how long (5)")
    add("--connections", type=int, default=2, help="(2)")
    add("--pool", default="processes", help="(processes)")
    add("--workers", type=int, default=1, help="parts of a job (1)")
    add("--count", type=int, default=10000, help="turns of a job (10000)")
    add("--cost", type=int, default=0, help="work in a turn, in ns (0)")
    return parser.parse_args()


async def main():
    args = read_arguments()
    params = {
        "pool": args.pool,
        "workers": args.workers,
        "count": args.count,
        "cost_ns": args.cost,
    }
    connections = [await Connection.open(args.server) for _ in range(args.connections)]
    load = Load(connections, args.rate, params)
    print(f"{args.rate:,g} jobs a second for {args.seconds:g} s, to {args.server}", flush=True)
    await load.run(args.seconds)
    for connection in connections:
        await connection.close()
    report(load, args.seconds)
    return 1 if load.failures or not load.jobs else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except (OSError, ValueError) as error:
        sys.exit(f"client.py: {error}")
