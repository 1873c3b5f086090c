# SPDX-License-Identifier: Apache-2.0
"""Proves that the checker finds each kind of violation, by answers that are made up."""

import checker
from clients import Entry


def entry(kind, value, moment, status=200, retry_after=None, **more):
    return Entry(kind, value, 1, moment, moment + 0.5, status, retry_after, **more)


issued = entry("issue", "", 0, access="a", refresh="r")
rotated = entry("rotate", "r", 1, access="b", refresh="s")

RIGHT = [
    [issued, entry("introspect", "a", 1, active=True), entry("revoke", "a", 2), entry("introspect", "a", 3, active=False)],
    [issued, entry("revoke", "a", 2, 503, "1"), entry("introspect", "a", 3, active=True), entry("introspect", "a", 4, active=False)],
    [issued, rotated, entry("rotate", "r", 1.1, 400), entry("introspect", "b", 3, active=False)],
    [issued, rotated, entry("introspect", "b", 2, active=True)],
    [entry("assert", "j", 0, 0), entry("assert", "j", 1, 401)],
]
WRONG = {
    "got status 500": [entry("issue", "", 0, 500)],
    "503 without Retry-After": [entry("issue", "", 0, 503)],
    "used 2 times": [entry("redeem", "c", 0), entry("redeem", "c", 0)],
    "refused at its first use": [entry("assert", "j", 0, 401), entry("assert", "j", 0, 401)],
    "an issued token is not active": [issued, entry("introspect", "a", 1, active=False)],
    "a revoked token is active": [issued, entry("revoke", "a", 1), entry("introspect", "a", 2, active=True)],
    "a revoked token is active ": [
        issued, rotated, entry("rotate", "r", 1.1, 400), entry("introspect", "b", 3, active=True)],
}


def prove():
    """Ends the program if the checker is wrong about any of these."""
    for entries in RIGHT:
        if found := checker.violations(entries):
            raise SystemExit(f"the checker finds what is not wrong: {found}")
    for sentence, entries in WRONG.items():
        if not any(sentence.strip() in one for one in checker.violations(entries)):
            raise SystemExit(f"the checker does not find: {sentence}")
    used = [entry("assert", "j", 0), entry("assert", "k", 0, 503, "1")]
    if [len(list(checker.stored(used, count))) for count in range(4)] != [1, 0, 0, 1]:
        raise SystemExit("the checker does not compare the store with the answers")
