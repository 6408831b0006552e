// Serves the page on 127.0.0.1 and passes /api/ on to steppe control: node serve.mjs [PORT] [PORT OF STEPPE]
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const [port, steppe] = [Number(process.argv[2] ?? 8480), Number(process.argv[3] ?? 8472)];
const dist = process.env.OPENMCT_DIST ?? join(here, "node_modules/openmct/dist");
const own = new Set(["/index.html", "/page.js", "/plugin.js"]);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };

function fileOf(path) {
  if (path === "/") return join(here, "index.html");
  if (own.has(path)) return join(here, path);
  if (!path.startsWith("/openmct/")) return null;
  try {
    const file = normalize(join(dist, decodeURIComponent(path.slice(9))));
    return file.startsWith(normalize(dist) + sep) ? file : null;
  } catch {
    return null; // % without two hexadecimal digits
  }
}

createServer((asked, answer) => {
  // Another name was made to point here (DNS rebinding)
  if (!["127.0.0.1", "localhost"].includes((asked.headers.host ?? "").replace(/:\d+$/, ""))) {
    answer.writeHead(421).end("this server does not answer to this host\n");
    return;
  }
  const { pathname } = new URL(asked.url.replace(/^\/+/, "/"), "http://localhost");
  if (pathname.startsWith("/api/")) {
    const headers = { ...asked.headers, host: `127.0.0.1:${steppe}` };
    const passed = request({ host: "127.0.0.1", port: steppe, path: asked.url, method: asked.method, headers }, (came) => {
      answer.writeHead(came.statusCode, came.headers);
      came.pipe(answer);
    });
    passed.on("error", () => answer.headersSent ? answer.destroy() : answer.writeHead(502).end("steppe control does not answer\n"));
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
    return;
  }
  const file = fileOf(pathname);
  if (file === null || !existsSync(file) || !statSync(file).isFile()) {
    answer.writeHead(404).end("there is no such file\n");
    return;
  }
  answer.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(answer);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
