"""The ledger: what was asked of gild, what it said, and whether that fits."""

import collections
import itertools
import json

FIRST_COUNT = 1000
STATES = ("done", "failed", "cancelled", "timed_out")


class Job:
    """
    Something that was asked once, and answered once: no two jobs of a ledger
    have the same count, so that a record tells whose it is.
    """

    def __init__(self, number, kind, params):
        self.kind = kind  # "plain", "keyed" or "detached"
        self.params = dict(params, count=FIRST_COUNT + number)
        self.key = f"key-{number}" if kind == "keyed" else None
        if kind != "plain":
            self.params["detach"] = kind == "detached"
        if self.key:
            self.params["key"] = self.key
        self.ids = set()
        self.results = set()  # as texts: more than one is one too many
        self.result = None
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


class Ledger:
    def __init__(self):
        self.jobs = {}  # by count
        self.numbers = itertools.count()
        self.breaches = collections.Counter()
        self.examples = []

    def breach(self, what, why):
        self.breaches[what] += 1
        if len(self.examples) < 20:
            self.examples.append(f"{what}: {why}"[:600])

    def new(self, kind, params):
        job = Job(next(self.numbers), kind, params)
        self.jobs[job.count] = job
        return job

    # --- what gild says ---

    def accept(self, job, answer):
        """The answer to a submission that is detached, or says its id."""
        job.ids.add(answer["job"])
        if len(job.ids) > 1:
            self.breach("one job became two", f"{job.params}: {job.ids}")

    def take(self, job, result):
        """A result, whoever was told of it."""
        self.accept(job, result)
        job.results.add(json.dumps(result, sort_keys=True))
        if job.result is None:
            job.result = result
            self._check(job)
        elif len(job.results) == 2:
            self.breach("two results", f"{sorted(job.results)}")

    def _check(self, job):
        result, params = job.result, job.params
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
        if job.result is not None and job.result["state"] != "cancelled":
            self.breach("cancelled when it had ended", job.result)

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
            if seen[job.count] > 1 and not (job.kind == "detached" and job.n_lost):
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
            jobs = [job for job in self.jobs.values() if job.kind == kind]
            figures = collections.Counter(asked=len(jobs))
            for job in jobs:
                figures["accepted"] += bool(job.ids)
                figures["collected"] += job.is_collected
                figures["refused"] += bool(job.refusal and not job.ids)
                figures["lost"] += bool(job.n_lost and not job.ids)
                if job.result:
                    figures[job.result["state"]] += 1
                    figures["tried again"] += job.result["attempts"] > 1
            if jobs:
                rows.append([kind, *(figures[column] for column in columns)])
        return rows


def print_table(rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [str(row[0]).ljust(widths[0])]
        cells += [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
