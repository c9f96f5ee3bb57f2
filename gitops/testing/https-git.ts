import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** A real `git http-backend` behind HTTPS on loopback that asks for credentials. */
export interface HttpsGit {
  readonly url: string;
  /** PEM of the certificate, which signs itself. */
  readonly ca: string;
  /** Headers of authorisation that were seen, in order; "" where there was none. */
  readonly seen: string[];
  close(): Promise<void>;
}

interface HttpsGitOptions {
  /** The only header of authorisation that is let in. */
  readonly expects: string;
  /** Every request is sent there instead. */
  readonly redirectTo?: string;
}

/** A certificate for 127.0.0.1 made by openssl; undefined where there is none. */
function selfSigned(directory: string): { key: string; cert: string } | undefined {
  const [key, cert] = [join(directory, "server.key"), join(directory, "server.crt")];
  try {
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch {
    return undefined;
  }
}

/** Answers one request by the common gateway interface of git. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "https://127.0.0.1");
  const env = {
    PATH: process.env["PATH"] ?? "",
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method ?? "GET",
    CONTENT_TYPE: request.headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
    GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
  };
  const child = spawn("git", ["http-backend"], { env, stdio: ["pipe", "pipe", "ignore"] });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf("\r\n\r\n");
    const headers = output.subarray(0, end).toString("latin1").split("\r\n");
    for (const line of headers) {
      const [name = "", value = ""] = line.split(/: (.*)/s);
      if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
      else if (name !== "") response.setHeader(name, value);
    }
    response.end(output.subarray(end + 4));
  });
}

/** Serves the repositories below `root`; undefined where openssl is missing. */
export async function httpsGit(root: string, keys: string, options: HttpsGitOptions): Promise<HttpsGit | undefined> {
  const pair = selfSigned(keys);
  if (!pair) return undefined;
  const seen: string[] = [];
  const server = createServer(pair, (request, response) => {
    const given = request.headers.authorization ?? "";
    seen.push(given);
    if (options.redirectTo !== undefined) response.writeHead(302, { location: options.redirectTo + (request.url ?? "") }).end();
    else if (given !== options.expects) response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    else backend(root, request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: pair.cert,
    seen,
    close: () => new Promise((done) => server.close(() => done())),
  };
}
