import assert from "node:assert/strict";
import fc from "fast-check";
import { difference, EMPTY, type FieldSet, forEachPath, has, intersection, setOf, union, without } from "./field-set.ts";
import { decodeFields, encodeFields, pathText } from "./fields-v1.ts";

const element = fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"s"');
const path = fc.array(element, { minLength: 1, maxLength: 3 });
const set = fc.array(path, { maxLength: 6 }).map((paths) => setOf(...paths));

function pathsOf(fields: FieldSet): string[] {
  const paths: string[] = [];
  forEachPath(fields, (one) => paths.push(one.join("/")));
  return paths.sort();
}

const of = (paths: readonly string[]): string[] => [...new Set(paths)].sort();

describe("field sets", () => {
  it("behave as sets of paths", () => {
    fc.assert(
      fc.property(set, set, (left, right) => {
        const [inLeft, inRight] = [pathsOf(left), pathsOf(right)];
        assert.deepEqual(pathsOf(union(left, right)), of([...inLeft, ...inRight]));
        assert.deepEqual(
          pathsOf(intersection(left, right)),
          inLeft.filter((one) => inRight.includes(one)),
        );
        assert.deepEqual(
          pathsOf(difference(left, right)),
          inLeft.filter((one) => !inRight.includes(one)),
        );
        assert.deepEqual(
          pathsOf(without(left, right)),
          inLeft.filter((one) => !inRight.some((gone) => one === gone || one.startsWith(`${gone}/`))),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("survive being written as FieldsV1 and read back", () => {
    fc.assert(
      fc.property(set, (fields) => {
        const decoded = decodeFields(JSON.parse(JSON.stringify(encodeFields(fields))));
        assert.deepEqual(decoded && pathsOf(decoded), pathsOf(fields));
      }),
      { numRuns: 200 },
    );
  });

  it("are written with a dot for a member that has children", () => {
    assert.deepEqual(encodeFields(setOf(["f:a"], ["f:a", "f:b"], ["f:c", "f:d"])), { "f:a": { ".": {}, "f:b": {} }, "f:c": { "f:d": {} } });
  });

  it("read keys however they are spelled, and refuse what is no path element", () => {
    assert.ok(has(decodeFields({ 'k:{"port":80, "name":"a"}': {} }) ?? EMPTY, ['k:{"name":"a","port":80}']));
    for (const wrong of [{ nonsense: {} }, { "k:[1]": {} }, { "v:{": {} }, { "f:a": 1 }, []]) assert.equal(decodeFields(wrong), undefined);
  });

  it("are shown as people write paths", () => {
    assert.equal(pathText(["f:spec", 'k:{"name":"a","port":80}', "f:x", 'v:"s"', "i:2"]), '.spec[name="a",port=80].x[="s"][2]');
  });
});
