import { useState } from "preact/hooks";
import { may, send } from "../../api.ts";
import { Confirm } from "../../parts/act.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Json, Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { plural } from "../../model.ts";
import { address } from "../../router.ts";

type Word = { same?: string; added?: string; removed?: string };
interface Change { of: string; kind: string; name: string; where: string; before?: unknown; after?: unknown; words?: Word[] }
interface Sign { kind: string; where: string; words: string }
interface Reviewed {
  name: string; state: "reviewed" | "changed" | "new" | "rejected"; offered: boolean; withheld?: string; definition: string;
  reviewer?: string; reviewed_at?: string; first_seen?: string; changes: Change[]; signs: Sign[];
  text?: { description?: string };
}
interface Review { server: string; known: boolean; tools: Reviewed[]; reclassified: { tool: string; in_force: string; now: string }[] }

const states = {
  reviewed: "reviewed", changed: "changed since it was reviewed", new: "new, nobody has seen it", rejected: "rejected",
};

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "";
}

function Changed(props: { of: Change }) {
  const { of } = props;
  return (
    <>
      <p class="where">{`${of.kind} · `}<Text of={of.where} /></p>
      {of.words?.length ? (
        <div class="diff-text">
          {of.words.map((one, index) => {
            const text = <Text of={one.same ?? one.added ?? one.removed ?? ""} whole />;
            if (one.added !== undefined) return <ins key={index}><span class="hidden-visually">added: </span>{text}</ins>;
            if (one.removed !== undefined) return <del key={index}><span class="hidden-visually">removed: </span>{text}</del>;
            return <span key={index}>{text}</span>;
          })}
        </div>
      ) : (
        <div class="diff-text">
          {of.before !== undefined && <del><span class="hidden-visually">before: </span><Text of={show(of.before)} /></del>}{" "}
          {of.after !== undefined && <ins><span class="hidden-visually">after: </span><Text of={show(of.after)} /></ins>}
        </div>
      )}
    </>
  );
}

/** What a new tool says of itself, which the review of that tool alone tells. */
function NewDefinition(props: { server: string; tool: string }) {
  const loaded = useLoad(() => send<Review>("POST", `/servers/${encodeURIComponent(props.server)}/review`, { tool: props.tool }), [props.server, props.tool]);
  return <Load from={loaded}>{(value) => { const text = value.tools.find((one) => one.name === props.tool)?.text; return text && <Json of={text} label={"Definition of " + props.tool} />; }}</Load>;
}

function Card(props: { server: string; of: Reviewed; done: () => void }) {
  const { of, server } = props;
  const [asked, setAsked] = useState<"accept" | "reject">();
  const decide = async (decision: "accept" | "reject") => {
    await send("POST", `/servers/${encodeURIComponent(server)}/review`, { tool: of.name, decision, definition: of.definition });
    say(decision === "accept" ? `${of.name} is reviewed; policies decide on it again.` : `${of.name} stays withheld.`);
    props.done();
  };
  return (
    <article class="change" aria-label={of.name}>
      <header>
        <h3><a href={address(["tools", server, of.name])}><Text of={of.name} /></a></h3>
        <span class="dim">{states[of.state]}{of.first_seen && <>{" · seen "}<Time of={of.first_seen} /></>}</span>
      </header>
      {of.withheld && <p class="failed"><Text of={of.withheld} /></p>}
      {of.signs.length > 0 && (
        <div class="banner bad">
          <p><b>Its definition has words that may be meant for the model behind its user's back.</b></p>
          <ul>{of.signs.map((one, index) => <li key={index}>{one.kind}{": "}<q><Text of={one.words} /></q>{" in "}<code>{one.where}</code></li>)}</ul>
        </div>
      )}
      {of.changes.map((one, index) => <Changed key={index} of={one} />)}
      {of.state === "new" && <NewDefinition server={server} tool={of.name} />}
      {may("policy_manager") && of.state !== "reviewed" && (
        <div class="row">
          <button type="button" onClick={() => setAsked("accept")}>Accept<span class="hidden-visually">{" "}<Text of={of.name} /></span></button>
          {of.state !== "rejected" &&
            <button type="button" class="danger" onClick={() => setAsked("reject")}>Reject<span class="hidden-visually">{" "}<Text of={of.name} /></span></button>}
        </div>
      )}
      {asked === "accept" && (
        <Confirm title="Accept this definition" verb="Accept definition" act={() => decide("accept")} onClose={() => setAsked(undefined)}
                 danger={of.signs.length > 0} typed={of.signs.length > 0 ? of.name : undefined}>
          <p><Text of={of.name} />{" can be called again from the next call on, as far as policies allow it."}</p>
          {of.signs.length > 0 && <p>{`It shows ${plural(of.signs.length, "sign")} of poisoning. Whoever calls it reads these words.`}</p>}
        </Confirm>
      )}
      {asked === "reject" && (
        <Confirm title="Reject this definition" verb="Reject definition" danger act={() => decide("reject")} onClose={() => setAsked(undefined)}>
          <p>{"No agent can call "}<Text of={of.name} />{" as long as the server defines it so."}</p>
        </Confirm>
      )}
    </article>
  );
}

/** What a server's tools have become since a person or the first list reviewed them. */
export function ReviewOf(props: { server: string; done: () => void }) {
  const allowed = may("policy_manager");
  const review = useLoad((signal) => {
    void signal;
    return allowed ? send<Review>("POST", `/servers/${encodeURIComponent(props.server)}/review`, {}) : Promise.resolve(undefined);
  }, [props.server]);
  if (!allowed) return <p class="dim">Reviews of changed tools are shown to policy managers.</p>;
  return (
    <Load from={review}>
      {(value) => {
        if (!value || !value.known) return <p class="dim">No agent has listed its tools yet. The first list is taken as reviewed.</p>;
        const open = value.tools.filter((one) => one.state !== "reviewed");
        const reload = () => { review.again(); props.done(); };
        return (
          <div class="stack">
            {open.length === 0
              ? <p>{`All ${plural(value.tools.length, "tool")} are as they were reviewed.`}</p>
              : <p>{`${plural(open.length, "tool")} of ${value.tools.length} ${open.length === 1 ? "waits" : "wait"} for a review. Until then each is refused, and `}
                  <a href={address(["audit"], { server: props.server, code: "tool_changed" })}>the log has the calls</a>.</p>}
            {open.map((one) => <Card key={one.name + one.definition} server={props.server} of={one} done={reload} />)}
            {value.reclassified.length > 0 && (
              <p>{"Newer rules class some tools otherwise; policies keep the category in force until the tool is accepted: "}
                {value.reclassified.map((one) => `${one.tool} (${one.in_force} → ${one.now})`).join(", ")}.</p>
            )}
          </div>
        );
      }}
    </Load>
  );
}
