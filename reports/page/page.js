/* page.js - the campaign: what the data of the page says, drawn. Text from a run only ever becomes textContent. */
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const number = (n) => n.toLocaleString("en");

/* An element with a class, text and children. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  for (const child of children) element.append(child);
  return element;
}

/* ---- light and dark */

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "light" : "dark";
  $("theme").setAttribute("aria-pressed", String(theme === "dark"));
  document.dispatchEvent(new Event("themechange"));
}
setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
const toggleTheme = () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
$("theme").addEventListener("click", toggleTheme);

/* ---- at a glance */

function duration(seconds) {
  if (seconds < 120) return seconds.toFixed(1) + " s";
  if (seconds < 7200) return (seconds / 60).toFixed(1) + " minutes";
  if (seconds < 172800) return (seconds / 3600).toFixed(1) + " hours";
  return (seconds / 86400).toFixed(1) + " days";
}

function drawHead() {
  const failed = data.failed > 0 || data.exitCode > 0;
  const verdict = failed ? "failed" : data.partial ? "incomplete" : "passed";
  $("verdict").textContent = verdict;
  $("verdict").className = verdict;
  document.title = "crankcase: " + verdict;
  $("command").textContent = data.command + "\nbegun " + data.started + " UTC, " + data.state +
    (data.kernel ? ", kernel " + data.kernel : "");
  if (data.partial) {
    $("partial").hidden = false;
    $("partial").textContent = "Partial. " + data.partial + (data.error ? " " + data.error : "") +
      (data.unwritten ? " " + data.unwritten + " rows could not be written into the file." : "");
  }
}

function drawGlance() {
  const totals = data.totals, seconds = data.seconds || 1;
  const of_runs = [
    [`${data.unit} a second`, (totals.seeds / seconds).toFixed(1)],
    ["cranks a second", number(Math.round(totals["all-cranks"] / seconds))],
    ["simulated", duration(totals["simulated-ns"] / 1e9)],
    ["cranks", number(totals["all-cranks"])], ["deliveries", number(totals.deliveries)],
    ["syscalls", number(totals.syscalls)], ["aborted cranks", number(totals.aborted)],
    ["node crashes", number(totals.crashes)], ["nodes halted", number(totals.halted)],
    ["kernel panics", number(totals.panicked)], ["divergences", number(totals.diverged)],
    ["features", number(totals.features)],
  ];
  const figures = [
    [data.unit, number(data.count)], ["failed", number(data.failed), data.failed ? "bad" : "good"],
    ["signatures", number(data.groups.length)], ["time", duration(data.seconds)],
  ];
  for (const [name, value, kind] of data.hasTotals ? [...figures, ...of_runs] : figures)
    $("glance").append(make("div", {}, make("dt", {}, name), make("dd", kind ? { class: kind } : {}, value)));
}

/* ---- growth */

/* Points are [x, y] from nothing; one line in a frame, with its largest values said. */
function drawChart(id, caption, points, unit) {
  const figure = $(id), width = 600, height = 140, left = 8, bottom = 16;
  figure.append(make("figcaption", {}, caption));
  if (points.length < 2) {
    figure.append(make("p", { class: "dim" }, "too short to draw"));
    return;
  }
  const svg = (tag, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const right = points[points.length - 1][0] || 1, top = Math.max(...points.map((p) => p[1])) || 1;
  const x = (v) => left + v / right * (width - 2 * left), y = (v) => height - bottom - v / top * (height - bottom - 16);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `${caption}: at the end ${number(Math.round(points[points.length - 1][1]))} ${unit}` });
  picture.append(svg("line", { x1: left, x2: width - left, y1: height - bottom, y2: height - bottom }),
    svg("polyline", { points: points.map((p) => x(p[0]).toFixed(1) + "," + y(p[1]).toFixed(1)).join(" ") }));
  figure.append(picture, make("figcaption", {}, `${number(Math.round(top))} ${unit} at most, over ${duration(right)}`));
}

function drawCharts() {
  const samples = [[0, 0, 0, 0, 0], ...data.samples], rates = [];
  for (let i = 1; i < samples.length; i++) {
    const time = samples[i][0] - samples[i - 1][0];
    if (time > 0.2) rates.push([samples[i][0], (samples[i][3] - samples[i - 1][3]) / time]);
  }
  if (data.kind !== "seeds") $("s-charts").hidden = true;
  drawChart("throughput", "Throughput", rates, "cranks a second");
  drawChart("coverage", "Coverage", samples.map((s) => [s[0], s[4]]), "features");
}

/* ---- failures: rows are made as they are asked for, so that ten thousand open as one does */

const PAGE = 100;
let matching = [], drawn = 0;

function explain(i) {
  const failure = data.failures[i], group = data.groups[failure.group];
  const copy = make("button", { type: "button" }, "copy");
  copy.addEventListener("click", () => navigator.clipboard && navigator.clipboard.writeText(failure.reproduce));
  const where = `replica ${failure.replica}, point ${failure.point}, block ${failure.block}, ${failure.event}` +
    (failure.vat === null ? "" : `, vat v${failure.vat}`) + `, ${(failure.at / 1e9).toFixed(3)} s into the run`;
  const parts = [
    make("p", {}, make("b", {}, "Oracle "), group.oracle + ": " + group.demand),
    make("p", {}, make("b", {}, "Where "), where), make("pre", {}, failure.what),
    ...(failure.flight ? [make("p", {}, make("b", {}, "Kernel "), make("code", {}, failure.flight))] : []),
    make("div", { class: "reproduce" }, copy, make("code", {}, failure.reproduce)),
  ];
  if (failure.plan) parts.push(make("p", {}, make("b", {}, "Plan "), make("code", {}, failure.plan)));
  const run = data.timelines.findIndex((timeline) => timeline.failure === i);
  if (run >= 0) {
    const show = make("button", { type: "button" }, "timeline");
    show.addEventListener("click", () => showTimeline(run, true));
    parts.push(show);
  }
  return make("div", {}, ...parts);
}

function row(i) {
  const failure = data.failures[i], group = data.groups[failure.group];
  const element = make("details", { "data-i": i }, make("summary", {}, make("b", {}, failure.name),
    make("code", {}, group.signature), make("span", { class: "dim" }, `point ${failure.point}, ${failure.event}`)));
  element.addEventListener("toggle", () => {
    if (element.open && element.children.length === 1) element.append(explain(i));
  });
  return element;
}

function drawMore() {
  const rows = document.createDocumentFragment();
  for (const end = Math.min(drawn + PAGE, matching.length); drawn < end; drawn++) rows.append(row(matching[drawn]));
  $("failures").append(rows);
  $("more").hidden = drawn === matching.length;
  $("more").textContent = `${number(Math.min(PAGE, matching.length - drawn))} more`;
}

/* Without a filter each signature stands for all of its failures. */
function drawFailures() {
  const text = $("filter").value.trim().toLowerCase(), group = Number($("group").value);
  const matches = (failure) => (group < 0 || failure.group === group) && (text === "" ||
    (failure.name + "\n" + data.groups[failure.group].signature + "\n" + failure.what + "\n" + failure.flight).toLowerCase().includes(text));
  matching = [];
  data.failures.forEach((failure, i) => { if (matches(failure)) matching.push(i); });
  if (text === "" && group < 0) {
    const first = new Set(data.groups.map((g) => g.first));
    matching.sort((a, b) => first.has(b) - first.has(a) || a - b);
  }
  drawn = 0;
  $("failures").replaceChildren();
  $("shown").textContent = data.failures.length ? `${number(matching.length)} of ${number(data.failures.length)}` : "none";
  drawMore();
}

function setUpFailures() {
  $("group").append(make("option", { value: -1 }, `all ${data.groups.length}`));
  data.groups.forEach((group, i) => $("group").append(make("option", { value: i }, `${group.signature} (${group.count})`)));
  $("s-failures").querySelector(".bar").hidden = data.failures.length === 0;
  $("s-failures").hidden = data.kind !== "seeds" && data.failures.length === 0; /* the list says what failed */
  $("filter").addEventListener("input", drawFailures);
  $("group").addEventListener("change", drawFailures);
  $("more").addEventListener("click", drawMore);
  drawFailures();
  if (data.failures.length === 0) $("failures").append(make("p", { class: "good" }, "None was found."));
}

function stepFailure(by) {
  const rows = [...$("failures").querySelectorAll("summary")];
  const within = document.activeElement.closest("details"); /* a button of it may have the focus */
  const at = rows.findIndex((summary) => summary.parentElement === within);
  const to = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
  if (to) to.focus();
}

/* ---- tables */

function fill(table, head, rows) {
  const cell = (tag, value) => make(tag, typeof value === "number" ? { class: "n" } : {},
    typeof value === "number" ? number(value) : value);
  table.append(make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))));
  const body = make("tbody");
  for (const values of rows) body.append(make("tr", {}, ...values.map((value) => cell("td", value))));
  table.append(body);
}

function drawFaults() {
  const classes = ["invisible", "halt", "vat-kill", "divergence"], sums = classes.map(() => 0);
  const rows = data.faults.filter((fault) => fault.wanted || fault.hits).map((fault) => {
    sums[classes.indexOf(fault.class)] += fault.hits;
    const hits = fault.hits ? fault.hits : make("span", { class: data.totals.seeds >= 1000 ? "warn" : "dim" }, "never");
    return [make("span", { title: fault.meaning }, fault.word), ...classes.map((c) => (c === fault.class ? hits : ""))];
  });
  $("s-faults").hidden = rows.length === 0 && !data.hasTotals;
  if (rows.length) rows.push([make("b", {}, "all"), ...sums]);
  if (rows.length) fill($("faults"), ["fault", ...classes], rows);
  else $("faults").append(make("caption", { class: "dim" }, "No fault was to strike."));
  $("s-ends").hidden = !data.hasTotals;
  fill($("ends"), ["what", "times"], data.ends.map((end) => [(end.illegal ? "illegal " : "") + end.words, end.times]));
}

function drawPlans() {
  const bad = data.plans.filter((plan) => plan.state !== "passed"), good = data.plans.filter((plan) => plan.state === "passed");
  const all = [...bad, ...good], words = { passed: "good", running: "warn" };
  let at = 0;
  const body = make("tbody"), more = $("more-plans");
  const add = () => {
    for (const end = Math.min(at + PAGE * 2, all.length); at < end; at++) {
      const plan = all[at];
      const state = plan.state === "running" && data.partial ? "was being run" : plan.state;
      body.append(make("tr", {}, make("td", {}, plan.name), make("td", { class: words[plan.state] || "bad" }, state),
        make("td", { class: "n" }, plan.seconds.toFixed(3) + " s"), make("td", { class: "said" }, plan.error)));
    }
    more.hidden = at === all.length;
    more.textContent = `${number(all.length - at)} more`;
  };
  $("s-plans").hidden = data.kind === "seeds";
  $("h-plans").textContent = data.unit[0].toUpperCase() + data.unit.slice(1);
  fill($("plans"), [data.unit, "came to", "time", ""], []);
  $("plans").querySelector("tbody").replaceWith(body);
  more.addEventListener("click", add);
  add();
}

/* Those never reached: what was is of no interest. */
function drawProbes() {
  const reached = data.probes.filter((probe) => probe.hits).length;
  $("s-probes").hidden = data.probes.length === 0;
  $("h-probes").textContent = `Probes: ${reached} of ${data.probes.length} reached`;
  const rows = data.probes.filter((probe) => !probe.hits).map((probe) => [probe.name, `${probe.file}:${probe.line}`,
    probe.rare ? "rare" : make("span", { class: probe.wanted ? "bad" : "warn" }, probe.wanted ? "no success" : "never")]);
  if (rows.length) fill($("probes"), ["never reached", "where", ""], rows);
}

/* ---- keys */

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const does = { "/": () => $("filter").focus(), j: () => stepFailure(1), k: () => stepFailure(-1), t: toggleTheme,
    n: () => stepDivergence(1), p: () => stepDivergence(-1) }[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

drawHead();
drawGlance();
drawCharts();
setUpFailures();
drawPlans();
drawFaults();
drawProbes();
setUpTimelines();
document.documentElement.dataset.ready = "yes";
