import assert from "node:assert/strict";
import { generateKeyPairSync, createVerify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, seededRandom } from "../../base/index.ts";
import { BlobError } from "../store.ts";
import { awsKeys, awsProfile } from "./aws-credentials.ts";
import { azureAuthorize } from "./azure-credentials.ts";
import { cloudStore } from "./cloud-store.ts";
import { gcsService } from "./gcs.ts";
import { googleToken } from "./google-credentials.ts";
import type { Http, HttpRequest } from "./http.ts";
import { refreshed } from "./refreshed.ts";
import { NO_BYTES, signed } from "./sigv4.ts";
import { parseXml, textIn } from "./xml.ts";

/** A clock on which pauses take no time. */
function quickClock(start = 0): Clock & { at: number } {
  const clock = {
    at: start,
    now: () => clock.at,
    after: (delayMs: number, fire: () => void) => {
      clock.at += delayMs;
      queueMicrotask(fire);
      return () => undefined;
    },
  };
  return clock;
}

async function* bodyOf(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text as string);
}

type Reply = { readonly status?: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

/** A server as a function; keeps what it was asked. */
function serverOf(answer: (request: HttpRequest) => Reply): { readonly http: Http; readonly asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  const http: Http = async (request) => {
    asked.push(request);
    const { status = 200, body = "", headers = {} } = answer(request);
    return { status, headers, body: bodyOf(body) };
  };
  return { http, asked };
}

const urlOf = ({ origin, path }: HttpRequest) => `${origin}${path}`;

describe("signatures of object stores", () => {
  it("are those of Amazon's own example", () => {
    const request = {
      method: "GET",
      host: "examplebucket.s3.amazonaws.com",
      path: "/",
      query: { "max-keys": "2", prefix: "J" },
      headers: {},
      body: NO_BYTES,
    };
    const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
    const { authorization } = signed(request, keys, "us-east-1", Date.parse("2013-05-24T00:00:00Z"));
    assert.match(authorization ?? "", /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/);
  });

  it("carry the token of a session", () => {
    const keys = { accessKeyId: "a", secretAccessKey: "s", sessionToken: "t" };
    const headers = signed({ method: "GET", host: "h", path: "/", query: {}, headers: {}, body: NO_BYTES }, keys, "r", 0);
    assert.equal(headers["x-amz-security-token"], "t");
    assert.match(headers["authorization"] ?? "", /SignedHeaders=[^,]*x-amz-security-token/);
  });
});

describe("XML of object stores", () => {
  it("is read with its entities, and nothing is expanded", () => {
    const document = parseXml('\ufeff<?xml version="1.0"?><!-- c --><E xmlns="x"><Code>A&amp;&lt;&#x1F600;&#10;&nope;</Code><Empty/></E>');
    assert.equal(textIn(document, "Code"), "A&<😀\n&nope;");
    assert.equal(textIn(document, "Empty"), "");
  });
  for (const broken of ["", "text", "<a>", "<a></b>", "<a/><", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']) {
    it(`refuses ${JSON.stringify(broken)}`, () => assert.throws(() => parseXml(broken)));
  }
});

describe("what is valid for a while", () => {
  it("is fetched once for all who ask, and again before it expires", async () => {
    const clock = quickClock();
    let fetched = 0;
    const get = refreshed(clock, async () => ({ value: ++fetched, expiresAt: clock.now() + 3_600_000 }));
    assert.deepEqual(await Promise.all([get(), get(), get()]), [1, 1, 1]);
    clock.at = 3_600_000 - 5 * 60_000 - 1;
    assert.equal(await get(), 1);
    clock.at += 1;
    assert.equal(await get(), 2);
  });
  it("is asked for again after a failure", async () => {
    let tries = 0;
    const get = refreshed(quickClock(), async () => {
      if (++tries === 1) throw new Error("away");
      return { value: tries };
    });
    await assert.rejects(get());
    assert.equal(await get(), 2);
  });
});

describe("credentials of AWS", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "flyteops-aws-"));
    await writeFile(join(directory, "token"), "jwt\n");
    await writeFile(
      join(directory, "config"),
      "[default]\nregion = eu-west-1\n[profile sso]\nsso_session = x\n[profile other]\nregion=ap-south-1\naws_access_key_id = ok\naws_secret_access_key = os\n",
    );
    await writeFile(join(directory, "credentials"), "[default]\naws_access_key_id = dk\naws_secret_access_key = ds\n");
  });
  after(() => rm(directory, { recursive: true }));
  const files = () => ({ AWS_CONFIG_FILE: join(directory, "config"), AWS_SHARED_CREDENTIALS_FILE: join(directory, "credentials") });
  const keys = (environment: Readonly<Record<string, string>>, answer: (request: HttpRequest) => Reply = () => ({ status: 404 })) => {
    const server = serverOf(answer);
    return { server, found: awsKeys({ http: server.http, clock: quickClock(), environment })() };
  };

  it("come from the environment first, then from the profile", async () => {
    assert.deepEqual(await keys({ ...files(), AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" }).found, {
      accessKeyId: "a",
      secretAccessKey: "s",
      sessionToken: "t",
    });
    assert.deepEqual(await keys(files()).found, { accessKeyId: "dk", secretAccessKey: "ds" });
    assert.deepEqual(await keys({ ...files(), AWS_PROFILE: "other" }).found, { accessKeyId: "ok", secretAccessKey: "os" });
    assert.equal((await awsProfile({ ...files(), AWS_PROFILE: "other" }))["region"], "ap-south-1");
    await assert.rejects(keys({ ...files(), AWS_PROFILE: "sso" }).found, /uses sso_session.*export-credentials/);
    await assert.rejects(keys({ ...files(), AWS_PROFILE: "gone" }).found, /profile gone has no access key/);
  });

  it("come from the role of a ServiceAccount", async () => {
    const body = `<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>k</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>`;
    const environment = { AWS_ROLE_ARN: "arn:aws:iam::1:role/x", AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, "token"), AWS_REGION: "eu-west-1" };
    const { server, found } = keys(environment, () => ({ body }));
    assert.deepEqual(await found, { accessKeyId: "k", secretAccessKey: "s", sessionToken: "t" });
    assert.match(urlOf(server.asked[0]!), /^https:\/\/sts\.eu-west-1\.amazonaws\.com\/\?Action=AssumeRoleWithWebIdentity.*WebIdentityToken=jwt$/);
    await assert.rejects(keys(environment, () => ({ status: 503 })).found, { code: "BlobStoreUnavailable" });
  });

  it("come from the pod identity, and from the machine", async () => {
    const body = JSON.stringify({ AccessKeyId: "k", SecretAccessKey: "s", Token: "t", Expiration: "2026-01-01T00:00:00Z" });
    const pod = keys(
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(directory, "token") },
      () => ({ body }),
    );
    assert.equal((await pod.found).accessKeyId, "k");
    assert.equal(pod.server.asked[0]?.headers["authorization"], "jwt");
    const machine = keys({}, ({ method, path }) => ({ body: method === "PUT" ? "session" : path.endsWith("/role-1") ? body : "role-1\n" }));
    assert.equal((await machine.found).sessionToken, "t");
    assert.equal(machine.server.asked.at(-1)?.headers["x-aws-ec2-metadata-token"], "session");
  });

  it("are missed in a sentence", () =>
    assert.rejects(keys({}).found, { code: "BlobAccessDenied", message: /there are no AWS credentials: set AWS_ACCESS_KEY_ID/ }));
});

describe("credentials of Google", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const account = {
    type: "service_account",
    client_email: "a@b",
    private_key_id: "1",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: "https://auth.example/token",
  };
  const token = (environment: Readonly<Record<string, string>>, answer: (request: HttpRequest) => Reply) => {
    const server = serverOf(answer);
    return { server, found: googleToken({ http: server.http, clock: quickClock(1_000_000), environment })() };
  };

  it("are a signed assertion of a service account, given as a file or as text", async () => {
    const { server, found } = token({ GOOGLE_APPLICATION_CREDENTIALS: JSON.stringify(account) }, () => ({ body: '{"access_token":"t","expires_in":3600}' }));
    assert.equal(await found, "t");
    const jwt = new URLSearchParams(String(server.asked[0]?.body)).get("assertion") ?? "";
    const [head, claims, signature] = jwt.split(".");
    assert.ok(
      createVerify("RSA-SHA256")
        .update(`${head}.${claims}`)
        .verify(publicKey, signature ?? "", "base64url"),
    );
    assert.deepEqual(JSON.parse(Buffer.from(claims ?? "", "base64url").toString()), {
      iss: "a@b",
      scope: "https://www.googleapis.com/auth/devstorage.read_write",
      aud: "https://auth.example/token",
      iat: 1_000,
      exp: 4_600,
    });
  });

  it("come from the metadata server where nothing else is said", async () => {
    const { server, found } = token({ HOME: "/nonexistent" }, () => ({ body: '{"access_token":"m","expires_in":60}' }));
    assert.equal(await found, "m");
    assert.match(urlOf(server.asked[0]!), /^http:\/\/metadata\.google\.internal\/computeMetadata\//);
    assert.equal(server.asked[0]?.headers["metadata-flavor"], "Google");
  });

  it("are missed in a sentence, and a broken file is named without its content", async () => {
    await assert.rejects(token({ HOME: "/nonexistent" }, () => ({ status: 404 })).found, /there are no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS/);
    await assert.rejects(
      token({ GOOGLE_APPLICATION_CREDENTIALS: "/nonexistent/key.json" }, () => ({})).found,
      /named by GOOGLE_APPLICATION_CREDENTIALS cannot be read/,
    );
  });
});

describe("credentials of Azure", () => {
  const request = { method: "GET", path: "/c/x", query: { comp: "list" }, headers: { "x-ms-date": "d" } };
  const authorized = (environment: Readonly<Record<string, string>>, answer: (request: HttpRequest) => Reply = () => ({ status: 404 })) => {
    const server = serverOf(answer);
    return { server, found: azureAuthorize("acc", { http: server.http, clock: quickClock(), environment })(request) };
  };

  it("are the account's key, for that account only", async () => {
    const key = { AZURE_STORAGE_ACCOUNT_NAME: "acc", AZURE_STORAGE_ACCOUNT_KEY: "a2V5" };
    assert.match((await authorized(key).found).headers["authorization"] ?? "", /^SharedKey acc:/);
    const other = authorized({ ...key, AZURE_STORAGE_ACCOUNT_NAME: "other" }, () => ({ body: '{"access_token":"t","expires_in":"60"}' }));
    assert.equal((await other.found).headers["authorization"], "Bearer t");
  });

  it("are a signature in the query, or a workload identity", async () => {
    assert.deepEqual((await authorized({ AZURE_STORAGE_SAS_TOKEN: "?sv=1&sig=a%2Bb" }).found).query, { sv: "1", sig: "a+b" });
    const identity = authorized({ AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" }, () => ({
      body: '{"access_token":"w","expires_in":60}',
    }));
    assert.equal((await identity.found).headers["authorization"], "Bearer w");
    assert.equal(urlOf(identity.server.asked[0]!), "https://login.microsoftonline.com/t/oauth2/v2.0/token");
    await assert.rejects(authorized({}).found, /there are no Azure credentials: set AZURE_STORAGE_ACCOUNT_NAME/);
  });
});

describe("an upload to Google Cloud Storage that breaks", () => {
  const MIB = 1024 * 1024;

  /** A server that keeps what the range says, may keep less than it got, and may fail to say so. */
  function uploadServer(keep: (bytes: number, request: number) => { readonly kept: number; readonly answer: boolean }) {
    let stored = Buffer.alloc(0);
    let requests = 0;
    let done = false;
    const incomplete = (): Reply => ({ status: 308, headers: stored.length === 0 ? {} : { range: `bytes=0-${stored.length - 1}` } });
    const server = serverOf(({ path, headers, body, method }) => {
      if (path.includes("uploadType=resumable")) return { headers: { location: "http://gcs.example/upload/storage/v1/b/b/o?upload_id=1" } };
      if (method === "DELETE") return { status: 499 };
      const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
      let answer = true;
      if (start !== undefined) {
        assert.equal(Number(start), stored.length);
        const verdict = keep((body as Uint8Array).length, requests++);
        stored = Buffer.concat([stored, (body as Uint8Array).subarray(0, verdict.kept)]);
        answer = verdict.answer;
      }
      if (total !== undefined && total !== "*" && stored.length === Number(total)) done = true;
      if (!answer) return { status: 503 };
      return done ? { body: "{}" } : incomplete();
    });
    return { ...server, stored: () => stored, done: () => done };
  }

  const storeOn = (http: Http) =>
    cloudStore(
      "gs://b",
      "",
      gcsService({ bucket: "b", endpoint: "http://gcs.example", token: async () => undefined }, { http, clock: quickClock(), random: seededRandom(1) }),
    );
  const bytes = Buffer.from(Array.from({ length: 20 * MIB }, (_, index) => index % 251));
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
  }

  it("goes on from what arrived, although answers are lost and pieces kept in part", async () => {
    const server = uploadServer((length, request) => ({ kept: request % 2 === 0 ? Math.floor(length / 2) : length, answer: request % 3 !== 0 }));
    await storeOn(server.http).write("x", source());
    assert.ok(server.done());
    assert.ok(server.stored().equals(bytes));
  });

  it("fails when it does not advance, and ends its session", async () => {
    const server = uploadServer(() => ({ kept: 0, answer: true }));
    await assert.rejects(storeOn(server.http).write("x", source()), (thrown: unknown) => thrown instanceof BlobError && thrown.retry === "retryable");
    assert.equal(server.asked.at(-1)?.method, "DELETE");
  });
});
