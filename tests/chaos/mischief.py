"""What can happen to a gild, in an order that a seed decides."""

import asyncio
import collections
import os
import random
import signal

PROCESSES = ("worker", "interpreter", "frontend", "recorder", "master")
KINDS = (
    *(f"kill-{name}" for name in PROCESSES),
    *(f"stop-{name}" for name in PROCESSES),
    "cut",
    "reset",
    "disk",
    "reload",
    "restart",
)
# What may end a connection before an answer comes: the rest may not.
CUTTING = (
    *(f"{verb}-{name}" for verb in ("kill", "stop") for name in ("frontend", "master")),
    "cut",
    "reset",
    "restart",
)
STOPPED_S = (0.05, 0.2, 0.8, 3)  # the last is taken for hung, and killed
HALF_A_LINE = b'{"jsonrpc":"2.0","id":1,"method":"job.submit","para'


class Mischief:
    """
    Does one thing after the other: mostly it kills. Those that hold something
    back (a stopped process, a full disk) are undone after a moment.
    """

    def __init__(self, daemon, crowd, disk, seed, only=None):
        self.daemon = daemon
        self.crowd = crowd
        self.disk = disk
        self.chance = random.Random(seed)
        self.done = collections.Counter()
        self.n_kills = 0
        kinds = [kind for kind in KINDS if only is None or kind in only]
        if not disk.is_small and "disk" in kinds:
            kinds.remove("disk")
        self.kinds = kinds
        self.undoing = set()

    def _later(self, seconds, undo):
        async def wait_and_undo():
            await asyncio.sleep(seconds)
            undo()

        task = asyncio.create_task(wait_and_undo())
        self.undoing.add(task)
        task.add_done_callback(self.undoing.discard)

    def _victim(self, name):
        if name == "master":
            return self.daemon.pid
        pids = self.daemon.processes(name)
        return self.chance.choice(pids) if pids else None

    @staticmethod
    def _signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    # --- what it does; each returns whether there was something to do it to ---

    async def _kill(self, name):
        pid = self._victim(name)
        if pid is None:
            return False
        if name == "master":
            self.daemon.end(signal.SIGKILL)
            await asyncio.to_thread(self.daemon.start)
        else:
            self._signal(pid, signal.SIGKILL)
        self.n_kills += 1
        return True

    async def _stop(self, name):
        pid = self._victim(name)
        if pid is None:
            return False
        self._signal(pid, signal.SIGSTOP)
        seconds = self.chance.choice(STOPPED_S)
        self._later(seconds, lambda: self._signal(pid, signal.SIGCONT))
        return True

    async def _cut(self):
        part = HALF_A_LINE[: self.chance.randrange(len(HALF_A_LINE))]
        self.chance.choice(self.crowd.clients).cut(part)
        return True

    async def _reset(self):
        self.chance.choice(self.crowd.clients[::2]).reset()
        return True

    async def _disk(self):
        self.disk.fill()
        self._later(self.chance.choice((0.1, 0.5, 1.0)), self.disk.free)
        return True

    async def _reload(self):
        self.daemon.master.send_signal(signal.SIGHUP)
        return True

    async def _restart(self):
        await asyncio.to_thread(self.daemon.end)
        await asyncio.to_thread(self.daemon.start)
        return True

    async def do(self, kind):
        verb, _, name = kind.partition("-")
        action = getattr(self, f"_{verb}")
        if await (action(name) if name else action()):
            self.done[kind] += 1

    def _choose(self):
        kills = [kind for kind in self.kinds if kind.startswith("kill-")]
        if kills and self.chance.random() < 0.5:
            return self.chance.choice(kills)
        return self.chance.choice(self.kinds)

    async def run(self, pause_s, goes_on):
        """One after the other, with a pause of so long on average."""
        while goes_on():
            await asyncio.sleep(self.chance.uniform(0.2, 1.8) * pause_s)
            await self.do(self._choose())

    async def undo_all(self):
        while self.undoing:
            await asyncio.wait(set(self.undoing))
        self.disk.free()
