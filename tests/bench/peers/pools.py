#!/usr/bin/env python3
"""
pools.py KIND WHAT: Python's own process pools, measured like the servers.

KIND is pool (multiprocessing.Pool) or futures (concurrent.futures). WHAT is one
(a job at a time), many (map, with a chunksize of 1), or hold: start the pool, say
"ready", and wait to be ended. Prints the line that load prints.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import resource
import signal
import sys
import time

BATCH = 2000  # jobs of one map


def count_down(turns):
    while turns > 0:
        turns -= 1
    return turns


class Pool:
    def __init__(self, n_workers):
        self.pool = multiprocessing.get_context("fork").Pool(n_workers)

    def call(self):
        return self.pool.apply(count_down, (1,))

    def call_many(self, n):
        return sum(self.pool.map(count_down, [1] * n, chunksize=1))

    def end(self):
        self.pool.terminate()
        self.pool.join()


class Futures:
    def __init__(self, n_workers):
        context = multiprocessing.get_context("fork")
        self.pool = concurrent.futures.ProcessPoolExecutor(n_workers, mp_context=context)

    def call(self):
        return self.pool.submit(count_down, 1).result()

    def call_many(self, n):
        return sum(self.pool.map(count_down, [1] * n, chunksize=1))

    def end(self):
        self.pool.shutdown()


def measure_one(pool, seconds):
    taken, end = [], time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        pool.call()
        taken.append((time.perf_counter() - begin) * 1e6)
    taken.sort()
    return taken, len(taken)


def measure_many(pool, seconds):
    """A job's own latency is not seen in a map: there is none."""
    n, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        pool.call_many(BATCH)
        n += BATCH
    return [], n


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def report(what, pool, seconds):
    for _ in range(200):
        pool.call()
    begin, begin_cpu = time.perf_counter(), cpu_seconds()
    taken, n = (measure_one if what == "one" else measure_many)(pool, seconds)
    elapsed = time.perf_counter() - begin
    line = {"jobs": n, "jobs_per_s": n / elapsed}
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1)):
        line[f"{name}_us"] = taken[int((len(taken) - 1) * share)] if taken else None
    line["client_cpu"] = (cpu_seconds() - begin_cpu) / elapsed
    print(json.dumps(line))


def hold(pool):
    pool.call()
    # Only now: its processes keep the default.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("ready", flush=True)
    signal.pause()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("pool", "futures"))
    parser.add_argument("what", choices=("one", "many", "hold"))
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    pool = (Pool if options.kind == "pool" else Futures)(options.workers)
    try:
        if options.what == "hold":
            hold(pool)
        else:
            report(options.what, pool, options.seconds)
    finally:
        pool.end()


if __name__ == "__main__":
    main()
