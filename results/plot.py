#!/usr/bin/env python3
"""Draws the results of `noloss run`: plot.py DIR [-o OUT]

  guarantees.png   configuration x guarantee: in how many runs each was violated
  loss.png         probability of a loss with its 95 % interval; no loss in N runs is a bound, never a bare 0
  faults.png       configuration x kind of fault: of the runs in which it had an effect, how many lost a message
  price.png        what durability costs: latency of the acknowledgement against the bound of the loss

Reads runs.csv, summary.csv and faults.csv of DIR (columns: README.md beside this file). Needs pandas and matplotlib.
Many configurations make several pictures: guarantees-2.png and so on.
"""

import argparse
import pathlib
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd
    from matplotlib.patches import Patch, Rectangle
except ImportError as problem:
    sys.exit(f"plot.py needs pandas and matplotlib (apt-get install python3-pandas python3-matplotlib): {problem}")

GUARANTEES = ["no_acked_loss", "no_silent_loss", "no_duplicates", "order", "no_phantom", "available",
              "replicas_agree", "loss_detected"]
ACTIONS = ["power_loss", "fsync_error", "fsync_lie", "disk_slow", "disk_full", "disk_error", "corrupt", "wipe",
           "destroy", "kill", "pause", "stop", "clock_skew", "handler_error", "handler_stall", "drop", "partition",
           "loss", "delay", "slow"]
ZERO, UNSURE, ABSENT = "#d5ebe3", "#e3e3e3", "#ffffff"  # no violation; no verdict; nothing there
VIOLATED = matplotlib.colors.LinearSegmentedColormap.from_list("violated", ["#fde3a7", "#f0883e", "#a11d33"])
WRONG = "#c1121f"
ROWS = 48       # of a picture
LETTER = 0.063  # inches, average, of the labels at the left


def read(folder, name, **options):
    path = folder / name
    if not path.exists():
        sys.exit(f"plot.py: {path} is missing; the folder needs the results of a finished `noloss run`")
    return pd.read_csv(path, dtype=str, keep_default_na=False, **options)


def numbers(table, columns):
    """The columns as numbers; what was not measured is NaN."""
    for column in columns:
        table[column] = pd.to_numeric(table[column], errors="coerce")
    return table


def short_name(path, paths):
    """What follows ".config.", else the last part; longer where another parameter would end alike."""
    parts = path.split(".")
    start = path.rfind(".config.")
    length = path[start + 8:].count(".") + 1 if start >= 0 else 1
    for count in range(length, len(parts)):
        name = ".".join(parts[-count:])
        if sum(p == name or p.endswith("." + name) for p in paths) == 1:
            return name
    return path


def label(scenario, parameters, most=80):
    """Both in one line; a scenario's name is cut where that is too long, since parameters tell lines apart."""
    room = max(most - len("  ".join(parameters)), 20)
    return "  ".join([scenario if len(scenario) <= room else scenario[:room - 1] + "\u2026", *parameters])


def labels(summary):
    """{(scenario, config_id): "scenario  acks=1  isr=2"} in the order of the table; parameters that never differ
    within a scenario are left out."""
    parameters = [c for c in summary.columns if "." in c or c not in KNOWN]
    found = {}
    for scenario, rows in summary.groupby("scenario", sort=False):
        first = rows.drop_duplicates("config_id")
        shown = [c for c in parameters if first[c].nunique() > 1]
        names = {c: short_name(c, [p for p in parameters if (first[p] != "").any()]) for c in shown}
        for _, row in first.iterrows():
            words = [f"{names[c]}={row[c]}" for c in shown if row[c] != ""]
            found[(scenario, row["config_id"])] = label(scenario, words)
    return found


KNOWN = {"scenario", "config_id", "guarantee", "expected", "verdict", "met", "evidence", "runs", "violations", "p",
         "p_low", "p_high", "first_seed", "stage"}


def severity(p):
    """0..1 on a logarithmic scale from a thousandth to one."""
    return float(np.clip((np.log10(max(p, 1e-9)) + 3) / 3, 0, 1))


def ink(colour):
    red, green, blue = matplotlib.colors.to_rgb(colour)
    return "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else "black"


def pages(keys):
    """The configurations in parts of about equal size that fit a picture."""
    count = max(1, -(-len(keys) // ROWS))
    size = max(1, -(-len(keys) // count))
    return [keys[i:i + size] for i in range(0, len(keys), size)]


def save(figure, out, stem, page):
    name = f"{stem}.png" if page == 0 else f"{stem}-{page + 1}.png"
    figure.savefig(out / name, dpi=130, metadata={"Software": None})
    plt.close(figure)
    print(out / name)


def grid(names, columns, cell, title, legend):
    """A table of coloured cells. `cell(row, column)` gives text, colour and whether it is not as expected."""
    left = 0.35 + LETTER * max(len(n) for n in names)
    width, height, top, bottom = 0.98 * len(columns), 0.25 * len(names), 0.95, 0.5
    figure = plt.figure(figsize=(left + max(width, 3.4) + 0.3, top + height + bottom))
    total_width, total_height = figure.get_size_inches()
    axes = figure.add_axes([left / total_width, bottom / total_height, width / total_width, height / total_height])
    frames = []
    for y, _ in enumerate(names):
        for x, _ in enumerate(columns):
            text, colour, wrong = cell(y, x)
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))
            axes.text(x + 0.5, y + 0.52, text, ha="center", va="center", fontsize=7.5, color=ink(colour),
                      fontweight="bold" if wrong else "normal")
            if wrong:
                frames.append(Rectangle((x + 0.02, y + 0.06), 0.96, 0.88, fill=False, edgecolor=WRONG, linewidth=1.8))
    for frame in frames:  # last, so that no neighbour covers a part
        axes.add_patch(frame)
    axes.set(xlim=(0, len(columns)), ylim=(len(names), 0))
    axes.set_xticks(np.arange(len(columns)) + 0.5, [c.replace("_", "\n", 1) for c in columns], fontsize=8)
    axes.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=8)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.text(0.15 / total_width, 1 - 0.25 / total_height, title, fontsize=9.5, fontweight="bold", va="center")
    figure.legend(handles=legend, loc="lower left", bbox_to_anchor=(0.05 / total_width, 0), ncol=len(legend),
                  frameon=False, fontsize=8, handlelength=1.2, columnspacing=1.2)
    return figure


def legend_of(zero, *more):
    share = [Patch(color=VIOLATED(severity(p)), label=f"{p:.1%}".replace(".0%", "%")) for p in (0.001, 0.01, 0.1, 1)]
    return [Patch(color=ZERO, label=zero), *share, *more]


def draw_guarantees(summary, names, out):
    table = summary.set_index(["scenario", "config_id", "guarantee"])
    columns = [g for g in GUARANTEES if g in set(summary["guarantee"])]
    for page, keys in enumerate(pages(list(names))):
        def cell(y, x):
            row = table.loc[(*keys[y], columns[x])]
            wrong = row["met"] == "false"
            if row["verdict"] == "inconclusive":
                return "?", UNSURE, wrong
            colour = VIOLATED(severity(row["p"])) if row["violations"] > 0 else ZERO
            return f"{row['violations']:.0f}/{row['runs']:.0f}", colour, wrong

        legend = legend_of("no violation", Patch(color=UNSURE, label="inconclusive"),
                           Patch(facecolor="none", edgecolor=WRONG, linewidth=1.8, label="not as expected"))
        figure = grid([names[k] for k in keys], columns, cell, "Runs that violated each guarantee", legend)
        save(figure, out, "guarantees", page)


def draw_loss(summary, names, out, guarantee):
    rows = summary[(summary["guarantee"] == guarantee) & summary["p_high"].notna()]
    rows = rows.sort_values(["p", "p_high"], ascending=False, kind="stable")
    for page, keys in enumerate(pages(list(rows.index))):
        part = rows.loc[keys]
        texts = [names[key] for key in zip(part["scenario"], part["config_id"])]
        left, height = 0.35 + LETTER * max(map(len, texts)), 0.25 * len(part)
        figure = plt.figure(figsize=(left + 5.9, height + 1.1))
        total_width, total_height = figure.get_size_inches()
        axes = figure.add_axes([left / total_width, 0.55 / total_height, 5.0 / total_width, height / total_height])
        smallest = min(float(rows["p_high"].min()), 0.1)
        threshold = 10 ** np.floor(np.log10(smallest))
        y = np.arange(len(part))
        none = (part["violations"] == 0).to_numpy()
        low, p, high = (part[c].to_numpy(dtype=float) for c in ("p_low", "p", "p_high"))
        axes.barh(y[none], high[none], height=0.6, color=ZERO, edgecolor="#3b8f7c", linewidth=0.8)
        axes.plot(high[none], y[none], linestyle="", marker="<", color="#3b8f7c", markersize=5)
        axes.errorbar(p[~none], y[~none], xerr=[(p - low)[~none], (high - p)[~none]], fmt="o", color="#a11d33",
                      ecolor="#f0883e", elinewidth=2, capsize=2.5, markersize=4)
        axes.set_xscale("symlog", linthresh=threshold, linscale=0.5)
        axes.set_xlim(0, 1.15)
        decades = 10.0 ** np.arange(np.log10(threshold), 0.5)
        axes.set_xticks([0, *decades], ["0", *[f"{d:g}" for d in decades]], fontsize=8)
        axes.minorticks_off()
        axes.set_yticks(y, texts, fontsize=8)
        axes.set_ylim(len(part) - 0.4, -0.6)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        for position, row in zip(y, part.itertuples()):
            axes.annotate(f"{row.violations:.0f}/{row.runs:.0f}", (1.0, position), xycoords=("axes fraction", "data"),
                          xytext=(6, 0), textcoords="offset points", fontsize=7.5, va="center", color="#444444")
        axes.set_xlabel("probability that a run violates it, under the faults of the scenario", fontsize=8)
        figure.text(0.15 / total_width, 1 - 0.25 / total_height,
                    f"{guarantee}: share of runs with 95 % interval (bar: none seen, at most this, one-sided 95 %)",
                    fontsize=9.5, fontweight="bold", va="center")
        save(figure, out, "loss", page)


def draw_faults(faults, names, out, guarantee):
    column = f"violated_{guarantee}"
    faults = numbers(faults, ["runs", "armed", "runs_effective", column])
    if faults.empty:
        return
    table = faults.set_index(["scenario", "config_id", "action"])
    columns = [a for a in ACTIONS if a in set(faults["action"])]
    present = [k for k in names if k in set(zip(faults["scenario"], faults["config_id"]))]
    for page, keys in enumerate(pages(present)):
        def cell(y, x):
            if (*keys[y], columns[x]) not in table.index:
                return "", ABSENT, False
            row = table.loc[(*keys[y], columns[x])]
            if row["runs_effective"] == 0:
                return "no effect", UNSURE, False
            share = row[column] / row["runs_effective"]
            colour = VIOLATED(severity(share)) if share > 0 else ZERO
            return f"{row[column]:.0f}/{row['runs_effective']:.0f}", colour, False

        legend = legend_of("none", Patch(color=UNSURE, label="never had an effect"))
        figure = grid([names[k] for k in keys], columns, cell,
                      f"Runs that violated {guarantee}, of those in which the fault had an effect", legend)
        save(figure, out, "faults", page)


def pareto(points):
    """Those that no other one beats in both: latency and bound."""
    front, best = [], np.inf
    for index in np.lexsort((points[:, 1], points[:, 0])):
        if points[index, 1] < best:
            front.append(index)
            best = points[index, 1]
    return front


def place_labels(axes, figure, points, texts):
    """Writes each text beside its point where it covers no earlier one; gives up on those that find no room."""
    figure.canvas.draw()
    taken = [axes.transData.transform(p) for p in points]
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in taken]
    limits = axes.get_window_extent()
    offsets = [(7, 5), (7, -11), (-7, 5), (-7, -11), (7, 16), (7, -22), (-7, 16), (-7, -22), (7, 28), (7, -34)]
    for point, text in zip(points, texts):
        for dx, dy in offsets:
            label_text = axes.annotate(text, point, xytext=(dx, dy), textcoords="offset points", fontsize=7,
                                  ha="left" if dx > 0 else "right",
                                  arrowprops={"arrowstyle": "-", "color": "#aaaaaa", "linewidth": 0.5,
                                                  "relpos": (0 if dx > 0 else 1, 0.5)})
            label_text.update_positions(figure.canvas.get_renderer())
            box = matplotlib.text.Text.get_window_extent(label_text, figure.canvas.get_renderer())
            inside = limits.x0 <= box.x0 and box.x1 <= limits.x1 and limits.y0 <= box.y0 and box.y1 <= limits.y1
            free = all(box.x1 < a or c < box.x0 or box.y1 < b or d < box.y0 for a, b, c, d in taken)
            if inside and free:
                taken.append((box.x0, box.y0, box.x1, box.y1))
                break
            label_text.remove()


def draw_price(runs, summary, names, out, guarantee):
    latency = numbers(runs, ["ack_latency_p99_us"]).groupby(["scenario", "config_id"])["ack_latency_p99_us"].median()
    rows = summary[(summary["guarantee"] == guarantee) & summary["p_high"].notna()].copy()
    rows["latency"] = [latency.get(key, np.nan) / 1000 for key in zip(rows["scenario"], rows["config_id"])]
    rows = rows[rows["latency"] > 0]
    if rows.empty:
        return
    figure, axes = plt.subplots(figsize=(9, 6))
    points = rows[["latency", "p_high"]].to_numpy(dtype=float)
    none = (rows["violations"] == 0).to_numpy()
    axes.plot(*points[~none].T, linestyle="", marker="o", color="#a11d33", markersize=6, label="violated in some run")
    axes.plot(*points[none].T, linestyle="", marker="v", markerfacecolor=ZERO, markeredgecolor="#3b8f7c", markersize=7,
              label="never violated: a bound that more runs lower")
    front = pareto(points)
    axes.step(*points[front].T, where="post", color="#999999", linewidth=1, linestyle="--", zorder=0,
              label="no other one is both faster and safer")
    axes.set(xscale="log", yscale="log", xlabel="p99 latency of the acknowledgement, median over runs (ms)",
             ylabel=f"upper 95 % bound of P(run violates {guarantee})")
    axes.margins(x=0.14, y=0.1)
    one_decade = points[:, 1].max() < 10 * points[:, 1].min()  # a power of ten may not be among them
    for axis, steps in ((axes.xaxis, (1, 2, 5)), (axes.yaxis, (1, 2, 5) if one_decade else (1,))):
        axis.set_major_locator(matplotlib.ticker.LogLocator(subs=steps))
        axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_title("Price of durability", fontsize=10, fontweight="bold", loc="left")
    axes.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, -0.24), ncol=3)
    figure.subplots_adjust(left=0.1, right=0.97, top=0.93, bottom=0.18)
    texts = [names[key] for key in zip(rows["scenario"], rows["config_id"])]
    rest = [i for i in range(len(points)) if i not in front]
    order = front + (rest if len(points) <= 24 else [])  # among many, only the best are named
    place_labels(axes, figure, points[order], [texts[i] for i in order])
    save(figure, out, "price", 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=pathlib.Path, metavar="DIR", help="folder that `noloss run` wrote")
    parser.add_argument("-o", "--out", type=pathlib.Path, help="folder for the pictures (default: DIR)")
    parser.add_argument("--guarantee", choices=GUARANTEES, default=GUARANTEES[0],
                        help="what loss, faults and price are about (default: no_acked_loss)")
    options = parser.parse_args()
    out = options.out or options.dir
    summary = numbers(read(options.dir, "summary.csv"), ["runs", "violations", "p", "p_low", "p_high"])
    if summary.empty:
        sys.exit("plot.py: summary.csv has no rows")
    out.mkdir(parents=True, exist_ok=True)
    names = labels(summary)
    runs = read(options.dir, "runs.csv", usecols=["scenario", "config_id", "ack_latency_p99_us"])
    draw_guarantees(summary, names, out)
    draw_loss(summary, names, out, options.guarantee)
    draw_faults(read(options.dir, "faults.csv"), names, out, options.guarantee)
    draw_price(runs, summary, names, out, options.guarantee)


if __name__ == "__main__":
    main()
