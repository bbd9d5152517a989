#!/usr/bin/env python3
"""
gild beside its peers, on this machine, over loopback: make bench-peers.

Starts gild and one peer at a time, measures them in turn, ends them, for several
rounds: one job at a time, and as many as they can take. Then the limits in the same
way (a bare echo, a bare dispatcher), the countdown beside a bare loop, memory and
start-up. Peers that are not installed are skipped by name. Prints; does not judge.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from functools import partial

import countdown
import memory
import plot
import report
import steady
import tune
from peer import MANY, ONE, Tools, running
from program import Failure
from roster import LIMITS, PEERS, Gild
from weather import Weather

N_CPUS = 2
FULL = {"rounds": 5, "one_s": 0.8, "many_s": 1.2, "slices": 60, "n": 10_000}
QUICK = {"rounds": 1, "one_s": 0.3, "many_s": 0.4, "slices": 4, "n": 1_000}


def describe_machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    kernel = platform.release().split("-")[0]
    return {"cpus": N_CPUS, "model": models[0] if models else platform.machine(), "kernel": kernel}


def keep_to_cpus():
    """All that we start has the same few CPUs, however many there are."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:N_CPUS]))


class Bench:
    def __init__(self, options):
        self.options = options
        self.tools = Tools(options.builddir, options.gild)
        self.weather = Weather(self.tools)
        self.sizes = dict(QUICK if options.quick else FULL)
        if options.rounds:
            self.sizes["rounds"] = options.rounds
        self.round = 0
        self.skipped = []
        self.peers = [peer for peer in map(self.find, PEERS + LIMITS) if peer]
        self.peers += [Gild(self.tools, [option]) for option in options.also]
        self.records = {peer.name: self.record(peer) for peer in self.peers}
        self.gild_record = self.record(self.new_gild())

    def new_gild(self):
        return Gild(self.tools, self.options.option)

    def find(self, kind):
        peer = kind(self.tools)
        wanted = self.options.only
        if wanted and not any(word.lower() in peer.name.lower() for word in wanted):
            return None
        if peer.where():
            return peer
        self.skipped.append(f"{peer.name} ({peer.package})")
        self.say(f"skipped: {peer.name} is not installed (Debian: {peer.package})")
        return None

    @staticmethod
    def record(peer):
        return {
            "name": peer.name,
            "version": peer.version(),
            "how": peer.how,
            "is_limit": peer.is_limit,
            "pairs": {ONE: [], MANY: []},
            "start_ms": [],
        }

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def measure_mode(self, peer, mode):
        seconds = self.sizes["one_s" if mode == ONE else "many_s"]
        return peer.measure(seconds, peer.settings[mode])

    def measure_pair(self, peer):
        """A peer that fails is measured no more, and what it did is not counted."""
        try:
            self.try_pair(peer)
        except Failure as failure:
            self.say(f"{peer.name} failed: {failure}")
            self.skipped.append(f"{peer.name} (failed)")
            self.peers.remove(peer)
            del self.records[peer.name]

    def try_pair(self, peer):
        self.weather.await_quiet()
        with self.weather.watching(), running(self.new_gild()) as gild, running(peer):
            record = self.records[peer.name]
            self.gild_record["start_ms"].append(gild.start_s * 1e3)
            record["start_ms"].append(peer.start_s * 1e3)
            for mode in peer.settings:
                record["pairs"][mode].append(self.compare(gild, peer, mode))

    def compare(self, gild, peer, mode):
        """Another one is the first in each round: what comes second has no advantage."""
        sides = {"gild": gild, "peer": peer}
        names = list(sides)[:: -1 if self.round % 2 else 1]
        measures = [partial(self.measure_mode, sides[name], mode) for name in names]
        return dict(zip(names, self.weather.compare(*measures)))

    def measure_memory(self, peer, record):
        record["memory"] = memory.measure(lambda: running(peer), 1000, self.sizes["n"])

    def measure_countdown(self):
        folder = tempfile.mkdtemp(prefix="gild-bench-")
        try:
            self.weather.await_quiet()
            with self.weather.watching():
                return countdown.measure(self.tools, folder, self.sizes["slices"])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self):
        for self.round in range(self.sizes["rounds"]):
            self.say(f"round {self.round + 1} of {self.sizes['rounds']}")
            for peer in list(self.peers):
                self.measure_pair(peer)
        if not self.weather.drifts:
            raise Failure("no peer was measured")
        results = {
            "date": time.strftime("%Y-%m-%d"),
            "machine": describe_machine(),
            "rounds": self.sizes["rounds"],
            "gild": self.gild_record,
            "peers": list(self.records.values()),
            "skipped": self.skipped,
        }
        if not self.options.only:
            self.say("the countdown")
            results["countdown"] = self.measure_countdown()
            self.say("memory")
            self.measure_memory(self.new_gild(), self.gild_record)
            for peer in self.peers:
                if peer.has_own_server and not peer.is_limit:
                    self.measure_memory(peer, self.records[peer.name])
        results["noise"] = self.weather.summary()
        return results

    def steady(self):
        with running(self.new_gild()) as gild:
            steady.measure(gild, self.options.steady)

    def tune(self):
        """The best setting of each peer's grid, saturated, for roster.py."""
        gild = [] if self.options.only else [self.new_gild()]
        for peer in gild + self.peers:
            if peer.grid:
                with running(peer):
                    tune.tune(peer)


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--builddir", default=".", help="where make built gild (.)")
    parser.add_argument("--gild", help="the gild to measure (BUILDDIR/gild)")
    parser.add_argument(
        "--option", action="append", default=[], help="NAME=VALUE for gild, as its -o"
    )
    parser.add_argument(
        "--also", action="append", default=[], help="NAME=VALUE: gild with it, as one more peer"
    )
    parser.add_argument("--only", action="append", help="peers with this in their name")
    parser.add_argument("--rounds", type=int, help="how many (5)")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--tune", action="store_true", help="try each peer's settings instead")
    parser.add_argument(
        "--steady", type=float, metavar="S", help="instead: gild's latencies under load, S seconds"
    )
    parser.add_argument("--json", help="write what was measured to this file; - is the output")
    parser.add_argument("--svg", help="write the picture to this file")
    parser.add_argument("--markdown", help="write the report to this file")
    parser.add_argument("--render", help="measure nothing: show this file, written by --json")
    options = parser.parse_args()
    options.gild = options.gild or os.path.join(options.builddir, "gild")
    return options


def publish(results, options):
    if options.json == "-":
        json.dump(results, sys.stdout, indent=1)
        print()
    else:
        report.print_report(results)
    if options.json and options.json != "-":
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    if options.svg:
        plot.draw(results, options.svg)
    if options.markdown:
        picture = options.svg and os.path.relpath(
            options.svg, os.path.dirname(options.markdown) or "."
        )
        with open(options.markdown, "w", encoding="utf-8") as file:
            report.print_markdown(results, picture, file)


def main():
    options = parse_options()
    if options.render:
        with open(options.render, encoding="utf-8") as file:
            publish(json.load(file), options)
        return 0
    keep_to_cpus()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        bench = Bench(options)
        if options.tune:
            bench.tune()
        elif options.steady:
            bench.steady()
        else:
            publish(bench.run(), options)
    except Failure as failure:
        print(f"bench-peers: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
