// Serves the page on 127.0.0.1 and passes what it reads on to steppe control: node serve.mjs [PORT] [PORT OF STEPPE]
// STEPPE_WATCH_TOKEN: the token to watch, where steppe control was given one. Nothing can be ordered through here.
import { createReadStream, existsSync, realpathSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "node_modules/openmct/dist");
const OWN = new Set(["/index.html", "/page.js", "/feed.js", "/objects.js", "/plugin.js"]);
const READ = new Set(["/api/meta", "/api/history", "/api/stream"]);
// What steppe control judges a request by; cookies and tokens of the browser are not passed on
const PASSED = ["accept", "last-event-id", "sec-fetch-site"];
const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".svg": "image/svg+xml", ".png": "image/png", ".woff": "font/woff", ".ttf": "font/ttf",
};
const HEADERS = {
  // Open MCT sets styles on elements, draws to blob addresses, and compiles its templates at run time (unsafe-eval)
  "content-security-policy":
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

function portOf(text, fallback) {
  const port = Number(text ?? fallback);
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port;
  console.error(`serve.mjs: '${text}' is no port; use: node serve.mjs [PORT] [PORT OF STEPPE CONTROL]`);
  process.exit(1);
}

function fileOf(path) {
  if (path === "/") return join(here, "index.html");
  if (OWN.has(path)) return join(here, path);
  if (!path.startsWith("/openmct/")) return null;
  try {
    const file = realpathSync(join(dist, decodeURIComponent(path.slice(9))));
    return file.startsWith(realpathSync(dist) + sep) && statSync(file).isFile() ? file : null;
  } catch {
    return null; // no such file, % without two hexadecimal digits, a zero byte
  }
}

function no(answer, status, text) {
  answer.writeHead(status, { ...HEADERS, "content-type": "text/plain", connection: "close" }).end(`${text}\n`);
}

function pass(asked, answer, steppe) {
  const headers = { host: `127.0.0.1:${steppe}` };
  for (const name of PASSED) if (name in asked.headers) headers[name] = asked.headers[name];
  const token = process.env.STEPPE_WATCH_TOKEN;
  if (token) headers.authorization = `Bearer ${token}`;
  const passed = request({ host: "127.0.0.1", port: steppe, path: asked.url, headers }, (came) => {
    answer.writeHead(came.statusCode, came.headers);
    came.pipe(answer);
  });
  passed.on("error", () => (answer.headersSent ? answer.destroy() : no(answer, 502, "steppe control does not answer")));
  answer.on("close", () => passed.destroy());
  passed.end();
}

function serve(asked, answer, steppe) {
  const { host = "", origin } = asked.headers;
  // Another name was made to point here (DNS rebinding), or a page of elsewhere asks
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return no(answer, 421, "this server does not answer to this host");
  if (origin !== undefined && origin !== `http://${host}`) return no(answer, 403, "a page of another origin asked");
  if (asked.method !== "GET") return no(answer, 405, "there is only GET here; orders are for the page of steppe control");
  const path = asked.url.split("?")[0];
  if (READ.has(path)) return pass(asked, answer, steppe);
  const file = fileOf(path);
  if (file === null) return no(answer, 404, "there is no such file");
  answer.writeHead(200, { ...HEADERS, "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
  return createReadStream(file).on("error", () => answer.destroy()).pipe(answer);
}

if (!existsSync(join(dist, "openmct.js"))) {
  console.error("serve.mjs: Open MCT is not installed; in examples/openmct run: npm ci");
  process.exit(1);
}
const [port, steppe] = [portOf(process.argv[2], 8480), portOf(process.argv[3], 8472)];
const server = createServer((asked, answer) => serve(asked, answer, steppe));
server.on("error", (problem) => {
  console.error(`serve.mjs: cannot serve on port ${port}: ${problem.message}; name another: node serve.mjs PORT`);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
