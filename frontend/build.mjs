// Bundles the pages into the Python package: node build.mjs
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";

const out = new URL("../src/steppe/view/static/", import.meta.url);
await mkdir(out, { recursive: true });
const pages = ["report", "control"];
for (const page of pages) {
  await build({
    entryPoints: [new URL(`src/${page}.ts`, import.meta.url).pathname],
    outfile: new URL(`${page}.js`, out).pathname,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
  });
}
const uplot = await readFile(new URL("node_modules/uplot/dist/uPlot.min.css", import.meta.url), "utf8");
const own = await readFile(new URL("src/page.css", import.meta.url), "utf8");
await writeFile(new URL("page.css", out), `${uplot}\n${own}`);
const room = await readFile(new URL("src/control.css", import.meta.url), "utf8");
const colours = own.slice(0, own.indexOf("* { box-sizing"));
await writeFile(new URL("control.css", out), `${uplot}\n${colours}${room}`);
await writeFile(new URL("control.html", out), await readFile(new URL("src/control.html", import.meta.url), "utf8"));
const licences = [];
for (const name of ["uplot", "d3-geo", "d3-array", "internmap"]) {
  const about = JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8"));
  const text = await readFile(new URL(`node_modules/${name}/LICENSE`, import.meta.url), "utf8");
  licences.push(`${about.name} ${about.version}\n\n${text.trim()}\n`);
}
await writeFile(new URL("THIRD_PARTY.txt", out), licences.join("\n----\n\n"));
