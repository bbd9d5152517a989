"""What all drills have in common: a gild of their own, a ledger, a verdict."""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time

from client import Client
from daemon import Daemon, adopt_orphans
from disk import Disk
from ledger import Ledger

DISK_BYTES = 192 << 20
OPTIONS = (
    "frontends = 2",
    "heartbeat_timeout = 2s",
    "max_attempts = 20",
    "pool threads { kind = threads size = 2 }",
    "pool processes { kind = processes size = 2 }",
    "pool free { kind = threads size = 2 locks = 0 }",
)


class Drill:
    """
    Made from the command line, run once. Whoever is one says in `perform`
    what is done, and in `describe` what came of it.
    """

    name = "drill"
    disk_bytes = DISK_BYTES
    daemon_options = OPTIONS

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix=f"gild-{self.name}-")
        self.disk = Disk(f"{self.folder}/state", self.disk_bytes)
        self.ledger = Ledger()
        self.daemon = self.new_daemon(self.folder)
        self.clients = []
        self.is_over = False

    # --- what a drill is ---

    @classmethod
    def add_options(cls, parser):
        pass

    async def perform(self):
        raise NotImplementedError

    def describe(self):
        """The end of the last line: what was done."""
        return ""

    # --- what it has ---

    def new_daemon(self, folder):
        os.makedirs(f"{folder}/state", exist_ok=True)
        return Daemon(self.options.gild, folder, f"{folder}/state", self.daemon_options)

    def new_client(self, is_tcp):
        def where():
            return self.daemon.tcp if is_tcp else self.daemon.unix

        self.clients.append(Client(where, self.ledger.breach))
        return self.clients[-1]

    def expect(self, is_so, what, why=""):
        if not is_so:
            self.ledger.breach(what, why)

    # --- from the start to the end ---

    async def _run(self):
        self.daemon.start()
        await self.perform()
        for client in self.clients:
            await client.close()
        self.expect(self.daemon.end() == 0, "the end", "gild's exit status is not 0")
        for finding in self.daemon.findings():
            self.ledger.breach("the log says", finding)
        self.is_over = True

    @property
    def is_fine(self):
        return self.is_over and not self.ledger.breaches

    def _report(self, seconds):
        for breach, n in self.ledger.breaches.items():
            print(f"  BREACH: {breach}: {n}")
        for example in self.ledger.examples:
            print(f"    {example}")
        n = self.ledger.breaches.total()
        verdict = "no breach" if self.is_fine else f"{n} BREACHES" if n else "NOT DONE"
        seed, done = self.options.seed, self.describe()
        print(f"{self.name}: seed {seed}, {done}, {seconds:.0f} s: {verdict}")

    def _clean_up(self):
        if self.daemon.is_running():
            self.daemon.end(9)
        if self.is_fine and not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"{self.name}: what is left is in {self.folder}")

    @classmethod
    def main(cls, description):
        parser = argparse.ArgumentParser(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--gild", default=os.environ.get("GILD", "./gild"), help="the program")
        parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
        parser.add_argument("--keep", action="store_true", help="the folder with the log")
        cls.add_options(parser)
        options = parser.parse_args()
        print(f"{cls.name}: seed {options.seed}", flush=True)
        adopt_orphans()
        begin = time.monotonic()
        drill = cls(options)
        try:
            asyncio.run(drill._run())
        finally:
            drill._report(time.monotonic() - begin)
            drill._clean_up()
        sys.exit(0 if drill.is_fine else 1)
