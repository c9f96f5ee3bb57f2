import assert from "node:assert/strict";
import { namespaceOf, placeOf } from "./place.ts";

describe("the place of a namespace", () => {
  const PLACES: Readonly<Record<string, readonly [project: string, domain: string]>> = {
    "ml-development": ["ml", "development"],
    "ml-vision-staging": ["ml-vision", "staging"],
    default: ["default", ""],
    "-x": ["-x", ""],
  };
  for (const [namespace, [project, domain]] of Object.entries(PLACES)) {
    it(`of ${namespace} is project ${project}, domain ${domain === "" ? "none" : domain}, and leads back to it`, () => {
      assert.deepEqual(placeOf(namespace), { project, domain });
      assert.equal(namespaceOf({ project, domain }), namespace);
    });
  }
});
