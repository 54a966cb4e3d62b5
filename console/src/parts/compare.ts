// Two texts line by line.
export interface Line { kind: "same" | "added" | "removed" | "gap"; text: string }

/** JSON laid out line by line, so that a document on one line can be compared; anything else as it is. */
export function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Which lines went and which came: the longest common subsequence, with `context` lines around each change. */
export function compareLines(before: string, after: string, context = 3): Line[] {
  const a = before === "" ? [] : before.split("\n");
  const b = after === "" ? [] : after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  const middle: Line[] = [];
  if (left.length * right.length > 4_000_000) {
    // Too much to compare line by line: all of it went, all of it came.
    middle.push(...left.map((text): Line => ({ kind: "removed", text })), ...right.map((text): Line => ({ kind: "added", text })));
  } else {
    const width = right.length + 1;
    const longest = new Uint32Array((left.length + 1) * width);
    for (let i = left.length - 1; i >= 0; i--) {
      for (let j = right.length - 1; j >= 0; j--) {
        longest[i * width + j] = left[i] === right[j] ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
      }
    }
    let i = 0;
    let j = 0;
    while (i < left.length || j < right.length) {
      if (i < left.length && j < right.length && left[i] === right[j]) { middle.push({ kind: "same", text: left[i]! }); i++; j++; }
      else if (j >= right.length || (i < left.length && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)) middle.push({ kind: "removed", text: left[i++]! });
      else middle.push({ kind: "added", text: right[j++]! });
    }
  }
  const whole: Line[] = [...a.slice(0, start).map((text): Line => ({ kind: "same", text })), ...middle,
    ...a.slice(a.length - end).map((text): Line => ({ kind: "same", text }))];
  const near = whole.map((_, at) => whole.slice(Math.max(0, at - context), at + context + 1).some((one) => one.kind !== "same"));
  const out: Line[] = [];
  whole.forEach((line, at) => {
    if (near[at]) out.push(line);
    else if (out.length === 0 || out.at(-1)!.kind !== "gap") out.push({ kind: "gap", text: "…" });
  });
  return out;
}
