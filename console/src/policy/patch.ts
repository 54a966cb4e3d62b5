// The difference of two texts as `patch` and `git apply` take it.

export interface PatchLine {
  kind: "same" | "added" | "removed" | "gap";
  text: string;
}

const around = 3;

/** `lines`: the whole comparison, without gaps. Empty where nothing differs. */
export function unifiedPatch(name: string, lines: PatchLine[], before: string, after: string): string {
  const signs = { same: " ", added: "+", removed: "-", gap: " " };
  const changed = lines.flatMap((line, index) => (line.kind === "same" ? [] : [index]));
  if (changed.length === 0) return "";
  const out = [`--- a/${name}`, `+++ b/${name}`];
  // A line that ends the text without a line end says so.
  const bare = (text: string) => text !== "" && !text.endsWith("\n");
  const last = (kind: "added" | "removed") => { for (let i = lines.length - 1; i >= 0; --i) if (lines[i]!.kind === kind || lines[i]!.kind === "same") return i; return -1; };
  const lastBefore = bare(before) ? last("removed") : -1;
  const lastAfter = bare(after) ? last("added") : -1;
  for (let next = 0; next < changed.length;) {
    let end = next;
    while (end + 1 < changed.length && changed[end + 1]! - changed[end]! <= 2 * around) ++end;
    const from = Math.max(0, changed[next]! - around);
    const to = Math.min(lines.length, changed[end]! + around + 1);
    const count = (kind: "added" | "removed", upTo: number, since = 0) => lines.slice(since, upTo).filter((line) => line.kind === kind || line.kind === "same").length;
    const range = (kind: "added" | "removed") => {
      const length = count(kind, to, from);
      return `${count(kind, from) + (length > 0 ? 1 : 0)},${length}`;
    };
    out.push(`@@ -${range("removed")} +${range("added")} @@`);
    for (let index = from; index < to; ++index) {
      out.push(signs[lines[index]!.kind] + lines[index]!.text);
      if ((index === lastBefore && lines[index]!.kind !== "added") || (index === lastAfter && lines[index]!.kind !== "removed")) out.push("\\ No newline at end of file");
    }
    next = end + 1;
  }
  return out.join("\n") + "\n";
}
