"""A gild at rest: when it is, and what it has then that a fresh one has not."""

import asyncio
import time

from daemon import children, strays

PATIENCE_S = 180
SETTLE_S = 20


def is_at_rest(stats):
    jobs, store = stats["jobs"], stats.get("store") or {}
    tasks = [pool["tasks"] for pool in stats["pools"]]
    return (
        jobs["queued"] == jobs["running"] == store.get("unfinished", 0) == 0
        and all(task["queued"] == task["dispatched"] == 0 for task in tasks)
        and all(process["state"] == "ready" for process in stats["processes"])
        and all(e["state"] == "idle" for pool in stats["pools"] for e in pool["executors"])
    )


async def await_rest(crowd):
    """The last server.stats; says in the ledger if there is no rest."""
    end = time.monotonic() + PATIENCE_S
    while True:
        stats = await crowd.insist(crowd.clients[0], "server.stats")
        if is_at_rest(stats):
            return stats
        if time.monotonic() > end:
            short = {name: stats.get(name) for name in ("jobs", "store", "processes")}
            crowd.ledger.breach("no rest", short)
            return stats
        await asyncio.sleep(0.1)


def differences(daemon, fresh):
    """What this daemon has, and the fresh one has not: sentences."""
    said = []
    ours, theirs = daemon.descriptors(), fresh.descriptors()
    for kind in sorted(ours.keys() | theirs.keys()):
        if ours.get(kind) != theirs.get(kind):
            said.append(f"descriptors of {kind}: {ours.get(kind)}, fresh {theirs.get(kind)}")
    zombies = [pid for pid, state in children(daemon.pid).items() if state == "Z"]
    if zombies:
        said.append(f"not reaped: {zombies}")
    left = strays(but=(daemon.pid, fresh.pid))
    if left:
        said.append(f"processes left behind: {left}")
    return said


async def await_no_differences(daemon, fresh):
    """Older generations, and whom a dead master left, may take a moment."""
    end = time.monotonic() + SETTLE_S
    while (said := differences(daemon, fresh)) and time.monotonic() < end:
        await asyncio.sleep(0.2)
    return said
