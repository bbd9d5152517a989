#!/usr/bin/env python3
"""python.py FILE...: parses each, and looks for long lines and blanks at ends."""

import ast
import sys

COLUMNS = 100


def faults(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        ast.parse(text, path)
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: {error.msg}"
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield f"{path}:{number}: {len(line)} columns"
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at its end"


def main(paths):
    found = [fault for path in paths for fault in faults(path)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
