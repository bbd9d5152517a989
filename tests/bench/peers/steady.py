"""
Latency under load, make bench-peers PEERS='--steady 600': gild at a half of the rate
that it can take, for so many seconds; and, for a minute at the most, at a quarter,
and at a quarter while a long job has one of its workers. Jobs are due at a fixed
rate, and a latency begins when its job was due, so a stall counts for all jobs that
it held up.
"""

from peer import MANY
from program import connect
from report import print_table

RATE_SECONDS = 3
QUARTER_SECONDS = 60
MACHINE_MS = 5000
IN_FLIGHT = {"in_flight": 4000, "wires": 8}
COLUMNS = ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")


def row(name, rate, figures):
    return (name, f"{rate:,.0f}", *(f"{figures[column]:,.1f}" for column in COLUMNS))


def describe_machine(tools):
    """What the CPUs do when nobody else asks anything of them."""
    said = tools.run("machine", "steady", MACHINE_MS)
    slow = sum(said["slow"]) / len(said["slow"])
    return (
        f"With nothing else to do, in {slow:.1%} of the milliseconds a CPU did less than half"
        f" of what it does at best, up to {max(said['slow_ms'])} ms on end."
    )


def measure(gild, seconds):
    """Of one that runs; prints a table."""
    machine = describe_machine(gild.tools)
    full = gild.measure(RATE_SECONDS, gild.settings[MANY])["jobs_per_s"]
    rows = [("", "jobs/s due", *(column.replace("_", " ") for column in COLUMNS))]
    short = min(seconds, QUARTER_SECONDS)
    for name, share, lasting in (("a half", 2, seconds), ("a quarter", 4, short)):
        rate = full / share
        figures = gild.measure(lasting, IN_FLIGHT, "--rate", rate)
        rows.append(row(name, rate, figures))
    with connect(gild.port) as wire:
        gild.occupy(wire, 1)
        figures = gild.measure(short, IN_FLIGHT, "--rate", full / 4)
        rows.append(row("a quarter, beside a long job", full / 4, figures))
    print(machine)
    print_table(f"Latency, of jobs that are due at a rate; it can take {full:,.0f}/s", rows)
