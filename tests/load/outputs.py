#!/usr/bin/env python3
"""outputs.py RUN.json RUN.html RUN.hgrm [RUN.csv]: whether a load run's files are whole.

The figures of the JSON add up, the page is well-formed and shows them, each line of
the .hgrm file follows from the one before, and the series is that of the JSON.
Prints what is not so, and then exits with 1.
"""

import csv
import html.parser
import json
import sys
import xml.dom.minidom

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(html.parser.HTMLParser):
    """As a browser reads it: all elements closed, in their order."""

    def __init__(self, complain):
        super().__init__()
        self.complain = complain
        self.open = []
        self.pictures = 0
        self.text = []

    def handle_starttag(self, tag, attrs):
        self.pictures += tag == "svg"
        if tag in ("script", "link", "img", "iframe"):
            self.complain(f"the page has a <{tag}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complain(f"</{tag}> closes what was not opened")

    def handle_data(self, data):
        self.text.append(data)


def bounds(bucket, precision):
    """The least and the greatest value of a bucket, as gilctl(1) says."""
    shift = max(0, (bucket >> precision) - 1)
    low = (bucket - (shift << precision)) << shift
    return low, low + (1 << shift) - 1


def check_percentile(name, histogram, fraction, figure, complain):
    """Whether it lies in the bucket in which so many values are reached."""
    wanted, seen = fraction * histogram["count"], 0
    for bucket, count in histogram["buckets"]:
        seen += count
        if seen >= wanted - 1e-6:
            low, high = bounds(bucket, histogram["precision"])
            if not low <= figure <= high:
                complain(f"{name}: {figure} ns, and not from {low} to {high}")
            return


def check_histogram(name, histogram, complain):
    counts = [count for _, count in histogram["buckets"]]
    if sum(counts) != histogram["count"]:
        complain(f"{name}: {sum(counts)} in its buckets, and count is {histogram['count']}")
    figures = [histogram[f"{p}_ns"] for p in ("min", "p50", "p75", "p90", "p99", "p99_9", "max")]
    if figures != sorted(figures):
        complain(f"{name}: percentiles that fall: {figures}")
    for fraction, figure in zip((0.5, 0.75, 0.9, 0.99, 0.999), figures[1:]):
        check_percentile(name, histogram, fraction, figure, complain)


def check_json(run, complain):
    jobs = run["jobs"]
    if jobs["scheduled"] != jobs["sent"] + jobs["skipped"] + jobs["not_sent"]:
        complain(f"jobs scheduled do not add up: {jobs}")
    if jobs["sent"] != jobs["done"] + jobs["failed"]:
        complain(f"jobs sent do not add up: {jobs}")
    if jobs["failed"] != sum(error["jobs"] for error in run["errors"]):
        complain(f"errors do not add up: {run['errors']}")
    for part in ("by_class", "by_phase"):
        if sum(row["done"] for row in run[part]) != jobs["done"]:
            complain(f"{part} does not add up")
        for row in run[part]:
            check_histogram(f"{part} {row['name']}", row["latency"], complain)
    check_histogram("latency", run["latency"], complain)
    if run["latency"]["count"] != jobs["done"]:
        complain("latency has not as many values as jobs were done")
    if sum(run["parts"].values()) != run["latency"]["sum_ns"]:
        complain("the parts of the latency do not add up to it")
    if sum(band["jobs"] for band in run["bands"]) != jobs["done"]:
        complain("the bands do not add up")


def check_page(path, complain):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        xml.dom.minidom.parseString(text.encode())
    except xml.parsers.expat.ExpatError as error:
        complain(f"the page is no XML: {error}")
    page = Page(complain)
    page.feed(text)
    page.close()
    if page.open:
        complain(f"not closed: {page.open}")
    if page.pictures != 8:
        complain(f"{page.pictures} pictures, not 8")
    if "://" in text.replace("http://www.w3.org/", ""):
        complain("the page names an address")


def check_hgrm(path, run, complain):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    rows = [line.split() for line in lines[2:] if not line.startswith("#")]
    last = (-1.0, -1.0, -1)
    for row in rows:
        here = (float(row[0]), float(row[1]), int(row[2]))
        if here[0] < last[0] or here[1] <= last[1] or here[2] < last[2]:
            complain(f".hgrm: {here} behind {last}")
        last = here
    if last[1:] != (1.0, run["latency"]["count"]):
        complain(f".hgrm ends with {last}")
    if abs(last[0] * 1e6 - run["latency"]["max_ns"]) > 1:
        complain(f".hgrm: the last value is {last[0]} ms")
    if [line[:10] for line in lines[-3:]] != ["#[Mean    ", "#[Max     ", "#[Buckets "]:
        complain(f".hgrm: its last lines are {lines[-3:]}")


def check_csv(path, complain):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [int(row["start_ns"]) for row in rows]
    if not rows or starts != sorted(set(starts)):
        complain(f"the series goes {starts}")
    if any(int(row["done"]) > 0 and not row["p99_ns"] for row in rows):
        complain("a row with jobs has no p99")


def main(run_path, page_path, hgrm_path, csv_path=None):
    faults = []
    with open(run_path, encoding="utf-8") as file:
        run = json.load(file)
    check_json(run, faults.append)
    check_page(page_path, faults.append)
    check_hgrm(hgrm_path, run, faults.append)
    if csv_path:
        check_csv(csv_path, faults.append)
    print("\n".join(f"{run_path}: {fault}" for fault in faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
