// What was decided: request by request, and by rule.
import { useEffect, useState } from "preact/hooks";
import { get } from "../../api.ts";
import { Load, messageOf, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { address } from "../../router.ts";
import { shortRule } from "../../record.ts";
import { type Approval, inWords, manyAgreed, statsOf } from "./approval.ts";

interface Page {
  approvals: Approval[];
  before?: string;
}

const words: Record<Approval["state"], string> = { pending: "? Waits", approved: "✓ Approved", used: "✓ Approved, ran", denied: "✕ Denied",
  expired: "◔ Expired", cancelled: "· Cancelled" };

export function History() {
  const first = useLoad((signal) => get<Page>("/approvals", { state: "all", limit: 100 }, signal), []);
  const [more, setMore] = useState<Page[]>([]);
  useEffect(() => setMore([]), [first.value]);
  const pages = first.value ? [first.value, ...more] : [];
  const before = pages[pages.length - 1]?.before;
  const older = async () => {
    try {
      const page = await get<Page>("/approvals", { state: "all", limit: 100, before });
      setMore((old) => [...old, page]);
    } catch (error) {
      say(messageOf(error));
    }
  };
  return (
    <Load from={first}>{() => {
      const rows = pages.flatMap((page) => page.approvals);
      if (rows.length === 0) return <p class="empty">No call has asked for a person yet.</p>;
      return (
        <>
          <table class="cards">
            <caption class="hidden-visually">Requests, the newest first</caption>
            <thead><tr><th scope="col">Asked</th><th scope="col">Agent</th><th scope="col">Tool</th><th scope="col">What became of it</th><th scope="col">By</th><th scope="col">Answered after</th><th scope="col">Reason</th></tr></thead>
            <tbody>{rows.map((one) => (
              <tr key={one.id}>
                <td data-label="Asked"><a data-row href={address(["approvals", one.id])}><Time of={one.created} /></a></td>
                <td data-label="Agent"><Text of={one.grant} /></td>
                <td data-label="Tool" class="mono"><Text of={one.tool} /></td>
                <td data-label="What became of it">{words[one.state]}</td>
                <td data-label="By"><Text of={one.decided_by ?? ""} /></td>
                <td data-label="Answered after">{one.decided ? inWords((Date.parse(one.decided) - Date.parse(one.created)) / 1000) : ""}</td>
                <td data-label="Reason"><Text of={one.reason ?? ""} /></td>
              </tr>
            ))}</tbody>
          </table>
          {before && <button type="button" onClick={() => void older()}>Show older</button>}
        </>
      );
    }}</Load>
  );
}

const mostCounted = 1000;

async function newest(signal: AbortSignal): Promise<Approval[]> {
  const out: Approval[] = [];
  let before: string | undefined;
  do {
    const page = await get<Page>("/approvals", { state: "all", limit: 200, before }, signal);
    out.push(...page.approvals);
    before = page.before;
  } while (before && out.length < mostCounted);
  return out;
}

/** How often each rule asks, and what people answer: a rule that is always answered alike asks for nothing. */
export function Rules() {
  const counted = useLoad((signal) => newest(signal), []);
  return (
    <Load from={counted}>{(approvals) => {
      const stats = statsOf(approvals);
      if (stats.length === 0) return <p class="empty">No rule has asked anybody yet.</p>;
      return (
        <table class="cards">
          <caption>{approvals.length >= mostCounted ? `Of the newest ${approvals.length.toLocaleString()} requests` : "Of all requests"}</caption>
          <thead><tr><th scope="col">Rule</th><th scope="col">Policy</th><th class="number" scope="col">Asked</th><th class="number" scope="col">Approved</th><th class="number" scope="col">Denied</th><th class="number" scope="col">Expired</th><th scope="col">Median answer</th></tr></thead>
          <tbody>{stats.map((one) => {
            const share = Math.round((one.approved / one.asked) * 100);
            const rule = address(["policies", one.policy], { server: one.server, at: one.rule });
            return (
              <tr key={one.policy + one.server + one.rule}>
                <td data-label="Rule">
                  <a data-row class="mono" title={one.rule} href={rule}><Text of={shortRule(one.rule)} /></a>
                  {one.asked >= manyAgreed && one.approved === one.asked && (
                    <p class="dim">{`Approved ${one.approved} of ${one.asked}: `}<a href={rule}>allow it with a limit instead?</a></p>
                  )}
                </td>
                <td data-label="Policy"><Text of={one.policy} /></td>
                <td class="number" data-label="Asked"><a href={address(["audit"], { event: "approval.requested", rule: one.rule })}>{one.asked}</a></td>
                <td class="number" data-label="Approved">{`${one.approved} (${share} %)`}</td>
                <td class="number" data-label="Denied">{one.denied}</td>
                <td class="number" data-label="Expired">{`${one.expired} (${Math.round((one.expired / one.asked) * 100)} %)`}</td>
                <td data-label="Median answer">{inWords(one.median_s)}</td>
              </tr>
            );
          })}</tbody>
        </table>
      );
    }}</Load>
  );
}
