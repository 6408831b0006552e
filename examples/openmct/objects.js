// The tree of objects: an overview, the latest values, strips, the plan, and every variable of the feed.

export const SPACE = "steppe";
const LATEST = [
  "phase", "state", "altitude_m", "airspeed_m_s", "vertical_speed_m_s", "flight_path_angle_deg", "mach", "load_g",
  "dynamic_pressure_pa", "heat_flux_w_m2", "bank_deg", "latitude_deg", "longitude_deg", "mass_kg",
];
// Colours that can be read on the dark ground: 5 to 1 and more
const STRIPS = { altitude_m: "#43b0ff", airspeed_m_s: "#ff9a4d", load_g: "#58c98a", heat_flux_w_m2: "#ff8080" };
const WORDS = { phase: "Phase", state: "State" };
// Grey: the plan is beside the point, the values are not
const PHASE = { color: "#4b5a67", textColor: "#ffffff" };

const at = (key) => ({ namespace: SPACE, key });

function variable(meta, key) {
  const { label, display_unit: unit } = meta.variables[key] ?? { label: WORDS[key] };
  const value = { key: "value", name: label, hints: { range: 1 } };
  if (key in WORDS) Object.assign(value, { format: "string" });
  else Object.assign(value, { unit: unit === "1" ? "" : unit, format: "number", formatString: digits(key, unit) });
  return {
    identifier: at(key),
    name: label,
    type: "steppe.variable",
    location: `${SPACE}:variables`,
    telemetry: {
      values: [value, { key: "utc", source: "utc", name: "UTC", format: "utc", hints: { domain: 1 } }],
    },
  };
}

function digits(key, unit) {
  if (/^(latitude|longitude)/.test(key)) return "%.5f";
  return /^k/.test(unit) && unit !== "kg" ? "%.3f" : /_g$|^mach$/.test(key) ? "%.2f" : "%.1f";
}

/** Phases as Open MCT wants a plan: each planned event until the next one; some events are moments in a phase. */
function phases(meta, utc) {
  const planned = meta.planned.filter((one) => !["peak_load", "plasma_exit"].includes(one.event));
  const spans = planned.map(({ label, time_s }, i) => ({
    name: label,
    start: utc(time_s),
    end: utc(planned[i + 1]?.time_s ?? meta.last_s),
    type: "Phases",
    ...PHASE,
  }));
  return { Phases: spans.filter((one) => one.end > one.start) };
}

export function treeOf(feed) {
  const { meta } = feed;
  const names = Object.keys(meta.variables).filter((one) => one !== "time_s");
  const some = (keys) => keys.filter((one) => one in WORDS || names.includes(one)).map(at);
  const node = (key, name, type, parent, more) => [
    key,
    { identifier: at(key), name, type, location: parent === "ROOT" ? parent : `${SPACE}:${parent}`, ...more },
  ];
  const frame = (key, size) => ({ id: `frame-${key}`, domainObjectIdentifier: at(key), size, noFrame: false });
  const column = (id, size, frames) => ({ id, size, frames });
  const colours = Object.entries(STRIPS).map(([key, color]) => ({ identifier: at(key), series: { color } }));
  const tree = new Map([
    node("return", meta.title, "folder", "ROOT", {
      composition: ["overview", "latest", "strips", "plan", "variables"].map(at),
    }),
    node("overview", "Overview", "flexible-layout", "return", {
      composition: ["latest", "plan", "strips"].map(at),
      configuration: {
        rowsLayout: false,
        containers: [
          column("left", 33, [frame("latest", 100)]),
          column("right", 67, [frame("plan", 22), frame("strips", 78)]),
        ],
      },
    }),
    node("latest", "Latest values", "LadTable", "return", {
      composition: some(LATEST),
      configuration: { hiddenColumns: { type: true, timestamp: true } },
    }),
    node("strips", "Strips", "telemetry.plot.stacked", "return", {
      composition: some(Object.keys(STRIPS)),
      configuration: { series: colours, yAxis: {}, xAxis: {} },
    }),
    node("plan", "Plan", "plan", "return", {
      selectFile: { body: phases(meta, (time_s) => feed.utc(time_s)) },
      configuration: { clipActivityNames: true, swimlaneVisibility: { Phases: true } },
    }),
    node("variables", "Variables", "folder", "return", { composition: [...some(Object.keys(WORDS)), ...names.map(at)] }),
  ]);
  for (const key of [...Object.keys(WORDS), ...names]) tree.set(key, variable(meta, key));
  return tree;
}
