import { useState } from "preact/hooks";
import { all, may, send } from "../../api.ts";
import { Confirm, useAct } from "../../parts/act.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Load, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";

interface Account {
  server: string; grant?: string; grant_id?: string; type: string; state: string; problem?: string; issuer?: string; scope?: string;
  connected_by?: string; connected_at?: string; renewable?: boolean; token_expires_at?: string;
}

function One(props: { of: Account; changed: () => void }) {
  const { of } = props;
  const act = useAct();
  const [url, setUrl] = useState<string>();
  const [leaving, setLeaving] = useState(false);
  const path = `/upstream-accounts/${encodeURIComponent(of.server)}`;
  const member = of.grant_id ? { grant: of.grant_id } : {};
  const connect = () => act.run(async () => {
    const begun = await send<{ connected: boolean; url?: string }>("POST", path + "/connect", member);
    if (begun.connected) say("Connected.");
    // Only an address of the web is a link: it comes from a server's metadata.
    else if (begun.url && /^https?:\/\//.test(begun.url)) setUrl(begun.url);
    props.changed();
  });
  return (
    <div class="change">
      <Facts of={[
        ["State", <><span class={of.state === "connected" ? "ok" : "failed"}>{of.state}</span>{of.problem && <>{": "}<Text of={of.problem} /></>}</>],
        ["For", of.grant ? <Text of={of.grant} /> : "every grant of the server"],
        ["Issuer", of.issuer && <Text of={of.issuer} />],
        ["Rights", of.scope && <Text of={of.scope} />],
        ["Connected by", of.connected_by && <><Text of={of.connected_by} />{" "}<Time of={of.connected_at} /></>],
        ["Token ends", of.token_expires_at && <Time of={of.token_expires_at} />],
      ]} />
      {act.problem && <Problem of={act.problem} />}
      {url && (
        <p class="banner info">{"Open "}<a href={url} target="_blank" rel="noreferrer noopener">the page of the account's owner</a>
          {" in a browser on the gateway's machine. This page shows the account once it is connected. "}
          <button type="button" onClick={props.changed}>Look again</button></p>
      )}
      {may() && (
        <div class="row">
          <button type="button" class="primary" onClick={connect} disabled={act.busy}>{of.state === "connected" ? "Connect anew" : "Connect account"}</button>
          {of.state === "connected" && <button type="button" class="danger" onClick={() => setLeaving(true)}>Disconnect account</button>}
        </div>
      )}
      {leaving && (
        <Confirm title="Disconnect this account" verb="Disconnect account" danger onClose={() => setLeaving(false)}
                 act={async () => { await send("DELETE", path, member); props.changed(); say("The account is disconnected."); }}>
          <p>{"Its tokens are deleted here and calls to "}<Text of={of.server} />{" fail at once. They are not revoked at the authorization server."}</p>
        </Confirm>
      )}
    </div>
  );
}

/** The accounts of a server that wants OAuth. */
export function Accounts(props: { server: string }) {
  const accounts = useLoad(() => all<Account>("/upstream-accounts", "accounts"), [props.server]);
  return (
    <Load from={accounts}>
      {(value) => {
        const own = value.filter((one) => one.server === props.server);
        return (
          <div class="stack">
            {own.length === 0 && <p class="dim">No grant of this server has an account yet.</p>}
            {own.map((one) => <One key={one.grant_id ?? ""} of={one} changed={accounts.again} />)}
          </div>
        );
      }}
    </Load>
  );
}
