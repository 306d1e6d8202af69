// Opens a run's page: its figures, and what people do with them.

async function embed() {
  models.all = [];
  Bokeh.set_log_level("error");
  for (const figure of JSON.parse($("figures").textContent)) {
    const views = await Bokeh.embed.embed_item(figure);
    const view = (views.roots ?? views)[0];
    models.all.push(...view.model.references());
    view.canvas_view.events_el.tabIndex = -1;  // the map has keys of its own, the others have none
  }
  for (const model of models.all) if (model.name) models[model.name] = model;
  models.PlainText = Bokeh.Models.get("PlainText");
  models.FixedTicker = Bokeh.Models.get("FixedTicker");
  dress();
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", dress);
  matchMedia("print").addEventListener("change", dress);
}

// Colours of the page, in the figures too.

function dress() {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line, paper] = ["--ink", "--soft", "--line", "--paper"].map((name) => style.getPropertyValue(name).trim());
  for (const model of Object.values(models.all)) {
    if (model.type.endsWith("Axis"))
      model.setv({ axis_label_text_color: ink, major_label_text_color: soft, axis_line_color: line,
        major_tick_line_color: line, minor_tick_line_color: null, axis_label_text_font_style: "normal" });
    if (model.type === "Grid") model.grid_line_color = line;
    if (model.type === "Figure")
      model.setv({ outline_line_color: line, background_fill_color: paper, border_fill_color: paper });
    if (model.type === "ColorBar") model.setv({ major_label_text_color: soft, major_tick_line_color: soft });
  }
}

function open(site, window = shown.window) {
  shown.site = Math.max(0, Math.min(site, run().sites.length - 1));
  shown.window = Math.max(0, Math.min(window, run().windows - 1));
  mark();
  drawSite();
}

function openNamed(name) {
  const holder = [shown.run, 0, 1].find((i) => data.runs[i]?.row.has(name));
  if (holder === undefined) return;
  if (holder !== shown.run) showRun(holder);
  open(run().row.get(name));
}

function showRun(index) {
  shown.run = index;
  for (const button of document.getElementsByName("run")) button.checked = Number(button.value) === index;
  shown.site = Math.min(shown.site, run().sites.length - 1);
  shown.window = Math.min(shown.window, run().windows - 1);
  drawMap();
  drawSite();
}

// The focus goes along, so that the next Tab leads on from there, and arrows choose the next site.
function goToSite() {
  $("site").scrollIntoView();
  $("site-choice").focus({ preventScroll: true });
}

// Paper cannot be clicked: all that is folded is printed.
function unfoldForPrint() {
  const folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((each) => { each.open = true; });
  models.heat.toolbar.visible = false;
  addEventListener("afterprint", () => {
    folded.forEach((each) => { each.open = false; });
    models.heat.toolbar.visible = true;
  }, { once: true });
}

function onKey(event) {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -Infinity], End: [0, Infinity] };
  if (event.key === "Enter") goToSite();
  else if (moves[event.key]) open(shown.site + moves[event.key][0], shown.window + moves[event.key][1]);
  else return;
  event.preventDefault();
}

function listen() {
  document.addEventListener("change", ({ target }) => {
    if (target.name === "quantity") { shown.quantity = target.value; drawMap(); }
    if (target.name === "run") showRun(Number(target.value));
    if (target.id === "site-choice") openNamed(target.value);
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.dataset.site) return;
    openNamed(target.dataset.site);
    goToSite();
  });
  $("site-before").onclick = () => open(shown.site - 1);
  $("site-after").onclick = () => open(shown.site + 1);
  $("heat").addEventListener("keydown", onKey);
  models.heat.on_event("tap", ({ x, y }) => open(Math.floor(y), windowAt(run(), x)));
  addEventListener("beforeprint", unfoldForPrint);
  new ResizeObserver(nameRows).observe($("heat"));
}

await take(JSON.parse($("data").textContent));
await embed();
shown.window = Math.max(0, run().windows - 1);
models.windows = run().windows;
listen();
drawAll();
document.body.dataset.ready = "yes";
if (document.documentElement.dataset.live) follow();
