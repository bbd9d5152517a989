"""The ledger: what was asked of gild, what it said, and whether that fits."""

import collections
import hashlib
import itertools
import json

FIRST_COUNT = 1000
# So many jobs are closed before a count is used again: enough that a result of
# one is not taken for another's, few enough that jobs do not become long ones.
CLOSED_BEFORE_REUSE = 8000
STATES = ("done", "failed", "cancelled", "timed_out")


class Job:
    """
    Something that was asked once, and answered once: no two open jobs of a
    ledger have the same count, so that a record tells whose it is.
    """

    def __init__(self, number, count, kind, params):
        self.kind = kind  # "plain", "keyed" or "detached"
        self.params = dict(params, count=count)
        self.key = f"key-{number}" if kind == "keyed" else None
        if kind != "plain":
            self.params["detach"] = kind == "detached"
        if self.key:
            self.params["key"] = self.key
        self.ids = set()
        self.results = set()  # their digests: more than one is one too many
        self.state = None  # once it has ended, what it was told to have been
        self.n_attempts = 0
        self.n_lost = 0  # submissions whose answer never came
        self.refusal = None
        self.was_cancelled = False  # gild has said so
        self.is_collected = False

    @property
    def count(self):
        return self.params["count"]

    @property
    def id(self):
        return next(iter(self.ids), None)

    @property
    def is_kept(self):
        return self.kind != "plain"

    def figures(self):
        """What its row of the table counts."""
        was_accepted = bool(self.ids)
        yield "asked"
        if was_accepted:
            yield "accepted"
        elif self.n_lost:
            yield "lost"
        elif self.refusal:
            yield "refused"
        if self.is_collected:
            yield "collected"
        if self.state:
            yield self.state
        if self.n_attempts > 1:
            yield "tried again"


class Ledger:
    def __init__(self):
        self.jobs = {}  # by count
        self.closed = collections.defaultdict(collections.Counter)  # by kind
        self.n_asked = 0
        self.new_counts = itertools.count(FIRST_COUNT)
        self.old_counts = collections.deque()  # of closed jobs
        self.breaches = collections.Counter()
        self.examples = []

    def breach(self, what, why):
        self.breaches[what] += 1
        if len(self.examples) < 20:
            self.examples.append(f"{what}: {why}"[:600])

    def new(self, kind, params):
        if len(self.old_counts) > CLOSED_BEFORE_REUSE:
            count = self.old_counts.popleft()
        else:
            count = next(self.new_counts)
        job = Job(self.n_asked, count, kind, params)
        self.jobs[count] = job
        self.n_asked += 1
        return job

    def close(self, job):
        """It is forgotten, but for its figures: nothing more comes of it."""
        self.closed[job.kind].update(job.figures())
        del self.jobs[job.count]
        self.old_counts.append(job.count)

    # --- what gild says ---

    def accept(self, job, answer):
        """The answer to a submission that is detached, or says its id."""
        job.ids.add(answer["job"])
        if len(job.ids) > 1:
            self.breach("one job became two", f"{job.params}: {job.ids}")

    def take(self, job, result):
        """A result, whoever was told of it."""
        self.accept(job, result)
        text = json.dumps(result, sort_keys=True)
        job.results.add(hashlib.sha256(text.encode()).digest())
        if job.state is None:
            job.state, job.n_attempts = result["state"], result["attempts"]
            self._check(job, result)
        elif len(job.results) == 2:
            self.breach("two results", f"it was {job.state}, and now: {text}")

    def _check(self, job, result):
        params = job.params
        turns = sum(task["turns"] for task in result["tasks"])
        if result["state"] not in STATES:
            self.breach("a state that is none", result)
        if result["count"] != job.count or result["pool"] != params["pool"]:
            self.breach("another job's result", f"{params}: {result}")
        if result["state"] == "done" and turns != job.count:
            self.breach("turns do not add up", f"{turns} of {job.count}")
        if len(result["tasks"]) != params.get("workers", 1):
            self.breach("tasks are missing", result)
        if job.was_cancelled and result["state"] != "cancelled":
            self.breach("cancelled and yet ended otherwise", result)

    def confirm_cancel(self, job):
        job.was_cancelled = True
        if job.state not in (None, "cancelled"):
            self.breach("cancelled when it had ended", f"{job.id}: {job.state}")

    # --- all told ---

    def kept(self):
        """Jobs that gild has to have a result of."""
        return [job for job in self.jobs.values() if job.is_kept and job.ids]

    def check_records(self, records):
        """All that the store has, against all that was asked."""
        seen = collections.Counter()
        for record in records:
            job = self.jobs.get(record["count"])
            if job is None or not job.is_kept:
                self.breach("a record of no job", record)
                continue
            seen[job.count] += 1
            if not job.ids and not job.n_lost:
                self.breach("a record of a job that was refused", record)
            if job.ids and record["job"] not in job.ids:
                self.breach("a record of no job", record)
        for job in self.jobs.values():
            if seen[job.count] > 1:
                self.breach("one job became two", f"{job.params}: {seen[job.count]}")
            if job.is_kept and job.ids and seen[job.count] == 0:
                self.breach("an accepted job is not in the store", job.params)
            if job.is_kept and job.ids and not job.results:
                self.breach("an accepted job has no result", f"{job.id}: {job.params}")

    def rows(self):
        """A table: what was asked of each kind of job, and what became of it."""
        columns = ["asked", "accepted", "collected", *STATES, "refused", "lost", "tried again"]
        rows = [["jobs", *columns]]
        for kind in ("plain", "keyed", "detached"):
            figures = self.closed[kind].copy()
            for job in self.jobs.values():
                if job.kind == kind:
                    figures.update(job.figures())
            if figures:
                rows.append([kind, *(figures[column] for column in columns)])
        return rows


def print_table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [str(row[0]).ljust(widths[0])]
        cells += [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
