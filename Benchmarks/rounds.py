# SPDX-License-Identifier: Apache-2.0
"""Alternating rounds: the baseline runs before and after every few workloads, and a ratio is to the nearest two."""
import statistics, sys
from load import Figures, h2load, open_loop_figures, start_open_loop, wrk
from machine import Disturbance
from workloads import password

# How many workloads run between two rounds of the baseline.
stretch = 4
# Beyond these, the figures are not worth recording.
most_spread, most_stolen, most_foreign = 0.25, 0.01, 0.05


class Row:
    """A workload and what its rounds measured."""

    def __init__(self, workload, server):
        self.workload, self.server = workload, server
        self.rounds, self.ratios, self.made, self.first = [], [], None, 1000

    def requests(self, seconds):
        """The requests of the next round: those that work once are made for each."""
        if self.workload.use == "again":
            self.made = self.made or self.workload.requests(self.server, 0)
            return self.made
        return self.workload.requests(self.server, int(self.expected * seconds * 1.2) + self.workload.connections)

    @property
    def expected(self):
        """The highest rate so far; the first round, which is not kept, finds it."""
        return max((one.rate for one in self.rounds), default=self.first)

    def round(self, seconds, disturbance, keep=True):
        workload, requests = self.workload, self.requests(seconds)
        if workload.protocol == "HTTP/2":
            work = lambda: h2load(self.server, requests[0], int(self.expected * seconds), workload.connections)
        else:
            work = lambda: wrk(self.server, requests, seconds, workload.connections, workload.script, workload.use == "once")
        (rate, count, p99), used = disturbance.watch(self.server.process.pid, work)
        figures = Figures(rate, used / max(count, 1) * 1e6, p99)
        if keep:
            self.rounds.append(figures)
        else:
            self.first = rate
        return figures

    def median(self, field):
        return statistics.median(getattr(one, field) for one in self.rounds)

    @property
    def ratio(self):
        return statistics.median(self.ratios)

    @property
    def range(self):
        return min(self.ratios), max(self.ratios)


class Rounds:
    def __init__(self, baseline, rows, count, seconds):
        self.baseline, self.rows, self.count, self.seconds = baseline, rows, count, seconds
        self.disturbance = Disturbance()

    def run(self):
        for row in [self.baseline, *self.rows]:
            row.round(1, Disturbance(), keep=False)
        for number in range(self.count):
            print(f"round {number + 1} of {self.count}", file=sys.stderr)
            before = self.baseline.round(self.seconds, self.disturbance)
            for first in range(0, len(self.rows), stretch):
                group = self.rows[first:first + stretch]
                rates = [row.round(self.seconds, self.disturbance).rate for row in group]
                after = self.baseline.round(self.seconds, self.disturbance)
                for row, rate in zip(group, rates):
                    row.ratios.append(rate / ((before.rate + after.rate) / 2))
                before = after
        self.baseline.ratios = [1.0]

    @property
    def spread(self):
        """How far the middle four fifths of the baseline's rounds are apart, as a share of their median."""
        rates = sorted(one.rate for one in self.baseline.rounds)
        cut = len(rates) // 10
        return (rates[-1 - cut] - rates[cut]) / statistics.median(rates)

    def verdict(self):
        """Whether the machine was quiet, in words, and whether the figures are worth recording."""
        stolen, foreign = self.disturbance.shares()
        found = (f"the baseline's rounds are {self.spread:.0%} apart, the hypervisor took {stolen:.1%} and other programs "
                 f"{foreign:.1%} of a processor")
        quiet = self.spread <= most_spread and stolen <= most_stolen and foreign <= most_foreign
        return ("quiet enough: " if quiet else "TOO NOISY TO JUDGE: ") + found, quiet


def open_loop(rows, seconds):
    """Measures latency at half of each workload's own highest rate, beside ten password hashes a second."""
    for row in rows:
        rate = max(one.rate for one in row.rounds) / 2
        requests = row.workload.requests(row.server, int(rate * seconds) + 1)
        hashes = start_open_loop(row.server, [password], 10, seconds, 16)
        figures = open_loop_figures(start_open_loop(row.server, requests, rate, seconds))
        beside = open_loop_figures(hashes)
        if figures[1] or beside[1]:
            raise SystemExit(f"{row.workload.name}: {figures[1]:.0f} requests and {beside[1]:.0f} sign-ins were refused")
        yield row, rate, figures
