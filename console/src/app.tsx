import type { ComponentType } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ended, findSession, may, session, signOut, ways } from "./api.ts";
import { helpOpen, onKey } from "./keys.ts";
import { connected, startLive, waiting } from "./live.ts";
import { Banners, lookFirst, looked } from "./parts/banners.tsx";
import { Help } from "./parts/help.tsx";
import { messageOf, Problem } from "./parts/load.tsx";
import { Text } from "./parts/text.tsx";
import { Toasts } from "./parts/toast.tsx";
import { type Page, pages } from "./pages.ts";
import { goOn, SignIn, SignInAgain } from "./sign_in.tsx";
import { followLinks, place, segments } from "./router.ts";
import { setTheme, type Theme, theme } from "./theme.ts";

const loaded = new Map<string, ComponentType>();
const unreachable = signal<string | undefined>(undefined);

async function fetchPage(page: Page): Promise<void> {
  loaded.set(page.segment, (await page.load()).default);
}

function pageOf(segment = ""): Page | undefined {
  return pages.find((one) => one.segment === segment);
}

/** Before anything is drawn: the page's code is fetched while the gateway is asked who is there. */
export function begin(): void {
  const page = pageOf(segments()[0]);
  if (page) fetchPage(page).catch(() => undefined); // where it is drawn, it is fetched again and says what is wrong
  effect(() => lookFirst(!!session.value));
  findSession().then(() => { if (session.value) goOn(); }, (error) => { unreachable.value = messageOf(error); });
}

function Navigation(props: { current: string }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [props.current]);
  return (
    <header class={"side" + (open ? "" : " closed")}>
      <div class="bar">
        <a class="brand" href="/"><img src="/icon.svg" alt="" />Doorward</a>
        <button type="button" class="menu-button" aria-expanded={open} onClick={() => setOpen(!open)}>Menu</button>
      </div>
      <nav aria-label="Pages">
        <ul>
          {pages.filter((page) => !page.aside && (!page.roles || may(...page.roles))).map((page) => (
            <li key={page.segment} class={page.apart ? "apart" : ""}>
              <a href={"/" + page.segment} aria-current={page.segment === props.current ? "page" : undefined}>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d={page.icon} /></svg>
                {page.title}
                {page.segment === "approvals" && waiting.value > 0 && (
                  <span class="count urgent">{waiting.value}<span class="hidden-visually"> waiting</span></span>
                )}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="foot">
        <span class="who"><b><Text of={session.value?.name ?? ""} /></b><span class="dim">{session.value?.roles.join(", ")}</span></span>
        <label class="row">
          Theme
          <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            <option value="system">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
        <span class="links">
          <button type="button" class="plain" onClick={() => void signOut()}>Sign out</button>
          <button type="button" class="plain" onClick={() => { helpOpen.value = true; }}>Keys</button>
          <a href="/about">About</a>
        </span>
      </div>
    </header>
  );
}

/** The page of the address, loaded when it is first wanted. */
function Content(props: { page: Page }) {
  const { page } = props;
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState(false);
  useLayoutEffect(() => {
    setProblem(false);
    if (!loaded.has(page.segment)) fetchPage(page).then(() => redraw((old) => old + 1), () => setProblem(true));
  }, [page]);
  useEffect(() => {
    document.title = `${waiting.value > 0 ? `(${waiting.value}) ` : ""}${page.title} · Doorward`;
  }, [page, waiting.value]);
  // Nothing is lost by a reload: the page has not begun.
  useEffect(() => { if (problem && connected.value) location.reload(); }, [connected.value]);
  const Shown = loaded.get(page.segment);
  if (problem) {
    return (
      <>
        <h1>{page.title}</h1>
        <Problem of={"This page could not be loaded from the gateway. Is it running? `doorward status` tells."} again={() => location.reload()} />
      </>
    );
  }
  return Shown ? <Shown key={page.segment} /> : <p class="dim" role="status">Loading…</p>;
}

function Missing() {
  return (
    <>
      <h1>There is no such page</h1>
      <p><Text of={place.value.path} />{" leads nowhere. "}<a href="/">Go to the first page.</a></p>
    </>
  );
}

export function App() {
  useEffect(() => {
    document.addEventListener("click", followLinks);
    document.addEventListener("keydown", onKey);
    const stop = startLive();
    return () => {
      stop();
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("click", followLinks);
    };
  }, []);
  if (unreachable.value) return <main class="main"><h1>Doorward</h1><Problem of={unreachable.value} again={() => location.reload()} /></main>;
  if (session.value === undefined || (session.value && !looked.value)) return <main class="main"><p class="dim" role="status">Loading…</p></main>;
  if (session.value === null) return <SignIn ways={ways.value} />;
  const first = segments()[0] ?? "";
  const page = pageOf(first);
  return (
    <div class="frame">
      <a class="skip" href="#content">Skip to the content</a>
      <Navigation current={first} />
      <main class="main" id="content" tabIndex={-1}>
        <Banners />
        {page ? <Content page={page} /> : <Missing />}
      </main>
      <Help />
      <Toasts />
      {ended.value && <SignInAgain ways={ways.value} />}
    </div>
  );
}
