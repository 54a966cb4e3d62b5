import { ApiError, get } from "../../api.ts";
import { Trail } from "../../parts/facts.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { type Posture, Recommend } from "../../parts/recommend.tsx";
import { Text } from "../../parts/text.tsx";
import { address, place } from "../../router.ts";
import { DocumentBody, type PageKind, pageDocument } from "./document.tsx";

function Shown(props: { kind: PageKind; id: string; without?: string[] }) {
  const loaded = useLoad((signal) => pageDocument(props.kind, props.id, signal), [props.kind, props.id]);
  return (
    <Load from={loaded}>
      {(value) => <><div class="head"><h1>{value.eyebrow && <span class="eyebrow"><Text of={value.eyebrow} /></span>}<Text of={value.title} /></h1></div><DocumentBody of={value} without={props.without} /></>}
    </Load>
  );
}

/** A server of the catalogue: its slug, or its name in the gateway. */
export function CatalogueServer(props: { name: string }) {
  const loaded = useLoad(async (signal) => {
    try {
      const known = await get<{ server: { slug: string }; behind_gateway: string[] }>(`/catalogue/servers/${encodeURIComponent(props.name)}`, {}, signal);
      return { slug: known.server.slug, live: known.behind_gateway };
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 404) return null;
      throw error;
    }
  }, [props.name]);
  const posture = place.value.query.get("apply") as Posture | null;
  return (
    <>
      <Trail to="/tools">Tools</Trail>
      <Load from={loaded}>
        {(value) => value === null ? <><h1><Text of={props.name} /></h1><p class="empty">{"The catalogue does not know it yet: no agent has listed its tools. "}<a href={address(["servers", props.name])}>Page of the server</a></p></> : (
          <>
            {value.live.length > 0 && (
              <details class="panel" open={posture !== null}>
                <summary><b>Apply a recommended policy</b>{" to "}<Text of={value.live.join(", ")} /></summary>
                <Recommend servers={value.live} posture={posture ?? "recommended"} />
              </details>
            )}
            {value.live.map((one) => <p key={one} class="row"><a href={address(["tools"], { server: one })}>What agents can do with its tools</a><a href={address(["servers", one])}>Connection, reviews, grants</a></p>)}
            <Shown kind="server" id={value.slug} />
          </>
        )}
      </Load>
    </>
  );
}

export function StackPage(props: { id: string }) {
  const servers = props.id.split("+").filter(Boolean);
  const known = useLoad(async (signal) => {
    const found = await Promise.all(servers.map((one) => get<{ behind_gateway: string[] }>(`/catalogue/servers/${encodeURIComponent(one)}`, {}, signal)));
    return found.flatMap((one) => one.behind_gateway);
  }, [props.id]);
  return (
    <>
      <Trail to={address(["tools"], { view: "catalogue", of: "servers", pick: props.id })}>Choose other servers</Trail>
      <Load from={known}>
        {(live) => live.length === servers.length ? (
          <details class="panel"><summary><b>Apply recommended policies to all of them</b></summary><Recommend servers={live} /></details>
        ) : <p class="dim">Policies are put in force for servers that stand behind this gateway.</p>}
      </Load>
      <Shown kind="stack" id={props.id} />
    </>
  );
}

export function AttackPage(props: { id: string }) {
  return (
    <>
      {props.id && <Trail to={address(["tools"], { view: "attacks" })}>Attacks</Trail>}
      <p class="row"><a href={address(["coverage"], props.id ? { attack: props.id } : {})}>How far the policies in force stop {props.id ? "it" : "them"}</a></p>
      <Shown kind="attack" id={props.id} />
    </>
  );
}
