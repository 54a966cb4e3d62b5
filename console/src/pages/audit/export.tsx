import { useState } from "preact/hooks";
import { send } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { messageOf, Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import type { Filter } from "./filter.ts";

const formats: [string, string][] = [["jsonl", "JSONL: the log's own lines, which can be verified"], ["csv", "CSV, for spreadsheets"],
  ["ocsf", "OCSF, for SIEM"], ["cef", "CEF, for SIEM"]];
/** As the API names a decision of the engine; the finer words are no filter of an export. */
const verdicts: Record<string, string> = { allowed: "allow", denied: "deny", hidden: "hide", rate_limited: "deny", would_deny: "deny", needs_approval: "approve" };

function save(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function Export(props: { filter: Filter; onClose: () => void }) {
  const { filter } = props;
  const [format, setFormat] = useState("jsonl");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [since, until] = [filter.since, filter.until];
  const request = { format, limit: 10000, since, until, grant: filter.agent, server: filter.server, tool: filter.tool, policy: filter.policy, rule: filter.rule,
    event: filter.event, verdict: filter.decision ? verdicts[filter.decision] : undefined };
  const kept = Object.entries(request).filter(([name, value]) => value && !["format", "limit"].includes(name));
  const left = ["q", "code"].filter((name) => filter[name as "q" | "code"]);
  const run = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const done = await send<{ records: number; more: boolean; text: string }>("POST", "/audit/export", request);
      const name = `doorward-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${format === "ocsf" ? "json" : format === "cef" ? "log" : format}`;
      save(done.text, name);
      say(`Exported ${done.records.toLocaleString()} records to ${name}.` +
        (done.more ? " There are more: `doorward audit export` writes them all." : ""));
      props.onClose();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title="Export records" onClose={props.onClose} actions={
      <>
        <button type="button" onClick={props.onClose}>Cancel</button>
        <button type="button" class="primary" disabled={busy} onClick={() => void run()}>{busy ? "Exporting…" : "Export records"}</button>
      </>}>
      {problem && <Problem of={problem} />}
      <fieldset>
        <legend>Format</legend>
        {formats.map(([value, text]) => (
          <div key={value}><label><input type="radio" name="format" checked={format === value} onChange={() => setFormat(value)} />{" " + text}</label></div>
        ))}
      </fieldset>
      <p>
        {kept.length === 0 ? "All records, the oldest first." : "Records with "}
        {kept.map(([name, value], i) => <>{i > 0 && ", "}<code><Text of={`${name} ${value}`} /></code></>)}
      </p>
      {["rate_limited", "would_deny", "error"].includes(filter.decision ?? "") && <p class="dim">An export tells refusals apart by their code alone: more is exported than you see.</p>}
      {left.length > 0 && <p class="dim">{`An export knows no filter ${left.map((one) => one === "q" ? "by words" : one).join(", nor ")}: more is exported than you see.`}</p>}
      <p class="dim">Up to 10,000 records. That you exported them is recorded. Check the lines with <code>doorward audit verify FILE</code>.</p>
    </Dialog>
  );
}
