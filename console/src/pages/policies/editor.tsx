import { useEffect, useState } from "preact/hooks";
import { Load, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { may } from "../../api.ts";
import { nodeAt, type Path } from "../../policy/json_text.ts";
import { rootOf } from "../../policy/document.ts";
import { address, place, setQuery } from "../../router.ts";
import { agentsOf, carriers, type Finding, showPolicy, toolsOf, validate } from "./api.ts";
import { type Base, Draft } from "./draft.ts";
import { Mode } from "./list.tsx";
import { Publish, UndoBanner } from "./publish.tsx";
import { Visual } from "./visual.tsx";

const tabs = [["visual", "Visual"]] as const;

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

function Open(props: { live: Base; again: () => void }) {
  const { policy } = props.live;
  const { server, name } = policy;
  const [draft] = useState(() => new Draft(server, name, props.live));
  const [publishing, setPublishing] = useState(false);
  const tools = useLoad((signal) => toolsOf(server, signal), [server]);
  const from = useLoad(() => carriers(), []);
  const findings = useFindings(draft);
  const changed = draft.changed.value;
  const locked = policy.owner !== "store";
  const editor = may("policy_manager");
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => { if (draft.changed.value) event.preventDefault(); };
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("beforeunload", warn);
      draft.stop();
      if (draft.changed.value) say(`The draft of ${name} is kept in this browser tab.`);
    };
  }, []);
  const tab = place.value.query.get("tab") ?? "visual";
  const openJson = (path: Path) => {
    const node = nodeAt(rootOf(draft.text.value), path);
    setQuery({ tab: "json", at: node ? String(node.from) : null });
  };
  const agents = from.value && agentsOf(from.value, policy);
  const base = draft.base.value;
  const wrong = findings?.some((one) => one.severity === "error") ?? false;
  return (
    <>
      <p class="trail"><a href="/policies">← Policies</a></p>
      <div class="row spread editor-head">
        <div>
          <h1><Text of={name} /></h1>
          <p class="dim">
            {"on "}<a href={address(["servers", server])}><Text of={server} /></a>
            {locked ? "" : ` · v${base.policy.version}`}{" · "}<Mode of={base.policy.mode} />
            {agents && <>{" · "}<a href={address(["agents"], { policy: name, server })}>{agents.length === 1 ? "1 agent" : `${agents.length} agents`}</a></>}
            {base.versions[0] && <>{" · changed "}<Time of={base.versions[0].created} />{" by "}<Text of={base.versions[0].author} /></>}
          </p>
        </div>
        <div class="row">
          <button type="button" disabled={!draft.canUndo.value} onClick={() => draft.undo()}>Undo</button>
          <button type="button" disabled={!draft.canRedo.value} onClick={() => draft.redo()}>Redo</button>
          <button type="button" disabled={!changed} onClick={() => draft.discard()}>Discard changes</button>
          {editor && !locked && <button type="button" class="primary" disabled={!changed || wrong} onClick={() => setPublishing(true)}>Publish…</button>}
        </div>
      </div>
      <UndoBanner draft={draft} again={props.again} />
      {locked && <div class="banner info">{"Read-only here: "}<code><Text of={policy.owner} /></code>{" owns this policy. A draft can be tried, and taken to that file as a patch."}</div>}
      {draft.newer.value && (
        <div class="banner warn row spread">
          <span>{`Version ${draft.newer.value.policy.version} was published since this draft began, by `}<Text of={draft.newer.value.versions[0]?.author ?? "somebody"} />{"."}</span>
          <span class="row">
            <button type="button" onClick={() => draft.discard()}>Drop the draft</button>
            <button type="button" onClick={() => draft.rebase(draft.newer.value!)}>Compare the draft with it</button>
          </span>
        </div>
      )}
      <Findings of={findings} open={(finding) => openJson(finding.pointer.split("/").slice(1))} />
      <div class="tabs" role="tablist" aria-label="Views of the document">
        {tabs.map(([id, title]) => (
          <button key={id} type="button" role="tab" id={"tab-" + id} aria-selected={tab === id} aria-controls="policy-view" onClick={() => setQuery({ tab: id === "visual" ? null : id, at: null })}>{title}</button>
        ))}
      </div>
      <div class="editor">
        <div id="policy-view" role="tabpanel" aria-labelledby={"tab-" + tab}>
          <Visual draft={draft} server={server} tools={tools.value} calls={undefined} openJson={openJson} />
        </div>
      </div>
      {publishing && <Publish draft={draft} onClose={() => setPublishing(false)} />}
    </>
  );
}

export function Editor(props: { server: string; name: string }) {
  const loaded = useLoad<Base>(async (signal) => {
    const { value, tag } = await showPolicy(props.server, props.name, signal);
    return { ...value, tag };
  }, [props.server, props.name]);
  return <Load from={loaded}>{(live) => <Open key={live.tag} live={live} again={loaded.again} />}</Load>;
}

