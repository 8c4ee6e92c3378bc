#!/usr/bin/env python3
"""No two random draws whose order C leaves to the compiler.

    draws.py ROOT

Prints each pair in sim/ and faults/ as FILE:LINE and exits 1 if there is one.

A draw is a call that is given a stream, or that of a sim_random function. C does not say which of two
arguments, or of two initializers, is evaluated first, nor which side of an assignment: two draws there
would be one run with one compiler and another with the next.
"""
import re
import sys
from pathlib import Path

FOLDERS = ("sim", "faults")
DRAW = re.compile(r"\bsim_random_\w+\("
                  r"|\b(?!if\b|for\b|while\b|switch\b)\w+\((?:[^(),]+,\s*)*&?stream\s*[,)]")
ASSIGNMENT = re.compile(r"(?<![=!<>])[-+|&^]?=(?!=)")


def without_comments_and_texts(text):
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def groups(text):
    """Yields (start, list of elements) of every ( ) and { } list, innermost first."""
    open_groups = []
    for at, letter in enumerate(text):
        if letter in "({":
            open_groups.append((at, [at + 1]))
        elif letter == "," and open_groups:
            open_groups[-1][1].append(at + 1)
        elif letter in ")}" and open_groups:
            start, starts = open_groups.pop()
            ends = [s - 1 for s in starts[1:]] + [at]
            yield start, [text[a:b] for a, b in zip(starts, ends)]


def without_heads(statement):
    """Of `if (a) else if (b) x = y;` the assignment: what stands in a head is done by then."""
    statement = statement.lstrip()
    while match := re.match(r"(?:else\s+)?(?:if|for|while|switch)\s*(?=\()|else\b\s*", statement):
        at, depth = match.end(), 0
        while at < len(statement) and statement[match.end()] == "(":
            depth += {"(": 1, ")": -1}.get(statement[at], 0)
            at += 1
            if depth == 0:
                break
        statement = statement[at:].lstrip()
    return statement


def violations(root):
    found = []
    for folder in FOLDERS:
        for path in sorted(Path(root, folder).glob("*.[ch]")):
            text = without_comments_and_texts(path.read_text())
            where = path.relative_to(root)
            line = lambda at: text.count("\n", 0, at) + 1
            for start, elements in groups(text):
                # Of a block of statements, or a for's head, each part is in its place by its semicolon.
                if any(";" in element for element in elements):
                    continue
                if sum(bool(DRAW.search(element)) for element in elements) > 1:
                    found.append(f"{where}:{line(start)}: two draws in one list")
            for statement in re.finditer(r"[^;{}]+;", text):
                sides = ASSIGNMENT.split(without_heads(statement.group()), maxsplit=1)
                if len(sides) == 2 and all(DRAW.search(side) for side in sides):
                    found.append(f"{where}:{line(statement.end() - 1)}: draws on both sides of =")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    unordered = violations(sys.argv[1])
    print("\n".join(unordered) or "order of draws: sound")
    sys.exit(1 if unordered else 0)
