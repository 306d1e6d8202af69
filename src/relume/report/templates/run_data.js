// The data of a run's page, and what they are called for people.

const NOT_SEEN = 0, ZERO = 1, NOT_FINITE = 65535;  // codes, as packing.py writes them
const PER_DOUBLING = 64, SMALLEST = -160, PER_ONE = 1000;

const $ = (id) => document.getElementById(id);
const models = {};  // of Bokeh, by name
const shown = { quantity: "gradient", run: 0, site: 0, window: 0 };
let data;

async function unpacked(text, scale) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const size = planes.length / 2;
  return Float64Array.from({ length: size }, (_, i) => value(planes[i] + 256 * planes[size + i], scale));
}

function value(code, scale) {
  if (code === NOT_SEEN) return NaN;
  if (code === ZERO) return 0;
  if (code === NOT_FINITE) return Infinity;
  return scale === "log" ? 2 ** ((code - ZERO - 1) / PER_DOUBLING + SMALLEST) : (code - ZERO) / PER_ONE;
}

async function take(payload) {
  for (const run of payload.runs) {
    run.values = {};
    for (const quantity of payload.quantities)
      run.values[quantity.name] = await unpacked(run.packed[quantity.name], quantity.scale);
    run.row = new Map(run.sites.map((site, i) => [site.name, i]));
    run.middle = run.start.map((start, i) => (start + run.stop[i] - 1) / 2);
  }
  data = payload;
}

const quantity = () => data.quantities.find((each) => each.name === shown.quantity);
const run = () => data.runs[shown.run];
const cell = (of, name, site, window) => of.values[name][site * of.windows + window];
const rowOf = (of, name, site) => of.values[name].subarray(site * of.windows, (site + 1) * of.windows);

// Numbers and names for people.

function told(number, scale) {
  if (Number.isNaN(number)) return "not seen";
  if (number === Infinity) return "not finite";
  if (scale === "share") return `${+(100 * number).toFixed(1)} %`;
  if (number === 0) return "exactly 0";
  return number < 1e-3 || number >= 1e5 ? number.toExponential(1) : number.toPrecision(2);
}

function shortened(name, room) {
  return name.length <= room ? name : `…${name.slice(1 - room)}`;
}

const whole = (number) => number.toLocaleString("en");
