"""
The settings of a peer that are the best, saturated: make bench-peers PEERS=--tune.

From the present ones it goes through the names of the grid, tries all values of
one and keeps the best, and starts again until nothing changes. On a machine whose
speed changes, each value is tried several times, all of them in turns.
"""

from statistics import median

from peer import MANY

TURNS = 3
SECONDS = 0.25
WARM_UP_S = 0.1
GAIN = 1.03  # less is chance: what was there stays


def rate(peer, setting):
    return peer.measure(SECONDS, setting, "--warm-up", WARM_UP_S)["jobs_per_s"]


def best_value(peer, setting, name):
    """Tries all values of one name beside the present one."""
    trials = {value: [] for value in (setting.get(name, 1), *peer.grid[name])}
    for _ in range(TURNS):
        for value, rates in trials.items():
            rates.append(rate(peer, {**setting, name: value}))
    rates = {value: median(found) for value, found in trials.items()}
    words = "  ".join(f"{value}: {found:,.0f}" for value, found in sorted(rates.items()))
    print(f"{peer.name:22} {name:10} {words}", flush=True)
    best, present = max(rates, key=rates.get), setting.get(name, 1)
    return best if rates[best] > rates[present] * GAIN else present


def tune(peer, passes=2):
    """One that runs. Prints each trial in jobs a second; returns what is the best."""
    setting = dict(peer.settings[MANY])
    for _ in range(passes):
        before = dict(setting)
        for name in peer.grid:
            setting[name] = best_value(peer, setting, name)
        if setting == before:
            break
    print(f"{peer.name:22} {setting}", flush=True)
    return setting
