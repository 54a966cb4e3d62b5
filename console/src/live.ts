// One event stream a tab: every record of the log as it is written, for whoever wants to know.
import { effect, signal } from "@preact/signals";
import { ended, findSession, get, session } from "./api.ts";
import type { LogRecord } from "./record.ts";

/** Whether the stream is up: what the page shows is as new as the gateway's log. */
export const connected = signal(false);
/** Calls that wait for people now. */
export const waiting = signal(0);

// A stream of server-sent events has a name for each kind, and a page hears only names that it asks for.
const names = ["call.intent", "call.denied", "call.outcome", "request.rejected", "approval.requested", "approval.agreed",
  "approval.approved", "approval.denied", "approval.used", "approval.given_back", "approval.expired", "approval.cancelled",
  "policy.loaded", "policy.added", "policy.removed", "policy.reverted", "grant.created", "grant.policy_changed", "grant.rotated", "grant.revoked",
  "server.added", "server.removed", "tool.first_list", "tool.new", "tool.changed", "tool.many", "tool.reviewed", "tool.reclassified",
  "config.reloaded", "config.reload_failed", "server.withheld", "agent.revoked", "agent.restored", "audit.verified", "log.resumed",
  "records.lost", "writer.start", "reset"];
const listeners = new Set<(record: LogRecord) => void>();
let stream: EventSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Calls `listener` with each record from now on; gives what ends that. A record of event `reset` tells that some were missed. */
export function onRecord(listener: (record: LogRecord) => void): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}

function hear(event: MessageEvent<string>): void {
  const record: LogRecord = event.type === "reset" ? { event: "reset", time: new Date().toISOString(), seq: 0 }
    : JSON.parse(event.data) as LogRecord;
  if (record.event.startsWith("approval.") || record.event === "reset") countWaiting();
  for (const listener of listeners) listener(record);
}

function open(): void {
  stream = new EventSource("/api/v1/events");
  for (const name of names) stream.addEventListener(name, hear);
  stream.onopen = () => {
    connected.value = true;
    countWaiting();
  };
  stream.onerror = () => {
    connected.value = false;
    // A browser tries again by itself but where it was refused, as after the end of the session.
    if (stream?.readyState !== EventSource.CLOSED) return;
    close();
    timer = setTimeout(() => {
      findSession().then(() => { if (session.value && !ended.value && !stream) open(); }, () => { timer = setTimeout(open, 5000); });
    }, 2000);
  };
}

function close(): void {
  clearTimeout(timer);
  stream?.close();
  stream = undefined;
  connected.value = false;
}

let counting: ReturnType<typeof setTimeout> | undefined;

/** Asks how many calls wait, once for all that happens within a moment. */
export function countWaiting(): void {
  counting ??= setTimeout(() => {
    counting = undefined;
    get<{ approvals: unknown[] }>("/approvals", { state: "pending", limit: 200 })
      .then((answer) => { waiting.value = answer.approvals.length; }, () => undefined);
  }, 100);
}

/** Listens while somebody is signed in. */
export function startLive(): () => void {
  return effect(() => {
    const name = ended.value ? undefined : session.value?.session;
    close();
    if (name) open();
  });
}
