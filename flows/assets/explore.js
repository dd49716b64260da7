// The site's own scripts: the map, rankings over the years, two provinces side by side, and the table with its download.
// Figures come from data/: a script an index, because pages in a folder may not read other files.
"use strict";

const home = root.dataset.root;
const inEnglish = () => root.classList.contains("en");
const say = (en, vi) => (inEnglish() ? en : vi);
// Rounded down: 0.998 is not certain.
const sureness = (value) => figureOf((Math.floor(value * 100 + 1e-9) / 100).toFixed(2));
const figureOf = (text) => (text === null ? say("last place", "cuối bảng") : inEnglish() ? text : text.replace(".", ","));

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "onclick" || key === "oninput") made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function choice(label, options, chosen, then) {
  const select = element("select", { oninput: () => then(select.value) });
  for (const [value, text] of options) select.append(element("option", { value, selected: value === chosen }, text));
  return element("label", {}, label, select);
}

// What is chosen stands in the address, so that a view can be sent to somebody.
const asking = new URLSearchParams(location.search);
function remember(chosen) {
  for (const [name, value] of Object.entries(chosen)) asking.set(name, value);
  try { history.replaceState(null, "", `?${asking}${location.hash}`); } catch { /* a browser may forbid it for files */ }
}

const chiso = {
  manifest: null,
  loaded: new Map(),
  begin(manifest) {
    this.manifest = manifest;
    const draw = () => {
      for (const box of document.querySelectorAll("[data-map]")) map(box);
      for (const box of document.querySelectorAll("[data-compare]")) compare(box);
      for (const box of document.querySelectorAll("[data-table]")) table(box);
    };
    document.addEventListener("redraw", draw);
    draw();
  },
  add(data) { this.loaded.set(data.index, read(data)); },
  load(index) {
    if (this.loaded.has(index)) return Promise.resolve(this.loaded.get(index));
    return new Promise((resolve, reject) => {
      const script = element("script", { src: home + this.manifest.indices[index].file });
      script.addEventListener("load", () => resolve(this.loaded.get(index)));
      script.addEventListener("error", () => reject(new Error(`${script.src} cannot be read`)));
      document.head.append(script);
    });
  },
};
globalThis.chiso = chiso;

function read({ index, subjects, components, rows, panel }) {
  const facts = rows.map(([id, subject, component, measure, year, text, of, status, confidence, independent, scope, modality, base]) => {
    const [name, type, authority, unit, page] = subjects[subject];
    return { id, index, subject: name, type, authority, unit, page, component: components[component], measure, year, text, value: text === null ? NaN : Number(text), of, status, confidence, independent, scope, modality, base };
  });
  const totals = facts.filter((f) => f.type === "province" && f.authority === null && f.component === null && f.scope === null && f.modality === "reported" && f.year !== null && (f.measure === "score" || f.measure === "rank"));
  return { index, facts, totals, panel: panel.map(([unit, year, score, rank, known, members]) => ({ unit, year, score, rank, known, members })) };
}

const addressOf = (fact) => `${home}${fact.page}#${fact.id}`;
const indexName = (code) => { const { en, vi } = chiso.manifest.indices[code]; return `${code} · ${say(en, vi)}`; };

// -- the map --------------------------------------------------------------------------------------------------

const MERGED = 2025;  // measured years from which there are 34 provinces
const ISLANDS = { "Đà Nẵng": ["Hoàng Sa", 262, 206, 70, 52, [[14, 20], [22, 16], [24, 24], [42, 14], [50, 20], [46, 27]]], "Khánh Hòa": ["Trường Sa", 262, 412, 70, 66, [[12, 40], [20, 30], [26, 36], [30, 18], [36, 26], [44, 32], [46, 16], [54, 22], [58, 30], [38, 40]]] };

async function map(box) {
  const { manifest } = chiso;
  const fixed = box.dataset.index;
  const codes = fixed ? [fixed] : Object.keys(manifest.indices);
  const chosen = box.chosen ??= { index: fixed ?? asking.get("index"), year: Number(asking.get("year")), measure: asking.get("measure") === "rank" ? "rank" : "score", era: asking.get("era") };
  if (!codes.includes(chosen.index)) chosen.index = codes.includes("PAR_INDEX") ? "PAR_INDEX" : codes[0];
  if (chosen.index === undefined) return;
  const data = await chiso.load(chosen.index);
  const years = [...new Set(data.totals.map((f) => f.year))].sort((a, b) => a - b);
  if (!years.length) { box.replaceChildren(element("p", { class: "soft" }, say("Nothing is known of whole provinces.", "Chưa có số liệu cấp tỉnh."))); if (fixed) return; }
  if (!years.includes(chosen.year)) chosen.year = mostKnown(data.totals);
  const merging = chosen.year < MERGED && chosen.era === "34";
  const era = chosen.year >= MERGED || merging ? "34" : "63";
  const change = (what) => { Object.assign(chosen, what); if (!fixed || "year" in what) remember({ index: chosen.index, year: chosen.year, measure: chosen.measure, era: chosen.era ?? "63" }); map(box); };
  const slider = element("input", { type: "range", min: 0, max: Math.max(years.length - 1, 0), value: Math.max(years.indexOf(chosen.year), 0), "aria-valuetext": chosen.year, oninput: (event) => change({ year: years[event.target.value] }) });
  const controls = element("form", { class: "controls" },
    fixed ? null : choice(say("Index", "Chỉ số"), codes.map((code) => [code, indexName(code)]), chosen.index, (index) => change({ index })),
    choice(say("Figure", "Số liệu"), [["score", say("score", "điểm")], ["rank", say("rank", "thứ hạng")]], chosen.measure, (measure) => change({ measure })),
    chosen.year < MERGED ? choice(say("Provinces", "Địa giới"), [["63", say("the 63 of that year", "63 tỉnh năm đó")], ["34", say("the 34 of today (mean of members)", "34 tỉnh nay (trung bình)")]], era, (next) => change({ era: next })) : null,
    element("label", {}, say("Year", "Năm"), slider), element("output", {}, String(chosen.year)));
  controls.addEventListener("submit", (event) => event.preventDefault());
  const known = merging ? ofPanel(data, chosen.year) : ofYear(data, chosen.year);
  const detail = element("div", { class: "detail", "aria-live": "polite" });
  const hadFocus = box.contains(document.activeElement) && document.activeElement.type === "range";
  box.replaceChildren(controls, element("div", { class: "atlas" }, drawing(manifest.boundaries, era, known, chosen, detail), element("div", {}, detail, best(known, chosen))));
  if (hadFocus) slider.focus();
  tell(detail, null, known, chosen);
}

function mostKnown(totals) {
  const counts = d3.rollup(totals, (rows) => rows.length, (f) => f.year);
  return d3.greatest(counts, ([year, count]) => count * 10000 + year)?.[0];
}

function ofYear(data, year) {
  const known = new Map();
  for (const fact of data.totals) {
    if (fact.year !== year || fact.unit === null) continue;
    const of = known.get(fact.unit) ?? known.set(fact.unit, { name: fact.subject }).get(fact.unit);
    of[fact.measure] = fact.value;
    of[`${fact.measure}Fact`] = fact;
  }
  return known;
}

function ofPanel(data, year) {
  return new Map(data.panel.filter((row) => row.year === year).map((row) => [row.unit, { ...row, name: chiso.manifest.units[row.unit], score: row.score ?? NaN, rank: row.rank ?? NaN }]));
}

function colours(known, measure) {
  const values = [...known.values()].map((of) => of[measure]).filter(Number.isFinite);
  const [low, high] = d3.extent(values);
  const share = (value) => (high === low ? 0.6 : (value - low) / (high - low));
  const best = measure === "rank" ? (value) => 1 - share(value) : share;
  return { low, high, of: (value) => (Number.isFinite(value) ? d3.interpolateYlGnBu(0.15 + 0.8 * best(value)) : null) };
}

function drawing(boundaries, era, known, chosen, detail) {
  const { units, provinces } = chiso.manifest;
  const colour = colours(known, chosen.measure);
  const svg = d3.create("svg").attr("viewBox", `0 0 ${boundaries.width} ${boundaries.height}`).attr("role", "group").attr("aria-label", `${chosen.index} ${chosen.year}`);
  for (const [unit, path] of Object.entries(boundaries[era])) {
    const name = units[unit];
    const of = known.get(unit);
    const fact = of?.[`${chosen.measure}Fact`];
    const link = svg.append("a").attr("href", fact ? addressOf(fact) : provinces[name] ? home + provinces[name] : null).attr("aria-label", `${name}: ${summary(of, chosen)}`);
    if (!link.attr("href")) link.attr("tabindex", 0).attr("role", "img");
    const fill = of ? colour.of(of[chosen.measure]) : null;
    const shape = link.append("path").attr("d", path).classed("open", fact?.status === "conflict");
    if (fill) shape.attr("fill", fill).classed("known", true);
    if (ISLANDS[name]) islands(svg, ISLANDS[name], name, fill);
    const show = () => tell(detail, unit, known, chosen);
    link.on("mouseenter", show).on("focus", show);
  }
  const legend = d3.create("svg").attr("viewBox", "0 0 90 9").attr("preserveAspectRatio", "none").attr("aria-hidden", "true");
  for (let step = 0; step < 9; step++) legend.append("rect").attr("x", step * 10).attr("width", 10).attr("height", 9).attr("fill", d3.interpolateYlGnBu(0.15 + 0.1 * step));
  const ends = chosen.measure === "rank" ? [colour.high, colour.low] : [colour.low, colour.high];
  const printed = ends.map((value) => (value === undefined ? "" : figureOf(String(Math.round(value * 100) / 100))));
  const scale = element("div", { class: "scale" }, printed[0], legend.node(), printed[1], element("span", { class: "legend" }, element("span", {}, element("i", { class: "unknown" }), say("not known", "chưa biết"))));
  return element("div", {}, svg.node(), scale, element("p", { class: "soft" }, say("Boundaries: Natural Earth (public domain), simplified; the archipelagos are drawn schematically.", "Ranh giới: Natural Earth (phạm vi công cộng), đã giản lược; các quần đảo vẽ tượng trưng.")));
}

function islands(svg, [name, x, y, width, height, dots], province, fill) {
  const group = svg.append("g").attr("aria-hidden", "true").attr("transform", `translate(${x},${y})`);
  group.append("rect").attr("class", "inset").attr("width", width).attr("height", height);
  for (const [cx, cy] of dots) group.append("circle").attr("cx", cx).attr("cy", cy).attr("r", 1.5).attr("fill", fill).classed("known", fill !== null);
  group.append("text").attr("x", width / 2).attr("y", height - 11).attr("text-anchor", "middle").text(`QĐ. ${name}`);
  group.append("text").attr("x", width / 2).attr("y", height - 2).attr("text-anchor", "middle").text(`(${province})`);
}

function summary(of, chosen) {
  const told = [];
  if (Number.isFinite(of?.score)) told.push(`${say("score", "điểm")} ${of.scoreFact ? figureOf(of.scoreFact.text) : figureOf(of.score.toFixed(2))}`);
  if (Number.isFinite(of?.rank)) told.push(`${say("rank", "hạng")} ${of.rank}${of.rankFact?.of ? `/${of.rankFact.of}` : ""}`);
  if (of?.members > of?.known) told.push(say(`${of.known} of its ${of.members} provinces known`, `biết ${of.known} trong ${of.members} tỉnh cũ`));
  return told.join(", ") || say(`${chosen.measure} not known`, "chưa biết");
}

function tell(detail, unit, known, chosen) {
  const { units, provinces } = chiso.manifest;
  if (unit === null) {
    const count = [...known.values()].filter((of) => Number.isFinite(of[chosen.measure])).length;
    detail.replaceChildren(element("h3", {}, `${chosen.index} ${chosen.year}`), element("p", { class: "soft" }, say(`${count} provinces known. Point at one, or click it for its sentences.`, `Biết ${count} tỉnh. Trỏ vào một tỉnh, hoặc bấm để đọc câu gốc.`)));
    return;
  }
  const of = known.get(unit);
  const name = units[unit];
  const facts = ["score", "rank"].map((measure) => of?.[`${measure}Fact`]).filter(Boolean);
  detail.replaceChildren(
    element("h3", {}, provinces[name] ? element("a", { href: home + provinces[name] }, name) : name),
    element("p", {}, summary(of, chosen)),
    ...facts.map((fact) => element("p", { class: "soft" }, element("a", { href: addressOf(fact) }, `${say(...chiso.manifest.measures[fact.measure])} ${figureOf(fact.text)}`), ` · ${say(...chiso.manifest.statuses[fact.status])}, ${say("confidence", "độ tin cậy")} ${sureness(fact.confidence)}`)));
}

function best(known, chosen) {
  const sorted = [...known.values()].filter((of) => Number.isFinite(of[chosen.measure])).sort((a, b) => (chosen.measure === "rank" ? a.rank - b.rank : b.score - a.score));
  const shown = sorted.map((of) => {
    const fact = of[`${chosen.measure}Fact`];
    const text = fact ? figureOf(fact.text) : figureOf(String(Math.round(of[chosen.measure] * 100) / 100));
    return element("li", {}, `${of.name} `, fact ? element("a", { href: addressOf(fact) }, text) : text);
  });
  return element("div", {}, element("h3", {}, say("Known, best first", "Đã biết, cao nhất trước")), element("ol", { class: "best" }, ...shown));
}

// -- ranks over the years: from the cells of the table below -----------------------------------------------------

function bump(figure) {
  const body = document.getElementById(figure.dataset.bump);
  const years = [...body.querySelectorAll("thead th")].slice(1).map((cell) => +cell.textContent);
  const subjects = [...body.querySelectorAll("tbody tr")].map((row) => ({ row, name: row.querySelector("th").textContent.trim(), points: [...row.querySelectorAll("td")].flatMap((cell, n) => ("rank" in cell.dataset ? [{ year: years[n], rank: +cell.dataset.rank }] : [])) }));
  const ranks = subjects.flatMap((one) => one.points.map((point) => point.rank));
  figure.replaceChildren();
  if (ranks.length < 3) return;
  const last = d3.max(ranks), top = 24, bottom = top + Math.max(140, last * 6.5), right = 120;
  const svg = frame(figure, bottom + 24, say("ranks by year, a line a subject; the table below has the figures", "thứ hạng theo năm, mỗi đơn vị một đường; số liệu ở bảng dưới"));
  const x = d3.scaleLinear([years[0], years.at(-1)], [LEFT + 10, WIDTH - right]);
  const y = d3.scaleLinear([1, last], [top, bottom]);
  axes(svg, x, y, years, bottom + 4, [1, ...d3.range(10, last + 1, 10)]);
  svg.append("text").attr("x", LEFT).attr("y", 14).text(say("rank (1 = best)", "thứ hạng (1 = cao nhất)"));
  for (const one of subjects) {
    if (!one.points.length) continue;
    const group = svg.append("g").attr("class", "bump");
    const pieces = [];
    for (const point of one.points) {
      if (pieces.length && pieces.at(-1).at(-1).year === point.year - 1) pieces.at(-1).push(point); else pieces.push([point]);
    }
    const line = d3.line((point) => x(point.year), (point) => y(point.rank)).curve(d3.curveBumpX);
    for (const piece of pieces) if (piece.length > 1) group.append("path").attr("class", "thin").attr("d", line(piece));
    for (const point of one.points) group.append("circle").attr("class", "dot").attr("r", 1.8).attr("cx", x(point.year)).attr("cy", y(point.rank)).append("title").text(`${one.name} ${point.year}: ${point.rank}`);
    const end = one.points.at(-1);
    const label = group.append("text").attr("x", x(end.year) + 6).attr("y", y(end.rank) + 3.5).text(one.name).attr("display", "none");
    one.light = (on) => { group.selectAll(".thin").classed("lit", on); label.attr("display", on ? null : "none"); one.row.classList.toggle("lit", on); if (on) group.raise(); };
    for (const node of [one.row, group.node()]) {
      node.addEventListener("mouseenter", () => one.light(true));
      node.addEventListener("mouseleave", () => one.light(false));
    }
  }
  // What is searched for in the table is lit in the chart.
  document.querySelector(`[data-filter="${CSS.escape(figure.dataset.bump)}"]`).addEventListener("input", () => {
    const few = subjects.some((one) => one.row.hidden);
    for (const one of subjects) one.light?.(few && !one.row.hidden);
  });
}

function bumps() { for (const figure of document.querySelectorAll("[data-bump]")) bump(figure); }
document.addEventListener("redraw", bumps);
bumps();

// -- two provinces ------------------------------------------------------------------------------------------------

async function compare(box) {
  const { provinces, indices } = chiso.manifest;
  const names = Object.keys(provinces);
  const chosen = box.chosen ??= { a: asking.get("a"), b: asking.get("b") };
  if (!names.includes(chosen.a) || !names.includes(chosen.b)) {
    // Who comes without a choice sees the two of whom most is known.
    const all = await Promise.all(Object.keys(indices).map((index) => chiso.load(index)));
    const known = d3.rollup(all.flatMap((data) => data.totals), (facts) => facts.length, (fact) => fact.subject);
    const told = d3.sort(names, (name) => -(known.get(name) ?? 0));
    if (!names.includes(chosen.a)) chosen.a = told.find((name) => name !== chosen.b) ?? names[0];
    if (!names.includes(chosen.b)) chosen.b = told.find((name) => name !== chosen.a) ?? names[0];
  }
  const change = (what) => { Object.assign(chosen, what); remember(chosen); compare(box); };
  const options = names.map((name) => [name, name]);
  const results = element("div");
  box.replaceChildren(element("form", { class: "controls" }, choice(say("First", "Tỉnh thứ nhất"), options, chosen.a, (a) => change({ a })), choice(say("Second", "Tỉnh thứ hai"), options, chosen.b, (b) => change({ b }))), results);
  const drawn = chosen.turn = (chosen.turn ?? 0) + 1;
  for (const index of Object.keys(indices)) {
    const data = await chiso.load(index);
    if (chosen.turn !== drawn) return;  // another choice was made meanwhile
    const section = side_by_side(data, chosen);
    if (section) results.append(section);
  }
  if (!results.childElementCount) results.append(element("p", {}, say("No index has figures of both.", "Không chỉ số nào có số liệu của cả hai.")));
}

function side_by_side(data, { a, b }) {
  const of = (name, measure) => new Map(data.totals.filter((f) => f.subject === name && f.measure === measure).map((f) => [f.year, f]));
  const [scoreA, scoreB, rankA, rankB] = [of(a, "score"), of(b, "score"), of(a, "rank"), of(b, "rank")];
  if (!(scoreA.size + rankA.size) || !(scoreB.size + rankB.size)) return null;
  const years = [...new Set([scoreA, scoreB, rankA, rankB].flatMap((one) => [...one.keys()]))].sort((p, q) => p - q);
  const figure = element("figure", { class: "chart" });
  const measure = Math.min(scoreA.size, scoreB.size) ? "score" : "rank";
  pair(figure, data.index, years, measure === "score" ? [scoreA, scoreB] : [rankA, rankB], measure, [a, b]);
  const link = (fact) => (fact ? element("a", { href: addressOf(fact) }, `${figureOf(fact.text)}${fact.measure === "rank" && fact.of ? `/${fact.of}` : ""}`) : "");
  const rows = years.map((year) => {
    const [p, q] = [scoreA.get(year), scoreB.get(year)];
    const places = Math.max(...[p, q].map((f) => (f?.text?.split(".")[1] ?? "").length));
    const gap = p && q && Number.isFinite(p.value) && Number.isFinite(q.value) ? figureOf((p.value - q.value).toFixed(places)) : "";
    return element("tr", {}, element("th", { scope: "row" }, String(year)), ...[link(p), link(q), gap, link(rankA.get(year)), link(rankB.get(year))].map((content) => element("td", { class: "n" }, content)));
  });
  const head = [say("Year", "Năm"), `${say("Score", "Điểm")} ${a}`, `${say("Score", "Điểm")} ${b}`, say("Difference", "Chênh lệch"), `${say("Rank", "Hạng")} ${a}`, `${say("Rank", "Hạng")} ${b}`];
  return element("section", {}, element("h2", {}, element("a", { href: home + chiso.manifest.indices[data.index].page }, indexName(data.index))), figure,
    element("div", { class: "scroll", tabindex: 0 }, element("table", { class: "list" }, element("thead", {}, element("tr", {}, ...head.map((text, n) => element("th", { scope: "col", class: n ? "n" : null }, text)))), element("tbody", {}, ...rows))));
}

function pair(figure, index, years, series, measure, names) {
  const points = series.flatMap((one) => [...one.values()]).filter((f) => Number.isFinite(f.value));
  if (points.length < 2 || years.length < 2) return;
  const height = 190, top = 24, bottom = height - 22;
  const svg = frame(figure, height, `${index}: ${names.join(", ")}`);
  const x = d3.scaleLinear([years[0] - 0.3, years.at(-1) + 0.3], [LEFT, WIDTH - RIGHT]);
  const [low, high] = d3.extent(points, (f) => f.value);
  const room = (high - low || 1) * 0.1;
  const y = d3.scaleLinear([low - room, high + room], measure === "rank" ? [top, bottom] : [bottom, top]);
  axes(svg, x, y, d3.range(years[0], years.at(-1) + 1), bottom, y.ticks(4));
  svg.append("text").attr("x", LEFT).attr("y", 14).text(say(...chiso.manifest.measures[measure]));
  const breaks = new Set(Object.keys(chiso.manifest.breaks[index] ?? {}).map(Number));
  for (const year of breaks) if (year > years[0] && year <= years.at(-1)) svg.append("line").attr("class", "break").attr("x1", x(year - 0.5)).attr("x2", x(year - 0.5)).attr("y1", top).attr("y2", bottom).append("title").text(say(...chiso.manifest.breaks[index][year]));
  series.forEach((one, n) => {
    const known = [...one.values()].filter((f) => Number.isFinite(f.value)).sort((p, q) => p.year - q.year);
    for (let at = 1; at < known.length; at++) {
      // No line over a missing year, a new method, or a merger.
      const [p, q] = [known[at - 1], known[at]];
      if (q.year - p.year === 1 && !breaks.has(q.year) && p.unit === q.unit) svg.append("line").attr("class", n ? "line b" : "line").attr("x1", x(p.year)).attr("y1", y(p.value)).attr("x2", x(q.year)).attr("y2", y(q.value));
    }
    for (const f of known) svg.append("circle").attr("class", n ? "dot b" : "dot").attr("r", 3.5).attr("cx", x(f.year)).attr("cy", y(f.value)).append("title").text(`${names[n]} ${f.year}: ${figureOf(f.text)}`);
  });
  figure.prepend(element("p", { class: "soft" }, ...names.map((name, n) => element("span", { class: n ? "key b" : "key" }, `${name} `))));
}

// -- the table ------------------------------------------------------------------------------------------------------

const COLUMNS = [["subject", "Who", "Đơn vị"], ["authority", "Scored by", "Nơi chấm"], ["year", "Year", "Năm"], ["measure", "Figure", "Số liệu"], ["component", "Field", "Lĩnh vực"], ["value", "Value", "Giá trị"], ["of", "of", "trên"], ["status", "State", "Trạng thái"], ["confidence", "Confidence", "Độ tin cậy"], ["independent", "Sources", "Nguồn độc lập"]];
const PAGE = 200;

async function table(box) {
  const codes = Object.keys(chiso.manifest.indices);
  const { measures, statuses } = chiso.manifest;
  const chosen = box.chosen ??= { index: asking.get("index"), q: asking.get("q") ?? "", year: asking.get("year") ?? "", measure: asking.get("measure") ?? "", status: asking.get("status") ?? "", sort: "year", down: true, shown: PAGE };
  if (!codes.includes(chosen.index)) chosen.index = codes[0];
  if (chosen.index === undefined) return;
  const { facts } = await chiso.load(chosen.index);
  const change = (what) => { Object.assign(chosen, { shown: PAGE }, what); remember({ index: chosen.index, q: chosen.q, year: chosen.year, measure: chosen.measure, status: chosen.status }); show(); };
  const all = ["", say("all", "tất cả")];
  const years = [...new Set(facts.map((f) => f.year))].filter((year) => year !== null).sort((a, b) => b - a);
  const search = element("input", { type: "search", autocomplete: "off", value: chosen.q, oninput: () => change({ q: search.value }) });
  const count = element("output");
  const controls = element("form", { class: "controls" },
    choice(say("Index", "Chỉ số"), codes.map((code) => [code, indexName(code)]), chosen.index, (index) => { change({ index, year: "" }); table(box); }),
    choice(say("Year", "Năm"), [all, ...years.map((year) => [String(year), String(year)])], chosen.year, (year) => change({ year })),
    choice(say("Figure", "Số liệu"), [all, ...Object.entries(measures).map(([name, words]) => [name, say(...words)])], chosen.measure, (measure) => change({ measure })),
    choice(say("State", "Trạng thái"), [all, ...Object.entries(statuses).map(([name, words]) => [name, say(...words)])], chosen.status, (status) => change({ status })),
    element("label", {}, say("Search", "Tìm"), search), count,
    element("button", { type: "button", onclick: () => download(matching(facts, chosen), chosen.index) }, say("Download these (CSV)", "Tải về (CSV)")));
  controls.addEventListener("submit", (event) => event.preventDefault());
  const body = element("tbody");
  const head = element("tr", {}, ...COLUMNS.map(([name, en, vi]) => element("th", { scope: "col", "data-column": name, "aria-sort": "none" }, element("button", { type: "button", onclick: () => change({ sort: name, down: chosen.sort === name && !chosen.down }) }, say(en, vi)))));
  const more = element("button", { type: "button", onclick: () => { chosen.shown += 5 * PAGE; show(); } }, say("Show more", "Xem thêm"));
  box.replaceChildren(controls, element("div", { class: "scroll", tabindex: 0 }, element("table", { class: "list" }, element("thead", {}, head), body)), more);
  function show() {
    const rows = matching(facts, chosen);
    for (const cell of head.children) cell.setAttribute("aria-sort", cell.dataset.column === chosen.sort ? (chosen.down ? "descending" : "ascending") : "none");
    body.replaceChildren(...rows.slice(0, chosen.shown).map((f) => element("tr", {}, element("th", { scope: "row" }, f.subject), element("td", {}, f.authority ?? ""), element("td", {}, String(f.year ?? "?")), element("td", {}, say(...(measures[f.measure] ?? [f.measure, f.measure]))), element("td", {}, [f.component, f.scope, f.modality === "reported" ? null : f.modality === "target" ? say("target", "mục tiêu") : say("estimate", "ước tính")].filter(Boolean).join(" · ")), element("td", { class: "n" }, element("a", { href: addressOf(f) }, figureOf(f.text))), element("td", { class: "n" }, f.of === null ? "" : String(f.of)), element("td", {}, element("span", { class: `tag s-${f.status}` }, say(...statuses[f.status]))), element("td", { class: "n" }, sureness(f.confidence)), element("td", { class: "n" }, String(f.independent)))));
    count.value = `${rows.length} / ${facts.length}`;
    more.hidden = rows.length <= chosen.shown;
  }
  show();
}

function matching(facts, { q, year, measure, status, sort, down }) {
  const words = plain(q).split(/\s+/).filter(Boolean);
  const rows = facts.filter((f) => (!year || String(f.year) === year) && (!measure || f.measure === measure) && (!status || f.status === status)
    && words.every((word) => plain([f.subject, f.authority, f.component, f.scope, f.text].filter(Boolean).join(" ")).includes(word)));
  const order = new Intl.Collator("vi").compare;
  const key = (f) => f[sort];
  const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
  return rows.sort((p, q2) => {
    const [a, b] = [key(p), key(q2)];
    if (!known(a) || !known(b)) return known(b) - known(a);  // what is not known comes last
    return (typeof a === "number" ? a - b : order(a, b)) * (down ? -1 : 1);
  });
}

// What a spreadsheet would run is preceded by an apostrophe, as in the release.
const cellOf = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

function download(rows, index) {
  const names = ["fact_id", "index", "subject", "subject_type", "authority", "year", "measure", "component", "scope", "modality", "base_year", "value", "of", "status", "confidence", "n_independent"];
  const lines = [names, ...rows.map((f) => [f.id, f.index, f.subject, f.type, f.authority, f.year, f.measure, f.component, f.scope, f.modality, f.base, f.text, f.of, f.status, f.confidence, f.independent])];
  const text = `\ufeff${lines.map((line) => line.map(cellOf).join(",")).join("\r\n")}\r\n`;
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" })), download: `chiso-${index}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
