#!/usr/bin/env python3
"""The ledger sees each breach that it is there for, and none where all is right."""

import unittest

from ledger import CLOSED_BEFORE_REUSE, FIRST_COUNT, Ledger


def result_of(job, identity="a", state="done", **changes):
    params = job.params
    tasks = [{"turns": 0, "pid": 1} for _ in range(params["workers"])]
    tasks[0]["turns"] = params["count"]
    result = {"job": identity, "state": state, "count": params["count"], "attempts": 1}
    return {**result, "pool": params["pool"], "tasks": tasks, **changes}


def record_of(job, identity="a"):
    return {"job": identity, "count": job.count}


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.job = self.ledger.new("detached", {"pool": "threads", "workers": 2})

    def end(self, **changes):
        self.ledger.take(self.job, result_of(self.job, **changes))

    def close_one(self):
        job = self.ledger.new("plain", {"workers": 1})
        self.ledger.close(job)
        return job.count

    def expect(self, *breaches):
        self.assertEqual(sorted(self.ledger.breaches), sorted(breaches))

    def test_a_job_that_is_right(self):
        self.end()
        self.end()
        self.ledger.check_records([record_of(self.job)])
        self.expect()

    def test_counts_are_used_again(self):
        """Or the jobs of a long run would become longer and longer."""
        most = max(self.close_one() for _ in range(2 * CLOSED_BEFORE_REUSE))
        self.assertLessEqual(most, FIRST_COUNT + CLOSED_BEFORE_REUSE + 2)

    def test_two_results(self):
        self.end()
        self.end(attempts=2)
        self.expect("two results")

    def test_two_ids(self):
        self.end()
        self.end(identity="b")
        self.expect("one job became two", "two results")

    def test_turns(self):
        self.end(tasks=[{"turns": 1, "pid": 1}, {"turns": 1, "pid": 1}])
        self.expect("turns do not add up")

    def test_tasks(self):
        self.end(tasks=[{"turns": self.job.count, "pid": 1}])
        self.expect("tasks are missing")

    def test_another_jobs_result(self):
        self.end(count=7)
        self.expect("another job's result")

    def test_cancelled_and_done(self):
        self.ledger.confirm_cancel(self.job)
        self.end()
        self.expect("cancelled and yet ended otherwise")

    def test_done_and_cancelled(self):
        self.end()
        self.ledger.confirm_cancel(self.job)
        self.expect("cancelled when it had ended")

    def test_accepted_and_gone(self):
        self.ledger.accept(self.job, {"job": "a"})
        self.ledger.check_records([])
        self.expect("an accepted job has no result", "an accepted job is not in the store")

    def test_refused_and_there(self):
        self.ledger.check_records([record_of(self.job)])
        self.expect("a record of a job that was refused")

    def test_lost_and_there(self):
        self.job.n_lost = 1
        self.ledger.check_records([record_of(self.job)])
        self.expect()

    def test_there_twice(self):
        self.job.n_lost = 1
        self.ledger.check_records([record_of(self.job), record_of(self.job, "b")])
        self.expect("one job became two")

    def test_there_and_nobodys(self):
        self.ledger.check_records([{"job": "c", "count": 5}])
        self.expect("a record of no job")


if __name__ == "__main__":
    unittest.main()
