import { useEffect, useState } from "preact/hooks";
import { type Ways, signIn, signInWithCode } from "./api.ts";
import { Copy } from "./parts/copy.tsx";
import { messageOf, Problem } from "./parts/load.tsx";
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

export function SignIn(props: { ways: Ways; ended: boolean }) {
  const { ways } = props;
  const [user, setUser] = useState("");
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
  useEffect(() => {
    document.title = "Sign in · Doorward";
    const code = takeCode();
    if (code) void attempt(signInWithCode(code));
  }, []);
  const path = place.value.path;
  return (
    <main class="main sign-in">
      <h1>Sign in to Doorward</h1>
      {problem && <Problem of={problem} />}
      {props.ended && !problem && <p class="banner info" role="status">Your session has ended. Sign in to go on where you were.</p>}
      {!props.ended && path !== "/" && !busy && <p class="dim">After that you get to the page that you asked for.</p>}
      {(ways.password || ways.oidc) && (
        <form class="panel stack" onSubmit={(event) => { event.preventDefault(); void attempt(signIn(user, password)); }}>
          {ways.password && (
            <div>
              <label class="field"><span>Name</span>
                <input autocomplete="username" required value={user} onInput={(event) => setUser(event.currentTarget.value)} />
              </label>
              <label class="field"><span>Password</span>
                <input type="password" autocomplete="current-password" required value={password}
                       onInput={(event) => setPassword(event.currentTarget.value)} />
              </label>
              <button class="primary" disabled={busy}>Sign in</button>
            </div>
          )}
          {ways.oidc && <div><a class="button" href="/api/v1/login/oidc" onClick={remember}>Sign in with your organisation</a></div>}
        </form>
      )}
      <section aria-label="On the gateway's own machine">
        <p class={ways.bootstrap ? "" : "dim"}>
          {ways.bootstrap
            ? "Nobody has an account here yet. On the gateway's own machine this command opens the console, signed in as its admin:"
            : "On the gateway's own machine this command opens the console, signed in:"}
        </p>
        <Copy text="doorward ui" label="Command" />
        {ways.bootstrap && (
          <>
            <p>To let yourself and others sign in from elsewhere, add a person there:</p>
            <Copy text="doorward user add alice --role admin" label="Command to add a person" />
          </>
        )}
      </section>
    </main>
  );
}
