# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG, and the law that measured points follow."""
import html, math

width, height, left, bottom, top = 460, 300, 70, 50, 50
ink, line, grid = "#444", "#0b6", "#ddd"


def fit(xs, ys):
    """The least squares of 'a + b x', and the largest relative error."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    square = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / square if square else 0
    start = mean_y - slope * mean_x
    return start, slope, max(abs(start + slope * x - y) / max(abs(y), 1e-9) for x, y in zip(xs, ys))


def short(number):
    """A number with three significant digits."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def signed(number):
    return ("-" if number < 0 else "+") + short(abs(number))


def law(xs, ys, within=0.1, certainly=0.02):
    """Names the simplest law whose every point is within a tenth: constant, logarithmic, linear, or else a power."""
    mean = sum(ys) / len(ys)
    apart = max(abs(y - mean) / max(mean, 1e-9) for y in ys)
    if apart <= certainly:
        return f"constant: {short(mean)}"
    # Three points lie near many curves.
    if len(xs) > 3:
        tenfold, each = fit([math.log10(x + 1) for x in xs], ys), fit(xs, ys)
        if min(tenfold[2], each[2]) <= min(within, apart / 2):
            if tenfold[2] < each[2]:
                return f"logarithmic: {short(tenfold[0])}, and {signed(tenfold[1])} for each tenfold"
            return f"linear: {short(each[0])}, and {signed(each[1] * 1000)} for each thousand"
    if apart <= within:
        return f"constant: {short(mean)}, within {apart:.0%}"
    points = [(math.log(x), math.log(y)) for x, y in zip(xs, ys) if x > 0 and y > 0]
    power = fit(*zip(*points))[1] if len(points) > 1 else 0
    return f"about n to the power of {power:.2f}"


def ticks(largest):
    step = 10 ** math.floor(math.log10(largest or 1))
    step = next(step * part for part in (0.2, 0.5, 1, 2, 5) if largest / (step * part) <= 5)
    return [step * index for index in range(int(largest / step) + 1)]


def panel(offset, title, xs, ys, label):
    """One curve, from zero, with its law above it; the horizontal axis is logarithmic if the points are."""
    wide = max(xs) > 50 * max(1, min(x for x in xs if x) if any(xs) else 1)
    place = (lambda x: math.log10(x + 1)) if wide else float
    near, high = place(min(xs)), max(ys) * 1.15 or 1
    at_x = lambda x: offset + left + (place(x) - near) / (place(max(xs)) - near or 1) * (width - left - 25)
    at_y = lambda y: height - bottom - y / high * (height - bottom - top)
    text = lambda x, y, words, anchor="middle", size=12: (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{html.escape(words)}</text>')
    parts = [text(offset + left, 20, title, "start", 14), text(offset + left, 38, law(xs, ys), "start")]
    for y in ticks(high):
        parts.append(f'<path d="M{offset + left} {at_y(y):.1f}H{offset + width - 20}" stroke="{grid}"/>')
        parts.append(text(offset + left - 6, at_y(y) + 4, short(y), "end"))
    for x in xs:
        parts.append(text(at_x(x), height - bottom + 18, short(x)))
    path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in zip(xs, ys))
    parts.append(f'<polyline points="{path}" fill="none" stroke="{line}" stroke-width="2"/>')
    parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{line}"/>' for x, y in zip(xs, ys)]
    parts.append(text(offset + (width + left) / 2, height - 10, label))
    return "\n".join(parts)


def svg(label, xs, *curves):
    """The text of a file with one panel for each curve, which is a title and its values."""
    panels = "\n".join(panel(index * width, title, xs, ys, label) for index, (title, ys) in enumerate(curves))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * len(curves)} {height}" '
            f'font-family="sans-serif" fill="{ink}">\n<rect width="100%" height="100%" fill="#fff"/>\n{panels}\n</svg>\n')
