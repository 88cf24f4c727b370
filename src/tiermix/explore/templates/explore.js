"use strict";
const at = (id) => document.getElementById(id);
const shares = [...document.querySelectorAll(".share")];
const ranges = [...document.querySelectorAll(".share-range")];
const start = shares.map((input) => Number(input.dataset.start));
const budget = { start: Number(at("budget").value) };
let split = [...start];
let latest = 0;
let best = null;
let yours = null;

const question = () => ({
  budget: Number(at("budget").value),
  objective: at("objective").value,
  shares: Object.fromEntries(shares.map((input, i) => [input.dataset.line, split[i]])),
});

async function ask(path) {
  const response = await fetch(path, { method: "POST", body: JSON.stringify(question()) });
  if (!response.ok) throw new Error((await response.json()).error);
  return response;
}

// Ask about the plan first, then about the best one; what was asked before the last move is dropped.
let busy = false;
let again = false;
async function follow() {
  if (busy) { again = true; return; }
  busy = true;
  const mine = ++latest;
  const begun = performance.now();
  at("question").dataset.state = "asking";
  try {
    yours = await (await ask("plan")).json();
    at("speed").textContent = `Answered in ${Math.round(performance.now() - begun)} ms.`;
    at("problem").textContent = "";
    draw();
    const advice = await (await ask("best")).json();
    best = advice.best;
    at("recommendation").textContent = advice.recommendation;
    at("comparison").textContent = advice.comparison;
    at("proof").textContent = advice.proof;
    draw();
  } catch (error) {
    at("problem").textContent = error.message;
  }
  busy = false;
  if (again) { again = false; follow(); } else if (mine === latest) at("question").dataset.state = "answered";
}

function row(plan, metric, name, low, high, first) {
  const tr = document.createElement("tr");
  tr.className = `${name === "best" ? "best" : "yours"}${first ? " first" : ""}`;
  tr.dataset.metric = metric.name;
  const cells = [first ? metric.label : "", name === "best" ? "best plan" : "your split", metric.said, metric.range];
  cells.forEach((text, i) => {
    const cell = document.createElement(i === 0 && first ? "th" : "td");
    if (cell.tagName === "TH") cell.scope = "row";
    cell.textContent = text;
    tr.append(cell);
  });
  const cell = document.createElement("td");
  cell.className = "picture";
  cell.append(picture(metric, low, high));
  tr.append(cell);
  return tr;
}

function picture(metric, low, high) {
  const make = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    return element;
  };
  const svg = make("svg", { role: "img", "aria-label": `${metric.said}, ${metric.range}` });
  if (metric.mean === null || metric.p5 === null || metric.p95 === null) return svg;
  const place = (x) => `${high > low ? (96 * (x - low)) / (high - low) + 2 : 50}%`;
  svg.append(make("line", { class: "range", x1: place(metric.p5), x2: place(metric.p95), y1: 9, y2: 9 }));
  svg.append(make("circle", { class: "mean", cx: place(metric.mean), cy: 9, r: 4.5 }));
  return svg;
}

function draw() {
  const body = at("outcomes").tBodies[0];
  const rows = yours.metrics.flatMap((metric) => {
    const other = best && best.metrics.find((one) => one.name === metric.name);
    const both = other ? [metric, other] : [metric];
    const ends = both.flatMap((one) => [one.p5, one.mean, one.p95]).filter((x) => x !== null);
    const [low, high] = [Math.min(0, ...ends), Math.max(...ends)];
    return both.map((one, i) => row(null, one, i ? "best" : "yours", low, high, i === 0));
  });
  body.replaceChildren(...rows);
  document.querySelectorAll(".placed").forEach((output, i) => {
    output.textContent = yours.said[shares[i].dataset.line];
  });
  at("rest").textContent = yours.breaks.length
    ? `Placed: ${yours.spent}. It breaks: ${yours.breaks.join(", ")}.`
    : `Placed: ${yours.spent}.`;
}

function show() {
  split.forEach((share, i) => {
    shares[i].value = Math.round(share * 1000) / 10;
    ranges[i].value = share * 100;
  });
}

// One line is moved; what the others have together shrinks where the whole would pass 100 %.
function move(line, share) {
  share = Math.min(Math.max(share || 0, 0), 1);
  const others = split.reduce((sum, x, i) => sum + (i === line ? 0 : x), 0);
  const shrink = others + share > 1 ? (1 - share) / others : 1;
  split = split.map((x, i) => (i === line ? share : x * shrink));
  show();
  follow();
}

shares.forEach((input, i) => input.addEventListener("change", () => move(i, Number(input.value) / 100)));
ranges.forEach((input, i) => input.addEventListener("input", () => move(i, Number(input.value) / 100)));
at("objective").addEventListener("change", () => { best = null; follow(); });
at("budget").addEventListener("change", () => {
  at("budget-range").value = Math.log2(Number(at("budget").value) / budget.start) / 2 + 1;
  follow();
});
at("budget-range").addEventListener("input", () => {
  const value = budget.start * 2 ** (2 * (Number(at("budget-range").value) - 1));
  at("budget").value = Number(value.toPrecision(3));
  follow();
});
at("take").addEventListener("click", () => {
  if (!best) return;
  const total = Number(at("budget").value);
  split = shares.map((input) => Math.min(best.plan[input.dataset.line] / total, 1));
  show();
  follow();
});
at("reset").addEventListener("click", () => {
  split = [...start];
  at("budget").value = budget.start;
  at("budget-range").value = 1;
  at("objective").selectedIndex = 0;
  best = null;
  show();
  follow();
});
at("download").addEventListener("click", async () => {
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await (await ask("scenario")).blob());
    link.download = "explored.yaml";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } catch (error) {
    at("problem").textContent = error.message;
  }
});
at("question").addEventListener("submit", (event) => event.preventDefault());
show();
follow();
