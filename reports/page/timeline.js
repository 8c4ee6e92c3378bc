/* timeline.js - one run: replicas are lanes, each life of a node is a row in its lane, cranks are cells in the column of their
 * point, so that what should be the same stands in one column. */
"use strict";
const CELL = 12, ROW = 22, MARK = 6,  LABEL = 92, LANE_GAP = 8, HEAD = 20;
const KINDS = [["messages", /^(send|message)$/], ["notifications", /^notify$/],
  ["garbage collection", /^(dropExports|retireExports|retireImports|bringOutYourDead|negated)/i],
  ["vats begin, change, end", /vat|start|upgrade|option|terminate|suspend/i], ["clean-up", /clean/i],
  ["a block's inputs", /^inputs$/], ["other", /./]];
const ABORTED = 1, TERMINATED = 2, DIFFERS = 4;
let timeline = null, cursor = { replica: 0, point: 0 }, rowsOf = [], byColumn = [];

const kindOf = (event) => KINDS.findIndex(([, words]) => words.test(event));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* Where each life's row begins, and where its steps are found by their point. */
function layOut() {
  let y = HEAD;
  rowsOf = [];
  byColumn = [];
  for (const replica of timeline.replicas) {
    rowsOf.push(replica.lives.map((_, i) => y + i * ROW));
    y += Math.max(1, replica.lives.length) * ROW + LANE_GAP;
    const columns = new Map();
    for (const step of replica.steps) {
      if (!columns.has(step[1])) columns.set(step[1], []);
      columns.get(step[1]).push(step);
    }
    byColumn.push(columns);
  }
  const width = LABEL + (timeline.last - timeline.first + 2) * CELL;
  $("extent").style.width = width + "px";
  $("extent").style.height = y + "px";
  $("lanes").style.height = Math.min(y + 20, 480) + "px";
}

function drawCell(context, x, y, step, faded) {
  const [, , event, , flags] = step;
  context.globalAlpha = faded ? 0.45 : 1;
  context.fillStyle = colour("--cell-" + kindOf(timeline.events[event]));
  context.fillRect(x + 1, y + MARK, CELL - 2, ROW - MARK - 2);
  context.globalAlpha = 1;
  if (flags & ABORTED) {
    context.strokeStyle = colour("--back");
    context.beginPath();
    context.moveTo(x + 2, y + ROW - 3);
    context.lineTo(x + CELL - 2, y + MARK + 1);
    context.stroke();
  }
  if (flags & DIFFERS) {
    context.strokeStyle = colour("--bad");
    context.lineWidth = 2;
    context.strokeRect(x + 1, y + MARK, CELL - 2, ROW - MARK - 2);
    context.lineWidth = 1;
  }
}

function drawMark(context, x, y) {
  context.fillStyle = colour("--bad");
  context.beginPath();
  context.moveTo(x, y + MARK - 1);
  context.lineTo(x + 4, y - 1);
  context.lineTo(x - 4, y - 1);
  context.fill();
}

function drawLane(context, r, left, right, top) {
  const replica = timeline.replicas[r], x = (point) => LABEL + (point - timeline.first) * CELL - left;
  for (const step of replica.steps) {
    if (step[1] < right[0] || step[1] > right[1]) continue;
    const last = byColumn[r].get(step[1]);
    drawCell(context, x(step[1]), rowsOf[r][step[0]] - top, step, last[last.length - 1] !== step);
  }
  for (const fault of replica.faults)
    if (fault[1] >= right[0] - 1 && fault[1] <= right[1] + 1 && rowsOf[r][fault[0]] !== undefined)
      drawMark(context, x(fault[1]) + CELL / 2, rowsOf[r][fault[0]] - top);
  context.fillStyle = colour("--card");
  context.fillRect(0, rowsOf[r][0] - top - 1, LABEL - 2, Math.max(1, replica.lives.length) * ROW);
  context.fillStyle = colour("--front");
  context.fillText("replica " + r, 6, rowsOf[r][0] - top + 17);
}

function draw() {
  if (!timeline) return;
  const lanes = $("lanes"), canvas = $("cells"), ratio = devicePixelRatio || 1;
  const width = lanes.clientWidth, height = lanes.clientHeight, left = lanes.scrollLeft, top = lanes.scrollTop;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = "12px system-ui, sans-serif";
  const first = timeline.first + Math.floor(left / CELL) - 1, last = first + Math.ceil(width / CELL) + 2;
  const x = LABEL + (cursor.point - timeline.first) * CELL - left;
  context.fillStyle = colour("--line");
  context.fillRect(x, 0, CELL, height);
  context.fillStyle = colour("--dim");
  for (let point = Math.ceil(first / 10) * 10; point <= last; point += 10)
    context.fillText(String(point), LABEL + (point - timeline.first) * CELL - left, 13 - top);
  timeline.replicas.forEach((_, r) => drawLane(context, r, left, [first, last], top));
  if (rowsOf[cursor.replica]) {
    context.strokeStyle = colour("--accent");
    context.strokeRect(x - 0.5, rowsOf[cursor.replica][0] - top - 1.5, CELL + 1,
      Math.max(1, timeline.replicas[cursor.replica].lives.length) * ROW);
  }
}

/* What every replica came to at the cursor's point. */
function tell() {
  const rows = [], faults = [];
  timeline.replicas.forEach((replica, r) => {
    const steps = byColumn[r].get(cursor.point) || [];
    for (const [life, , event, vat, flags, at, hash] of steps)
      rows.push([make(flags & DIFFERS ? "strong" : "span", flags & DIFFERS ? { class: "bad" } : {}, `replica ${r}` +
        (life ? `, life ${life + 1}` : "")), timeline.events[event] + (vat === null ? "" : " v" + vat) +
        (flags & ABORTED ? ", aborted" : "") + (flags & TERMINATED ? ", terminated" : ""),
        (at / 1e6).toFixed(3) + " s", make("code", {}, hash)]);
    if (!steps.length) rows.push([`replica ${r}`, make("span", { class: "dim" }, "did not come here"), "", ""]);
    for (const fault of replica.faults)
      if (fault[1] === cursor.point) faults.push(`replica ${r}: ${fault[2]}`);
  });
  const table = make("table");
  fill(table, ["", "crank", "at", "state hash"], rows);
  $("point").replaceChildren(make("h3", {}, "Point " + cursor.point), table,
    ...faults.map((fault) => make("p", { class: "warn" }, "fault on " + fault)));
  const at = timeline.divergences.indexOf(cursor.point);
  $("where").textContent = timeline.divergences.length === 0 ? "no divergence"
    : at < 0 ? `${timeline.divergences.length} divergences` : `divergence ${at + 1} of ${timeline.divergences.length}`;
}

function moveTo(point, replica) {
  const lanes = $("lanes");
  cursor = { point: Math.max(timeline.first, Math.min(timeline.last, point)),
    replica: Math.max(0, Math.min(timeline.replicas.length - 1, replica)) };
  const x = LABEL + (cursor.point - timeline.first) * CELL;
  if (x < lanes.scrollLeft + LABEL || x > lanes.scrollLeft + lanes.clientWidth - 2 * CELL)
    lanes.scrollLeft = x - lanes.clientWidth / 2;
  const y = rowsOf[cursor.replica][0];
  if (y < lanes.scrollTop || y > lanes.scrollTop + lanes.clientHeight - ROW) lanes.scrollTop = y - HEAD;
  tell();
  draw();
}

function stepDivergence(by) {
  if (!timeline || !timeline.divergences.length) return;
  const all = timeline.divergences;
  const to = by > 0 ? all.find((point) => point > cursor.point) : all.filter((point) => point < cursor.point).pop();
  const point = to === undefined ? (by > 0 ? all[0] : all[all.length - 1]) : to;
  moveTo(point, timeline.replicas.findIndex((_, r) => (byColumn[r].get(point) || []).some((s) => s[4] & DIFFERS)));
  $("lanes").focus({ preventScroll: true });
}

/* ---- the difference: what `crankcase diff` says of the run, the first write in focus */

const sideName = (difference, side) => difference.sides[side].name.split(" of ")[0];

/* A value of each of the two, as rows of a table. */
function pairRows(difference, texts, by, absent) {
  return texts.map((text, side) => make("tr", {}, make("th", { scope: "row", class: side ? "bad" : "good" }, sideName(difference, side)),
    make("td", { class: text === null ? "dim" : "said" }, text === null ? absent : text === "" ? "(empty)" : text),
    make("td", { class: "dim" }, by[side] ? "by " + by[side] : "not written here")));
}

function keyTable(difference, key) {
  return make("table", { class: "key" }, make("caption", {}, make("code", {}, key.key), " " + (key.meaning || "")),
    make("tbody", {}, ...pairRows(difference, key.values, key.by, "no such key")));
}

function placeOf(difference) {
  if (difference.hostBeforeCrank !== undefined) return `what the host did before crank ${difference.hostBeforeCrank}`;
  if (difference.crank === undefined) return difference.text;
  const of = difference.messageType ? ` of ${difference.messageType}` : "";
  return `crank ${difference.crank}, ${difference.crankType}${of}${difference.message ? ": " + difference.message : ""}`;
}

function drawDifference(difference) {
  const parts = [make("h3", {}, "Where they part"), make("p", {}, placeOf(difference) +
    (difference.lastSame === undefined ? "" : `; the same up to crank ${difference.lastSame}`))];
  if (difference.write)
    parts.push(make("h3", {}, "The first write that differs"), keyTable(difference,
      { ...difference.write, values: difference.write.text }));
  if (difference.keys.length) {
    const more = difference.keyCount - difference.keys.length;
    parts.push(make("h3", {}, `Keys that differ at its end: ${difference.keyCount}`),
      ...difference.keys.map((key) => keyTable(difference, key)), ...(more > 0 ? [make("p", { class: "dim" }, `and ${more} more`)] : []));
  }
  const list = (title, items) => items.length && parts.push(make("h3", {}, title), make("ul", {}, ...items.map((item) => make("li", {}, item))));
  list("What befell one of them and not the other", difference.events.map((event) => `${sideName(difference, event.side)}: ${event.text}`));
  list("What it comes of, the newest first", difference.ancestors.map((one) => (one.crank === undefined ? "host" : `crank ${one.crank}`) +
    ": " + one.text + (one.via ? "; by " + one.via : "")));
  return parts;
}

function showDifference(failure) {
  $("diff").hidden = !failure;
  if (timeline.difference) $("diff").replaceChildren(...drawDifference(timeline.difference));
  else $("diff").replaceChildren(make("pre", {}, failure ? failure.what : ""));
  $("diff").scrollTop = 0;
}

/* A long run is not in the page from its beginning to its end, nor one that there was no memory for. */
function tellKept() {
  const kept = timeline.last - timeline.first + 1, parts = [];
  if (kept < timeline.points) parts.push(`points ${timeline.first}-${timeline.last} of ${timeline.points}`);
  if (timeline.cut) parts.push("cut: no memory");
  $("kept").textContent = parts.join(", ");
}

function showTimeline(i, focus) {
  timeline = data.timelines[i];
  tellKept();
  $("run").value = i;
  layOut();
  const failure = data.failures[timeline.failure];
  showDifference(failure);
  const start = timeline.divergences.length ? timeline.divergences[0] : failure ? failure.point : timeline.first;
  const owner = timeline.replicas.findIndex((_, r) => (byColumn[r].get(start) || []).some((s) => s[4] & DIFFERS));
  moveTo(start, owner >= 0 ? owner : failure ? failure.replica : 0);
  if (focus) {
    $("s-timeline").scrollIntoView();
    $("lanes").focus({ preventScroll: true });
  }
}

function setUpTimelines() {
  if (!data.timelines.length) return;
  $("s-timeline").hidden = false;
  data.timelines.forEach((one, i) => $("run").append(make("option", { value: i }, one.name)));
  KINDS.forEach(([name], i) => $("legend").append(make("li", {}, make("i", { style: `background: var(--cell-${i})` }), name)));
  $("legend").append(make("li", {}, make("i", { style: "border: 2px solid var(--bad)" }), "differs"),
    make("li", {}, make("i", { style: "background: linear-gradient(135deg, var(--cell-0) 45%, var(--back) 45% 55%, var(--cell-0) 55%)" }), "aborted"),
    make("li", {}, make("span", { class: "bad" }, "\u25bc "), "a fault struck"));
  $("run").addEventListener("change", () => showTimeline(Number($("run").value), false));
  $("next").addEventListener("click", () => stepDivergence(1));
  $("previous").addEventListener("click", () => stepDivergence(-1));
  $("lanes").addEventListener("scroll", draw);
  $("lanes").addEventListener("keydown", (event) => {
    const to = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
      Home: [-Infinity, 0], End: [Infinity, 0] }[event.key];
    if (!to) return;
    event.preventDefault();
    moveTo(cursor.point + to[0], cursor.replica + to[1]);
  });
  $("lanes").addEventListener("click", (event) => {
    const box = $("cells").getBoundingClientRect(), y = event.clientY - box.top + $("lanes").scrollTop;
    const point = timeline.first + Math.floor((event.clientX - box.left + $("lanes").scrollLeft - LABEL) / CELL);
    const replica = rowsOf.findLastIndex((rows) => rows[0] <= y);
    moveTo(point, replica < 0 ? 0 : replica);
  });
  addEventListener("resize", draw);
  document.addEventListener("themechange", draw);
  showTimeline(0, false);
}
