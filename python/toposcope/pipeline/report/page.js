"use strict";
// Draws a run. All data are in the page; nothing is loaded. Charts are drawn at the width they have, and again when it changes.
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const byId = (id) => document.getElementById(id);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dimColour = (dim) => `var(--c${[0, 1, 2, 3][dim % 4]})`;
  const steps = run.pushes.step;
  const firstStep = steps.length ? steps[0] : 0;
  const lastStep = steps.length ? steps[steps.length - 1] : 1;
  let chosen = null;

  // Building blocks -------------------------------------------------------------------------------------------------------

  function html(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "text") element.textContent = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function svg(tag, attributes = {}, text = null) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== null) element.textContent = text;
    return element;
  }

  function short(value) {
    if (value === null || value === undefined) return "–";
    if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  }

  // At most `count` round numbers from low to high.
  function ticks(low, high, count) {
    if (!(high > low)) return [low];
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) found.push(i * step);
    return found;
  }

  // An SVG with axes; returns it with the maps from values to pixels.
  function frame(host, { height, x, y, left = 46, right = 10, top = 8, bottom = 30, xLabel = "", yTicks = null, xTicks = null, label = "" }) {
    host.replaceChildren();
    const width = Math.max(240, host.clientWidth);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
    const span = (domain) => (domain[1] > domain[0] ? domain[1] - domain[0] : 1);
    const px = (v) => left + ((v - x[0]) / span(x)) * (width - left - right);
    const py = (v) => height - bottom - ((v - y[0]) / span(y)) * (height - top - bottom);
    for (const tick of yTicks ?? ticks(y[0], y[1], Math.round(height / 45))) {
      root.append(svg("line", { x1: left, x2: width - right, y1: py(tick), y2: py(tick), stroke: "var(--grid)" }));
      root.append(svg("text", { x: left - 6, y: py(tick) + 4, "text-anchor": "end" }, short(tick)));
    }
    for (const tick of xTicks ?? ticks(x[0], x[1], Math.max(2, Math.round(width / 110)))) {
      root.append(svg("line", { x1: px(tick), x2: px(tick), y1: height - bottom, y2: height - bottom + 4, stroke: "var(--rule)" }));
      root.append(svg("text", { x: px(tick), y: height - bottom + 16, "text-anchor": "middle" }, short(tick)));
    }
    root.append(svg("line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, stroke: "var(--rule)" }));
    root.append(svg("text", { x: width - right, y: height - 2, "text-anchor": "end" }, xLabel));
    host.append(root);
    return { root, px, py, width, left, right, top, bottom, height };
  }

  // Lines over pushes, with the values under the pointer in a corner.
  // With `counts` the values are whole numbers that hold until the next push.
  function lineChart(host, { series, height = 170, unit = "", counts = false, label = series.map((s) => s.name).join(", ") }) {
    const values = series.flatMap((s) => s.values.filter((v) => v !== null));
    if (!values.length) {
      host.replaceChildren(html("p", { class: "what", text: "Not recorded." }));
      return;
    }
    const high = values.reduce((a, b) => Math.max(a, b), 0);
    const yTicks = counts ? ticks(0, Math.max(1, high), height / 45).filter(Number.isInteger) : null;
    const axes = frame(host, { height, x: [firstStep, lastStep], y: [0, high > 0 ? high * 1.05 : 1], yTicks, xLabel: "push", label: `${label} over pushes` });
    for (const { values: column, colour } of series) {
      let path = "";
      let pen = "M";
      column.forEach((value, i) => {
        if (value === null) { pen = "M"; return; }
        const x = axes.px(steps[i]).toFixed(1);
        path += counts && pen === "L" ? `H${x}V${axes.py(value).toFixed(1)}` : `${pen}${x} ${axes.py(value).toFixed(1)}`;
        pen = "L";
      });
      axes.root.append(svg("path", { d: path, fill: "none", stroke: colour, "stroke-width": 1.6, "stroke-linejoin": "round" }));
      if (column.length === 1 && column[0] !== null) {
        axes.root.append(svg("circle", { cx: axes.px(steps[0]), cy: axes.py(column[0]), r: 3, fill: colour }));
      }
    }
    const tip = html("div", { class: "tip", hidden: "" });
    host.append(tip);
    axes.root.addEventListener("pointermove", (event) => {
      const box = axes.root.getBoundingClientRect();
      const at = ((event.clientX - box.left) * axes.width) / box.width;
      const i = nearestPush(firstStep + ((at - axes.left) / (axes.width - axes.left - axes.right)) * (lastStep - firstStep));
      tip.textContent = `push ${steps[i]}: ` + series.map((s) => `${s.name} ${short(s.values[i])}${unit}`).join(" · ");
      tip.hidden = false;
    });
    axes.root.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  function nearestPush(step) {
    let best = 0;
    for (let i = 1; i < steps.length; i += 1) if (Math.abs(steps[i] - step) < Math.abs(steps[best] - step)) best = i;
    return best;
  }

  function legendOf(host, entries) {
    host.replaceChildren(...entries.map(([name, colour]) => html("span", { text: name, style: `--swatch:${colour}` })));
  }

  // Events ----------------------------------------------------------------------------------------------------------------

  const kinds = [...new Set(run.events.map((event) => event.kind))].sort();
  const kindColour = (kind) => `var(--c${kinds.indexOf(kind) % 7})`;

  function drawTimeline() {
    const host = byId("timeline");
    if (!run.events.length) {
      host.replaceChildren(html("p", { class: "what", text: "No event: the shape did not change at the tracker's scale." }));
      return;
    }
    const rowHeight = 34;
    const lane = (kind) => kinds.length - kinds.indexOf(kind);
    const height = rowHeight * (kinds.length + 1) + 30;
    const axes = frame(host, {
      height, x: [firstStep, lastStep], y: [0.4, kinds.length + 0.6], left: Math.min(150, host.clientWidth * 0.32), yTicks: [], xLabel: "push",
    });
    for (const kind of kinds) {
      const y = axes.py(lane(kind));
      axes.root.append(svg("line", { x1: axes.left, x2: axes.width - axes.right, y1: y, y2: y, stroke: "var(--grid)" }));
      axes.root.append(svg("text", { x: axes.left - 10, y: y + 4, "text-anchor": "end" }, kind));
    }
    // Events of one kind in one push stand above each other.
    const place = (event) => `${event.step} ${event.kind}`;
    const crowd = new Map();
    for (const event of run.events) crowd.set(place(event), (crowd.get(place(event)) ?? 0) + 1);
    const seen = new Map();
    run.events.forEach((event, i) => {
      const nth = seen.get(place(event)) ?? 0, n = crowd.get(place(event));
      seen.set(place(event), nth + 1);
      const shift = (nth - (n - 1) / 2) * Math.min(9, (rowHeight - 8) / n);
      const mark = svg("circle", {
        cx: axes.px(event.step), cy: axes.py(lane(event.kind)) + shift, r: event.certified ? 5.5 : 4,
        fill: event.status === "retracted" ? "var(--paper)" : kindColour(event.kind), style: `--kind:${kindColour(event.kind)}`,
        class: `event ${event.status ?? ""}${i === chosen ? " chosen" : ""}`, "data-event": i,
        role: "button", tabindex: i === (chosen ?? 0) ? "0" : "-1", "aria-pressed": String(i === chosen),
        "aria-label": `${event.title} at push ${event.step}`,
      });
      mark.append(svg("title", {}, `${event.title}, push ${event.step}, ${event.status ?? ""}`));
      mark.addEventListener("click", (click) => { click.stopPropagation(); choose(i); });
      axes.root.append(mark);
    });
    // A finger need not hit a mark: the nearest one is meant.
    axes.root.addEventListener("click", (click) => {
      const away = (mark) => {
        const box = mark.getBoundingClientRect();
        return Math.hypot(box.x + box.width / 2 - click.clientX, box.y + box.height / 2 - click.clientY);
      };
      const nearest = [...axes.root.querySelectorAll(".event")].reduce((best, mark) => (away(mark) < away(best) ? mark : best));
      if (away(nearest) <= 28) choose(Number(nearest.dataset.event));
    });
    // One stop of the tabulator for all marks; the arrow keys go on from there.
    axes.root.setAttribute("role", "group");
    axes.root.setAttribute("aria-label", "Events over time. Left and right arrow keys choose.");
    axes.root.addEventListener("keydown", (key) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key.key];
      if (by === undefined) return;
      key.preventDefault();
      step(by);
      host.querySelector(".event.chosen").focus();
    });
  }

  const step = (by) => choose(((chosen ?? 0) + by + run.events.length) % run.events.length);

  function choose(i) {
    chosen = i;
    for (const mark of document.querySelectorAll(".event")) {
      const isChosen = Number(mark.dataset.event) === i;
      mark.classList.toggle("chosen", isChosen);
      mark.setAttribute("tabindex", isChosen ? "0" : "-1");
      mark.setAttribute("aria-pressed", String(isChosen));
    }
    drawDetail();
  }

  function drawDetail() {
    const host = byId("detail");
    if (chosen === null) { host.hidden = !run.events.length; return; }
    const event = run.events[chosen];
    const back = html("button", { type: "button", text: "‹", "aria-label": "previous event" });
    const on = html("button", { type: "button", text: "›", "aria-label": "next event" });
    back.addEventListener("click", () => { step(-1); host.querySelector(".nav button").focus(); });
    on.addEventListener("click", () => { step(1); host.querySelectorAll(".nav button")[1].focus(); });
    const picture = event.picture ? drawPicture(event.picture) : null;
    const sides = event.sides.map((side) => drawSide(side, picture));
    host.replaceChildren(
      html("div", { class: "nav" }, back, html("span", { text: `${chosen + 1} of ${run.events.length}` }), on),
      html("h3", { text: `${event.title} at push ${event.step}` }),
      html("p", { class: "evidence", text: event.evidence }),
      html("div", { class: picture ? "shown with-picture" : "shown" }, ...(picture ? [picture.element] : []), html("div", { class: "sides" }, ...sides)),
    );
  }

  function drawSide(side, picture) {
    const list = html("ul");
    side.items.forEach((item, i) => {
      const line = html("li", { text: item, dir: "auto" });
      const id = side.ids?.[i];
      if (picture && id !== undefined && picture.has(id)) {
        // Pointing at an item shows where it is.
        for (const [on, off] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
          line.addEventListener(on, () => picture.mark(id));
          line.addEventListener(off, () => picture.mark(null));
        }
        line.setAttribute("tabindex", "0");
        line.classList.add("placed");
      }
      list.append(line);
    });
    return html("div", {}, html("h4", { text: side.name }), list);
  }

  // Where an event happened: its landmarks among the others, before it hollow, after it filled, loops as closed walks.
  function drawPicture(picture) {
    const [width, height] = picture.width.map((side) => Math.max(side, 200));
    const margin = 45;
    const place = new Map(picture.ids.map((id, i) => [id, picture.at[i]]));
    const name = new Map(picture.ids.map((id, i) => [id, picture.names[i] ?? `point ${id}`]));
    const px = ([x]) => margin + x + (width - picture.width[0]) / 2;
    const py = ([, y]) => height + margin - y - (height - picture.width[1]) / 2;
    const identities = [...new Set(picture.features.map((feature) => feature.id))];
    const colour = (feature) => `var(--c${identities.indexOf(feature.id) % 7})`;
    const root = svg("svg", { viewBox: `0 0 ${width + 2 * margin} ${height + 2 * margin}`, class: "cloud", role: "group", tabindex: "0", "aria-label": "Where it happened. Arrow keys go from landmark to landmark." });
    for (const at of picture.around) root.append(svg("circle", { cx: px(at), cy: py(at), r: 5, fill: "var(--faint)", "fill-opacity": 0.35 }));
    for (const feature of picture.features) {
      for (const walk of feature.walks) {
        const points = walk.map((id) => place.get(id)).map((at) => `${px(at)},${py(at)}`).join(" ");
        root.append(svg("polyline", { points, fill: "none", stroke: colour(feature), "stroke-width": 6, "stroke-linejoin": "round", "stroke-dasharray": feature.side === "before" ? "16 11" : "none" }));
      }
      const isBefore = feature.side === "before";
      for (const id of feature.ids) {
        const at = place.get(id);
        root.append(svg("circle", { cx: px(at), cy: py(at), r: isBefore ? 13 : 7, fill: isBefore ? "none" : colour(feature), stroke: colour(feature), "stroke-width": 3 }));
      }
    }
    const halo = svg("circle", { r: 24, class: "halo", visibility: "hidden" });
    root.append(halo);
    // What is pointed at is the nearest landmark, so that fingers need not be exact.
    const hint = picture.n_dims > 2 ? `${picture.n_dims} dimensions in two principal directions: what looks close need not be. ` : "";
    const says = html("p", { class: "says", "aria-live": "polite", dir: "auto" });
    function mark(id) {
      halo.setAttribute("visibility", id === null ? "hidden" : "visible");
      says.textContent = id === null ? `${hint}Point at a landmark to read what it stands for.` : name.get(id);
      if (id === null) return;
      halo.setAttribute("cx", px(place.get(id)));
      halo.setAttribute("cy", py(place.get(id)));
    }
    function nearest(event) {
      const box = root.getBoundingClientRect();
      const scale = Math.min(box.width / (width + 2 * margin), box.height / (height + 2 * margin));
      const x = (event.clientX - box.left - (box.width - scale * (width + 2 * margin)) / 2) / scale;
      const y = (event.clientY - box.top - (box.height - scale * (height + 2 * margin)) / 2) / scale;
      const away = (id) => (px(place.get(id)) - x) ** 2 + (py(place.get(id)) - y) ** 2;
      return picture.ids.reduce((best, id) => (away(id) < away(best) ? id : best));
    }
    let at = -1;
    root.addEventListener("pointermove", (event) => mark(nearest(event)));
    root.addEventListener("pointerdown", (event) => mark(nearest(event)));
    root.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") mark(null); });
    root.addEventListener("keydown", (key) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key.key];
      if (by === undefined) return;
      key.preventDefault();
      at = (at + by + picture.ids.length) % picture.ids.length;
      mark(picture.ids[at]);
    });
    mark(null);
    const entries = picture.features.slice(0, 8).map((feature) => html("span", { text: `${feature.side}: ${feature.noun} ${feature.id}`, class: feature.side, style: `--swatch:${colour(feature)}` }));
    if (picture.features.length > 8) entries.push(html("span", { text: `and ${picture.features.length - 8} more`, style: "--swatch:transparent" }));
    const element = html("div", { class: "where" }, root, html("div", { class: "legend" }, ...entries), says);
    return { element, mark, has: (id) => place.has(id) };
  }

  const PAGE = 100;
  let shown = PAGE;

  function drawTable() {
    const head = html("thead", {}, html("tr", {}, ...["push", "event", "confidence", "status", "what it stands for"].map((text) => html("th", { text }))));
    const body = html("tbody");
    run.events.slice(0, shown).forEach((event, i) => {
      const first = event.sides.map((side) => side.items[0]).filter((item) => item !== undefined);
      const cells = [event.step, event.title, short(event.confidence), event.status ?? "", first.join(" → ")];
      const row = html("tr", { tabindex: "0" }, ...cells.map((text) => html("td", { text })));
      const open = () => { choose(i); byId("detail").scrollIntoView({ block: "center" }); };
      row.addEventListener("click", open);
      row.addEventListener("keydown", (key) => { if (key.key === "Enter" || key.key === " ") { key.preventDefault(); open(); } });
      body.append(row);
    });
    byId("table").replaceChildren(head, body);
    byId("more").hidden = shown >= run.events.length;
  }

  // Lifelines -------------------------------------------------------------------------------------------------------------

  const NOUNS = ["component", "loop", "void"];

  function drawLives() {
    const { lines, bonds } = run.lives;
    byId("lives-section").hidden = !lines.length;
    if (!lines.length) return;
    const lanes = lines.reduce((most, line) => Math.max(most, line[4]), 0) + 1;
    const each = Math.max(9, Math.min(22, 420 / lanes));
    const host = byId("lives");
    const axes = frame(host, { height: lanes * each + 46, x: [firstStep, lastStep], y: [-0.6, lanes - 0.4], left: 14, yTicks: [], xLabel: "push", label: `Lifelines of ${lines.length} components and loops over pushes` });
    const lane = new Map(lines.map((line) => [line[0], line[4]]));
    for (const [at, from, to] of bonds) {
      axes.root.append(svg("line", { x1: axes.px(at), x2: axes.px(at), y1: axes.py(lane.get(from)), y2: axes.py(lane.get(to)), stroke: "var(--faint)" }));
    }
    for (const [id, noun, begin, end, at, mass] of lines) {
      const colour = dimColour(NOUNS.indexOf(noun)), y = axes.py(at);
      const from = axes.px(begin), to = Math.max(axes.px(end ?? lastStep), from + 1);
      const line = svg("line", { x1: from, x2: to, y1: y, y2: y, stroke: colour, "stroke-width": Math.min(5, each / 3), "stroke-linecap": "round" });
      line.append(svg("title", {}, `${noun} ${id}: push ${begin} to ${end ?? "the end"}, at most ${short(mass)} points`));
      axes.root.append(line);
      if (to - from > 24 && each >= 12) axes.root.append(svg("text", { x: from + 3, y: y - each * 0.2 - 1 }, id));
    }
    const there = NOUNS.filter((noun) => lines.some((line) => line[1] === noun));
    legendOf(byId("lives-legend"), there.map((noun) => [`${noun}s`, dimColour(NOUNS.indexOf(noun))]));
  }

  // Betti numbers ---------------------------------------------------------------------------------------------------------

  // From near the paper's colour away from it, on light paper as on dark.
  const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const rampColours = () => ["--r0", "--r1", "--r2", "--r3"].map((name) => hex(css(name)));
  function ramp(t, colours) {
    const at = Math.min(0.9999, Math.max(0, t)) * (colours.length - 1);
    const low = colours[Math.floor(at)], high = colours[Math.floor(at) + 1];
    return low.map((c, i) => Math.round(c + (high[i] - c) * (at - Math.floor(at))));
  }

  function drawCrocker() {
    const host = byId("crocker");
    const { scales, columns, dims } = run.crocker;
    if (!columns.length) {
      host.replaceChildren(html("p", { class: "what", text: "No diagrams were recorded." }));
      return;
    }
    host.replaceChildren();
    const colours = rampColours();
    dims.forEach((matrix, dim) => {
      const most = matrix.reduce((a, column) => column.reduce((b, v) => Math.max(b, v), a), 0);
      const shades = [0, 0.25, 0.5, 0.75, 1].map((t) => `rgb(${ramp(t, colours).join(" ")})`).join(",");
      const bar = html("span", { class: "ramp", style: `background:linear-gradient(90deg,${shades})`, "aria-hidden": "true" });
      const named = dim < 3 ? ["components", "loops", "voids"][dim] : `dimension ${dim}`;
      host.append(html("p", { class: "caption" }, `${named}: none is blank, 1 `, bar, ` ${most} at once`));
      const chart = html("div", { class: "chart" });
      host.append(chart);
      drawHeatMap(chart, matrix, most, dim);
    });

    function drawHeatMap(chart, matrix, most, dim) {
      const high = scales[scales.length - 1];
      const axes = frame(chart, { height: 200, x: [columns[0] - 0.5, columns[columns.length - 1] + 0.5], y: [0, high], xLabel: "push", label: `Betti numbers of dimension ${dim} over pushes and scale` });
      const width = axes.width - axes.left - axes.right, height = axes.height - axes.top - axes.bottom;
      const canvas = html("canvas", { width: columns.length, height: scales.length });
      const pixels = canvas.getContext("2d").createImageData(columns.length, scales.length);
      matrix.forEach((column, i) => column.forEach((count, j) => {
        const at = 4 * ((scales.length - 1 - j) * columns.length + i);
        const colour = ramp(most > 1 ? Math.log(Math.max(count, 1)) / Math.log(most) : 0, colours);
        pixels.data.set([...colour, count ? 255 : 0], at);
      }));
      canvas.getContext("2d").putImageData(pixels, 0, 0);
      const image = svg("image", { x: axes.left, y: axes.top, width, height, preserveAspectRatio: "none", style: "image-rendering:pixelated", href: canvas.toDataURL() });
      axes.root.append(image);
      if (run.scale !== null && run.scale <= high) {
        axes.root.append(svg("line", { x1: axes.left, x2: axes.width - axes.right, y1: axes.py(run.scale), y2: axes.py(run.scale), stroke: "var(--mark)", "stroke-dasharray": "5 4" }));
      }
      const tip = html("div", { class: "tip", hidden: "" });
      chart.append(tip);
      axes.root.addEventListener("pointermove", (event) => {
        const box = axes.root.getBoundingClientRect();
        const i = Math.floor((((event.clientX - box.left) * axes.width / box.width - axes.left) / width) * columns.length);
        const j = Math.floor((1 - ((event.clientY - box.top) - axes.top) / height) * scales.length);
        tip.hidden = !(i >= 0 && i < columns.length && j >= 0 && j < scales.length);
        if (!tip.hidden) tip.textContent = `push ${columns[i]}, scale ${short(scales[j])}: β${dim} = ${matrix[i][j]}`;
      });
      axes.root.addEventListener("pointerleave", () => { tip.hidden = true; });
    }
  }

  function drawBetti() {
    const host = byId("betti");
    host.replaceChildren();
    if (run.scale !== null) byId("betti-title").textContent = `Betti numbers at the tracker's scale, ${short(run.scale)}`;
    if (!run.betti.length) host.append(html("p", { class: "what", text: "The tracker's scale is not known." }));
    run.betti.forEach((values, dim) => {
      host.append(html("p", { class: "caption", text: dim === 0 ? "components" : dim === 1 ? "loops" : dim === 2 ? "voids" : `dimension ${dim}` }));
      const chart = html("div", { class: "chart" });
      host.append(chart);
      lineChart(chart, { series: [{ name: `β${dim}`, values, colour: dimColour(dim) }], height: 120, counts: true, label: `β${dim} at the tracker's scale` });
    });
  }

  // The last diagram ------------------------------------------------------------------------------------------------------

  function drawDiagram() {
    const host = byId("diagram");
    const { intervals, high, step } = run.last;
    byId("last-title").textContent = step === null ? "Last diagram" : `Last diagram, after push ${step}`;
    if (!intervals.length) {
      host.replaceChildren(html("p", { class: "what", text: "Empty." }));
      byId("barcode").replaceChildren();
      return;
    }
    const top = high * 1.08 || 1;
    const axes = frame(host, { height: 320, x: [0, top], y: [0, top], xLabel: "birth", label: `Diagram of ${intervals.length} intervals: births to the right, deaths upwards` });
    axes.root.append(svg("line", { x1: axes.px(0), y1: axes.py(0), x2: axes.px(top), y2: axes.py(top), stroke: "var(--rule)" }));
    axes.root.append(svg("text", { x: axes.left + 6, y: axes.top + 6 }, "∞"));
    for (const [dim, birth, death] of intervals) {
      const mark = svg("circle", { cx: axes.px(birth), cy: axes.py(death ?? top), r: 3.5, fill: dimColour(dim), "fill-opacity": 0.7 });
      mark.append(svg("title", {}, `dimension ${dim}: ${short(birth)} to ${death === null ? "∞" : short(death)}`));
      axes.root.append(mark);
    }
    const dims = [...new Set(intervals.map(([dim]) => dim))];
    const legend = html("div", { class: "legend" });
    legendOf(legend, dims.map((dim) => [`dimension ${dim}`, dimColour(dim)]));
    host.append(legend);
    drawBarcode(byId("barcode"), intervals, top);
  }

  function drawBarcode(host, intervals, top) {
    const rows = [...intervals].sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] ?? Infinity) - (b[2] ?? Infinity));
    const height = 320, each = (height - 38) / rows.length;
    const axes = frame(host, { height, x: [0, top], y: [0, rows.length], left: 12, yTicks: [], xLabel: "scale", label: `Barcode of ${rows.length} intervals` });
    rows.forEach(([dim, birth, death], i) => {
      axes.root.append(svg("rect", {
        x: axes.px(birth), width: Math.max(0.8, axes.px(death ?? top) - axes.px(birth)), y: axes.top + i * each,
        height: Math.max(0.6, Math.min(9, each * 0.75)), fill: dimColour(dim),
      }));
    });
  }

  // All of it -------------------------------------------------------------------------------------------------------------

  function drawCost() {
    // Stages that never take a hundredth of the slowest push would only be a line along the axis.
    const slowest = (stage) => run.pushes.latency[stage].reduce((a, b) => Math.max(a, b ?? 0), 0);
    const stages = Object.keys(run.pushes.latency).filter((stage) => slowest(stage) >= 0.01 * slowest("total"));
    const series = stages.map((name, i) => ({ name, values: run.pushes.latency[name], colour: name === "total" ? "var(--ink)" : `var(--c${i % 7})` }));
    lineChart(byId("latency"), { series, unit: " ms" });
    const legend = html("div", { class: "legend" });
    legendOf(legend, series.map((s) => [`${s.name} (ms)`, s.colour]));
    byId("latency").append(legend);
    const { megabytes, landmarks } = run.pushes;
    lineChart(byId("memory"), { series: [{ name: "memory", values: megabytes, colour: "var(--c2)" }], unit: " MB" });
    const most = landmarks.reduce((a, b) => Math.max(a, b), 0);
    const caption = html("div", { class: "legend" });
    legendOf(caption, [["stream (MB)", "var(--c2)"]]);
    caption.append(html("span", { text: `landmarks: at most ${most}`, style: "--swatch:transparent" }));
    byId("memory").append(caption);
  }

  function drawBound() {
    const series = [
      { name: "error bound", values: run.pushes.error_bound, colour: "var(--c1)" },
      { name: "covering radius ε", values: run.pushes.epsilon, colour: "var(--c0)" },
    ];
    lineChart(byId("bound"), { series, height: 150 });
    const legend = html("div", { class: "legend" });
    legendOf(legend, series.map((s) => [s.name, s.colour]));
    byId("bound").append(legend);
  }

  function drawAll() {
    drawTimeline();
    drawDetail();
    drawLives();
    drawCrocker();
    drawBetti();
    drawDiagram();
    drawBound();
    drawCost();
  }

  document.title = `${run.title} · toposcope`;
  byId("title").textContent = run.title;
  for (const list of ["summary", "facts"]) {
    byId(list).append(...run[list].map(([name, value]) => html("div", {}, html("dt", { text: name }), html("dd", { text: value }))));
  }
  byId("notes").append(...run.notes.map((text) => html("li", { text })));
  legendOf(byId("legend"), kinds.map((kind) => [kind, kindColour(kind)]));
  byId("more").addEventListener("click", () => { shown += PAGE; drawTable(); });
  drawTable();
  // First the one that is most certain; of those a change of several features, which is more of a story than a birth.
  const weight = (event) => [event.status !== "retracted", event.confidence, event.picture ? event.picture.features.length : 0];
  const isMore = (a, b) => { for (const [i, x] of a.entries()) if (x !== b[i]) return x > b[i]; return false; };
  const best = run.events.reduce((a, event, i) => (a === null || isMore(weight(event), weight(run.events[a])) ? i : a), null);
  chosen = best;
  drawAll();
  let width = document.documentElement.clientWidth;
  let waiting = null;
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCrocker);
  window.addEventListener("resize", () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 100);
  });
})();
