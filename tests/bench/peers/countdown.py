"""
gild's countdown beside the bare loop, and its two processes beside the machine's.

A CPU's speed changes from moment to moment, and differs from CPU to CPU, by more
than what is to be shown. So the two take short turns on the same CPU, and a ratio
is of a slice of gild's and the slices of the bare loop right before and behind it:
a drift is in both. What is said is the median of many.

A pool of each policy counts down in one task, with nobody to share its lock; what
a turn costs there in CPU time is set beside what it costs the bare loop. Then the
same work in one process and in two, each kept to a CPU, by the wall's clock, for
the bare loop and for gild. What others take away is in that; it is not in the CPU
time, in which two that slow each other down can be seen, too.
"""

import json
import os
from statistics import mean, median

from program import Program, ask, connect, free_port

SLICE_MS = 15
TWO_MS = 25  # longer: it takes some 50 us to wake two processes

POOLS = {
    "processes": "kind = processes",
    "interval": "kind = threads\n policy = interval",
    "fair": "kind = threads\n policy = fair",
    "ruby": "kind = threads\n policy = ruby",
    "ocaml": "kind = threads\n policy = ocaml",
    "hold": "kind = threads\n policy = hold",
    "no lock": "kind = threads\n locks = 0",
    "ticks": "kind = threads\n policy = ticks",
}


def write_configuration(folder, port, pools):
    path = f"{folder}/pools.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'listen = {{"127.0.0.1:{port}"}}\n')
        for name, lines in pools.items():
            file.write(f'pool "{name.replace(" ", "_")}" {{\n {lines}\n}}\n')
    return path


class Counter:
    """gild with these pools, all of it on these CPUs; and the bare loop."""

    def __init__(self, tools, folder, cpus, pools):
        self.tools = tools
        port = free_port()
        command = [tools.gild, "-c", write_configuration(folder, port, pools)]
        self.gild = Program(command, folder, cpus)
        try:
            self.gild.await_line(b"ready\n")
            self.wire = connect(port)
        except BaseException:
            self.gild.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()
        self.gild.end()

    def submit(self, pool, count, workers=1):
        params = {"count": count, "pool": pool.replace(" ", "_"), "workers": workers}
        call = {"jsonrpc": "2.0", "id": 1, "method": "job.submit", "params": params}
        answer = json.loads(ask(self.wire, json.dumps(call).encode() + b"\n", b"\n"))
        return answer["result"]

    def loop(self, turns, *cpus):
        return self.tools.run("machine", "loop", turns, *cpus)


def measure_pools(tools, folder, cpu, slices, turns):
    """{pool: [ratio to the bare loop's turns a second]}, and the bare loop's ns."""
    pools = {name: [] for name in POOLS}
    with Counter(tools, folder, {cpu}, POOLS) as counter:
        bare_ns = [counter.loop(turns, cpu)["cpu_ns"][0]]
        for _ in range(slices):
            for name, ratios in pools.items():
                gild_ns = counter.submit(name, turns)["timing"]["cpu_ns"]
                bare_ns.append(counter.loop(turns, cpu)["cpu_ns"][0])
                ratios.append(mean(bare_ns[-2:]) / gild_ns)
    return pools, bare_ns


def scaling(one, two):
    """How much more two do than one: by the wall's clock, and by CPU time."""
    return {
        "wall": 2 * one["wall_ns"] / two["wall_ns"],
        "cpu": 2 * one["cpu_ns"][0] / mean(two["cpu_ns"]),
    }


def figures(result):
    """gild's result in the form that the bare loop's has."""
    tasks = result["tasks"]
    return {"wall_ns": result["timing"]["wall_ns"], "cpu_ns": [task["cpu_ns"] for task in tasks]}


def measure_scaling(tools, folder, cpus, slices, turns):
    """{"machine": [...], "gild": [...]} of what scaling() says."""
    machine, gild = [], []
    pool = {"processes": "kind = processes\n size = 2\n affinity = spread"}
    with Counter(tools, folder, set(cpus), pool) as counter:
        # In this order a speed that drifts is in all four alike.
        for _ in range(slices):
            gild_one = counter.submit("processes", turns)
            cpu = min(os.sched_getaffinity(gild_one["tasks"][0]["pid"]))
            machine_one = counter.loop(turns, cpu)
            gild_two = counter.submit("processes", 2 * turns, 2)
            machine_two = counter.loop(turns, *cpus)
            gild.append(scaling(figures(gild_one), figures(gild_two)))
            machine.append(scaling(machine_one, machine_two))
    return {"machine": machine, "gild": gild}


def measure(tools, folder, slices):
    """So many slices of each pool, and of two processes, on the CPUs that are ours."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    turns_per_ms = round(1000 * max(tools.run("machine", "steady", SLICE_MS)["turns_per_us"]))
    turns = SLICE_MS * turns_per_ms
    pools, bare_ns = measure_pools(tools, folder, cpus[0], slices, turns)
    return {
        "turns": turns,
        "bare_ns": bare_ns,
        "pools": pools,
        "scaling": measure_scaling(tools, folder, cpus, slices, TWO_MS * turns_per_ms),
    }
