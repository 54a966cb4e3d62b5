import { get } from "../../api.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { address } from "../../router.ts";

interface Counted { found: number; found_is: "exact" | "at_least" }

function told(of: Counted): string {
  return of.found.toLocaleString() + (of.found_is === "at_least" ? " or more" : "");
}

/** Calls of a tool in 30 days, with the way to them. */
export function Calls(props: { server: string; tool: string }) {
  const members = { server: props.server, tool: props.tool, since: "30d" };
  const loaded = useLoad(async (signal) => {
    const ask = (decision?: string) => get<Counted>("/records", { ...members, of: "calls", decision, limit: 1 }, signal);
    const [calls, denied] = await Promise.all([ask(), ask("denied")]);
    return { calls, denied };
  }, [props.server, props.tool]);
  return (
    <Load from={loaded}>
      {({ calls, denied }) => (
        <p><a href={address(["audit"], members)}>{`${told(calls)} calls in 30 days`}</a>
          {denied.found > 0 && <>{", "}<a href={address(["audit"], { ...members, decision: "denied" })}>{`${told(denied)} denied`}</a></>}.</p>
      )}
    </Load>
  );
}
