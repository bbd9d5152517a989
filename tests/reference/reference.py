#!/usr/bin/env python3
"""The same experiments in CPython and in gild, side by side in one run.

gild's policy `interval` says of itself that it is CPython's lock. Here both do
the same work on the same machine in the same minute: a turn of gild costs what
a turn of this Python costs, and the two take turns, so that a change of the
machine's mood hits both. See README.md for what is measured, and how.

It prints and does not judge: the exit status is 0 when everything ran.
"""

import argparse
import gc
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MS = 1_000_000
S = 1_000_000_000

SWITCH_INTERVALS_US = (50, 100, 500, 1000, 5000, 50000)
CONVOY_INTERVALS_US = (5000, 500)
CONVOY_LOADS = (1, 2, 4)
IO_EVERY = 100  # turns between two blocking operations
IO_FOR_US = 100  # how long one of them blocks

CONFIGURATION = """
pool "threads" {
	kind = threads
	size = 5
	policy = interval
	force = true
}
pool "processes" {
	kind = processes
	size = 2
}
"""


# --- CPython ---


def countdown(turns):
    while turns > 0:
        turns -= 1


def countdown_with_switches(turns, me, last):
    """Counts, and returns how often it found that another thread had run.

    `last` holds the thread that ran last. CPython looks at its drop request
    where a loop jumps back (since 3.10), so a tenure is made of whole turns:
    each one passes the comparison, and no switch comes between it and the
    assignment.
    """
    changes = 0
    while turns > 0:
        turns -= 1
        if last[0] is not me:
            last[0] = me
            changes += 1
    return changes


def elapsed_ns(function, *args):
    start = time.perf_counter_ns()
    function(*args)
    return time.perf_counter_ns() - start


def turn_cost_ns(function, *args):
    """A turn's cost: the least of several runs, as gild calibrates itself."""
    turns = 200_000
    runs = [elapsed_ns(function, turns, *args) for _ in range(15)]
    return min(runs) / turns


def in_threads(bodies):
    """Runs each in a thread. From the first start to the last end."""
    spans = []

    def run(body):
        start = time.perf_counter_ns()
        body()
        spans.append((start, time.perf_counter_ns()))

    threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(span[1] for span in spans) - min(span[0] for span in spans)


def in_processes(parts, turns):
    """The same in processes, which are there before the clock starts."""
    gate_read, gate_write = os.pipe()
    spans_read, spans_write = os.pipe()
    children = []
    for _ in range(parts):
        child = os.fork()
        if child == 0:
            try:
                os.close(gate_write)
                os.read(gate_read, 1)
                start = time.perf_counter_ns()
                countdown(turns // parts)
                end = time.perf_counter_ns()
                os.write(spans_write, f"{start} {end}\n".encode())
            finally:
                os._exit(0)
        children.append(child)
    os.close(gate_read)
    os.close(gate_write)
    os.close(spans_write)
    for child in children:
        os.waitpid(child, 0)
    with os.fdopen(spans_read) as lines:
        spans = [[int(word) for word in line.split()] for line in lines]
    return max(span[1] for span in spans) - min(span[0] for span in spans)


class CPython:
    def __init__(self):
        self.name = f"{platform.python_implementation()} {platform.python_version()}"

    def set_interval(self, interval_us):
        sys.setswitchinterval(interval_us / 1e6)

    def count_in_one_go(self, turns):
        return elapsed_ns(countdown, turns)

    def count_in_threads(self, turns):
        return in_threads([lambda: countdown(turns // 2)] * 2)

    def count_in_processes(self, turns):
        return in_processes(2, turns)

    def switches_per_s(self, duration_ns):
        """Of two threads that count. The first start of one and the start of
        the other after its end are no switches."""
        turns = int(duration_ns / 2 / self.switch_turn_ns)
        last = [None]
        changes = []

        def body():
            changes.append(countdown_with_switches(turns, object(), last))

        wall_ns = in_threads([body, body])
        return (sum(changes) - 2) * S / wall_ns

    def operations_per_s(self, load, duration_ns):
        """Of one thread that blocks now and then, beside others that count."""
        is_running = [True]
        rate = []

        def count():
            turns = 0
            while is_running[0]:
                turns -= 1

        def operate():
            time.sleep(0.1)
            operations = 0
            start = time.perf_counter_ns()
            now = start
            while now - start < duration_ns:
                countdown(IO_EVERY)
                time.sleep(IO_FOR_US / 1e6)
                operations += 1
                now = time.perf_counter_ns()
            is_running[0] = False
            rate.append(operations * S / (now - start))

        in_threads([count] * load + [operate])
        return rate[0]

    def measure_turns(self):
        self.switch_turn_ns = turn_cost_ns(countdown_with_switches, self, [None])
        return turn_cost_ns(countdown)


# --- gild ---


class Link:
    """A connection to gild: JSON-RPC, a message a line."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="ascii")
        self.last_id = 0

    def send(self, method, **params):
        self.last_id += 1
        message = {"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        return self.last_id

    def receive(self, wanted):
        while True:
            line = self.lines.readline()
            if not line:
                raise RuntimeError("gild closed the connection")
            if not line.strip():
                continue
            answer = json.loads(line)
            if answer.get("id") != wanted:
                continue
            if "error" in answer:
                raise RuntimeError(f"gild: {answer['error']}")
            return answer["result"]

    def call(self, method, **params):
        return self.receive(self.send(method, **params))

    def close(self):
        self.lines.close()
        self.socket.close()


class Gild:
    """A daemon of our own, on a Unix socket in a folder of our own."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "gild.sock")
        configuration = os.path.join(self.folder.name, "gild.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION)
        self.log = open(os.path.join(self.folder.name, "gild.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [program, "-c", configuration, "-l", f"unix:{self.path}"],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        else:
            self.log.seek(0)
            raise RuntimeError(f"{program} did not start: {self.log.read()}")
        self.link = Link(self.path)
        self.name = "gild " + self.link.call("server.info")["version"]
        self.cost_ns = 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()

    def submit(self, pool, turns, workers, **params):
        return self.link.call(
            "job.submit", pool=pool, count=turns, workers=workers, cost_ns=self.cost_ns, **params
        )

    def set_interval(self, interval_us):
        self.link.call("pool.set", pool="threads", interval_us=interval_us)

    def count_in_one_go(self, turns):
        return self.submit("threads", turns, 1)["timing"]["wall_ns"]

    def count_in_threads(self, turns):
        return self.submit("threads", turns, 2)["timing"]["wall_ns"]

    def count_in_processes(self, turns):
        return self.submit("processes", turns, 2)["timing"]["wall_ns"]

    def switches_per_s(self, duration_ns):
        result = self.submit("threads", int(duration_ns / self.cost_ns), 2)
        return result["lock"]["switches"] * S / result["timing"]["wall_ns"]

    def operations_per_s(self, load, duration_ns):
        endless = 2**53 - 1
        link = Link(self.path)
        counting = link.send(
            "job.submit",
            pool="threads",
            count=endless,
            workers=load,
            cost_ns=self.cost_ns,
            timeout_ms=duration_ns // MS + 300,
        )
        time.sleep(0.1)
        result = self.submit(
            "threads",
            endless,
            1,
            profile="io",
            io_every=IO_EVERY,
            io_for_us=IO_FOR_US,
            timeout_ms=duration_ns // MS,
        )
        link.receive(counting)
        link.close()
        return result["lock"]["io_operations"] * S / result["timing"]["wall_ns"]


# --- the experiments ---


class Row:
    """One figure of both, measured in turns."""

    def __init__(self, text, unit, within=None):
        self.text = text
        self.unit = unit
        self.within = within
        self.samples = ([], [])

    def medians(self):
        return [statistics.median(samples) for samples in self.samples]

    def ratio(self):
        cpython, gild = self.medians()
        return gild / cpython

    def write(self):
        columns = []
        for samples in self.samples:
            low, high = min(samples), max(samples)
            middle = statistics.median(samples)
            columns.append(
                f"{self.number(middle):>8} {self.number(low):>8} .. {self.number(high):<8}"
            )
        line = f"{self.text:<34}{columns[0]}{columns[1]}{self.ratio():6.3f}"
        if self.within is not None:
            is_near = abs(self.ratio() - 1) <= self.within / 100
            line += f"  {'' if is_near else 'not '}within {self.within} %"
        print(line, flush=True)

    def number(self, value):
        if self.unit == "s":
            return f"{value / S:.3f}"
        if self.unit == "ratio":
            return f"{value:.3f}"
        return f"{value:.0f}" if value >= 1000 else f"{value:.1f}"

    def to_json(self):
        cpython, gild = self.samples
        return {
            "what": self.text,
            "unit": {"s": "ns"}.get(self.unit, self.unit),
            "cpython": cpython,
            "gild": gild,
            "ratio": self.ratio(),
            "wanted_within_percent": self.within,
        }


def interleave(both, rounds, measure):
    """One row's samples: A B, B A, A B, ..."""
    samples = ([], [])
    for i in range(rounds):
        for j in (0, 1) if i % 2 == 0 else (1, 0):
            samples[j].append(measure(both[j]))
    return samples


def measure_countdown(both, rounds, turns):
    one = Row("one go", "s")
    threads = Row("2 threads", "s")
    processes = Row("2 processes", "s")
    threads_ratio = Row("threads / one go", "ratio", within=5)
    processes_ratio = Row("processes / one go", "ratio")
    for side in both:
        side.set_interval(5000)
    for i in range(rounds):
        for j in (0, 1) if i % 2 == 0 else (1, 0):
            wall_ns = [
                both[j].count_in_one_go(turns),
                both[j].count_in_threads(turns),
                both[j].count_in_processes(turns),
            ]
            one.samples[j].append(wall_ns[0])
            threads.samples[j].append(wall_ns[1])
            processes.samples[j].append(wall_ns[2])
            threads_ratio.samples[j].append(wall_ns[1] / wall_ns[0])
            processes_ratio.samples[j].append(wall_ns[2] / wall_ns[0])
    return [one, threads, processes, threads_ratio, processes_ratio]


def measure_switches(both, rounds, interval_us):
    within = 15 if interval_us in CONVOY_INTERVALS_US else None
    row = Row(f"interval {interval_us:>5} us", "1/s", within)
    duration_ns = max(S, 40 * interval_us * 1000)
    for side in both:
        side.set_interval(interval_us)
    row.samples = interleave(both, rounds, lambda side: side.switches_per_s(duration_ns))
    return row


def measure_convoy(both, rounds, interval_us, load):
    row = Row(f"interval {interval_us:>5} us, beside {load}", "1/s", within=25)
    duration_ns = max(S, 400 * interval_us * 1000)
    for side in both:
        side.set_interval(interval_us)
    row.samples = interleave(both, rounds, lambda side: side.operations_per_s(load, duration_ns))
    return row


def run(both, rounds):
    rows = []

    def heading(text):
        print(f"\n{text}")

    def show(row):
        row.write()
        rows.append(row)

    load_before = os.getloadavg()[0]
    turn_ns = both[0].measure_turns()
    both[1].cost_ns = round(turn_ns)
    turns = int(S / 2 / turn_ns)
    print(f"{both[0].name} and {both[1].name} on {os.cpu_count()} CPUs, {rounds} rounds, in turns.")
    print(f"A turn costs {turn_ns:.1f} ns in CPython, cost_ns = {both[1].cost_ns} in gild.")
    if load_before > 0.5:
        print(f"The machine has other things to do (load {load_before:.1f}): do not trust this.")
    print(f"\n{'':<34}{both[0].name:<29}{both[1].name:<28}gild / CPython")
    print(f"{'':<34}" + "  median      min .. max      " * 2)
    heading(f"countdown from {turns}: seconds")
    for row in measure_countdown(both, rounds, turns):
        show(row)
    heading("two threads that count: switches/s")
    for interval_us in SWITCH_INTERVALS_US:
        show(measure_switches(both, rounds, interval_us))
    heading(f"convoy: {IO_FOR_US} us of sleep every {IO_EVERY} turns, operations/s")
    for interval_us in CONVOY_INTERVALS_US:
        for load in CONVOY_LOADS:
            show(measure_convoy(both, rounds, interval_us, load))
    return {
        "cpython": platform.python_version(),
        "gild": both[1].name.split()[1],
        "cpus": os.cpu_count(),
        "load_before": load_before,
        "turn_ns": turn_ns,
        "cost_ns": both[1].cost_ns,
        "rounds": rounds,
        "rows": [row.to_json() for row in rows],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--gild", default=os.environ.get("GILD", "gild"), metavar="PROGRAM")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="write every sample to it")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds must be 1 or more")
    if platform.python_implementation() != "CPython" or not getattr(
        sys, "_is_gil_enabled", lambda: True
    )():
        sys.exit("reference: this Python has no global lock to compare with")
    gc.disable()
    gild = Gild(args.gild)
    try:
        report = run((CPython(), gild), args.rounds)
    finally:
        gild.stop()
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(report, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
