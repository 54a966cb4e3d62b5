// What everybody should know before they believe a page: above all pages.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, session } from "../api.ts";
import { ahead, learnTime } from "../clock.ts";
import { connected, onRecord } from "../live.ts";
import { Text } from "./text.tsx";

interface PolicyRow {
  name: string;
  server: string;
  mode: string;
}

const observing = signal<PolicyRow[]>([]);
const broken = signal<string>("");
const mostSkew = 120_000;
const loopback = ["localhost", "127.0.0.1", "[::1]"];

async function look(): Promise<void> {
  const policies = await get<{ policies: PolicyRow[] }>("/policies", { limit: 1000 });
  observing.value = policies.policies.filter((one) => one.mode === "observe");
}

/** What the log's own answer says of its chain; pages that read the log pass it on. */
export function tellChain(chain: { state: string; first_bad?: { writer: string; epoch: number; seq: number } } | undefined): void {
  const bad = chain?.state === "broken" ? chain.first_bad : undefined;
  broken.value = chain?.state === "broken" ? (bad ? `${bad.writer}/${bad.epoch}/${bad.seq}` : "a record") : "";
}

/** Whether it is known what stands above the pages. Nothing is drawn before: it would move under somebody's pointer. */
export const looked = signal(false);

/** For whoever signs in, who did not hear what happened before. */
export function lookFirst(signedIn: boolean): void {
  if (!signedIn) looked.value = false;
  else if (!looked.peek()) look().catch(() => undefined).finally(() => { looked.value = true; });
}

async function lookAtLog(): Promise<void> {
  const newest = await get<{ chain?: { state: string } }>("/records", { limit: 1 });
  tellChain(newest.chain);
  const before = Date.now();
  const status = await get<{ now?: string }>("/status");
  learnTime(status.now, before, Date.now());
}

export function Banners() {
  const name = session.value?.name;
  useEffect(() => {
    if (!name) return;
    // The page's own questions go first.
    const first = setTimeout(() => lookAtLog().catch(() => undefined), 300);
    const stop = onRecord((record) => { if (/^(policy|config)\.|^reset$/.test(record.event)) look().catch(() => undefined); });
    const timer = setInterval(() => { look().catch(() => undefined); lookAtLog().catch(() => undefined); }, 300_000);
    return () => { stop(); clearTimeout(first); clearInterval(timer); };
  }, [name]);
  const names = observing.value.map((one) => one.name);
  return (
    <>
      {broken.value && (
        <p class="banner bad" role="alert">
          <strong>The log is not whole.</strong>{" The first record that does not fit is "}<Text of={broken.value} />
          {". Nothing after it can be trusted as it stands. "}<a href="/audit">Audit log</a>
        </p>
      )}
      {names.length > 0 && (
        <p class="banner warn">
          <strong>Observe mode:</strong>{` ${names.length === 1 ? "the policy" : "the policies"} `}
          {names.slice(0, 4).map((one, i) => <>{i > 0 && ", "}<a href={"/policies/" + encodeURIComponent(one)}><Text of={one} /></a></>)}
          {names.length > 4 && ` and ${names.length - 4} more`}
          {` ${names.length === 1 ? "refuses" : "refuse"} nothing and ${names.length === 1 ? "records" : "record"} what would be refused. `}
          <a href="/audit?decision=would_deny">What would be refused</a>
        </p>
      )}
      {location.protocol === "http:" && !loopback.includes(location.hostname) && (
        <p class="banner bad" role="alert">
          <strong>This page came without encryption.</strong>
          {" Whoever is on the way can read it and act as you. Set admin.tls in the configuration, or use an SSH tunnel."}
        </p>
      )}
      {Math.abs(ahead.value) > mostSkew && (
        <p class="banner warn">{`The clocks of this browser and of the gateway differ by ${Math.round(Math.abs(ahead.value) / 60_000)} minutes. Times on this page are the gateway's.`}</p>
      )}
      {name && !connected.value && <Lost />}
    </>
  );
}

/** Only after a while: a page that has just been opened is not connected yet. */
function Lost() {
  const shown = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => { shown.value = true; }, 4000);
    return () => clearTimeout(timer);
  }, []);
  return <>{shown.value && <p class="banner warn" role="status">No connection to the gateway. What you see may be old; this page goes on trying.</p>}</>;
}
