// What one explanation shows: pictures, path, and every number as results.csv has it.

const WIDTH = 320, HEIGHT = 130, TOP = 14, BOTTOM = 26;

const picture = (src, alt, kind = null) => make("img", { src, alt, class: kind });

/** The map over the grey image, as in the overlays of the run: half and half, or a photo's heat. */
function overlay(found, label) {
  if (found.heat) return picture(found.heat, label);
  return make("div", { class: "over", role: label ? "img" : null, "aria-label": label || null },
    picture(found.image, "", "grey"), picture(found.maps[0].src, "", "heat"));
}

/** A small picture for the table: the name beside it says what it is. */
function thumbnail(row) {
  const found = seen(row);
  if (!found || !found.maps[0].src) return null;
  return found.image ? overlay(found, "") : picture(found.maps[0].src, "", "heat");
}

const figure = (node, ...words) => make("figure", {}, node, make("figcaption", {}, ...words));

function pictures(found, name) {
  const drawn = [];
  const several = found.maps.length > 1;
  if (found.image) {
    drawn.push(figure(picture(found.image, `the image as the model saw it: ${name}`), "Image"));
  }
  for (const [i, map] of found.maps.entries()) {
    if (!map.src) continue;
    const of = several ? `map of ${visible(map.name)}` : "map";
    const [height, width] = map.side;
    const cells = map.folded ? "numbers, in rows" : "cells";
    const scale = map.scale ? `full colour at ±${short(map.scale, 3)}` : "all zero";
    const sum = several ? `; sum ${withSign(map.sum)}` : "";
    const image = picture(map.src, `${of}, green for the class, red against it: ${name}`, "heat");
    drawn.push(figure(image, `${several ? `Map of ${visible(map.name)}` : "Map"}: ${scale}, ${height}×${width} ${cells}${sum}`));
    if (found.image && i === 0) {
      const said = found.heat ? "Heat: |map| by cells, smoothed; line: around half of it" : "Overlay";
      drawn.push(figure(overlay(found, `the map over the image: ${name}`), said));
    }
  }
  return drawn.length ? make("div", { class: "pictures" }, ...drawn) : null;
}

const chartFrame = (label, ...parts) => make("svg",
  { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, ...parts);

const label = (x, y, words, anchor = "start") => make("text", { x, y, "text-anchor": anchor }, words);

/** Numbers of a short input as bars, those for the class up, those against it down. */
function bars(map, title) {
  const values = map.bars;
  const low = Math.min(0, ...values), high = Math.max(0, ...values);
  const room = HEIGHT - TOP - BOTTOM, span = high - low || 1;
  const at = (value) => TOP + (room * (high - value)) / span;
  const step = WIDTH / values.length;
  const drawn = values.map((value, i) => make("rect", {
    class: value < 0 ? "against" : "for", x: i * step + step * 0.15, width: step * 0.7,
    y: at(Math.max(value, 0)), height: Math.max(Math.abs(at(value) - at(0)), 0.5),
  }, make("title", {}, `${i}: ${short(value)}`)));
  const every = Math.ceil(values.length / 16);
  const ticks = values.map((_, i) => (i % every ? null
    : label((i + 0.5) * step, HEIGHT - 8, String(i), "middle")));
  const said = `${title}: ` + values.map((value, i) => `${i} ${short(value, 3)}`).join(", ");
  return make("figure", { class: "chart" }, make("h3", {}, title),
    chartFrame(said, make("g", { class: "bars" }, ...drawn),
      make("line", { class: "axis", x1: 0, x2: WIDTH, y1: at(0), y2: at(0) }), ...ticks),
    make("figcaption", {}, `by position; from ${short(low, 3)} to ${short(high, 3)}, `
      + `sum ${withSign(map.sum)}`));
}

/** One quantity along the path, a dot for each node where there are few. */
function pathChart(title, profile, values) {
  const points = profile.alphas.map((alpha, i) => [alpha, values[i]])
    .filter(([, value]) => value !== null);
  const heights = points.map(([, value]) => value);
  const low = Math.min(...heights), high = Math.max(...heights);
  const room = HEIGHT - TOP - BOTTOM;
  const x = (alpha) => (4 + (WIDTH - 8) * alpha).toFixed(1);
  const y = (value) => (TOP + (high > low ? (room * (high - value)) / (high - low) : room / 2))
    .toFixed(1);
  const path = points.map(([alpha, value], i) => `${i ? "L" : "M"}${x(alpha)} ${y(value)}`).join("");
  const floor = HEIGHT - BOTTOM + 3;
  const dots = points.length > 80 ? [] : points.map(([alpha, value]) => make("circle",
    { cx: x(alpha), cy: y(value), r: 1.8 },
    make("title", {}, `α ${short(alpha, 3)}: ${short(value)}`)));
  const rug = points.map(([alpha]) => make("line",
    { x1: x(alpha), x2: x(alpha), y1: floor, y2: floor + 5 }));
  const [first, last] = [points[0], points.at(-1)];
  const said = `${title} along the path: ${short(first[1])} at α ${short(first[0], 3)}, `
    + `${short(last[1])} at α ${short(last[0], 3)}, from ${short(low)} to ${short(high)}`;
  const fewer = points.length < profile.nodes ? `, ${points.length} of them drawn` : "";
  return make("figure", { class: "chart" }, make("h3", {}, `${title} against α`),
    chartFrame(said, make("path", { class: "line", d: path }),
      make("g", { class: "dots" }, ...dots), make("g", { class: "rug" }, ...rug),
      label(0, TOP - 4, short(high, 3)), label(0, HEIGHT - 6, "0 baseline"),
      label(WIDTH, HEIGHT - 6, "1 input", "end")),
    make("figcaption", {}, `from ${short(low, 3)} to ${short(high, 3)}; ${profile.nodes} nodes`
      + `${fewer}`));
}

function charts(found) {
  const several = found.maps.length > 1;
  const drawn = found.maps.filter((map) => map.bars)
    .map((map) => bars(map, several ? `Map of ${visible(map.name)}` : "Map"));
  const profile = found.profile;
  if (profile) {
    drawn.push(pathChart("Score", profile, profile.scores),
      pathChart("Gradient norm", profile, profile.norms));
  }
  return drawn.length ? make("div", { class: "charts" }, ...drawn) : null;
}

/** Every field of the row, with all its digits. */
function numbers(row) {
  const fields = Object.keys(column).filter((name) => name !== "message").map((name) => {
    const value = column[name][row];
    const text = value === null || value === "" ? "–" : visible(String(value));
    return make("div", {}, make("dt", {}, name), make("dd", {}, text));
  });
  return make("dl", { class: "numbers" }, ...fields);
}

function detail(row) {
  const found = seen(row);
  const name = visible(column.id[row]);
  const message = column.message[row];
  const words = [];
  if (message) words.push(visible(message));
  if (!found && column.status[row] === "ok") {
    words.push("Its pictures were left out of this page: igcli report --pictures makes room for more.");
  }
  if (found && !found.profile) {
    words.push("No path profile: igcli run --profile-path stores them.");
  }
  return make("div", { class: data.small ? "look small" : "look", role: "group",
    "aria-label": `Details of ${name}` },
  message ? make("p", { class: "bad" }, words.shift()) : null,
  make("div", { class: "sight" },
    make("div", { class: "left" }, found && pictures(found, name), numbers(row)),
    found && charts(found)),
  ...words.map((text) => make("p", { class: "soft" }, text)));
}
