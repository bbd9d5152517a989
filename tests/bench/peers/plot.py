"""The two figures that count, of gild and each peer, as bars in an SVG."""

from html import escape
from statistics import median

from peer import MANY, ONE

WIDTH, ROW, BAR, LABELS, FIGURES, TOP = 760, 26, 16, 190, 90, 44
STYLE = """
text { font: 13px sans-serif; fill: #222 }
.title { font-weight: bold }
.bar { fill: #8fa8c8 } .gild { fill: #d9822b } .limit { fill: #c9c9c9 }
.range { stroke: #222; stroke-width: 1.2 }
.page { fill: #fff }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .page { fill: #16181c } .range { stroke: #ddd }
}
"""


def figures(results, mode, what):
    """(name, class, values): gild's are those of all its pairs."""
    peers = [peer for peer in results["peers"] if peer["pairs"].get(mode)]
    gild = [pair["gild"][what] for peer in peers for pair in peer["pairs"][mode]]
    yield "gild", "gild", gild
    for peer in peers:
        values = [pair["peer"][what] for pair in peer["pairs"][mode]]
        yield peer["name"], "limit" if peer["is_limit"] else "bar", values


def panel(title, rows, form, top):
    """Its elements, and where it ends. A dash through a bar's end is the range."""
    most = max(max(values) for _, _, values in rows)
    scale = (WIDTH - LABELS - FIGURES - 20) / most
    yield f'<text class="title" x="10" y="{top + 18}">{escape(title)}</text>'
    for i, (name, style, values) in enumerate(rows):
        y = top + TOP - 12 + i * ROW
        middle, width = y + BAR / 2, median(values) * scale
        least, greatest = (LABELS + edge(values) * scale for edge in (min, max))
        yield f'<text x="{LABELS - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
        yield (
            f'<rect class="{style}" x="{LABELS}" y="{y}" '
            f'width="{width:.1f}" height="{BAR}"/>'
        )
        yield (
            f'<line class="range" x1="{least:.1f}" y1="{middle}" '
            f'x2="{greatest:.1f}" y2="{middle}"/>'
        )
        text = form.format(median(values))
        yield f'<text x="{max(greatest, LABELS + width) + 6:.1f}" y="{y + 13}">{text}</text>'


def draw(results, path):
    panels = [
        ("One at a time: p50 of a round trip, us (less is better)", ONE, "p50_us", "{:.0f}"),
        ("Saturated: jobs a second (more is better)", MANY, "jobs_per_s", "{:,.0f}"),
    ]
    elements, top = [], 0
    for title, mode, what, form in panels:
        rows = list(figures(results, mode, what))
        if mode == MANY:  # limits are so far away that nothing else could be told apart
            rows = [row for row in rows if row[1] != "limit"]
        if rows[0][2]:
            elements += panel(title, rows, form, top)
            top += TOP + len(rows) * ROW
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
            f'viewBox="0 0 {WIDTH} {top}" role="img">\n'
            f"<title>gild beside its peers</title>\n<style>{STYLE}</style>\n"
            f'<rect class="page" width="{WIDTH}" height="{top}"/>\n'
        )
        file.write("\n".join(elements) + "\n</svg>\n")
