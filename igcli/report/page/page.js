// The page: the table's rows, its headings, filters and pages, and what opens under a row.

const state = { search: "", class: "", state: "", finding: null, by: null, down: false, page: 0 };
const findings = JSON.parse(find("findings").textContent);
const opened = new Set();
let current = [];

function cell(name, row) {
  const [heading, , show, kind] = HEADS[name];
  if (name === "id") {
    const button = make("button", { type: "button", class: "link", "data-row": row,
      "aria-expanded": opened.has(row), "aria-controls": opened.has(row) ? `detail-${row}` : null },
    visible(column.id[row]));
    const why = column.status[row] === "failed" ? visible(column.message[row]) : null;
    return make("th", { scope: "row", role: "rowheader" }, button,
      why && make("span", { class: "why bad" }, why));
  }
  if (name === "state") {
    const [words, tone] = STATES[stateOf(row)];
    return make("td", { role: "cell", class: "state", "data-label": heading },
      make("span", { class: tone }, words));
  }
  return make("td", { role: "cell", class: kind, "data-label": heading }, String(show(row)));
}

const anyThumbnail = data.pictured.length > 0 && thumbnail(data.pictured[0]) !== null;

function tableRow(row) {
  const cells = Object.keys(HEADS).map((name) => cell(name, row));
  if (anyThumbnail) {
    cells.unshift(make("td", { role: "cell", class: "thumb" }, thumbnail(row)));
  }
  const kind = [anyThumbnail && "pictured", opened.has(row) && "open",
    column.status[row] === "failed" && "failed"].filter(Boolean).join(" ");
  return make("tr", { role: "row", class: kind, "data-row": row }, ...cells);
}

function detailRow(row) {
  const span = Object.keys(HEADS).length + anyThumbnail;
  return make("tr", { role: "row", class: "detail", id: `detail-${row}`, "data-row": row },
    make("td", { role: "cell", colspan: span }, detail(row)));
}

function drawHeads() {
  const heads = Object.entries(HEADS).map(([name, [heading, , , kind]]) => {
    const sorted = state.by !== name ? "none" : state.down ? "descending" : "ascending";
    return make("th", { scope: "col", role: "columnheader", "aria-sort": sorted, "data-name": name,
      class: ["n", "state"].includes(kind) ? kind : "" },
    make("button", { type: "button", "data-sort": name }, heading));
  });
  if (anyThumbnail) {
    heads.unshift(make("th", { scope: "col", role: "columnheader", class: "plain" },
      make("span", { class: "hidden" }, "Overlay")));
  }
  find("heads").replaceChildren(...heads);
}

function drawTable() {
  const last = Math.max(0, Math.ceil(current.length / PER_PAGE) - 1);
  state.page = Math.min(state.page, last);
  const begin = state.page * PER_PAGE;
  const drawn = [];
  for (const row of current.slice(begin, begin + PER_PAGE)) {
    drawn.push(tableRow(row));
    if (opened.has(row)) drawn.push(detailRow(row));
  }
  find("body").replaceChildren(...drawn);
  for (const head of find("heads").children) {
    if (head.dataset.name) {
      head.setAttribute("aria-sort", state.by !== head.dataset.name ? "none"
        : state.down ? "descending" : "ascending");
    }
  }
  find("page").textContent = `Page ${state.page + 1} of ${last + 1}`;
  for (const button of document.querySelectorAll("[data-go]")) {
    const idle = ["first", "previous"].includes(button.dataset.go) ? state.page === 0
      : state.page === last;
    button.setAttribute("aria-disabled", idle);
  }
  tell(begin);
}

function tell(begin) {
  const of = COUNT.toLocaleString("en");
  const end = Math.min(begin + PER_PAGE, current.length);
  const which = current.length ? `${begin + 1}–${end} of ${current.length.toLocaleString("en")}` : "None";
  const about = state.finding === null ? "" : ` of finding ${state.finding + 1}`;
  const filtered = current.length < COUNT ? `${about} that match, of ${of} in all` : about;
  const order = state.by
    ? `; by ${HEADS[state.by][0].toLowerCase()}, ${state.down ? "descending" : "ascending"}` : "";
  find("count").textContent = which + filtered + order;
}

function refresh() {
  let found = passing(state);
  if (state.finding !== null) {
    const pass = new Set(found);
    found = findings[state.finding].filter((row) => pass.has(row));
  }
  current = inOrder(found, state);
  drawTable();
}

function changed() {
  Object.assign(state, { search: find("search").value, class: find("class").value,
    state: find("state").value, page: 0 });
  refresh();
}

/** Show all rows, or those of one state. */
function filter(wanted, finding = null) {
  state.finding = finding;
  if (finding === null && location.hash.startsWith("#finding=")) {
    history.replaceState(null, "", "#");
  }
  find("search").value = "";
  find("class").value = "";
  find("state").value = wanted;
  changed();
}

/** Show the rows that a finding is about, in its order. */
function showFinding(number) {
  Object.assign(state, { by: null, down: false });
  filter("", number);
  history.replaceState(null, "", `#finding=${number}`);
  find("h-images").scrollIntoView();
  find("clear").focus({ preventScroll: true });
}

/** The small pictures by each finding, the image itself above: a map over grey hides colours. */
function drawSix() {
  for (const place of document.querySelectorAll("[data-six]")) {
    for (const row of findings[Number(place.dataset.six)].slice(0, 6)) {
      const small = thumbnail(row);
      if (small) {
        place.append(make("button", { type: "button", "data-open": row,
          title: visible(column.id[row]), "aria-label": `open ${visible(column.id[row])}` },
        seen(row).image ? picture(seen(row).image, "") : null, small));
      }
    }
  }
}

/** The rows of small maps, one a baseline. */
function drawChoices() {
  for (const { row, said, image, maps } of JSON.parse(find("agreement").textContent)) {
    const name = visible(column.id[row]);
    const drawn = maps.map((map) => figure(make("img", { class: "heat", src: map.src,
      alt: `map with the baseline ${visible(map.name)}: ${name}` }), visible(map.name)));
    if (image) drawn.unshift(figure(make("img", { src: image, alt: `the image: ${name}` }), "Image"));
    find("choices").append(make("div", { class: "choice" },
      make("button", { type: "button", class: "link", "data-open": row }, name),
      make("span", { class: "soft" }, ` ${visible(said)}`),
      make("div", { class: "maps" }, ...drawn)));
  }
}

function sortBy(name) {
  if (state.by === name) state.down = !state.down;
  else Object.assign(state, { by: name, down: !UP_FIRST.has(name) });
  state.page = 0;
  refresh();
}

function go(where) {
  const last = Math.max(0, Math.ceil(current.length / PER_PAGE) - 1);
  const pages = { first: 0, previous: state.page - 1, next: state.page + 1, last };
  state.page = Math.min(Math.max(pages[where], 0), last);
  drawTable();
}

const buttonOf = (row) => document.querySelector(`button[data-row="${row}"]`);

function toggle(row) {
  if (!opened.delete(row)) opened.add(row);
  const there = find(`detail-${row}`);
  if (there) there.remove();
  const old = buttonOf(row).closest("tr");
  const fresh = tableRow(row);
  old.replaceWith(fresh);
  if (opened.has(row)) {
    fresh.after(detailRow(row));
    history.replaceState(null, "", "#" + encodeURIComponent(column.id[row].toWellFormed()));
  }
  buttonOf(row).focus({ preventScroll: true });
}

/** Go to a row, whatever the filters hid, and open it. */
function openRow(row) {
  if (!current.includes(row)) filter("");
  state.page = Math.floor(current.indexOf(row) / PER_PAGE);
  drawTable();
  if (!opened.has(row)) toggle(row);
  buttonOf(row).focus({ preventScroll: true });
  buttonOf(row).scrollIntoView({ block: "start" });
}

function openNamed() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  const row = name === "" ? -1 : column.id.indexOf(name);
  const [, number] = name.match(/^finding=(\d+)$/) ?? [];
  if (row >= 0) openRow(row);
  else if (number !== undefined && findings[Number(number)]) showFinding(Number(number));
}

function onClick(event) {
  const target = event.target.closest(
    "[data-sort], [data-go], [data-open], [data-state], [data-clear], [data-finding], tr[data-row]");
  if (!target) return;
  const { sort, go: where, open, state: wanted, clear, row, finding } = target.dataset;
  if (sort) sortBy(sort);
  else if (where) go(where);
  else if (open) openRow(Number(open));
  else if (finding) {
    showFinding(Number(finding));
  }
  else if (wanted) {
    filter(wanted);
    find("h-images").scrollIntoView();
    find("state").focus({ preventScroll: true });
  } else if (clear) filter("");
  else if (event.target.closest("th button")) toggle(Number(row));
  else if (!target.classList.contains("detail") && !String(getSelection())) toggle(Number(row));
}

function onKey(event) {
  const inside = event.target.closest("tr[data-row]");
  if (event.key !== "Escape" || !inside) return;
  const row = Number(inside.dataset.row);
  if (opened.has(row)) toggle(row);
}

function fillFilters() {
  const classes = new Map();
  for (const row of rows) {
    const target = column.target[row];
    if (target !== null) {
      const [words, count] = classes.get(target) ?? [classOf(row), 0];
      classes.set(target, [words, count + 1]);
    }
  }
  const ordered = [...classes].sort(([a], [b]) => a - b);
  find("class").append(...ordered.map(([target, [words, count]]) => make("option",
    { value: target }, `${words} (${count})`)));
  for (const [name, [words, , inState]] of Object.entries(STATES)) {
    const count = rows.filter(inState).length;
    if (count && (count < COUNT || name !== "explained")) {
      find("state").append(make("option", { value: name }, `${words} (${count})`));
    }
  }
}

fillFilters();
drawSix();
drawChoices();
drawHeads();
refresh();
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
find("filters").addEventListener("input", changed);
find("filters").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", openNamed);
openNamed();
