// The text editor (CodeMirror), in a shadow root: there its styles are constructed sheets, which the page's content
// security policy lets through; elsewhere they would be style elements, which it does not.
import { autocompletion, closeBrackets, closeBracketsKeymap, type CompletionContext, type CompletionResult, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, foldService, indentService } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, RangeSetBuilder, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, ViewPlugin,
  type ViewUpdate } from "@codemirror/view";
import { cursorAt, type Node, readJson, walk } from "../../policy/json_text.ts";
import { memberNames, textValues } from "../../policy/members.ts";
import { fromBytes } from "../../policy/offsets.ts";
import { change } from "../../policy/edit.ts";
import type { Finding } from "./api.ts";

export interface Names {
  tools: string[];
  /** Paths of arguments of a tool, or of all that are known. */
  fields: (tool: string | undefined) => string[];
}

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--panel)", border: "1px solid var(--line)", borderRadius: "var(--radius)", fontSize: "14px", maxHeight: "75vh" },
  "&.cm-focused": { outline: "2px solid var(--focus)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--dim)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--raised) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--pending-ground)" },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--limited-ground)" },
  ".cm-searchMatch-selected": { outline: "1px solid var(--limited)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--raised)", outline: "1px solid var(--line-strong)" },
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--text)" },
  ".cm-panels input, .cm-panels button, .cm-panels label": { fontSize: "13px" },
  ".cm-textfield, .cm-button": { backgroundColor: "var(--panel)", backgroundImage: "none", color: "var(--text)", border: "1px solid var(--line-strong)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line-strong)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line-strong)" },
  // In place of pictures, which the content security policy does not let in.
  ".cm-lintRange": { backgroundImage: "none !important", textDecoration: "underline wavy 1px" },
  ".cm-lintRange-error": { textDecorationColor: "var(--deny)" },
  ".cm-lintRange-warning": { textDecorationColor: "var(--limited)" },
  ".cm-lint-marker": { content: "normal !important", textAlign: "center", lineHeight: "1.2" },
  ".cm-lint-marker-error::before": { content: "'✕'", color: "var(--deny)" },
  ".cm-lint-marker-warning::before": { content: "'!'", color: "var(--limited)" },
  ".tok-name": { color: "var(--link)" },
  ".tok-text": { color: "var(--allow)" },
  ".tok-other": { color: "var(--hidden)" },
  ".token": { border: "1px solid var(--limited)", color: "var(--limited)", borderRadius: "3px", padding: "0 .2em", fontSize: ".8em" },
});

// The console's own reader colours, folds and completes: what it reads here is what the visual view draws.
let last: { of: Text; root: Node; blocks: Node[] } | undefined;

function read(text: Text): { root: Node; blocks: Node[] } {
  if (last?.of === text) return last;
  const { root } = readJson(text.toString());
  const blocks: Node[] = [];
  walk(root, (node, member) => { if (!member && (node.kind === "object" || node.kind === "array")) blocks.push(node); });
  last = { of: text, root, blocks };
  return last;
}

/** A new line begins where the one before it does, a level deeper behind an opening bracket. */
const indents = indentService.of((context, at) => {
  const line = context.state.doc.lineAt(at);
  const before = line.text.slice(0, at - line.from);
  return /^[ \t]*/.exec(before)![0].length + (/[{[][ \t]*$/.test(before) ? context.unit : 0);
});

const marks = { name: Decoration.mark({ class: "tok-name" }), string: Decoration.mark({ class: "tok-text" }), other: Decoration.mark({ class: "tok-other" }) };

function colour(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const { from, to } = view.viewport;
  walk(read(view.state.doc).root, (node, member) => {
    const [start, end] = member ? [member.from, member.keyTo] : [node.from, node.to];
    if (end < from || start > to || end <= start) return;
    if (member) builder.add(start, end, marks.name);
    else if (node.kind === "string") builder.add(start, end, marks.string);
    else if (node.kind === "number" || node.kind === "boolean" || node.kind === "null") builder.add(start, end, marks.other);
  });
  return builder.finish();
}

const colours = ViewPlugin.fromClass(class {
  decorations: DecorationSet;
  constructor(view: EditorView) {
    this.decorations = colour(view);
  }
  update(update: ViewUpdate) {
    if (update.docChanged || update.viewportChanged) this.decorations = colour(update.view);
  }
}, { decorations: (plugin) => plugin.decorations });

/** The first block that begins in a line and ends in a later one. */
const folds = foldService.of((state, from, to) => {
  const block = read(state.doc).blocks.find((one) => one.from >= from && one.from < to && one.to > to);
  return block ? { from: block.from + 1, to: block.to - 1 } : null;
});

/** What turns a line around or is not seen stands there by its number. */
const invisible = highlightSpecialChars({
  addSpecialChars: /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/u,
  render: (code, description) => {
    const token = document.createElement("span");
    token.className = "token";
    token.textContent = "U+" + code.toString(16).toUpperCase().padStart(4, "0");
    if (description) token.title = description;
    return token;
  },
});

function completion(names: () => Names) {
  return (context: CompletionContext): CompletionResult | null => {
    const found = cursorAt(read(context.state.doc).root, context.pos);
    if (!found) return null;
    const known = names();
    const { path } = found;
    const tool = path[0] === "tools" ? path[1] : undefined;
    const offered = found.name ? memberNames(path, known.tools) : textValues(path, known.tools, known.fields(tool));
    if (offered.length === 0) return null;
    return {
      from: found.from, to: found.to, filter: true,
      options: offered.map((text) => ({ label: JSON.stringify(text), displayLabel: text, type: found.name ? "property" : "constant" })),
    };
  };
}

function base(label: string): Extension[] {
  return [
    lineNumbers(), foldGutter(), codeFolding(), invisible, drawSelection(), bracketMatching(), colours, folds, indents, theme,
    highlightSelectionMatches(), search({ top: true }), EditorView.lineWrapping, EditorState.tabSize.of(2),
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
    EditorView.perLineTextDirection.of(false),
  ];
}

export interface CodeEditor {
  set(text: string): void;
  show(findings: Finding[]): void;
  /** Puts the cursor at an offset and scrolls there. */
  go(offset: number): void;
  close(): void;
}

function mount(host: HTMLElement, state: EditorState): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.replaceChildren();
  const view = new EditorView({ state, parent: root, root });
  view.scrollDOM.tabIndex = 0;
  view.scrollDOM.setAttribute("role", "group");
  view.scrollDOM.setAttribute("aria-label", "Text of the policy, scrolls");
  return view;
}

export function openEditor(host: HTMLElement, given: { text: string; names: () => Names; typed: (text: string) => void }): CodeEditor {
  let quiet = false;
  const view = mount(host, EditorState.create({
    doc: given.text,
    extensions: [
      // The text keeps the line ends that it came with.
      EditorState.lineSeparator.of(given.text.includes("\r\n") ? "\r\n" : "\n"),
      ...base("Policy document"), highlightActiveLine(), history(), closeBrackets(), lintGutter(),
      autocompletion({ override: [completion(given.names)], activateOnTyping: true }),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
      EditorView.updateListener.of((update) => { if (update.docChanged && !quiet) given.typed(update.state.sliceDoc()); }),
    ],
  }));
  return {
    set(text) {
      const now = view.state.sliceDoc();
      // Positions of the editor count a line end as one; where there are longer ones the whole text is set.
      const edit = text.includes("\r") || now.includes("\r") ? { from: 0, to: view.state.doc.length, insert: text } : change(now, text);
      if (!edit || now === text) return;
      quiet = true;
      view.dispatch({ changes: { ...edit, insert: view.state.toText(edit.insert) } });
      quiet = false;
    },
    show(findings) {
      const text = view.state.sliceDoc();
      const bytes = fromBytes(text);
      const at = (offset: number) => {
        const unit = bytes(offset);
        const extra = text.includes("\r\n") ? (text.slice(0, unit).match(/\r\n/g)?.length ?? 0) : 0;
        return Math.min(unit - extra, view.state.doc.length);
      };
      const diagnostics: Diagnostic[] = findings.map((finding) => {
        const from = at(finding.begin);
        const to = Math.max(at(finding.end), Math.min(from + 1, view.state.doc.length));
        const { fix } = finding;
        return {
          from, to, severity: finding.severity === "error" ? "error" : "warning", message: finding.message,
          actions: fix === undefined ? undefined : [{ name: `Write ${fix}`, apply: (target, start, end) => target.dispatch({ changes: { from: start, to: end, insert: fix } }) }],
        };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    go(offset) {
      const text = view.state.sliceDoc();
      const extra = text.includes("\r\n") ? (text.slice(0, offset).match(/\r\n/g)?.length ?? 0) : 0;
      const at = Math.min(Math.max(0, offset - extra), view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
    close: () => view.destroy(),
  };
}
