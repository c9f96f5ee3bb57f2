// Serves the repositories below a directory over https, by `git http-backend`: git-server.mjs ROOT CERTIFICATE KEY ADDRESS PORT
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [root, cert, key, address, port] = process.argv.slice(2);

/** The head of a CGI answer: its lines, and where the body begins. */
function headOf(text) {
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return undefined;
  const lines = text.slice(0, end.index).split(/\r?\n/);
  const headers = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  return { headers, length: end.index + end[0].length };
}

function answer(request, response) {
  const url = new URL(request.url, "https://localhost");
  const environment = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
    GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
  };
  const backend = spawn("git", ["http-backend"], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
  backend.stdin.on("error", () => {});
  request.pipe(backend.stdin);
  let waiting = Buffer.alloc(0);
  let begun = false;
  backend.stdout.on("data", (data) => {
    if (begun) return void response.write(data);
    waiting = Buffer.concat([waiting, data]);
    const head = headOf(waiting.toString("latin1"));
    if (!head) return;
    begun = true;
    const status = head.headers.find(([name]) => name.toLowerCase() === "status");
    response.writeHead(status ? Number.parseInt(status[1], 10) : 200, Object.fromEntries(head.headers.filter((header) => header !== status)));
    response.write(waiting.subarray(head.length));
  });
  backend.on("close", () => response.end());
}

createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer).listen(Number(port), address);
