"""
gild's countdown beside the bare loop, and its two processes beside the machine's.

A pool of each policy counts down in one task, with nobody to share its lock; what
a turn costs there in CPU time is set beside what it costs a loop that does
nothing else. Then the same work in one process and in two, by the wall's clock,
for gild and for the bare loop. All in turns.
"""

import json
from statistics import median

from program import Program, ask, connect, free_port

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


def write_configuration(folder, port):
    path = f"{folder}/pools.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'listen = {{"127.0.0.1:{port}"}}\n')
        for name, lines in POOLS.items():
            file.write(f'pool "{name.replace(" ", "_")}" {{\n {lines}\n}}\n')
    return path


def submit(wire, pool, count, workers=1):
    params = {"count": count, "pool": pool.replace(" ", "_"), "workers": workers}
    call = {"jsonrpc": "2.0", "id": 1, "method": "job.submit", "params": params}
    wire.settimeout(120)
    answer = json.loads(ask(wire, json.dumps(call).encode() + b"\n", b"\n"))
    return answer["result"]


def measure(tools, folder, rounds, turns):
    """{"pools": {name: [ratio to the bare loop's turns a second]}, "scaling": ...}"""
    port = free_port()
    gild = Program([tools.gild, "-c", write_configuration(folder, port)], folder)
    pools = {name: [] for name in POOLS}
    scaling = {"machine": [], "gild": []}
    bare_ps = []
    try:
        gild.await_line(b"ready\n")
        with connect(port) as wire:
            for _ in range(rounds):
                for name, ratios in pools.items():
                    bare_ns = tools.run("machine", "loop", turns, 1)["cpu_ns"][0]
                    ratios.append(bare_ns / submit(wire, name, turns)["timing"]["cpu_ns"])
                    bare_ps.append(bare_ns * 1000 / turns)
                one, two = (tools.run("machine", "loop", turns, n)["wall_ns"] for n in (1, 2))
                scaling["machine"].append(2 * one / two)
                one, two = (
                    submit(wire, "processes", n * turns, n)["timing"]["wall_ns"] for n in (1, 2)
                )
                scaling["gild"].append(2 * one / two)
    finally:
        gild.end()
    return {"turns": turns, "bare_ps": median(bare_ps), "pools": pools, "scaling": scaling}
