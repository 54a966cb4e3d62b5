import { useEffect, useState } from "preact/hooks";
import { signIn, signInWithCode } from "./api.ts";
import { messageOf, Problem } from "./parts/load.tsx";
import { go } from "./router.ts";

/** The code of `/login#code=...`, which `doorward ui` opens: a fragment reaches no server, and leaves the address at once. */
function takeCode(): string | null {
  if (location.pathname !== "/login" || !location.hash.startsWith("#code=")) return null;
  const code = decodeURIComponent(location.hash.slice("#code=".length));
  go("/", true);
  return code;
}

export function SignIn() {
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
  return (
    <main class="main sign-in">
      <h1>Sign in to Doorward</h1>
      {problem && <Problem of={problem} />}
      <form class="panel" onSubmit={(event) => { event.preventDefault(); void attempt(signIn(user, password)); }}>
        <label class="field"><span>Name</span>
          <input autocomplete="username" required value={user} onInput={(event) => setUser(event.currentTarget.value)} />
        </label>
        <label class="field"><span>Password</span>
          <input type="password" autocomplete="current-password" required value={password}
                 onInput={(event) => setPassword(event.currentTarget.value)} />
        </label>
        <div class="row">
          <button class="primary" disabled={busy}>Sign in</button>
          <a class="button" href="/api/v1/login/oidc">Sign in with your organisation</a>
        </div>
      </form>
      <p class="dim">{"On the gateway's own machine, "}<code>doorward ui</code>{" opens this page signed in."}</p>
    </main>
  );
}
