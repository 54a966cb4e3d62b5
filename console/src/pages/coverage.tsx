import { useState } from "preact/hooks";
import { all, may } from "../api.ts";
import { type Grant, plural, type PolicyItem, type Server } from "../model.ts";
import { useAct } from "../parts/act.tsx";
import { Copy } from "../parts/copy.tsx";
import { type Coverage as Covered, coverage, type Decided, type Pattern } from "../parts/coverage.ts";
import { Risk } from "../parts/decision.tsx";
import { Shares } from "../parts/facts.tsx";
import { laidOut } from "../parts/compare.ts";
import { Lines } from "../parts/lines.tsx";
import { Load, messageOf, Problem, useLoad } from "../parts/load.tsx";
import { putPolicy, showPolicy, takeBack } from "../parts/policies.ts";
import { State, stateWord } from "../parts/state.tsx";
import { Text } from "../parts/text.tsx";
import { say } from "../parts/toast.tsx";
import { address, place, setQuery, withQuery } from "../router.ts";
import { visible } from "../visible.ts";

const order = ["open", "depends", "limited", "needs-person", "blocked", "not-applicable"];

/** Open and what depends on arguments first, then by how many tools they touch. */
function worstFirst(a: Pattern, b: Pattern): number {
  return order.indexOf(a.state) - order.indexOf(b.state) || b.exposed - a.exposed || a.name.localeCompare(b.name);
}

type Fix = Pattern["fixes"][number];

/** The drafted policy: what it closes, its lines, and the ways to put it in force. */
function FixOf(props: { of: Fix; done: () => void }) {
  const { of } = props;
  const [open, setOpen] = useState(false);
  const act = useAct();
  const before = useLoad(async (signal) => {
    if (!open || !of.policy) return "";
    return (await showPolicy(of.server, of.policy, signal)).value.text;
  }, [open]);
  const put = () => act.run(async () => {
    const known = await all<PolicyItem>("/policies", "policies", { server: of.server });
    const version = known.find((one) => one.name === of.policy)?.version;
    await putPolicy(of.server, of.policy, of.text, "fix drafted by coverage");
    say(`${of.policy} is in force with the drafted rules.`, version === undefined ? undefined
      : () => void takeBack(of.server, of.policy, version).then(() => { say("The policy is as it was."); props.done(); }, (error) => say(messageOf(error))));
    props.done();
  });
  return (
    <article class="change" aria-label={`Draft for ${of.policy || of.server}`}>
      <header><h3><Text of={of.policy || "new policy"} />{" "}<span class="dim">of <Text of={of.server} /></span></h3>
        <span class="dim">{`closes ${plural(of.closes, "tool")}${of.leaves ? `, leaves ${of.leaves} open` : ""}`}</span></header>
      {of.note && <p><Text of={of.note} /></p>}
      {!of.text ? null : !open ? <p><button type="button" onClick={() => setOpen(true)}>Draft fix<span class="hidden-visually">{" for "}<Text of={of.policy} /></span></button></p> : (
        <>
          {before.problem ? <Copy text={laidOut(of.text)} label="Drafted policy" /> : before.value !== undefined && <Lines before={laidOut(before.value)} after={laidOut(of.text)} label={`Changes of ${of.policy}`} />}
          {act.problem && <Problem of={act.problem} />}
          <p class="row">
            {may("policy_manager") && of.policy && <button type="button" class="primary" disabled={act.busy} onClick={put}>{"Put "}<Text of={of.policy} />{" in force so"}</button>}
            {of.policy && <a class="button" href={address(["policies", of.policy], { server: of.server })}>Open the policy</a>}
            <a class="button" href={address(["tools", of.server], { apply: "recommended" })}>Look at the recommended policy</a>
          </p>
          <details><summary>The drafted document</summary><Copy text={laidOut(of.text)} label="Drafted policy" /></details>
        </>
      )}
    </article>
  );
}

function Evidence(props: { of: Decided[] }) {
  const open = props.of.filter((one) => one.state !== "blocked");
  const shown = (open.length ? open : props.of).slice(0, 50);
  return (
    <table class="cards dense">
      <thead><tr><th>Tool</th><th>Risk</th><th>State</th><th>Agents</th><th>Why it counts</th><th>Because</th></tr></thead>
      <tbody>{shown.map((one) => (
        <tr key={one.server + "/" + one.tool + "/" + one.policy}>
          <td><a href={address(["tools", one.server, one.tool])}><Text of={one.tool} /></a>{" "}<span class="dim"><Text of={one.server} /></span></td>
          <td data-label="Risk"><Risk severity={one.severity} category={one.category} /></td>
          <td data-label="State"><State of={one.state} decided={one.decided} /></td>
          <td data-label="Agents">{one.agents.map((agent, index) => <span key={agent}>{index > 0 && ", "}<a href={address(["agents", agent])}><Text of={agent} /></a></span>)}</td>
          <td data-label="Why it counts"><Text of={one.exposed_because} /></td>
          <td data-label="Because"><Text of={one.why} />{one.policy && <>{" "}<a href={address(["policies", one.policy], { server: one.server, at: one.rule.startsWith("/") ? one.rule : undefined })}><Text of={one.policy} /></a></>}</td>
        </tr>
      ))}</tbody>
    </table>
  );
}

/** The rule that stops it, or the one that is missing. */
function Rule(props: { of: Pattern }) {
  const { of } = props;
  if (!of.rule) return <span class="dim">none is needed</span>;
  if (of.rule.startsWith("{")) return <span class="dim">missing; one of the kind is shown below</span>;
  return <span class={of.rule.startsWith("/") ? "mono" : "dim"}><Text of={of.rule.replace(/^\(|\)$/g, "")} /></span>;
}

/** What stands between backticks is a command. */
function Why(props: { of: string }) {
  return <>{props.of.split("`").map((part, i) => (i % 2 ? <code key={i}><Text of={part} /></code> : <Text key={i} of={part} />))}</>;
}

function Attack(props: { of: Pattern; open: boolean; done: () => void }) {
  const { of } = props;
  const closed = of.state === "blocked" || of.state === "not-applicable";
  return (
    <details class="attack" open={props.open} id={"attack-" + of.id}>
      <summary>
        <b><Text of={of.name} /></b><State of={of.state} decided={of.decided} />
        <span class="dim">{of.exposed > 0 && plural(of.exposed, "tool")}{of.agents.length > 0 && `, ${plural(of.agents.length, "agent")}`}</span>
        <span class="why"><Why of={of.why} /></span>
      </summary>
      <div class="stack">
        {!of.decided && <p class="banner info">Policies cannot decide it, so it is shown as open.</p>}
        <p>{"Rule: "}<Rule of={of} /></p>
        <p><Text of={of.mitigation} />{" "}<a href={address(["tools"], { attack: of.id })}>How the attack works</a></p>
        {of.tools.length > 0 && <Evidence of={of.tools} />}
        {!closed && of.fixes.map((fix) => <FixOf key={fix.server + "/" + fix.policy} of={fix} done={props.done} />)}
        {!closed && of.rule.startsWith("{") && <details><summary>A rule that stops it, as an example</summary><Copy text={laidOut(of.rule)} label="Example policy" /></details>}
      </div>
    </details>
  );
}

function Severities(props: { of: Covered }) {
  return (
    <div class="grid severities">
      {props.of.severities.filter((one) => Number(one["tools"]) > 0).map((one) => (
        <div class="panel" key={String(one["severity"])}>
          <p><Risk severity={String(one["severity"])} />{" "}<a href={address(["tools"], { least: String(one["severity"]) })}>{`${one["usable"]} of ${plural(Number(one["tools"]), "tool")} can be used without a person`}</a></p>
          <Shares label={`Tools of severity ${one["severity"]} by state`} of={[["open", "open"], ["depends", "depends"], ["limited", "limited"], ["needs-person", "needs_person"], ["blocked", "blocked"]]
            .map(([kind, member]) => ({ name: stateWord(kind!), kind: kind!, count: Number(one[member!] ?? 0) })).filter((part) => part.count > 0)} />
        </div>
      ))}
    </div>
  );
}

export default function Coverage() {
  const { query } = place.value;
  const server = query.get("server") ?? "";
  const grant = query.get("grant") ?? "";
  const state = query.get("state") ?? "";
  const attack = query.get("attack") ?? "";
  const loaded = useLoad((signal) => coverage({ server: server || undefined, grant: grant || undefined }, signal), [server, grant]);
  const choices = useLoad(async () => ({ servers: await all<Server>("/servers", "servers"), grants: await all<Grant>("/grants", "grants") }), []);
  const select = (name: string, label: string, empty: string, options: string[]) => (
    <label>{label}<select value={query.get(name) ?? ""} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
      <option value="">{empty}</option>{options.map((one) => <option key={one} value={one}>{visible(one)}</option>)}</select></label>
  );
  return (
    <>
      <h1>Coverage</h1>
      <Load from={loaded}>
        {(value) => {
          if (value.severities.every((one) => Number(one["tools"]) === 0)) {
            return <p class="empty">{"No tool is known yet, so no attack can be judged. Let an agent list the tools of a server, or "}<a href="/servers">test a connection</a>.</p>;
          }
          const patterns = [...value.patterns].sort(worstFirst);
          const shown = patterns.filter((one) => !state || one.state === state);
          return (
            <>
              <p class="lead"><Text of={value.sentence} /></p>
              {!value.whole && <p class="banner warn">There were too many questions for the engine; what is left counts as open.</p>}
              <Severities of={value} />
              <section>
                <h2>Attacks and what the policies in force do about them</h2>
                <Shares label={`${patterns.length} attack patterns by state`} of={order.map((kind) => ({ name: stateWord(kind), kind, count: patterns.filter((one) => one.state === kind).length, href: withQuery({ state: state === kind ? null : kind }) })).filter((one) => one.count > 0)} />
                <form class="filters" onSubmit={(event) => event.preventDefault()}>
                  {select("server", "Server", "all servers", (choices.value?.servers ?? []).map((one) => one.name))}
                  {select("grant", "Agent", "all agents", (choices.value?.grants ?? []).filter((one) => one.state === "active").map((one) => one.label))}
                  {state && <a class="chip" href={withQuery({ state: null })}>{`${stateWord(state)} ✕`}</a>}
                </form>
                <div class="attacks">{shown.map((one) => <Attack key={one.id} of={one} open={one.id === attack} done={loaded.again} />)}</div>
                <p class="dim">{`The engine answered ${plural(value.decisions, "generated call")} for this. It does not see tools that agents reach around the gateway, nor what a server does with arguments that are let through.`}</p>
              </section>
            </>
          );
        }}
      </Load>
    </>
  );
}
