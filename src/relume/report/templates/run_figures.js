// Draws the figures of a run's page: the loss, the map, and the opened site.

const COLUMNS = 2000;  // of the map, where windows differ in length: about as many as a screen has points
const FEW = 60;  // points of a curve that are drawn as points too

function fill(name, columns) {
  models[name].data = columns;
}

function drawLoss() {
  const points = data.runs.map((each) => each.loss.x.length);
  $("loss-part").hidden = Math.max(...points) === 0;
  data.runs.forEach((each, i) => curve(`loss${i}`, each.loss.x, each.loss.y.map((y) => y ?? NaN)));
  const steps = data.runs.map((each) => each.stop.at(-1) ?? 0);
  const merged = Math.round(Math.max(...steps) / Math.max(...points, 1));
  const notes = data.runs.flatMap((each) => lossNotes(each));
  if (merged > 1) notes.push(`Each point is the mean of about ${whole(merged)} steps.`);
  $("loss-note").textContent = notes.join(" ");
  if (models.loss.y_scale.type === "LogScale") spanDecades(models.loss.y_range, models.loss.left[0], data.runs.flatMap((each) => each.loss.y));
}

function lossNotes({ letter, loss }) {
  const fault = loss.y.indexOf(null);
  const which = data.runs.length > 1 ? `The loss of ${letter}` : "It";
  return fault < 0 ? [] : [`${which} was no finite number at step ${whole(Math.round(loss.x[fault]))}.`];
}

function curve(name, x, y) {
  fill(name, { x, y });
  models[`${name}-dots`].visible = y.length <= FEW;
}

// A scale of sizes from the decade of the least to that of the greatest, with a tick at some powers of ten.
function spanDecades(range, axis, sizes) {
  const exponents = sizes.filter((size) => size > 0 && size < Infinity).map(Math.log10);
  const high = exponents.length ? Math.ceil(exponents.reduce((a, b) => Math.max(a, b))) : 0;
  const low = Math.min(high - 1, exponents.length ? Math.floor(exponents.reduce((a, b) => Math.min(a, b))) : -1);
  const every = Math.ceil((high - low) / 4);
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => 10 ** (low + i * every));
  range.setv({ start: 10 ** low, end: 10 ** high });
  axis.ticker = new models.FixedTicker({ ticks });
}

// Steps run evenly along the map, windows need not: each column of it shows the window that it lies in.
function columnsOf(of) {
  const [first, last] = [of.start[0] ?? 0, of.stop.at(-1) ?? 1];
  const lengths = of.start.map((start, i) => of.stop[i] - start);
  const isEven = lengths.every((length, i) => length === lengths[0] || i === lengths.length - 1);
  const count = isEven ? of.windows : Math.min(COLUMNS, last - first);
  const step = isEven ? lengths[0] ?? 1 : (last - first) / count;
  const windows = Array.from({ length: count }, (_, i) => (isEven ? i : windowAt(of, first + (i + 0.5) * step)));
  return { first, end: first + count * step, windows };
}

function windowAt(of, step) {
  const next = of.start.findIndex((start) => start > step);
  return (next < 0 ? of.windows : next) - 1;
}

function drawMap() {
  const { name, scale, title, unit, reading } = quantity();
  const of = run(), rows = of.sites.length;
  const { first, end, windows } = columnsOf(of);
  const image = new Float32Array(rows * windows.length);
  for (let row = 0; row < rows; row++)
    windows.forEach((window, column) => { image[row * windows.length + column] = cell(of, name, row, window); });
  const Grid = models[`heat-${scale}`].data.image[0].constructor;
  fill(`heat-${scale}`, { image: [new Grid(image, [rows, windows.length])], x: [first], dw: [end - first], dh: [rows] });
  for (const each of ["log", "share"]) models[each].visible = models[`bar-${each}`].visible = each === scale;
  if (scale === "log") {
    const sizes = data.runs.flatMap((each) => Array.from(each.values[name]));  // the same colours for all runs
    const span = { setv: ({ start, end }) => models["colours-log"].setv({ low: start, high: end }) };
    spanDecades(span, models["bar-log"], sizes);
  }
  models.heat.x_range.setv({ start: first, end, reset_start: first, reset_end: end });
  models.heat.y_range.setv({ start: rows, end: 0, reset_start: rows, reset_end: 0 });
  $("heat-reading").textContent = reading;
  $("heat-title").textContent = `${data.runs.length > 1 ? `${of.letter}: ` : ""}${title}: ${unit}`;
  document.body.classList.toggle("shares", scale === "share");
  nameRows();
  mark();
}

function nameRows() {
  const sites = run().sites, width = $("heat").clientWidth;
  const room = width < 520 ? 12 : width < 800 ? 20 : 32;
  const every = Math.ceil(sites.length / 32);
  const ticks = sites.map((_, i) => i).filter((i) => i % every === 0);
  const names = new Map(ticks.map((i) => [i + 0.5, new models.PlainText({ text: shortened(sites[i].name, room) })]));
  models.heat.left[0].setv({ ticker: new models.FixedTicker({ ticks: ticks.map((i) => i + 0.5) }), major_label_overrides: names });
}

function mark() {
  const of = run(), { site, window } = shown, step = quantity();
  if (!of.windows || site >= of.sites.length) {
    fill("heat-mark", { left: [], right: [], top: [], bottom: [] });
    $("readout").textContent = "";
    return;
  }
  const [from, to] = [of.start[window], of.stop[window]];
  const [first, end] = [of.start[0], of.stop.at(-1)];
  fill("heat-mark", { left: [first, from], right: [end, to], top: [site, site], bottom: [site + 1, site + 1] });
  $("readout").textContent = `${of.sites[site].name}, steps ${whole(from)} to ${whole(to - 1)}: `
    + `${told(cell(of, step.name, site, window), step.scale)} (${step.unit})`;
}

function drawSite() {
  const name = run().sites[shown.site]?.name;
  if (name === undefined) return;
  const site = run().sites[shown.site];
  $("site-name").textContent = name;
  $("site-choice").value = name;
  $("fed-by").textContent = site.fed_by || "the layer before";
  $("site-about").textContent = [site.activation, site.source && `applied at ${site.source}`, site.fed_by && `fed by ${site.fed_by}`]
    .filter(Boolean).join(", ");
  const notes = { gradient: [], update: [], apart: [] };
  data.runs.forEach((of, i) => {
    const row = of.row.get(name), who = data.runs.length > 1 ? `${of.letter}: ` : "";
    for (const { name: each, scale } of data.quantities) {
      const values = row === undefined ? [] : Array.from(rowOf(of, each, row));
      curve(`${each}${i}`, values.length ? of.middle : [], values.map((y) => drawable(y, scale)));
      if (scale === "log") notes[each].push(...notDrawn(values, who));
    }
    const units = row === undefined ? null : of.units[row];
    for (const each of ["gradient", "fired", "flat"])
      fill(`units-${each}${i}`, units ? bars(units[each], each === "gradient") : { left: [], right: [], top: [] });
    if (units?.gradient.apart) notes.apart.push(`${who}${units.gradient.apart} units got exactly 0.`);
  });
  for (const [each, said] of Object.entries(notes)) $(`${each}-note`).textContent = said.join(" ");
  for (const each of ["gradient", "update"]) {
    const figure = models[`curve-${each}`];
    spanDecades(figure.y_range, figure.left[0], data.runs.flatMap((_, i) => models[`${each}${i}`].data.y));
  }
  const figure = models["units-gradient"];
  const edges = data.runs.flatMap((_, i) => ["left", "right"].flatMap((side) => models[`units-gradient${i}`].data[side]));
  spanDecades(figure.x_range, figure.below[0], edges);
}

// A scale of sizes has no place for 0, and none for what is not finite.
function notDrawn(values, who) {
  const [zeros, faults] = [0, Infinity].map((what) => values.filter((each) => each === what).length);
  return [[zeros, "Exactly 0"], [faults, "Not finite"]].filter(([count]) => count)
    .map(([count, what]) => `${who}${what} in ${whole(count)} of ${whole(values.length)} windows.`);
}

function drawable(y, scale) {
  return Number.isFinite(y) && (scale === "share" || y > 0) ? y : NaN;
}

function bars({ low, high, units }, isLog) {
  const edge = (i) => (isLog ? low * (high / low) ** (i / units.length) : low + ((high - low) * i) / units.length);
  return { left: units.map((_, i) => edge(i)), right: units.map((_, i) => edge(i + 1)), top: units };
}

function listSites() {
  const names = [...new Set(data.runs.flatMap((each) => each.sites.map((site) => site.name)))];
  if (names.length === $("site-choice").options.length) return;
  $("site-choice").replaceChildren(...names.map((name) => new Option(name, name)));
}

// All curves run over the same steps, also where one has no point.
function spanSteps() {
  const first = Math.min(...data.runs.map((each) => each.start[0] ?? 0));
  const end = Math.max(...data.runs.map((each) => each.stop.at(-1) ?? 1));
  for (const name of ["loss", "curve-gradient", "curve-update", "curve-shares"])
    models[name].x_range.setv({ start: first, end });
}

function drawAll() {
  listSites();
  spanSteps();
  drawLoss();
  drawMap();
  drawSite();
}
