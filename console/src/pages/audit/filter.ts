// The filter of the audit log: what stands in the address, and what people type for it.
export const names = ["q", "agent", "server", "tool", "decision", "policy", "rule", "code", "event", "since", "until", "of"] as const;
export type Name = (typeof names)[number];
export type Filter = Partial<Record<Name, string>>;

const typed = new Set<string>(names.filter((name) => name !== "q" && name !== "of"));

/** `agent:ci tool:"two words" refund`: known names become filters, the rest is searched for. `mcp__server__tool`, as clients
    call tools, is the server's tool. */
export function parseSearch(text: string): Filter {
  const out: Filter = {};
  const rest: string[] = [];
  for (const [word, name, quoted, bare] of text.matchAll(/([a-z]+):(?:"([^"]*)"|(\S+))|\S+/g)) {
    const value = quoted ?? bare;
    const client = /^mcp__(.+?)__(.+)$/.exec(word);
    if (name && value && typed.has(name)) out[name as Name] = name === "decision" ? decisionWord(value) : value;
    else if (client) Object.assign(out, { server: client[1], tool: client[2] });
    else rest.push(word);
  }
  if (rest.length > 0) out.q = rest.join(" ");
  return out;
}

/** As the API spells it: `rate-limited`, `Rate limited` and `limited` are `rate_limited`. */
export function decisionWord(text: string): string {
  const word = text.toLowerCase().replaceAll(/[- ]/g, "_");
  const short: Record<string, string> = { limited: "rate_limited", approval: "needs_approval", deny: "denied", allow: "allowed", hide: "hidden" };
  return short[word] ?? word;
}

export function filterOf(query: URLSearchParams): Filter {
  const out: Filter = {};
  for (const name of names) {
    const value = query.get(name);
    if (value) out[name] = value;
  }
  return out;
}

/** What the API is asked: one record a call, unless all records are wanted. */
export function asked(filter: Filter): Record<string, string | undefined> {
  const { of, ...rest } = filter;
  return { ...rest, of: of === "records" || filter.event ? "records" : "calls" };
}
