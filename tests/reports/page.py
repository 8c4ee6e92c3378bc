#!/usr/bin/env python3
"""The HTML page, opened and used in a headless Chromium.

    page.py CRANKCASE PLANTED FOLDER

Screenshots are left in FOLDER/page-*.png, to be looked at. Exits 77 where there is no browser.
"""
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from webdriver import Browser

DIFFERING = """crankcase-plan 1
program alice
  turn
    send i1 new
program bob
  turn
    store-set key=2
vat alice alice
vat bob bob
bootstrap alice
block after=1000
replica
replica
fault 1 vat-overruns at=2
"""
ARROW_LEFT, ARROW_RIGHT, ENTER, ESCAPE = "\ue012", "\ue014", "\ue007", "\ue00c"
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"
ROWS = "return document.querySelectorAll('#failures details').length"


def expect(truth, what):
    if not truth:
        sys.exit(f"page: {what}")


def expect_is(value, wanted, what):
    expect(value == wanted, f"{what}: {value!r}, not {wanted!r}")


def run(*words, code=1):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    expect(done.returncode == code, f"{words}: code {done.returncode}\n{done.stdout}")


def text(browser, css):
    return browser.run("return document.querySelector(arguments[0]).textContent", css)


def until(browser, condition, what):
    """What a browser does in its own time."""
    for _ in range(200):
        if browser.run(condition):
            return
        time.sleep(0.05)
    expect(False, what)


def check_no_network(page):
    loads = re.findall(r"""(?:src|href)\s*=|url\(|@import|fetch\(|XMLHttpRequest|WebSocket""", page.read_text())
    expect_is(loads, [], "the page loads something")


def check_campaign(browser, page, shots):
    browser.open(page)
    expect_is(text(browser, "#verdict"), "failed", "verdict")
    expect(int(text(browser, "#glance div:nth-child(2) dd")) >= 2, "no failures at a glance")
    expect(browser.run("return document.querySelectorAll('figure polyline').length") == 2, "no charts")
    rows = browser.run(ROWS)
    expect(rows >= 2, "no failures listed")
    browser.screenshot(shots / "page-campaign.png")

    # The filter, by keyboard.
    first = text(browser, "#failures summary b")
    browser.press("/")
    browser.type("#filter", first)
    expect(browser.run(ROWS) < rows, "the filter lets all through")
    browser.run("document.querySelector('#filter').value = ''")
    browser.type("#filter", "nothing of the kind")
    expect_is(browser.run(ROWS), 0, "rows that do not match")
    browser.run("const f = document.querySelector('#filter'); f.value = ''; f.dispatchEvent(new Event('input'))")
    expect_is(browser.run(ROWS), rows, "rows without a filter")

    # A failure, opened by keyboard.
    browser.press(ESCAPE)
    browser.press("j")
    browser.press(ENTER)
    until(browser, "return document.querySelectorAll('#failures details[open] > div').length === 1",
          "a failure does not open")
    shown = text(browser, "#failures details[open]")
    for wanted in ("Oracle", "Kernel crank ", "crankcase run --seed", "replica 0, point"):
        expect(wanted in shown, f"the explanation lacks {wanted!r}: {shown}")
    browser.press("j")
    focus = "return document.activeElement.parentElement.dataset.i"
    expect(browser.run(focus) not in (None, "0"), "j does not go to the next failure")

    # The next one, also from within one that is open.
    within = "return document.activeElement.closest('details').dataset.i"
    second = browser.run(within)
    browser.press(ENTER)
    until(browser, "return document.querySelectorAll('#failures details[open] > div').length === 2",
          "the second failure does not open")
    browser.run("document.querySelectorAll('#failures details[open]')[1].querySelector('button').focus()")
    expect_is(browser.run(within), second, "the failure whose button has the focus")
    browser.press("k")
    expect_is(browser.run(focus), browser.run("return document.querySelector('#failures details').dataset.i"),
              "where k goes from a button of the second failure")
    browser.run("document.querySelectorAll('#failures details[open]')[1].querySelector('button').focus()")
    browser.press("j")
    expect_is(browser.run(focus), browser.run("return document.querySelectorAll('#failures details')[2].dataset.i"),
              "where j goes from a button of the second failure")

    # Light and dark.
    before = browser.run(BACKGROUND)
    browser.click("#theme")
    after = browser.run(BACKGROUND)
    expect(before != after, "there is one theme only")
    browser.screenshot(shots / "page-campaign-dark.png")
    browser.press("t")
    expect_is(browser.run(BACKGROUND), before, "background after t")
    expect_is(browser.complaints(), [], "errors on the console")

    # Whoever likes it dark has it dark from the start.
    browser.prefer("dark")
    browser.open(page)
    expect_is(browser.run(BACKGROUND), after, "background where dark is preferred")
    browser.prefer("light")


def check_difference(browser):
    """Beside the timeline: where they part, the first write first, then keys in words with what each of the two has."""
    shown = text(browser, "#diff")
    for wanted in ("Where they part", "The first write that differs", "Keys that differ at its end", "acceptanceQueue",
                   "head and tail of the acceptance queue", "What befell one of them and not the other", "vat-overruns"):
        expect(wanted in shown, f"the difference lacks {wanted!r}: {shown}")
    values = browser.run("""const table = [...document.querySelectorAll('#diff .key')].pop();
        return [...table.querySelectorAll('tr')].map((row) => [...row.cells].map((cell) => cell.textContent))""")
    expect(len(values) == 2 and values[0][1] != values[1][1], f"a key that does not differ: {values}")
    expect({values[0][0], values[1][0]} == {"replica 0", "replica 1"}, f"of whom is it: {values}")
    beside = browser.run("""const lanes = document.querySelector('#lanes').getBoundingClientRect(),
        diff = document.querySelector('#diff').getBoundingClientRect(); return diff.left >= lanes.right""")
    expect(beside, "it is not beside the timeline")


def check_list(browser, page):
    """A regression run: nothing of campaigns, each file with what it came to."""
    browser.open(page)
    expect_is(text(browser, "#verdict"), "failed", "verdict")
    expect_is(text(browser, "#h-plans"), "Files", "heading")
    expect_is(browser.run("return [...document.querySelectorAll('#plans tbody td:nth-child(2)')].map((cell) => cell.textContent)"),
              ["bad", "different", "passed"], "what the files came to, the bad ones first")
    for gone in ("#s-charts", "#s-ends", "#s-faults"):
        expect_is(browser.run("return document.querySelector(arguments[0]).getClientRects().length", gone), 0, f"{gone} is shown")
    expect_is(browser.complaints(), [], "errors on the console")


def check_timeline(browser, page, shots):
    browser.open(page)
    expect(not browser.run("return document.querySelector('#s-timeline').hidden"), "no timeline")
    expect_is(text(browser, "#kept"), "", "said of a timeline that is whole")
    where, point = "return cursor.point", browser.run("return cursor.point")
    divergences = browser.run("return timeline.divergences")
    expect_is(point, divergences[0], "the first divergence is not in focus")
    check_difference(browser)
    expect("replica 1" in text(browser, "#point .bad"), "it is not said who differs")
    glance = browser.run("return [...document.querySelectorAll('#glance dt')].map((name) => name.textContent)")
    expect("plans a second" in glance and "seeds a second" not in glance, f"plans are no seeds: {glance}")
    browser.run("document.querySelector('#lanes').focus()")
    browser.press(ARROW_LEFT)
    expect_is(browser.run(where), point - 1, "an arrow to the left")
    browser.click("#next")
    expect_is(browser.run(where), point, "next divergence")
    browser.press(ARROW_LEFT)
    browser.press("n")
    expect_is(browser.run(where), point, "next divergence by key")
    drawn = browser.run("""const c = document.querySelector('#cells'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        const colours = new Set(); for (let i = 0; i < d.length; i += 4) colours.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
        return colours.size""")
    expect(drawn > 5, "nothing is drawn")
    browser.run("document.querySelector('#s-timeline').scrollIntoView()")
    browser.screenshot(shots / "page-timeline.png")
    browser.press("t")
    browser.screenshot(shots / "page-timeline-dark.png")
    expect_is(browser.complaints(), [], "errors on the console")


def cut(results):
    """A timeline of which not all is there."""
    with sqlite3.connect(results) as database:
        database.execute("UPDATE timeline SET json = json_set(json, '$.points', 7607, '$.cut', json('true'))")


def check_cut(browser, page, shots):
    browser.open(page)
    last = browser.run("return timeline.last")
    expect_is(text(browser, "#kept"), f"points 0-{last} of 7607, cut: no memory", "what there is of the timeline")
    browser.run("document.querySelector('#s-timeline').scrollIntoView()")
    browser.screenshot(shots / "page-cut.png")


def many(results):
    """Ten thousand plans, each of which failed, in a hundred ways."""
    with sqlite3.connect(results) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(failure)")]
        copied = ", ".join(c for c in columns if c not in ("id", "plan", "name", "signature"))
        database.execute("WITH RECURSIVE n(i) AS (VALUES (10) UNION ALL SELECT i + 1 FROM n LIMIT 10000)"
                         " INSERT INTO plan (id, name, state, seconds) SELECT i, 'plan-' || i, 'different', 1 FROM n")
        database.execute(f"INSERT INTO failure (plan, name, signature, {copied})"
                         " SELECT p.id, p.name, 'replicas/send/' || (p.id % 100), "
                         f"{', '.join('f.' + c for c in copied.split(', '))}"
                         " FROM plan p, failure f WHERE p.id >= 10 AND f.id = 1")


def check_many(browser, page, shots):
    seconds = browser.open(page)
    loaded = browser.run("return performance.getEntriesByType('navigation')[0].loadEventStart")
    expect(seconds < 5 and 0 < loaded < 3000, f"10,000 runs take {seconds:.1f} s to open, {loaded:.0f} ms to load")
    expect(browser.run("return data.failures.length") >= 10000, "not all are there")
    expect(browser.run(ROWS) < 500, "all are drawn at once")
    took = browser.run("""const f = document.querySelector('#filter'), t = performance.now();
        f.value = 'plan-77'; f.dispatchEvent(new Event('input')); return performance.now() - t""")
    expect(took < 1000, f"the filter takes {took:.0f} ms")
    expect_is(text(browser, "#shown").split(" ")[0], "111", "plans that the filter finds")
    before = browser.run(ROWS)
    browser.click("#more")
    expect(browser.run(ROWS) > before, "there are not more rows")
    print(f"10,000 runs: {loaded:.0f} ms to the load event, {seconds:.2f} s in all, {took:.0f} ms to filter, {page.stat().st_size // 1024} KiB")


def main(crankcase, planted, folder):
    if missing := Browser.missing():
        print(f"skipped: {missing}")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        scratch, shots = Path(scratch), Path(folder)
        campaign, one, corpus, of_a_part, all_of_them = (
            scratch / name for name in ("campaign.html", "one.html", "corpus.html", "part.html", "many.html"))
        kept = scratch / "kept"
        kept.mkdir()
        plan = kept / "differs.plan"
        plan.write_text(DIFFERING)
        (kept / "bad.plan").write_text("no plan\n")
        (kept / "good.plan").write_text(DIFFERING.rsplit("fault", 1)[0])
        run(planted, "undo-forgets", "run", "--seeds", "200", "--out", scratch / "failures", "--html", campaign)
        run(crankcase, "run", plan, "--html", one, "--results", scratch / "one.sqlite")
        run(crankcase, "corpus", "run", kept, "--html", corpus, code=2)
        cut(scratch / "one.sqlite")
        run(crankcase, "report", scratch / "one.sqlite", "--html", of_a_part, code=0)
        many(scratch / "one.sqlite")
        run(crankcase, "report", scratch / "one.sqlite", "--html", all_of_them, code=0)
        for page in (campaign, one):
            check_no_network(page)
        with Browser() as browser:
            check_campaign(browser, campaign, shots)
            check_timeline(browser, one, shots)
            check_cut(browser, of_a_part, shots)
            check_list(browser, corpus)
            check_many(browser, all_of_them, shots)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
