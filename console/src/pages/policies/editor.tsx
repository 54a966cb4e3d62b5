import { useEffect, useState } from "preact/hooks";
import { may } from "../../api.ts";
import { plural } from "../../model.ts";
import { Trail } from "../../parts/facts.tsx";
import { compareLines } from "../../parts/compare.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { showPolicy } from "../../parts/policies.ts";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { obstacle, rootOf } from "../../policy/document.ts";
import { isGlob } from "../../policy/glob.ts";
import { nodeAt, type Path, pathOfPointer } from "../../policy/json_text.ts";
import { unifiedPatch } from "../../policy/patch.ts";
import { address, place, setQuery, withQuery } from "../../router.ts";
import { agentsOf, callsOf, carriers, type Finding, toolsOf, validate } from "./api.ts";
import { CodeView } from "./code_view.tsx";
import { Changed } from "./changed.tsx";
import { type Base, Draft } from "./draft.ts";
import { Effect } from "./effect.tsx";
import { Mode } from "./list.tsx";
import { Publish, UndoBanner } from "./publish.tsx";
import { Tests, useTests } from "./tests.tsx";
import { TryCall } from "./try_call.tsx";
import { Versions } from "./versions.tsx";
import { Visual } from "./visual.tsx";

const tabs = [["visual", "Visual"], ["json", "JSON"], ["changes", "Changes"], ["versions", "Versions"]] as const;

/** What the gateway says of the draft, a moment after the last change. */
function useFindings(draft: Draft): Finding[] | undefined {
  const [findings, setFindings] = useState<Finding[]>();
  const text = draft.text.value;
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      validate(text).then((answer) => { if (!over) setFindings(answer.findings); }, () => { if (!over) setFindings(undefined); });
    }, 350);
    return () => { over = true; clearTimeout(timer); };
  }, [text]);
  return findings;
}

export function Findings(props: { of: Finding[] | undefined; open: (finding: Finding) => void }) {
  const errors = props.of?.filter((one) => one.severity === "error") ?? [];
  const warnings = props.of?.filter((one) => one.severity !== "error") ?? [];
  if (errors.length + warnings.length === 0) return null;
  const draw = (list: Finding[]) => (
    <ul class="findings">
      {list.slice(0, 8).map((one, index) => (
        <li key={index}><button type="button" class="plain" onClick={() => props.open(one)}>{`Line ${one.line}`}</button>{" "}<Text of={one.message} /></li>
      ))}
      {list.length > 8 && <li>{`and ${list.length - 8} more`}</li>}
    </ul>
  );
  return (
    <>
      {errors.length > 0 && <div class="banner bad" role="alert"><strong>{errors.length === 1 ? "The draft cannot be published:" : `${errors.length} mistakes; the draft cannot be published:`}</strong>{draw(errors)}</div>}
      {warnings.length > 0 && <details class="banner warn"><summary>{warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}</summary>{draw(warnings)}</details>}
    </>
  );
}

/** Where a link wants to: an offset, a JSON Pointer, or a rule as the log names it, whose first steps are a pointer. */
function pathOfPlace(text: string, where: string): Path | undefined {
  const root = rootOf(text);
  const path: (string | number)[] = [];
  for (const step of pathOfPointer(where)) {
    const node = nodeAt(root, path);
    const next = node?.kind === "array" ? Number(step) : step;
    if (!nodeAt(root, [...path, next])) break;
    path.push(next);
  }
  return path.length > 0 ? path : undefined;
}

function Head(props: { draft: Draft; live: Base; agents: number | undefined; mistakes: Finding[]; open: (finding: Finding) => void; publish: () => void }) {
  const { draft, mistakes } = props;
  const { policy, versions } = draft.base.value;
  const { server, name } = policy;
  const locked = policy.owner !== "store";
  const changed = draft.changed.value;
  return (
    <>
      <Trail to="/policies">Policies</Trail>
      <div class="row spread editor-head">
        <div>
          <h1><Text of={name} /></h1>
          <p class="dim">
            {"on "}<a href={address(["servers", server])}><Text of={server} /></a>
            {!locked && <>{" · "}<a href={withQuery({ tab: "versions" })}>{`v${policy.version}`}</a></>}{" · "}<Mode of={policy.mode} />
            {props.agents !== undefined && <>{" · "}<a href={address(["agents"], { policy: name, server })}>{plural(props.agents, "agent")}</a></>}
            {" · "}<a href={address(["audit"], { policy: name, server })}>its calls</a>
            {versions[0] && <>{" · changed "}<Time of={versions[0].created} />{" by "}<Text of={versions[0].author} /></>}
            {mistakes[0] && <>{" · "}<button type="button" class="plain bad-text" onClick={() => props.open(mistakes[0]!)}>{plural(mistakes.length, "mistake")}</button></>}
          </p>
        </div>
        <div class="row">
          <button type="button" disabled={!draft.canUndo.value} onClick={() => draft.undo()}>Undo</button>
          <button type="button" disabled={!draft.canRedo.value} onClick={() => draft.redo()}>Redo</button>
          <button type="button" disabled={!changed} onClick={() => draft.discard()}>Discard changes</button>
          {locked ? <button type="button" disabled={!changed} onClick={() => void copyPatch(draft)}>Copy patch</button>
            : may("policy_manager") && <button type="button" class="primary" disabled={!changed || mistakes.length > 0} onClick={props.publish}>Publish…</button>}
        </div>
      </div>
    </>
  );
}

async function copyPatch(draft: Draft): Promise<void> {
  const before = draft.base.value.text;
  const after = draft.text.value;
  const ends = (text: string) => text.replace(/\n$/, "");
  const lines = compareLines(ends(before), ends(after), Infinity);
  try {
    await navigator.clipboard.writeText(unifiedPatch(`${draft.base.value.policy.name}.json`, lines, before, after));
    say("The patch is copied.");
  } catch {
    say("The browser does not let this page copy; the tab “Changes” shows the lines.");
  }
}

function Open(props: { live: Base; again: () => void }) {
  const { policy } = props.live;
  const { server, name } = policy;
  const [draft] = useState(() => new Draft(server, name, props.live));
  const [publishing, setPublishing] = useState(false);
  const tools = useLoad((signal) => toolsOf(server, signal), [server]);
  const calls = useLoad(() => callsOf(server), [server]);
  const from = useLoad(() => carriers(), []);
  const text = draft.text.value;
  const findings = useFindings(draft);
  const mistakes = findings?.filter((one) => one.severity === "error" && one.code !== "test-failed") ?? [];
  const valid = findings !== undefined && mistakes.length === 0 && obstacle(text) === undefined;
  const { tested, problem: testProblem } = useTests(text, server, valid);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => { if (draft.changed.value) event.preventDefault(); };
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("beforeunload", warn);
      draft.stop();
      if (draft.changed.value) say(`The draft of ${name} is kept in this browser tab.`);
    };
  }, []);
  const query = place.value.query;
  const tab = tabs.some(([id]) => id === query.get("tab")) ? query.get("tab")! : "visual";
  const openJson = (path: Path) => {
    const node = nodeAt(rootOf(draft.text.value), path);
    setQuery({ tab: "json", at: node ? String(node.from) : null, rule: null });
  };
  // A link to a rule: to the tool's row where it has one, else to its line.
  const wanted = query.get("rule") ?? query.get("at");
  useEffect(() => {
    if (!wanted?.startsWith("/")) return;
    const path = pathOfPlace(draft.text.value, wanted);
    if (path?.[0] === "tools" && path.length > 1 && !isGlob(String(path[1]))) setQuery({ tab: null, at: null, rule: null, tool: String(path[1]) });
    else if (path) openJson(path);
  }, [wanted]);
  const agents = from.value && agentsOf(from.value, policy);
  const newer = draft.newer.value;
  // Beside or below what is being changed, so that it does not move.
  const openFinding = (finding: Finding) => openJson(pathOfPlace(text, finding.pointer) ?? []);
  const told = <Findings of={findings} open={openFinding} />;
  return (
    <>
      <Head draft={draft} live={props.live} agents={agents?.length} mistakes={mistakes} open={openFinding} publish={() => setPublishing(true)} />
      <UndoBanner draft={draft} again={props.again} />
      {policy.owner !== "store" && <div class="banner info">{"Read-only here: "}<code><Text of={policy.owner} /></code>{" owns this policy. Try a draft, and take it to that file with “Copy patch”."}</div>}
      {newer && (
        <div class="banner warn row spread">
          <span>{`Version ${newer.policy.version} was published since this draft began, by `}<Text of={newer.versions[0]?.author ?? "somebody"} />{"."}</span>
          <span class="row">
            <button type="button" onClick={() => draft.discard()}>Drop the draft</button>
            <button type="button" onClick={() => { draft.rebase(newer); setQuery({ tab: "changes" }); }}>Compare the draft with it</button>
          </span>
        </div>
      )}
      <div class="tabs" role="tablist" aria-label="Views of the document">
        {tabs.map(([id, title]) => (
          <button key={id} type="button" role="tab" id={"tab-" + id} aria-selected={tab === id} aria-controls="policy-view" tabIndex={tab === id ? 0 : -1}
                  onClick={() => setQuery({ tab: id === "visual" ? null : id, at: null, tool: null })} onKeyDown={moveTab}>
            {title}{id === "changes" && draft.changed.value && <span class="count">draft</span>}
          </button>
        ))}
      </div>
      <div class={"editor" + (tab === "versions" ? "" : " with-effect")}>
        <div id="policy-view" role="tabpanel" aria-labelledby={"tab-" + tab}>
          {tab === "visual" && <Visual draft={draft} server={server} tools={tools} calls={calls.value} openJson={openJson} />}
          {tab === "json" && <CodeView draft={draft} server={server} tools={tools.value} findings={findings} />}
          {tab === "json" && told}
          {tab === "changes" && <Changed before={draft.base.value.text} after={text} />}
          {tab === "versions" && <Versions live={draft.newer.value ?? draft.base.value} again={props.again} />}
        </div>
        {tab !== "versions" && (
          <div class="stack aside">
            {tab !== "json" && told}
            <Effect text={text} server={server} name={name} valid={valid} />
            <Tests draft={draft} tested={tested} problem={testProblem} openJson={openJson} />
            <TryCall draft={draft} server={server} tools={tools.value} agents={agents} valid={valid} />
          </div>
        )}
      </div>
      {publishing && <Publish draft={draft} tested={tested} onClose={() => setPublishing(false)} />}
    </>
  );
}

/** Left and right go between tabs, as in every list of tabs. */
function moveTab(event: KeyboardEvent): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const own = event.currentTarget as HTMLElement;
  const all = [...own.parentElement!.querySelectorAll<HTMLElement>("[role=tab]")];
  const next = all[(all.indexOf(own) + step + all.length) % all.length]!;
  event.preventDefault();
  next.click();
  next.focus();
}

export function Editor(props: { server: string; name: string }) {
  const loaded = useLoad<Base>(async (signal) => {
    const { value, tag } = await showPolicy(props.server, props.name, signal);
    return { ...value, tag };
  }, [props.server, props.name]);
  return <Load from={loaded}>{(live) => <Open key={live.tag} live={live} again={loaded.again} />}</Load>;
}

