"use strict";
// The rows, and which of them are on the page: read, filtered, sorted, cut into pages.

const find = (id) => document.getElementById(id);
const data = JSON.parse(find("rows").textContent);
const column = data.columns;
const COUNT = column.id.length;
const PER_PAGE = 50;
const FLOATS = ["score", "baseline_score", "attribution_sum", "delta", "relative_delta",
  "error_estimate", "regions_error"];
const INFINITE = { inf: Infinity, "-inf": -Infinity };
for (const name of FLOATS) {
  column[name] = column[name].map((value) => INFINITE[value] ?? value);
}
const lineOf = new Map(data.pictured.map((row, line) => [row, line]));
const lines = find("seen").textContent.split("\n").slice(1);
const seen = (row) => (lineOf.has(row) ? JSON.parse(lines[lineOf.get(row)]) : null);

/** Make an element. Text is only ever set as text; what is null is left out. */
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "line", "path", "circle", "text", "title"].includes(tag);
  const node = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** What can't be seen, and what turns the direction of writing, as escapes. */
const visible = (text) => text.replace(/[\p{C}\u2028\u2029]/gu,
  (mark) => "\\u{" + mark.codePointAt(0).toString(16) + "}");

const signed = (text) => text.replaceAll("-", "−");

/** A number as people read it, with so many digits. */
function short(value, digits = 4) {
  if (value === null) return "–";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  if (value === 0) return "0";
  if (Math.abs(value) < 1e-4) return signed(value.toExponential(Math.max(0, digits - 2)));
  const large = Math.abs(value) >= 10 ** digits && Math.abs(value) < 1e9;
  return signed(large ? Math.round(value).toLocaleString("en") : value.toPrecision(digits));
}

function share(value) {
  if (value === null || !Number.isFinite(value)) return short(value);
  const percent = 100 * value;
  return (percent >= 0.01 || percent === 0 ? percent.toFixed(2) : short(percent, 2)) + " %";
}

const withSign = (value) => (value > 0 ? "+" : "") + short(value, 3);
const named = (number, name) => (number === null ? "–" : visible(`${number} ${name}`.trim()));
const classOf = (row) => named(column.target[row], column.target_name[row]);
const predictionOf = (row) => named(column.prediction[row], column.prediction_name[row]);

const truthOf = (row) => named(column.truth[row], column.truth_name[row]);
const isKnown = column.truth !== undefined;

const STATES = {
  failed: ["✗ failed", "bad", (row) => column.status[row] === "failed"],
  unconverged: ["! not converged", "bad", (row) => column.converged[row] === false],
  converged: ["✓ converged", "good", (row) => column.converged[row] === true],
  explained: ["explained", "", (row) => column.status[row] === "ok" && column.converged[row] === null],
  elsewhere: ["predicted another class", null, (row) => column.target[row] !== null
    && column.prediction[row] !== null && column.prediction[row] !== column.target[row]],
  wrong: ["predicted wrong", null, (row) => isKnown && column.correct[row] === false],
  right: ["predicted right", null, (row) => isKnown && column.correct[row] === true],
};
const SHOWN_STATES = Object.keys(STATES).filter((name) => STATES[name][1] !== null);
const stateOf = (row) => SHOWN_STATES.find((name) => STATES[name][2](row));

const rows = Array.from({ length: COUNT }, (_, row) => row);
const hasRegions = rows.some((row) => column.regions_error[row] !== null);
const differs = rows.some(STATES.elsewhere[2]);

// name: [heading, what is sorted by, what is shown, class of the cell]
const HEADS = {
  id: ["Input", (row) => column.id[row], null, ""],
  target: ["Class", (row) => column.target[row], classOf, "wide-cell"],
  ...((differs || isKnown) && {
    prediction: ["Prediction", (row) => column.prediction[row], predictionOf, "wide-cell"],
  }),
  ...(isKnown && {
    truth: ["Truth", (row) => column.truth[row],
      (row) => (column.correct[row] === false ? "✗ " : "") + truthOf(row), "wide-cell"],
  }),
  score: ["Score", (row) => column.score[row], (row) => short(column.score[row]), "n"],
  delta: ["Delta", (row) => column.delta[row], (row) => withSign(column.delta[row]), "n"],
  relative_delta: ["Relative", (row) => column.relative_delta[row],
    (row) => share(column.relative_delta[row]), "n"],
  error_estimate: ["Error", (row) => column.error_estimate[row],
    (row) => share(column.error_estimate[row]), "n"],
  ...(hasRegions && {
    regions_error: ["Regions", (row) => column.regions_error[row],
      (row) => share(column.regions_error[row]), "n"],
  }),
  steps: ["Steps", (row) => column.steps[row], (row) => column.steps[row] ?? "–", "n"],
  state: ["State", (row) => -SHOWN_STATES.indexOf(stateOf(row)), null, "state"],
};
const TEXTS = new Set(["id"]);
const UP_FIRST = new Set(["id", "target", "prediction", "truth"]);
const collator = new Intl.Collator("en", { numeric: true });

/** Rows in order; what has no number comes last either way, equals in the run's order. */
function inOrder(found, sort) {
  if (!sort.by) return found;
  const key = HEADS[sort.by][1];
  const compare = TEXTS.has(sort.by) ? collator.compare : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const keyed = found.map((row) => [key(row), row]);
  keyed.sort(([a, i], [b, j]) => {
    if (a === null || b === null) return (a === null) - (b === null) || i - j;
    return (sort.down ? compare(b, a) : compare(a, b)) || i - j;
  });
  return keyed.map(([, row]) => row);
}

let haystacks = null;
const haystack = (row) => [column.id[row], classOf(row), predictionOf(row), column.message[row],
  isKnown ? truthOf(row) : ""].join("\n").toLowerCase();

/** Rows that pass the filters: every word of the search, the class, and the state. */
function passing(filter) {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) haystacks ??= rows.map(haystack);
  const inState = filter.state ? STATES[filter.state][2] : () => true;
  return rows.filter((row) => inState(row)
    && (filter.class === "" || String(column.target[row]) === filter.class)
    && words.every((word) => haystacks[row].includes(word)));
}
