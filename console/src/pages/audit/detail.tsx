// One call: why it was decided so, what became of it, what happened around it.
import { get } from "../../api.ts";
import { Decision } from "../../parts/decision.tsx";
import { type Explanation, ExplanationView, ruleAddress } from "../../parts/explanation.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Json, Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { agentOf, type LogRecord, milliseconds, targetOf, wordOf } from "../../record.ts";
import { address } from "../../router.ts";
import type { RecordPage } from "../audit.tsx";

const minute = 60_000;
/** Decisions that a change of the policy would turn. */
const refused = ["denied", "hidden", "rate_limited", "would_deny"];

function moment(time: string, by: number): string {
  return new Date(Date.parse(time) + by).toISOString();
}

async function copyLink(id: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.origin + address(["audit", id]));
    say("Copied the link.");
  } catch {
    say("The browser does not let this page copy; the address above is the link.");
  }
}

/** How the call ended behind the gateway: not a decision of ours. */
function Outcome(props: { records: LogRecord[] }) {
  const end = props.records.find((one) => one.event === "call.outcome");
  if (!end) return null;
  const good = end.result === "ok";
  const own = end.result === "tool_error" ? "The tool itself answered with an error; the policy let the call pass."
    : end.result === "upstream_error" || end.result === "timeout" ? "The server failed; this is not a decision of the policy."
      : end.result === "error" ? "The server answered with a protocol error; the policy let the call pass."
        : end.result === "cancelled" ? "The client gave up before the answer came." : "";
  return (
    <p>
      {good ? "Answered" : <Decision of="error" />}{` after ${milliseconds(end.duration_us)}`}
      {typeof end["result_bytes"] === "number" && `, ${(end["result_bytes"] as number).toLocaleString()} bytes`}
      {". "}{own}{end.reason && <>{" "}<Text of={end.reason} /></>}
    </p>
  );
}

function RelatedList(props: { title: string; all: string; page: RecordPage; own: string }) {
  const rows = props.page.records.filter((one) => one.id !== props.own).slice(0, 6);
  return (
    <section aria-label={props.title}>
      <h3>{props.title}</h3>
      {rows.length === 0 ? <p class="dim">None.</p> : (
        <>
          <ul class="related">
            {rows.map((one) => {
              const word = wordOf(one);
              return (
                <li key={one.id} class="row">
                  <a href={address(["audit", one.id ?? ""])}><Time of={one.time} /></a><span class="mono"><Text of={targetOf(one)} /></span>
                  {word && <Decision of={word} />}
                </li>
              );
            })}
          </ul>
          <a href={props.all}>All of them</a>
        </>
      )}
    </section>
  );
}

function Related(props: { record: LogRecord }) {
  const { record } = props;
  const agent = agentOf(record);
  const around = { agent, since: moment(record.time, -minute), until: moment(record.time, minute) };
  const same = { agent, server: record.server, tool: record.tool };
  const digest = (one: LogRecord) => (one["args"] as { digest?: string } | undefined)?.digest;
  const found = useLoad(async (signal) => {
    const near = await get<RecordPage>("/records", { ...around, of: "calls", limit: 7 }, signal);
    const before = record.tool ? await get<RecordPage>("/records", { ...same, until: record.time, of: "calls", limit: 100 }, signal) : undefined;
    const identical = before && { ...before, records: before.records.filter((one) => digest(one) !== undefined && digest(one) === digest(record)) };
    return { near, identical };
  }, [record.id]);
  return (
    <Load from={found}>{({ near, identical }) => (
      <>
        {identical && <RelatedList title="The same call before" all={address(["audit"], { ...same, until: record.time })} page={identical} own={record.id ?? ""} />}
        <RelatedList title="The same agent within a minute" all={address(["audit"], around)} page={near} own={record.id ?? ""} />
      </>
    )}</Load>
  );
}

export function Detail(props: { id: string; close: string }) {
  const { id } = props;
  const call = useLoad(async (signal) => {
    const path = "/records/" + encodeURIComponent(id);
    const [answer, explanation] = await Promise.all([get<{ records: LogRecord[] }>(path, {}, signal),
      get<Explanation>(path + "/explanation", {}, signal).catch(() => undefined)]);
    return { id, records: answer.records, explanation };
  }, [id]);
  return (
    <aside class="detail panel" aria-label="The call">
      <div class="row spread"><h2 class="mono"><Text of={id} /></h2><a href={props.close}>Close<span class="hidden-visually"> this call</span></a></div>
      <Load from={call}>{({ records, explanation }) => {
        const decided = records.find((one) => one.verdict) ?? records[0]!;
        return (
          <>
            {explanation && (
              <ExplanationView of={explanation} actions={
                <>
                  {explanation.policy.name && <a class="button" href={ruleAddress(explanation)}>Open rule</a>}
                  {explanation.policy.name && decided.tool && (
                    <>
                      <a class="button" href={address(["policies", explanation.policy.name], { server: decided.server, try: id })}>Try in simulator</a>
                      <a class="button" href={address(["policies", explanation.policy.name], { server: decided.server, test: id })}>Save as test</a>
                    </>
                  )}
                  {explanation.policy.name && decided.tool && refused.includes(explanation.word ?? "") && (
                    <a class="button" href={address(["policies", explanation.policy.name], { server: decided.server, tool: decided.tool })}>Draft exception</a>
                  )}
                  <button type="button" onClick={() => void copyLink(id)}>Copy link</button>
                </>} />
            )}
            <Outcome records={records} />
            {decided.approval && <p><a href={address(["approvals", decided.approval])}>The request for approval</a></p>}
            {!explanation && <p class="dim">This record is of no decision.</p>}
            <Related record={decided} />
            <details>
              <summary>JSON</summary>
              {explanation && <><h3>Explanation</h3><Json of={explanation} label="Explanation as JSON" /></>}
              <h3>Records</h3>
              <Json of={records} label="Records as JSON" />
            </details>
          </>
        );
      }}</Load>
    </aside>
  );
}
