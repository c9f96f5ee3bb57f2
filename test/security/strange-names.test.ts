import assert from "node:assert/strict";
import { compile } from "../../engine/index.ts";
import { definitions, task, workflow } from "../../engine/test-definitions.ts";
import { memoryApiServer } from "../../local/apiserver/index.ts";
import { virtualClock } from "../support/virtual-clock.ts";

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"];
const ADMIN = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.test.dev" },
  spec: {
    group: "test.dev",
    scope: "Namespaced",
    names: { kind: "Thing", plural: "things" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: NAMES.map((name) => ({ name, type: "string", jsonPath: `.spec.${name}` })),
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  map: { type: "object", additionalProperties: { type: "string" } },
                  free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                  list: {
                    type: "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    items: { type: "object", required: ["name"], properties: { name: { type: "string" }, value: { type: "string" } } },
                  },
                },
                "x-kubernetes-validations": [{ rule: "!has(self.map) || self.map.all(k, self.map[k] != 'bad')" }],
              },
            },
          },
        },
      },
    ],
  },
};
const THINGS = "/apis/test.dev/v1/namespaces/default/things";
const untouched = () => {
  const plain = {} as Record<string, unknown>;
  for (const name of ["polluted", "value", "name", "x", "map"]) assert.equal(plain[name], undefined, name);
  assert.equal(typeof plain["toString"], "function");
  assert.equal(Object.keys(Object.prototype).length, 0);
};

describe("names that JavaScript has another use for, as names of the API", function () {
  this.timeout(10_000);
  let server: Awaited<ReturnType<typeof memoryApiServer>>;
  const call = async (method: string, path: string, body?: unknown, type = "application/json") => {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const answer = await server.handle({ method, path, headers: { "content-type": type, accept: "application/json" }, body: text, identity: ADMIN });
    assert.ok(answer.body instanceof Uint8Array);
    const said = Buffer.from(answer.body).toString();
    assert.notEqual(answer.status, 500, `${method} ${path}: ${said}`);
    return { status: answer.status, text: said };
  };
  before(async () => {
    server = await memoryApiServer({ clock: virtualClock() });
    await call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD);
  });
  after(() => server.close());
  afterEach(async () => {
    untouched();
    for (const thing of ["x", "y", "u"]) await call("DELETE", `${THINGS}/${thing}`);
  });

  for (const name of NAMES) {
    const quoted = JSON.stringify(name);
    const object = (more = "") =>
      `{"apiVersion":"test.dev/v1","kind":"Thing","metadata":{"name":"x","annotations":{"a":"b"}},"spec":{"map":{${quoted}:"v"},"free":{${quoted}:{"polluted":"yes"}},"list":[{"name":${quoted},"value":"v"}]${more}}}`;

    it(`${name} is stored, returned, merged, applied and removed`, async () => {
      assert.equal((await call("POST", THINGS, object())).status, 201);
      const read = await call("GET", `${THINGS}/x`);
      assert.ok(read.text.includes(`${quoted}:"v"`) && read.text.includes(`${quoted}:{"polluted":"yes"}`), read.text);
      const merged = await call(
        "PATCH",
        `${THINGS}/x`,
        `{"spec":{"map":{${quoted}:"w"},"free":{${quoted}:{"more":{"polluted":1}}}}}`,
        "application/merge-patch+json",
      );
      assert.ok(merged.text.includes(`${quoted}:"w"`) && merged.text.includes('"more":{"polluted":1}'), merged.text);
      const bad = await call("PATCH", `${THINGS}/x`, `{"spec":{"map":{${quoted}:"bad"}}}`, "application/merge-patch+json");
      assert.equal(bad.status, 422, bad.text);
      for (const op of [
        [{ op: "add", path: `/spec/free/${name}/polluted`, value: 1 }],
        [{ op: "replace", path: `/spec/map/${name}`, value: "z" }],
        [{ op: "copy", from: `/spec/free/${name}`, path: `/spec/free/${name}2` }],
        [{ op: "test", path: `/spec/map/${name}`, value: "z" }],
      ])
        // A JSON patch refuses this one name as a step of a path.
        assert.equal((await call("PATCH", `${THINGS}/x`, op, "application/json-patch+json")).status, name === "__proto__" ? 422 : 200, JSON.stringify(op));
      const applied = await call("PATCH", `${THINGS}/y?fieldManager=one`, object().replaceAll('"x"', '"y"'), "application/apply-patch+yaml");
      assert.equal(applied.status, 201, applied.text);
      assert.ok(applied.text.includes(`"f:${name}"`), applied.text);
      const other = await call(
        "PATCH",
        `${THINGS}/y?fieldManager=two`,
        object().replaceAll('"x"', '"y"').replace('"v"', '"other"'),
        "application/apply-patch+yaml",
      );
      assert.equal(other.status, 409, other.text);
      const given = `{"apiVersion":"test.dev/v1","kind":"Thing","metadata":{"name":"y"},"spec":{"map":{"other":"v"},"free":{"a":1}}}`;
      const gone = await call("PATCH", `${THINGS}/y?fieldManager=one`, given, "application/apply-patch+yaml");
      assert.equal(gone.status, 200, gone.text);
      assert.ok(!gone.text.includes(`${quoted}:"v"`) && !gone.text.includes('"polluted"'), gone.text);
      assert.equal((await call("PATCH", `${THINGS}/x`, `{"spec":{"map":{${quoted}:null}}}`, "application/merge-patch+json")).status, 200);
      assert.ok(!(await call("GET", `${THINGS}/x`)).text.includes(`${quoted}:"z"`));
    });

    it(`${name} as an unknown field is pruned or refused, never taken`, async () => {
      const text = `{"apiVersion":"test.dev/v1","kind":"Thing","metadata":{"name":"u"},"spec":{${quoted}:{"map":{"polluted":"yes"}}},${quoted}:{"polluted":1}}`;
      assert.equal((await call("POST", `${THINGS}?fieldValidation=Strict`, text)).status, 400);
      assert.equal((await call("POST", `${THINGS}?fieldValidation=Ignore`, text)).status, 201);
      assert.ok(!(await call("GET", `${THINGS}/u`)).text.includes("polluted"));
      await call("DELETE", `${THINGS}/u`);
    });

    it(`${name} in built-in kinds`, async () => {
      const MAPS = "/api/v1/namespaces/default/configmaps";
      const made = await call("POST", MAPS, `{"metadata":{"name":"m","annotations":{"x/${name.replaceAll("_", "")}":"1"}},"data":{${quoted}:"v"}}`);
      assert.equal(made.status, 201, made.text);
      assert.ok(made.text.includes(`${quoted}:"v"`), made.text);
      for (const type of ["strategic-merge-patch+json", "merge-patch+json"]) {
        const merged = await call(
          "PATCH",
          `${MAPS}/m`,
          `{"data":{${quoted}:"w"},${quoted}:{"polluted":1},"metadata":{"labels":{${quoted}:"x"}}}`,
          `application/${type}`,
        );
        assert.ok([200, 422].includes(merged.status), merged.text);
      }
      const applied = await call(
        "PATCH",
        `${MAPS}/m?fieldManager=z&force=true`,
        `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{${quoted}:"a"}}`,
        "application/apply-patch+yaml",
      );
      assert.equal(applied.status, 200, applied.text);
      const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {${name}: "y", <<: {x: "1"}}\n`;
      assert.notEqual((await call("PATCH", `${MAPS}/m?fieldManager=z&force=true`, yaml, "application/apply-patch+yaml")).status, 500);
      const pod = `{"metadata":{"name":"p"},"spec":{"nodeSelector":{${quoted}:"v"},"containers":[{"name":"c","image":"i",${quoted}:{"polluted":1},"resources":{"limits":{${quoted}:"1"}}}]}}`;
      await call("POST", "/api/v1/namespaces/default/pods", pod);
      for (const path of [
        `${MAPS}/${name}`,
        `/api/v1/namespaces/${name}`,
        `/api/v1/${name}`,
        `/apis/${name}/v1`,
        `/apis/test.dev/${name}/things`,
        `${MAPS}/m/${name}`,
        `/${name}`,
        `/openapi/v3/apis/${name}/v1`,
      ]) {
        for (const method of ["GET", "PATCH", "PUT", "POST", "DELETE"]) await call(method, path, method === "GET" || method === "DELETE" ? undefined : "{}");
      }
      for (const query of [
        `labelSelector=${name}=x`,
        `labelSelector=!${name}`,
        `fieldSelector=${name}=x`,
        `fieldSelector=metadata.${name}=x`,
        `limit=${name}`,
        `resourceVersion=${name}`,
        `${name}=1`,
      ])
        await call("GET", `${MAPS}?${query}`);
      await call("DELETE", `${MAPS}/m`);
      await call("DELETE", "/api/v1/namespaces/default/pods/p");
    });
  }

  it("are columns of a table like any other", async () => {
    await call("POST", THINGS, { apiVersion: "test.dev/v1", kind: "Thing", metadata: { name: "t" }, spec: {} });
    const answer = await server.handle({ method: "GET", path: THINGS, headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" }, identity: ADMIN });
    const table = JSON.parse(Buffer.from(answer.body as Uint8Array).toString()) as { rows: { cells: unknown[] }[] };
    assert.deepEqual(
      table.rows[0]?.cells.slice(1, 1 + NAMES.length),
      NAMES.map(() => null),
    );
  });
});

describe("names that JavaScript has another use for, as names of a workflow", () => {
  it("compile like any other: tasks, workflows, nodes, inputs and outputs", () => {
    const inputs = { constructor: "string", toString: "integer", valueOf: "string | none" };
    const node = { task: "constructor", inputs: { constructor: { from: "inputs.constructor" }, toString: 1 } };
    const all = definitions(
      task("constructor", inputs, { constructor: "string", hasOwnProperty: "map<string>" }),
      workflow("constructor", {
        inputs: { constructor: "string" },
        nodes: { constructor: node },
        outputs: { constructor: { type: "string", from: "nodes.constructor.outputs.constructor" } },
      }),
      workflow("outer", {
        inputs: { constructor: "string" },
        nodes: { constructor: { workflow: "constructor", inputs: { constructor: { from: "inputs.constructor" } } } },
        outputs: { constructor: { type: "string", from: "nodes.constructor.outputs.constructor" } },
      }),
    );
    for (const name of ["constructor", "outer"]) {
      const { plan, problems } = compile(all, { kind: "Workflow", name });
      assert.deepEqual(problems, []);
      assert.ok(plan && Object.hasOwn(plan.graphs, "constructor") && Object.hasOwn(plan.tasks, "constructor"));
    }
  });

  it("are absent where nobody gave them", () => {
    const all = definitions(
      task("t", { toString: "string" }, {}),
      workflow("w", { nodes: { constructor: { task: "t" }, b: { task: "constructor" }, c: { workflow: "constructor" } } }),
    );
    const codes = compile(all, { kind: "Workflow", name: "w" }).problems.map(({ code }) => code);
    assert.deepEqual(codes.sort(), ["InputMissing", "TaskUnknown", "WorkflowUnknown"]);
  });
});
