import { describe, expect, test } from "vitest";

import { closeMarks, splitBlocks } from "./blocks";

describe("splitting markdown", () => {
  test("paragraphs apart, fences whole", () => {
    expect(splitBlocks("a\n\n```\nx\n\ny\n```\n\nb")).toEqual(["a", "```\nx\n\ny\n```", "b"]);
  });
  test("an open fence swallows the rest until it is closed", () => {
    expect(splitBlocks("a\n\n````\n```\n\nx")).toEqual(["a", "````\n```\n\nx"]);
  });
  test("a loose list keeps its numbers", () => {
    expect(splitBlocks("1. one\n\n2. two\n\n   more\n\nafter")).toEqual(["1. one\n\n2. two\n\n   more", "after"]);
  });
  test("tables stay whole, blank edges go", () => {
    expect(splitBlocks("\n\n| a |\n|---|\n| b |\n\n\nx\n")).toEqual(["| a |\n|---|\n| b |", "x"]);
  });
  test("growing text changes only the last block", () => {
    const text = "First.\n\n- a\n- b\n\nLast words here.";
    const whole = splitBlocks(text);
    for (let end = text.indexOf("Last") + 1; end < text.length; end++) {
      expect(splitBlocks(text.slice(0, end)).slice(0, -1)).toEqual(whole.slice(0, -1));
    }
  });
});

describe("open marks of a growing block", () => {
  test.each([
    ["it is **writ", "it is **writ**"], ["it is **", "it is "], ["it is **bold** no", "it is **bold** no"], ["use `pip", "use `pip`"],
    ["```py\n**x", "```py\n**x"], ["`**` is", "`**` is"],
  ])("%s", (open, closed) => expect(closeMarks(open)).toBe(closed));
});
