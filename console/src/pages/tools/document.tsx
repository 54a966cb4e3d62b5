// A page of the catalogue as the gateway composes it: sections of blocks, drawn as elements.
import { get } from "../../api.ts";
import type { ComponentChildren } from "preact";
import { Copy } from "../../parts/copy.tsx";
import { Fenced, Text } from "../../parts/text.tsx";
import { visible } from "../../visible.ts";
import { address } from "../../router.ts";

export type PageKind = "index" | "server" | "tool" | "stack" | "attack";
interface PageRef { kind: PageKind; id: string }
interface Run { style: "plain" | "strong" | "code" | "quoted" | "badge"; text: string; severity?: string; page?: PageRef; url?: string }
type Runs = Run[];
interface CodeBlock { language: string; label: string; text: string }
type Said = { question?: string; text: Runs; code?: CodeBlock };
type Block =
  | { block: "paragraph"; text: Runs }
  | { block: "quote"; text: string; from: string }
  | { block: "bullets"; items: Runs[] }
  | { block: "table"; caption: string; head: string[]; rows: Runs[][] }
  | ({ block: "code" } & CodeBlock)
  | { block: "facts"; facts: { name: string; text: Runs }[] }
  | { block: "steps"; steps: Said[] }
  | { block: "answers"; answers: Said[] }
  | { block: "bars"; caption: string; bars: { label: string; count: number; severity: string }[] }
  | { block: "notice"; severity: string; text: Runs }
  | { block: "changes"; changes: { where: string; words: { same?: string; added?: string; removed?: string }[] }[] }
  | { block: "search" };

export interface PageDocument {
  title: string; title_is_name: boolean; eyebrow: string; summary: string; above: { name: string; page: PageRef }[]; lead: Runs;
  banner?: { severity: string; headline: string; text: Runs; facts: { name: string; text: Runs }[] };
  sections: { id: string; title: string; blocks: Block[] }[];
}

export async function pageDocument(kind: PageKind, id: string, signal?: AbortSignal): Promise<PageDocument> {
  return (await get<{ document: PageDocument }>(`/catalogue/pages/${kind}`, { id, format: "document" }, signal)).document;
}

/** Where a page of the catalogue stands in the console. */
export function placeOf(page: PageRef): string {
  const slash = page.id.indexOf("/");
  switch (page.kind) {
    case "server": return address(["tools", page.id]);
    case "tool": return address(["tools", page.id.slice(0, slash), page.id.slice(slash + 1)]);
    case "stack": return address(["tools"], { stack: page.id });
    case "attack": return page.id ? address(["tools"], { attack: page.id }) : address(["tools"], { view: "attacks" });
    case "index": return address(["tools"], { view: "catalogue" });
  }
}

function Piece(props: { of: Run }) {
  const { of } = props;
  const text = <Text of={of.text} whole />;
  let said: ComponentChildren = text;
  if (of.style === "strong") said = <b>{text}</b>;
  else if (of.style === "code") said = <code>{text}</code>;
  else if (of.style === "quoted") said = <q>{text}</q>;
  else if (of.style === "badge") said = <span class={"risk " + (of.severity ?? "low")}>{text}</span>;
  if (of.page) return <a href={placeOf(of.page)}>{said}</a>;
  if (of.url && /^https?:\/\//.test(of.url)) return <a href={of.url} rel="nofollow noreferrer noopener" target="_blank">{said}</a>;
  return <>{said}</>;
}

function Said(props: { of: Runs }) {
  return <>{props.of.map((run, index) => <Piece key={index} of={run} />)}</>;
}

function Code(props: { of: CodeBlock }) {
  const label = props.of.label || props.of.language;
  const text = props.of.text.replace(/\n+$/, "");
  if (text.split("\n").length <= 60) return <Copy text={text} label={visible(label)} />;
  return <details><summary>{visible(label)}{`, ${text.split("\n").length} lines`}</summary><Copy text={text} label={visible(label)} /></details>;
}

function OneBlock(props: { of: Block; title: string }) {
  const { of } = props;
  switch (of.block) {
    case "paragraph": return <p><Said of={of.text} /></p>;
    case "quote": return <Fenced of={of.text.replace(/\n+$/, "")} whose={of.from || "the server"} />;
    case "bullets": return <ul>{of.items.map((item, index) => <li key={index}><Said of={item} /></li>)}</ul>;
    case "table": return (
      <table class="cards dense">
        {of.caption && <caption class="hidden-visually">{visible(of.caption)}</caption>}
        <thead><tr>{of.head.map((one, index) => <th key={index} scope="col">{visible(one)}</th>)}</tr></thead>
        <tbody>{of.rows.map((row, index) => (
          <tr key={index}>{row.map((cell, at) => <td key={at} data-label={at > 0 ? of.head[at] : undefined}>{cell.length ? <Said of={cell} /> : <span class="dim">–</span>}</td>)}</tr>
        ))}</tbody>
      </table>
    );
    case "code": return <Code of={of} />;
    case "facts": return <dl class="facts">{of.facts.map((one) => <div key={one.name}><dt>{visible(one.name)}</dt><dd><Said of={one.text} /></dd></div>)}</dl>;
    case "steps": return <ol>{of.steps.map((one, index) => <li key={index}><p><Said of={one.text} /></p>{one.code && <Code of={one.code} />}</li>)}</ol>;
    case "answers": return <div>{of.answers.map((one, index) => <div key={index}><h3><Text of={one.question} /></h3><p><Said of={one.text} /></p>{one.code && <Code of={one.code} />}</div>)}</div>;
    case "bars": return <Bars of={of} />;
    case "notice": return <p class={"banner " + (of.severity === "critical" ? "bad" : of.severity === "low" ? "info" : "warn")}><Said of={of.text} /></p>;
    case "changes": return (
      <ul>{of.changes.map((change, index) => (
        <li key={index}><code><Text of={change.where} /></code>
          <div class="diff-text">{change.words.map((word, at) => {
            const text = <Text of={word.same ?? word.added ?? word.removed ?? ""} />;
            if (word.added !== undefined) return <ins key={at}>{text}{" "}</ins>;
            if (word.removed !== undefined) return <del key={at}>{text}{" "}</del>;
            return <span key={at}>{text}{" "}</span>;
          })}</div></li>
      ))}</ul>
    );
    case "search": return null;
  }
}

function Bars(props: { of: { caption: string; bars: { label: string; count: number; severity: string }[] } }) {
  const most = Math.max(1, ...props.of.bars.map((bar) => bar.count));
  return (
    <table class="dense bars">
      <caption class="hidden-visually">{visible(props.of.caption)}</caption>
      <tbody>{props.of.bars.map((bar) => (
        <tr key={bar.label}>
          <th scope="row">{visible(bar.label)}</th>
          <td class="bar"><svg aria-hidden="true" viewBox="0 0 100 8" preserveAspectRatio="none"><rect class={"share " + bar.severity} width={(bar.count * 100) / most} height="8" /></svg></td>
          <td class="number">{bar.count.toLocaleString()}</td>
        </tr>
      ))}</tbody>
    </table>
  );
}

/** `without`: ids of sections that the page around it has in a better form. */
export function DocumentBody(props: { of: PageDocument; without?: string[] }) {
  const { of } = props;
  return (
    <>
      {of.banner && (
        <div class={"banner " + (of.banner.severity === "critical" ? "bad" : of.banner.severity === "low" ? "info" : "warn")}>
          <p><b><Text of={of.banner.headline} /></b></p>
          {of.banner.text.length > 0 && <p><Said of={of.banner.text} /></p>}
        </div>
      )}
      {of.banner && of.banner.facts.length > 0 && (
        <dl class="facts">{of.banner.facts.map((one) => <div key={one.name}><dt>{visible(one.name)}</dt><dd><Said of={one.text} /></dd></div>)}</dl>
      )}
      {of.lead.length > 0 && <p class="lead"><Said of={of.lead} /></p>}
      {of.sections.filter((section) => !props.without?.includes(section.id)).map((section) => (
        <section key={section.id} aria-labelledby={section.id}>
          <h2 id={section.id}><Text of={section.title} /></h2>
          {section.blocks.map((block, index) => <OneBlock key={index} of={block} title={section.title} />)}
        </section>
      ))}
    </>
  );
}
