import { useEffect, useState } from "preact/hooks";
import { findSession, session, type Ways, signIn, signInWithCode } from "./api.ts";
import { Copy } from "./parts/copy.tsx";
import { Dialog } from "./parts/dialog.tsx";
import { messageOf, Problem } from "./parts/load.tsx";
import { Text } from "./parts/text.tsx";
import { go, place } from "./router.ts";

const wantedKey = "doorward.wanted";

/** An address of this console, and of nothing else. */
function ours(address: string | null): string {
  return address && /^\/(?![/\\])/.test(address) && !address.startsWith("/login") ? address : "/";
}

/** The code of `/login#code=...`, which `doorward ui` opens: a fragment reaches no server, and leaves the address at once. */
function takeCode(): string | null {
  if (location.pathname !== "/login") return null;
  const code = location.hash.startsWith("#code=") ? decodeURIComponent(location.hash.slice("#code=".length)) : null;
  go(ours(place.value.query.get("to")), true);
  return code;
}

/** An issuer sends the browser back to the first page; where it was going is remembered in this tab. */
export function goOn(): void {
  if (location.pathname === "/login") go(ours(place.value.query.get("to")), true);
  try {
    const wanted = sessionStorage.getItem(wantedKey);
    sessionStorage.removeItem(wantedKey);
    if (wanted && location.pathname === "/") go(ours(wanted), true);
  } catch {
    // A browser that keeps nothing stays on the first page.
  }
}

function remember(): void {
  try {
    sessionStorage.setItem(wantedKey, place.value.path + location.search);
  } catch {
    // The same.
  }
}

function SignInForm(props: { ways: Ways; code?: string; again?: boolean }) {
  const { ways } = props;
  const [user, setUser] = useState(session.value?.name.replace(/^user:/, "") ?? "");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const attempt = async (sign: Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await sign;
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => { if (props.code) void attempt(signInWithCode(props.code)); }, [props.code]);
  return (
    <>
      {problem && <Problem of={problem} />}
      {busy && props.code && <p class="dim" role="status">Signing in…</p>}
      {(ways.password || ways.oidc) && (
        <form class="stack" onSubmit={(event) => { event.preventDefault(); void attempt(signIn(user, password)); }}>
          {ways.password && (
            <div>
              <label class="field"><span>Name</span>
                <input autocomplete="username" required value={user} onInput={(event) => setUser(event.currentTarget.value)} />
              </label>
              <label class="field"><span>Password</span>
                <input type="password" autocomplete="current-password" required value={password}
                       onInput={(event) => setPassword(event.currentTarget.value)} />
              </label>
              <button class="primary wide" disabled={busy}>Sign in</button>
            </div>
          )}
          {ways.password && ways.oidc && <p class="or dim">or</p>}
          {/* Beside a page that keeps what was typed, another tab signs in: both have one session. */}
          {ways.oidc && <div><a class="button wide" href="/api/v1/login/oidc" target={props.again ? "_blank" : undefined} onClick={remember}>Sign in with your organisation</a></div>}
        </form>
      )}
      <section aria-label="On the gateway's own machine">
        <p class={ways.bootstrap ? "" : "dim"}>
          {ways.bootstrap
            ? "Nobody has an account here yet. On the gateway's own machine this command opens the console, signed in as its admin:"
            : "On the gateway's own machine this command opens the console, signed in:"}
        </p>
        <Copy text="doorward ui" label="Command" />
        {ways.bootstrap && !props.again && (
          <>
            <p>To let yourself and others sign in from elsewhere, add a person there:</p>
            <Copy text="doorward user add alice --role admin" label="Command to add a person" />
          </>
        )}
      </section>
    </>
  );
}

export function SignIn(props: { ways: Ways }) {
  const [code, setCode] = useState<string>();
  useEffect(() => {
    document.title = "Sign in · Doorward";
    setCode(takeCode() ?? undefined);
  }, []);
  return (
    <main class="main sign-in">
      <p class="brand"><img src="/icon.svg" alt="" />Doorward</p>
      <div class="panel">
        <h1>Sign in to Doorward</h1>
        {place.value.path !== "/" && !code && <p class="dim">After that you get to the page that you asked for.</p>}
        <SignInForm ways={props.ways} code={code} />
      </div>
    </main>
  );
}

/** Over the page, which stays as it is; goes away when the person has a session again, by this form or another tab. */
export function SignInAgain(props: { ways: Ways }) {
  useEffect(() => {
    const look = () => { if (!document.hidden) findSession().catch(() => undefined); };
    const timer = setInterval(look, 5000);
    addEventListener("focus", look);
    return () => { clearInterval(timer); removeEventListener("focus", look); };
  }, []);
  return (
    <Dialog title="Your session has ended" onClose={() => undefined} actions={null}>
      <p>{"Sign in as "}<b><Text of={session.value?.name} /></b>{" to go on. What you typed on this page is still there. "}<a href="/" target="_top">Leave the page</a></p>
      <SignInForm ways={props.ways} again />
    </Dialog>
  );
}
