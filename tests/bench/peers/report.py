"""What was measured, as tables: plain text, and the Markdown of RESULTS.md."""

from statistics import median

from roster import MANY, ONE

# What the project wants to be, beside which the figures stand: gild's rate over a
# peer's, and a peer's p50 over gild's.
AIMS = {
    (ONE, "a bare dispatcher"): "0.8",
    (MANY, "Redis"): "4",
    (MANY, "gearmand"): "6",
    (MANY, "beanstalkd"): "13",
    (MANY, "Pool"): "3.5",
    (MANY, "NATS, JSON"): "1",
}
TITLES = {
    ONE: "One job at a time, there and back",
    MANY: "As many jobs as it can take, jobs a second",
}
NOISE_SHARE = 0.05
MOSTLY_SHORT = 0.2


def spread(values, form):
    """The median, and the least and the most."""
    least, most = form.format(min(values)), form.format(max(values))
    return form.format(median(values)) + (f" ({least} to {most})" if least != most else "")


def column(pairs, who, what):
    return [pair[who][what] for pair in pairs]


def ratios(pairs, mode):
    """Above 1: gild is ahead."""
    if mode == ONE:
        return [pair["peer"]["p50_us"] / pair["gild"]["p50_us"] for pair in pairs]
    return [pair["gild"]["jobs_per_s"] / pair["peer"]["jobs_per_s"] for pair in pairs]


def has_pairs(results, mode):
    return [peer for peer in results["peers"] if peer["pairs"].get(mode)]


def rows_of_one(results):
    yield ("", "p50 us", "p99 us", "gild's p50", "gild's p99", "times gild's p50", "aim")
    for peer in has_pairs(results, ONE):
        pairs = peer["pairs"][ONE]
        yield (
            peer["name"],
            spread(column(pairs, "peer", "p50_us"), "{:.1f}"),
            f'{median(column(pairs, "peer", "p99_us")):.1f}',
            f'{median(column(pairs, "gild", "p50_us")):.1f}',
            f'{median(column(pairs, "gild", "p99_us")):.1f}',
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
        yield (name, spread(values, "{:.3f}"), "" if name == "ticks" else "0.98")


def rows_of_scaling(results):
    scaling = results["countdown"]["scaling"]
    yield ("two processes do so much more than one", "", "aim")
    yield ("the machine itself", spread(scaling["machine"], "{:.3f}"), "")
    shares = [a / b for a, b in zip(scaling["gild"], scaling["machine"])]
    yield ("gild", spread(scaling["gild"], "{:.3f}"), "")
    yield ("gild's share of the machine's", spread(shares, "{:.3f}"), "0.98")


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


def describe_noise(results):
    noise = results["noise"]
    short = [share for share in noise["shares"] if share < 1 - NOISE_SHARE]
    text = f"The machine was looked at {len(noise['shares'])} times"
    if short:
        text += f", and {len(short)} times a CPU did only {min(short):.0%} or more"
        text += " of what it can"
    else:
        text += f"; each CPU did at least {min(noise['shares']):.0%} of what it can"
    text += f". Time that the hypervisor took: {noise['steal']:.1%}."
    if len(short) > len(noise["shares"]) * MOSTLY_SHORT:
        text += " Others were at work on it: these figures mean little."
    return text


def describe(results):
    machine = results["machine"]
    cpus = f"{machine['cpus']} CPUs ({machine['model']})"
    yield f"{results['date']}, {cpus}, Linux {machine['kernel']}."
    n = results["rounds"]
    yield f"{n} rounds; medians, with the least and the most." if n > 1 else "One round."
    yield describe_noise(results)
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
all share the same two CPUs. Each peer is measured in turn with gild, and a ratio is
of such a pair. Above 1, gild is ahead.

What is called a limit does less than any dispatcher has to: the echo does no work
at all, and the bare dispatcher knows no JSON, keeps no account and bounds nothing.
Python's pools have no TCP between client and pool. "Client's CPU" is the share of
one CPU that the client took: near 100% the client, not the server, was the bound.
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
