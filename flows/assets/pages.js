// What all pages share: language, filters, charts over the tables. Without it every page still reads.
"use strict";

const root = document.documentElement;

function remembered() {
  try { return localStorage.getItem("chiso-language"); } catch { return null; }
}

function speak(language) {
  root.classList.remove("vi", "en");
  root.classList.add("js", language);
  root.lang = language;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  try { localStorage.setItem("chiso-language", language); } catch { /* a browser may forbid it for files */ }
}

const asked = new URLSearchParams(location.search).get("lang");
speak(asked === "en" || asked === "vi" ? asked : remembered() || "vi");
for (const box of document.querySelectorAll(".languages")) box.hidden = false;
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => { speak(button.dataset.language); document.dispatchEvent(new Event("redraw")); });
}

// Filters: each select compares with a data attribute of the row, the search with its text.
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();

for (const form of document.querySelectorAll("[data-filter]")) {
  form.hidden = false;
  const rows = [...document.querySelectorAll(`#${CSS.escape(form.dataset.filter)} tbody tr`)];
  const texts = new Map();
  const apply = () => {
    const wanted = [...form.querySelectorAll("select")].filter((select) => select.value);
    const words = plain(form.elements.q.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      if (words.length && !texts.has(row)) texts.set(row, plain(row.textContent));
      const fits = wanted.every((select) => row.dataset[select.name] === select.value) && words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").value = `${shown} / ${rows.length}`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const link of document.querySelectorAll("[data-set]")) {
    link.addEventListener("click", () => {
      form.reset();
      const [name, value] = link.dataset.set.split(":");
      if (form.elements[name]) { form.elements[name].value = value; apply(); }
    });
  }
}

// Charts: drawn from the rows of the table below them.
const WIDTH = 720, LEFT = 46, RIGHT = 12;

function frame(figure, height, label) {
  return d3.select(figure).append("svg").attr("viewBox", `0 0 ${WIDTH} ${height}`).attr("role", "img").attr("aria-label", label);
}

function axes(svg, x, y, years, bottom, ticks) {
  const shown = years.filter((year, n) => years.length < 16 || n % 2 === 0);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${bottom})`).call(d3.axisBottom(x).tickValues(shown).tickFormat(d3.format("d")));
  const printed = (value) => (root.classList.contains("en") ? String(value) : String(value).replace(".", ","));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${LEFT},0)`).call(d3.axisLeft(y).tickValues(ticks).tickFormat(printed));
}

function series(figure) {
  const english = root.classList.contains("en");
  const rows = [...document.querySelectorAll(`#${CSS.escape(figure.dataset.series)} tbody tr`)].map((row) => ({
    year: +row.dataset.year,
    score: "score" in row.dataset ? +row.dataset.score : null,
    rank: "rank" in row.dataset ? +row.dataset.rank : null,
    status: row.dataset.status,
    merger: row.dataset.merger,
  }));
  const breaks = new Map(JSON.parse(figure.dataset.breaks).map(([year, en, vi]) => [year, english ? en : vi]));
  figure.replaceChildren();
  if (rows.length < 2) return;
  const years = d3.range(rows[0].year, rows.at(-1).year + 1);
  const of = new Map(rows.map((row) => [row.year, row]));
  const x = d3.scaleLinear([years[0] - 0.3, years.at(-1) + 0.3], [LEFT, WIDTH - RIGHT]);
  for (const [measure, label] of [["score", english ? "score" : "điểm"], ["rank", english ? "rank" : "thứ hạng"]]) {
    const known = rows.filter((row) => row[measure] !== null);
    if (known.length < 2) continue;
    const height = 170, top = 24, bottom = height - 22;
    const svg = frame(figure, height, `${label}: ${known.map((row) => `${row.year} ${row[measure]}`).join(", ")}`);
    const [low, high] = d3.extent(known, (row) => row[measure]);
    const room = (high - low || 1) * 0.1;
    const y = measure === "rank" ? d3.scaleLinear([Math.max(1, low - room), high + room], [top, bottom]) : d3.scaleLinear([low - room, high + room], [bottom, top]);
    axes(svg, x, y, years, bottom, measure === "rank" ? y.ticks(4).filter(Number.isInteger) : y.ticks(4));
    svg.append("text").attr("x", LEFT).attr("y", 14).text(measure === "rank" ? `${label} (1 = ${english ? "best" : "cao nhất"})` : label);
    for (const [year, what] of breaks) {
      if (year <= years[0] || year > years.at(-1)) continue;
      const at = x(year - 0.5);
      svg.append("line").attr("class", "break").attr("x1", at).attr("x2", at).attr("y1", top).attr("y2", bottom).append("title").text(what);
      svg.append("text").attr("class", "note").attr("x", at + 3).attr("y", top + 8).text(english ? "new method" : "đổi phương pháp");
    }
    for (const row of rows) {
      const at = x(row.year - 0.5);
      if (row.merger) {
        svg.append("line").attr("class", "merger").attr("x1", at).attr("x2", at).attr("y1", top).attr("y2", bottom).append("title").text(row.merger);
        svg.append("text").attr("class", "note").attr("x", at - 3).attr("y", bottom - 4).attr("text-anchor", "end").text(`${english ? "merged" : "sáp nhập"}: ${row.merger}`);
      }
    }
    // The line stops where a year is missing, where the method changes and where the province is another one.
    let piece = [];
    const pieces = [piece];
    for (const year of years) {
      const row = of.get(year);
      if (!row || row[measure] === null) { piece = []; pieces.push(piece); continue; }
      if (breaks.has(year) || row.merger) { piece = []; pieces.push(piece); }
      piece.push(row);
    }
    const line = d3.line((row) => x(row.year), (row) => y(row[measure]));
    svg.selectAll(".line").data(pieces.filter((one) => one.length > 1)).join("path").attr("class", "line").attr("d", line);
    svg.selectAll(".dot").data(known).join("circle").attr("class", (row) => (row.status === "conflict" ? "dot conflict" : "dot")).attr("r", 3.5)
      .attr("cx", (row) => x(row.year)).attr("cy", (row) => y(row[measure])).append("title").text((row) => `${row.year}: ${row[measure]}`);
  }
}

function lines(figure) {
  const english = root.classList.contains("en");
  const table = document.getElementById(figure.dataset.lines);
  const years = [...table.querySelectorAll("thead th")].slice(1).map((cell) => +cell.textContent);
  const breaks = new Set(JSON.parse(figure.dataset.breaks).map(([year]) => year));
  const subjects = [...table.querySelectorAll("tbody tr")].map((row) => ({
    row,
    name: row.querySelector("th").textContent.trim(),
    points: [...row.querySelectorAll("td")].map((cell, n) => ({ year: years[n], score: "score" in cell.dataset ? +cell.dataset.score : null })),
  }));
  figure.replaceChildren();
  const scores = subjects.flatMap((one) => one.points).filter((point) => point.score !== null);
  if (scores.length < 3) return;
  const height = 260, top = 24, bottom = height - 22;
  const svg = frame(figure, height, english ? "scores by year, a line a subject; the table below has the figures" : "điểm theo năm, mỗi đơn vị một đường; số liệu ở bảng dưới");
  const x = d3.scaleLinear([years[0] - 0.3, years.at(-1) + 0.3], [LEFT, WIDTH - RIGHT]);
  const y = d3.scaleLinear(d3.extent(scores, (point) => point.score), [bottom, top]).nice();
  axes(svg, x, y, years, bottom, y.ticks(6));
  const title = svg.append("text").attr("x", LEFT).attr("y", 14);
  for (const year of breaks) {
    if (years.includes(year)) svg.append("line").attr("class", "break").attr("x1", x(year - 0.5)).attr("x2", x(year - 0.5)).attr("y1", top).attr("y2", bottom);
  }
  for (const one of subjects) {
    const path = d3.path();
    let drawing = false;
    for (const point of one.points) {
      if (point.score === null || breaks.has(point.year)) drawing = false;
      if (point.score === null) continue;
      if (drawing) path.lineTo(x(point.year), y(point.score)); else path.moveTo(x(point.year), y(point.score));
      drawing = true;
    }
    // A year between two gaps is a point.
    for (const point of one.points) if (point.score !== null) { path.moveTo(x(point.year) + 1.2, y(point.score)); path.arc(x(point.year), y(point.score), 1.2, 0, 2 * Math.PI); }
    const drawn = svg.append("path").attr("class", "thin").attr("d", path.toString());
    drawn.append("title").text(one.name);
    const light = (on) => { drawn.classed("lit", on); one.row.classList.toggle("lit", on); title.text(on ? one.name : ""); if (on) drawn.raise(); };
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false]]) {
      one.row.addEventListener(event, () => light(on));
      drawn.on(event, () => light(on));
    }
  }
}

function draw() {
  if (typeof d3 === "undefined") return;
  for (const figure of document.querySelectorAll("[data-series]")) series(figure);
  for (const figure of document.querySelectorAll("[data-lines]")) lines(figure);
}
document.addEventListener("redraw", draw);
draw();
