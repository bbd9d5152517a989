#!/usr/bin/env python3
"""The benchmark's parts, with few jobs: see test_peers.sh."""

import contextlib
import io
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from xml.etree import ElementTree

import countdown
import memory
import plot
import report
import tune
import weather
from peer import MANY, ONE, Tools, running
from program import PATIENCE_S, family
from roster import LIMITS, PEERS, Gild

BUILDDIR = os.environ.get("builddir", ".")
TOOLS = Tools(BUILDDIR, os.environ.get("GILD", f"{BUILDDIR}/gild"))
N = 300


class LinesServer(threading.Thread):
    """Serves one client: change() says what its n-th job, a tag, is answered."""

    def __init__(self, change):
        super().__init__(daemon=True)
        self.change = change
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        wire, _ = self.listener.accept()
        with wire, wire.makefile("rb") as lines:
            try:
                for n, line in enumerate(lines):
                    wire.sendall(self.change(n, int(line.split(b",")[0])))
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.join()


class LoadTest(unittest.TestCase):
    """The client sees what is wrong, or its figures mean nothing."""

    def load(self, change, in_flight):
        server = LinesServer(change)
        words = [TOOLS.path("load"), "--jobs", str(N), "--in-flight", str(in_flight)]
        try:
            return subprocess.run(
                [*words, "lines", str(server.port)], capture_output=True, text=True, check=False
            )
        finally:
            server.close()

    def test_each_answered_once(self):
        for in_flight in (1, 7):
            done = self.load(lambda _, tag: b"%d\n" % tag, in_flight)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f'"jobs":{N},', done.stdout)

    def expect_refusal(self, change, text):
        for in_flight in (1, 7):
            done = self.load(change, in_flight)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(text, done.stderr)

    def test_answered_twice(self):
        self.expect_refusal(
            lambda n, tag: b"%d\n" % tag * (2 if n == 70 else 1), "that nobody waits for"
        )

    def test_answered_another(self):
        self.expect_refusal(
            lambda n, tag: b"%d\n" % (tag + 700 if n == 70 else tag), "that nobody waits for"
        )

    def test_no_answer(self):
        self.expect_refusal(lambda *_: b"?\n", "not an answer")

    def test_open_loop(self):
        server = LinesServer(lambda _, tag: b"%d\n" % tag)
        try:
            figures = TOOLS.run(
                "load", "--rate", 2000, "--jobs", N, "--in-flight", 50, "lines", server.port
            )
        finally:
            server.close()
        self.assertEqual(figures["jobs"], N)


class ServersTest(unittest.TestCase):
    """Every server that is there answers each job, and leaves nothing behind."""

    def serve(self, kind):
        peer = kind(TOOLS)
        if not peer.where():
            self.skipTest(f"{peer.name} is not installed")
        with running(peer):
            ends = [os.pidfd_open(pid) for pid in family(peer.server.pid)]
            for setting in peer.settings.values():
                self.measure(peer, dict(setting))
        for end in ends:
            self.assertTrue(select.select([end], [], [], PATIENCE_S)[0], "one was left behind")
            os.close(end)

    def measure(self, peer, setting):
        if "in_flight" in setting:
            setting["in_flight"] = 20
        if peer.protocol == "lines" and not peer.is_limit:
            self.assertGreater(peer.measure(0.1, setting)["jobs"], 0)
        else:
            self.assertEqual(peer.measure(1, setting, "--jobs", N)["jobs"], N)

    def test_memory(self):
        figures = memory.measure(lambda: running(Gild(TOOLS)), 10, 1000)
        self.assertGreater(figures["idle_kib"], 0)


for _kind in (Gild, *PEERS, *LIMITS):
    setattr(
        ServersTest,
        f"test_{_kind.__name__.lower()}",
        lambda self, kind=_kind: self.serve(kind),
    )


def sample_results():
    def side(p50_us, jobs_per_s):
        latencies = {"p50_us": p50_us, "p99_us": 2 * p50_us}
        return {**latencies, "jobs_per_s": jobs_per_s, "client_cpu": 0.5}

    pair = {"gild": side(50.0, 200_000.0), "peer": side(100.0, 50_000.0)}
    common = {"version": "1.0", "how": {ONE: "a", MANY: "b"}, "start_ms": [5.0]}
    memories = {"idle_kib": 1000, "connection": 300.0, "job": None}
    redis = {"name": "Redis", "is_limit": False, "pairs": {ONE: [pair], MANY: [pair]}}
    return {
        "date": "2000-01-01",
        "machine": {"cpus": 2, "model": "<a> & b", "kernel": "1"},
        "rounds": 1,
        "gild": {"name": "gild", "memory": memories, **common},
        "peers": [{**redis, "memory": memories, **common}],
        "skipped": ["another (another-server)"],
        "noise": {"load": 0.5, "others": 0.0, "steal": 0.0, "slowest": 1.4, "drifts": [1.02]},
    }


class WeatherTest(unittest.TestCase):
    """What is said to be others' is not ours."""

    def test_ours_is_counted(self):
        seen = weather.Weather(TOOLS)
        with seen.watching():
            (figures,) = seen.compare(lambda: TOOLS.run("machine", "loop", 10_000_000, first_cpu()))
        self.assertGreater(figures["cpu_ns"][0], 0)
        self.assertEqual(len(seen.drifts), 1)
        self.assertGreaterEqual(seen.drifts[0], 1)

    def test_an_orphan_is_awaited(self):
        """A program's child that outlives it is counted as ours, and is gone."""
        seen, before = weather.Weather(TOOLS), weather.our_seconds()
        code = "import os\nif os.fork() == 0:\n while os.times()[0] < 0.1: pass"
        with seen.watching():
            subprocess.run([sys.executable, "-c", code], check=True)
        self.assertGreaterEqual(weather.our_seconds() - before, 0.1)
        self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)


def first_cpu():
    return min(os.sched_getaffinity(0))


class CountdownTest(unittest.TestCase):
    def test_all_pools(self):
        with tempfile.TemporaryDirectory(prefix="gild-bench-") as folder:
            figures = countdown.measure(TOOLS, folder, 2)
        self.assertEqual(list(map(len, figures["pools"].values())), [2] * len(countdown.POOLS))
        self.assertEqual(len(figures["scaling"]["gild"]), 2)


class TuneTest(unittest.TestCase):
    class Peer:
        """Its rate is a product of what each value is worth."""

        name = "a peer"
        settings = {MANY: {"workers": 2, "wires": 2}}
        grid = {"workers": (1, 2, 4), "wires": (1, 2)}
        worth = {"workers": {1: 5, 2: 10, 4: 20}, "wires": {1: 1.01, 2: 1}}

        def measure(self, _seconds, setting, *_):
            worth = self.worth
            rate = worth["workers"][setting["workers"]] * worth["wires"][setting["wires"]]
            return {"jobs_per_s": rate}

    def test_best_is_kept(self):
        """More workers are; a hundredth is chance."""
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(tune.tune(self.Peer()), {"workers": 4, "wires": 2})


class ReportTest(unittest.TestCase):
    def rows(self, title):
        return dict(report.tables(sample_results()))[report.TITLES[title]]

    def test_above_one_is_ahead(self):
        self.assertEqual(self.rows(ONE)[1][7], "2.00")
        self.assertEqual(self.rows(MANY)[1][3], "4.00")

    def noise(self, **changes):
        results = sample_results()
        results["noise"].update(changes)
        return list(report.describe_noise(results))

    def test_quiet(self):
        told = self.noise()
        self.assertIn("1.40 times", told[2])
        self.assertNotIn("mean little", "\n".join(told))

    def test_others_are_told(self):
        told = self.noise(others=0.2)
        self.assertIn("took 20.0% of the CPUs' time", told[0])
        self.assertIn("these figures mean little", told[-1])

    def test_drift_is_told(self):
        told = self.noise(drifts=[1.0, 1.5, 1.6])
        self.assertIn("factor of 1.50, at most 1.60", told[2])
        self.assertNotIn("mean little", "\n".join(told))

    def test_scatter_is_told(self):
        results = sample_results()
        for pairs in results["peers"][0]["pairs"].values():
            slower = {**pairs[0]["gild"], "p50_us": 150.0, "jobs_per_s": 60_000.0}
            pairs.append({"gild": slower, "peer": pairs[0]["peer"]})
        told = list(report.describe_noise(results))
        self.assertIn("factor of 3.17", told[3])
        self.assertIn("they mean little", told[-1])

    def test_countdown(self):
        twice = [{"wall": 1.9, "cpu": 2.0}, {"wall": 1.8, "cpu": 1.9}, {"wall": 1.9, "cpu": 2.0}]
        scaling = {"machine": twice, "gild": twice}
        pools = {"fair": [1.0, 0.4, 1.1, 0.99], "ticks": [0.2]}
        results = dict(sample_results(), countdown={"pools": pools, "scaling": scaling})
        tables = dict(report.tables(results))
        self.assertEqual(tables["The countdown"][1], ("fair", "0.995 (0.990 to 1.000)", "0.98"))
        self.assertEqual(tables["Two processes"][2][1], "1.900 (1.800 to 1.900)")
        self.assertEqual(tables["Two processes"][3][1:3], ("1.000 (1.000 to 1.000)",) * 2)

    def test_the_skipped_are_named(self):
        self.assertIn("another-server", "\n".join(report.describe(sample_results())))

    def test_the_picture_is_xml(self):
        with tempfile.TemporaryDirectory(prefix="gild-bench-") as folder:
            plot.draw(sample_results(), f"{folder}/plot.svg")
            root = ElementTree.parse(f"{folder}/plot.svg").getroot()
        self.assertEqual(sum(1 for element in root if element.tag.endswith("rect")), 1 + 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
