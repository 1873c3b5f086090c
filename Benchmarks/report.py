# SPDX-License-Identifier: Apache-2.0
"""The figures as lines on a terminal and as the tables of 'Docs/Speed.md'."""
import re
from machine import root

page = root / "Docs/Speed.md"


def took(milliseconds):
    return f"{milliseconds:.2f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"


def line(row):
    low, high = row.range
    return (f"{row.workload.name:28} {row.median('rate'):9.0f}/s  ratio {row.ratio:.3f} ({low:.3f} to {high:.3f})  "
            f"{row.median('processor'):6.1f} us  p99 {took(row.median('p99'))}")


def digits(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def closed_table(rows):
    lines = ["| workload | a second | ratio | lowest to highest | processor time | p99 |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        low, high = map(digits, row.range)
        lines.append(f"| {row.workload.title} | {row.median('rate'):,.0f} | {digits(row.ratio)} | {low} to {high} | "
                     f"{row.median('processor'):.1f} us | {took(row.median('p99'))} |")
    return lines


def open_table(results):
    lines = ["| workload at half of its highest rate | a second | p50 | p99 | p99.9 |", "| --- | --- | --- | --- | --- |"]
    for row, rate, (count, failed, p50, p99, p999, most) in results:
        lines.append(f"| {row.workload.title} | {rate:,.0f} | {took(p50)} | {took(p99)} | {took(p999)} |")
    return lines


def write(table):
    """Replaces the table of the page that has the same first column."""
    head = re.escape(table[0].split(" |")[0]) + r" \|.*\n(?:\|.*\n)*"
    text, count = re.subn(head, lambda _: "\n".join(table) + "\n", page.read_text(), count=1)
    if not count:
        raise SystemExit(f"{page}: there is no table that begins with '{table[0]}'")
    page.write_text(text)
