import { get } from "../../api.ts";
import type { LogRecord } from "../../record.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { address } from "../../router.ts";

const most = 1000;

/** Calls of a tool in 30 days, with the way to them. */
export function Calls(props: { server: string; tool: string }) {
  const members = { server: props.server, tool: props.tool, since: "30d" };
  const loaded = useLoad((signal) => get<{ records: LogRecord[]; next?: string }>("/records", { ...members, event: "call.*", limit: most }, signal), [props.server, props.tool]);
  return (
    <Load from={loaded}>
      {(value) => {
        const decided = value.records.filter((one) => one.verdict);
        const refused = decided.filter((one) => one.verdict !== "allow").length;
        const more = value.next ? " or more" : "";
        return <p><a href={address(["log"], members)}>{`${decided.length.toLocaleString()}${more} calls in 30 days`}</a>{refused > 0 && <>{", "}<a href={address(["log"], { ...members, decision: "deny" })}>{`${refused.toLocaleString()}${more} refused`}</a></>}.</p>;
      }}
    </Load>
  );
}
