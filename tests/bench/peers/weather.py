"""
Whether the machine is ours while we measure, in three figures that are not mixed:
CPU time of others' processes, time that the hypervisor took, and the CPUs' own
speed, which on a virtual machine changes while nobody here does anything.

Others' CPU time is what the kernel counts as busy less what our programs took. So
all of ours must be waited for: those whose parents are gone become our children.
"""

import contextlib
import ctypes
import os
import time

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 2
PROBE_MS = 20
QUIET_TRIES = 3
QUIET_SHARE = 0.95
STEAL = 7  # its place in a line of /proc/stat; idle and iowait are before it
IDLE = (3, 4)


def adopt_orphans():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def await_orphans():
    """Nothing of ours runs any more that is not waited for elsewhere."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.001)
        except ChildProcessError:
            return


def our_seconds():
    return sum(os.times()[:4])


def cpu_seconds():
    """(busy, stolen) of the CPUs that we may use."""
    names = {f"cpu{cpu}" for cpu in os.sched_getaffinity(0)}
    tick = os.sysconf("SC_CLK_TCK")
    busy = stolen = 0
    with open("/proc/stat", encoding="utf-8") as stat:
        for line in stat:
            name, *words = line.split()
            if name in names:
                ticks = [int(word) for word in words[: STEAL + 1]]
                busy += sum(ticks[:STEAL]) - sum(ticks[i] for i in IDLE)
                stolen += ticks[STEAL]
    return busy / tick, stolen / tick


class Weather:
    """What was seen since it was made, when the machine was to be quiet."""

    def __init__(self, tools):
        adopt_orphans()
        self.tools = tools
        self.load = os.getloadavg()[0]
        self.speeds = []
        self.drifts = []
        self.others_s = self.stolen_s = self.elapsed_s = 0.0

    def probe(self):
        """How fast the CPUs are now; which share of them was to be had."""
        said = self.tools.run("machine", "steady", PROBE_MS)
        self.speeds.append(sum(said["turns_per_us"]))
        return min(said["shares"])

    def await_quiet(self):
        """Waits a little for others to be done; measuring goes on whatever they do."""
        for _ in range(QUIET_TRIES):
            if self.probe() >= QUIET_SHARE:
                break
            time.sleep(0.25)

    def compare(self, *measures):
        """Measures one after the other; how far the CPUs' speed went meanwhile."""
        first = len(self.speeds)
        self.probe()
        figures = []
        for measure in measures:
            figures.append(measure())
            self.probe()
        self.drifts.append(max(self.speeds[first:]) / min(self.speeds[first:]))
        return figures

    @contextlib.contextmanager
    def watching(self):
        """All that is ours and begins inside ends inside."""
        (busy, stolen), ours, begin = cpu_seconds(), our_seconds(), time.monotonic()
        try:
            yield
        finally:
            await_orphans()
            busy_now, stolen_now = cpu_seconds()
            self.others_s += busy_now - busy - (our_seconds() - ours)
            self.stolen_s += stolen_now - stolen
            self.elapsed_s += (time.monotonic() - begin) * len(os.sched_getaffinity(0))

    def summary(self):
        return {
            "load": self.load,
            "others": max(0.0, self.others_s / self.elapsed_s),
            "steal": self.stolen_s / self.elapsed_s,
            "slowest": max(self.speeds) / min(self.speeds),
            "drifts": self.drifts,
        }
