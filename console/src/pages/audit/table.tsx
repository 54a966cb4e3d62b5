import { Decision } from "../../parts/decision.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { agentOf, type LogRecord, milliseconds, shortRule, targetOf, wordOf } from "../../record.ts";
import { place } from "../../router.ts";
import type { RecordPage } from "../audit.tsx";

/** The record's own address within the present filter; a record that is of no call has none but its place. */
function detailAddress(record: LogRecord): string {
  const query = place.value.query.toString();
  const id = record.id ?? (record.writer ? `${record.writer}/${record.epoch}/${record.seq}` : "");
  return "/audit/" + encodeURIComponent(id) + (query ? "?" + query : "");
}

/** What a record of no call is about: its target or method, where that says more than its event. */
function about(record: LogRecord): string {
  const target = targetOf(record);
  return target === record.event ? "" : target;
}

export function Calls(props: { pages: RecordPage[]; selected: string | undefined }) {
  const rows = props.pages.flatMap((page) => page.records.map((record, i) => ({ record, about: page.about?.[i] ?? {} })));
  // A record of what became of a call names its grant by id alone.
  const labels = new Map(rows.flatMap(({ record }) => (typeof record.grant === "object" && record.grant.label ? [[record.grant.id, record.grant.label]] : [])));
  const who = (record: LogRecord) => (typeof record.grant === "string" && labels.get(record.grant)) || agentOf(record) || record.actor || "";
  return (
    <table class="calls cards">
      <caption class="hidden-visually">Calls, the newest first</caption>
      <thead>
        <tr>
          <th class="when" scope="col">Time</th><th scope="col">Agent</th><th class="where" scope="col">Server</th><th scope="col">Tool</th>
          <th class="what" scope="col">Decision</th><th class="why" scope="col">Rule</th><th class="took number" scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ record, about: told }) => {
          const word = told.word ?? wordOf(record);
          return (
            <tr key={`${record.writer}/${record.epoch}/${record.seq}`} aria-selected={record.id !== undefined && record.id === props.selected}>
              <td class="when" data-label="Time">
                {record.id ? <a data-row href={detailAddress(record)}><Time of={record.time} /></a> : <Time of={record.time} />}
              </td>
              <td class="who" data-label="Agent"><Text of={who(record)} /></td>
              <td class="where" data-label="Server"><Text of={record.server ?? ""} /></td>
              <td class="tool" data-label="Tool"><span class={record.tool ? "mono" : "dim"}><Text of={about(record)} /></span></td>
              <td class="what" data-label="Decision">{word ? <Decision of={word} /> : <span class="dim"><Text of={record.event} /></span>}</td>
              <td class="why" data-label="Rule"><span class="mono" title={record.rule}><Text of={shortRule(record.rule)} /></span></td>
              <td class="took number" data-label="Took">{milliseconds(told.duration_us)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
