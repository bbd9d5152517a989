"""What was measured, as tables: plain text, and the Markdown of RESULTS.md."""

from statistics import median

from peer import MANY, ONE

# What the project wants to be, beside which the figures stand: gild's rate over a
# peer's, and a peer's p50 over gild's.
AIMS = {
    (ONE, "a bare dispatcher"): "0.8",
    (MANY, "Redis"): "4",
    (MANY, "gearmand"): "6",
    (MANY, "gearmand, libgearman"): "6",
    (MANY, "beanstalkd"): "13",
    (MANY, "Pool"): "3.5",
    (MANY, "NATS, JSON"): "1",
}
TITLES = {
    ONE: "One job at a time, there and back",
    MANY: "As many jobs as it can take, jobs a second",
}
MOST_OF_OTHERS = 0.05  # of the CPUs' time: with more, figures mean little
MOST_SCATTER = 2  # of a row's ratios, the middle row: with more, ratios do


def spread(values, form):
    """The median, and the least and the most."""
    least, most = form.format(min(values)), form.format(max(values))
    return form.format(median(values)) + (f" ({least} to {most})" if least != most else "")


def middle(values, form):
    """The median, and between what the middle half of them is."""
    ordered, n = sorted(values), len(values)
    quarter, three = form.format(ordered[n // 4]), form.format(ordered[(3 * n - 1) // 4])
    return form.format(median(values)) + (f" ({quarter} to {three})" if n > 2 else "")


def column(pairs, who, what):
    return [pair[who][what] for pair in pairs]


def ratios(pairs, mode):
    """Above 1: gild is ahead."""
    if mode == ONE:
        return [pair["peer"]["p50_us"] / pair["gild"]["p50_us"] for pair in pairs]
    return [pair["gild"]["jobs_per_s"] / pair["peer"]["jobs_per_s"] for pair in pairs]


def has_pairs(results, mode):
    return [peer for peer in results["peers"] if peer["pairs"].get(mode)]


def tail(pairs, who):
    """p99 as a multiple of p50."""
    return median(pair[who]["p99_us"] / pair[who]["p50_us"] for pair in pairs)


def rows_of_one(results):
    yield (
        "",
        "p50 us",
        "p99 us",
        "p99/p50",
        "gild's p50",
        "gild's p99",
        "gild's p99/p50, aim 3",
        "times gild's p50",
        "aim",
    )
    for peer in has_pairs(results, ONE):
        pairs = peer["pairs"][ONE]
        yield (
            peer["name"],
            spread(column(pairs, "peer", "p50_us"), "{:.1f}"),
            f'{median(column(pairs, "peer", "p99_us")):.1f}',
            f'{tail(pairs, "peer"):.1f}',
            f'{median(column(pairs, "gild", "p50_us")):.1f}',
            f'{median(column(pairs, "gild", "p99_us")):.1f}',
            f'{tail(pairs, "gild"):.1f}',
            spread(ratios(pairs, ONE), "{:.2f}"),
            AIMS.get((ONE, peer["name"]), "" if peer["is_limit"] else "1"),
        )


def rows_of_many(results):
    yield ("", "jobs/s", "gild's jobs/s", "gild is so many times it", "aim", "client's CPU")
    for peer in has_pairs(results, MANY):
        pairs = peer["pairs"][MANY]
        yield (
            peer["name"],
            spread(column(pairs, "peer", "jobs_per_s"), "{:,.0f}"),
            f'{median(column(pairs, "gild", "jobs_per_s")):,.0f}',
            spread(ratios(pairs, MANY), "{:.2f}"),
            AIMS.get((MANY, peer["name"]), ""),
            f'{median(column(pairs, "peer", "client_cpu")):.0%}',
        )


def rows_of_memory(results):
    yield ("", "idle KiB", "a connection, bytes", "a waiting job, bytes", "ready after ms")
    for peer in [results["gild"], *results["peers"]]:
        memory = peer.get("memory")
        if peer.get("is_limit") or not memory:
            continue
        yield (
            peer["name"],
            f'{memory["idle_kib"]:,}',
            "" if memory["connection"] is None else f'{memory["connection"]:,.0f}',
            "" if memory["job"] is None else f'{memory["job"]:,.0f}',
            f'{median(peer["start_ms"]):.1f}' if peer["start_ms"] else "",
        )


def rows_of_countdown(results):
    countdown = results["countdown"]
    yield ("pool", "share of the bare loop's turns a second", "aim")
    for name, values in countdown["pools"].items():
        yield (name, middle(values, "{:.3f}"), "" if name == "ticks" else "0.98")


def rows_of_scaling(results):
    machine, gild = (results["countdown"]["scaling"][who] for who in ("machine", "gild"))
    yield ("two processes do so much more than one", "by the wall's clock", "by CPU time", "aim")
    for name, values in (("the machine itself", machine), ("gild", gild)):
        yield (name, *(middle([one[by] for one in values], "{:.3f}") for by in ("wall", "cpu")), "")
    shares = {by: [a[by] / b[by] for a, b in zip(gild, machine)] for by in ("wall", "cpu")}
    yield (
        "gild's share of the machine's",
        *(middle(values, "{:.3f}") for values in shares.values()),
        "0.98",
    )


def rows_of_settings(results):
    yield ("", "version", "one at a time", "as many as it can take")
    for peer in [results["gild"], *results["peers"]]:
        yield (peer["name"], peer["version"], *(peer["how"].get(mode, "") for mode in (ONE, MANY)))


def tables(results):
    """(title, rows) of what there is."""
    if any(has_pairs(results, ONE)):
        yield TITLES[ONE], list(rows_of_one(results))
    if any(has_pairs(results, MANY)):
        yield TITLES[MANY], list(rows_of_many(results))
    if results.get("countdown"):
        yield "The countdown", list(rows_of_countdown(results))
        yield "Two processes", list(rows_of_scaling(results))
    if results["gild"].get("memory"):
        yield "Memory and start", list(rows_of_memory(results))
    yield "Settings", list(rows_of_settings(results))


def scatter(results):
    """By which factor a row's ratios differ from round to round: the middle row's."""
    factors = [1.0]
    for mode in (ONE, MANY):
        for peer in has_pairs(results, mode):
            row = ratios(peer["pairs"][mode], mode)
            factors.append(max(row) / min(row))
    return median(factors[1:] or factors)


def describe_noise(results):
    """A sentence on each of what disturbs, and what follows from it."""
    noise = results["noise"]
    drift = median(noise["drifts"])
    yield (
        f"Others' processes took {noise['others']:.1%} of the CPUs' time while it measured;"
        f" the load before it began was {noise['load']:.2f}."
    )
    yield f"The hypervisor took {noise['steal']:.1%}."
    yield (
        "The CPUs' own speed, idle or not: the same loop took up to"
        f" {noise['slowest']:.2f} times the CPU time that it takes at best, and within a"
        f" pair of measurements changed by a factor of {drift:.2f}, at most"
        f" {max(noise['drifts']):.2f}."
    )
    factor = scatter(results)
    yield (
        "From round to round the ratios of a row differ by a factor of"
        f" {factor:.2f}, in the middle one of the rows."
    )
    if noise["others"] > MOST_OF_OTHERS:
        yield "Others were at work on the machine: these figures mean little."
    elif factor > MOST_SCATTER:
        yield "Ratios differ so much from round to round that they mean little."
    else:
        yield (
            "Compare ratios, which are of a pair measured in turn, so that a slow drift"
            " is in both of its sides; not figures of different rows."
        )


def describe(results):
    machine = results["machine"]
    cpus = f"{machine['cpus']} CPUs ({machine['model']})"
    yield f"{results['date']}, {cpus}, Linux {machine['kernel']}."
    n = results["rounds"]
    yield f"{n} rounds; medians, with the least and the most." if n > 1 else "One round."
    yield from describe_noise(results)
    if results["skipped"]:
        yield "Not installed, so not measured: " + ", ".join(results["skipped"]) + "."


def print_table(title, rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}\n")
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("  " + "  ".join(cells).rstrip())


def print_report(results):
    for line in describe(results):
        print(line)
    for title, rows in tables(results):
        print_table(title, rows)


INTRODUCTION = """# gild beside its peers

A whole round trip over loopback: a client, a server, a worker process, and back;
the job counts down from 1. `make bench-results` measures and writes this page.
Clients and workers are the same few C programs for every server and speak each
one's protocol directly, with as few system calls as it allows (tests/bench/peers);
all share the same two CPUs. gearmand has a row with its own C library, too. Each
peer is measured in turn with gild, another one first in each round, and a ratio is
of such a pair. Above 1, gild is ahead. Each peer has the setting that was the best
of those that `make bench-peers PEERS=--tune` tries, the same for all; they stand at
the end.

What is called a limit does less than any dispatcher has to: the echo does no work
at all, and the bare dispatcher knows no JSON, keeps no account and bounds nothing.
Python's pools have no TCP between client and pool. "Client's CPU" is the share of
one CPU that the client took: near 100% the client, not the server, was the bound.

The countdown and the bare loop take turns on one CPU, some milliseconds each, and a
share is of a slice of gild's, by CPU time, and the bare loop's right before and
behind it. The same with two processes, one on each CPU, by the wall's clock, in which
is what others take away, and by CPU time, in which that is not. With their medians
stands what the middle half of them is between.
"""


def print_markdown(results, picture, out):
    print(INTRODUCTION, file=out)
    for line in describe(results):
        print(line, file=out)
    if picture:
        print(f"\n![p50 and jobs a second, gild and its peers]({picture})", file=out)
    for title, rows in tables(results):
        print(f"\n## {title}\n", file=out)
        for i, row in enumerate(rows):
            print("| " + " | ".join(row) + " |", file=out)
            if i == 0:
                print("|---" * len(row) + "|", file=out)
