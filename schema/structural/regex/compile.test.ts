import assert from "node:assert/strict";
import fc from "fast-check";
import { compileRegex } from "./compile.ts";

function matches(pattern: string, text: string): boolean {
  const compiled = compileRegex(pattern);
  assert.ok(compiled.ok, pattern);
  return compiled.test(text);
}

const table: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ["^a+$", "aaa", true],
  ["^a+$", "aab", false],
  ["b", "abc", true],
  ["^(ms|s|m)+$", "msms", true],
  ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "abc-def", true],
  ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "-abc", false],
  ["(?i)^abc$", "aBC", true],
  ["^a(?i:b)c$", "aBc", true],
  ["^a(?i:b)c$", "aBC", false],
  ["^\\d{3}$", "123", true],
  ["^x{2,3}$", "xxxx", false],
  ["^x{2,}$", "xxxx", true],
  ["\\bfoo\\b", "a foo b", true],
  ["\\bfoo\\b", "afoob", false],
  ["[[:alpha:]]+\\z", "12a", true],
  ["[^[:digit:]]", "123", false],
  ["^\\p{Lu}\\pL*$", "Éa", true],
  ["^.$", "😀", true],
  ["^.$", "\n", false],
  ["(?s)^.$", "\n", true],
  ["(?m)^b$", "a\nb", true],
  ["^\\x41\\x{1F600}$", "A😀", true],
  ["\\Qa.b\\E", "a.b", true],
  ["\\Qa.b\\E", "axb", false],
  ["(?P<name>a)b", "ab", true],
  ["a|b|", "zzz", true],
  ["^[]a]$", "]", true],
  ["^[a\\-z]$", "b", false],
  ["", "anything", true],
];

describe("regular expressions of RE2", () => {
  for (const [pattern, text, expected] of table) {
    it(`${JSON.stringify(pattern)} ${expected ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => assert.equal(matches(pattern, text), expected));
  }

  for (const pattern of ["(", "a)", "[", "*a", "a**", "(?=a)", "(?!a)", "(?<=a)b", "\\1", "a{1001}", "a{2,1}", "[z-a]", "[[:nope:]]", "\\p{Nope}", "\\"]) {
    it(`refuses ${pattern}`, () => assert.equal(compileRegex(pattern).ok, false));
  }

  it("takes time linear in the text, whatever the pattern", function () {
    this.timeout(2_000);
    assert.equal(matches("^(a+)+$", `${"a".repeat(50_000)}b`), false);
    assert.equal(matches("^(a|a)*$", `${"a".repeat(50_000)}b`), false);
  });

  it("agrees with JavaScript where both have the same syntax", () => {
    const atom = fc.constantFrom("a", "b", "[ab]", "[^a]", "(a|b)", "(ab)?", ".", "(b*)", "\\w", "\\d");
    const piece = fc.tuple(atom, fc.constantFrom("", "*", "+", "?", "{1,2}")).map(([one, count]) => (count !== "" && /[*?]$/.test(one) ? one : one + count));
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "$"))
      .map(([start, pieces, end]) => start + pieces.join("") + end);
    const text = fc.string({ unit: fc.constantFrom("a", "b", "1", "-"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (source, input) => assert.equal(matches(source, input), new RegExp(source, "u").test(input), `${source} on ${input}`)),
      { numRuns: 500 },
    );
  });
});
