import { get } from "../../api.ts";
import type { LogRecord } from "../../record.ts";
import { useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { address } from "../../router.ts";
import { wordsOf } from "./facts.ts";

/** How the newest call that was sent to a server ended. The gateway asks no server on its own. */
export function Health(props: { server: string }) {
  const last = useLoad((signal) => get<{ records: LogRecord[] }>("/records", { server: props.server, event: "call.outcome", since: "30d", limit: 1 }, signal), [props.server]);
  if (last.problem) return <span class="dim">{"unknown: "}<Text of={last.problem} /></span>;
  if (!last.value) return <span class="dim">…</span>;
  const record = last.value.records[0];
  if (!record) return <span class="dim">No calls yet</span>;
  const words = wordsOf(record.result, record.reason);
  const broken = record.result === "upstream_error" || record.result === "timeout";
  return (
    <span>
      <a href={address(["audit"], { server: props.server })} class={broken ? "failed" : undefined}>{broken ? "Failing" : "Answering"}</a>
      {" · last call "}<Time of={record.time} />
      {words && <>{" · "}<Text of={words} /></>}
    </span>
  );
}
