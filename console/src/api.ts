// The one way to the gateway: the admin API (docs/api.md) with the session's cookie.
import { signal } from "@preact/signals";

/** RFC 9457 problem details, as the gateway sends them. */
export interface Problem {
  status: number;
  detail: string;
  /** End of `type`: `not_found`, `conflict`, ... */
  kind: string;
  findings: { file?: string; line?: number; column?: number; message: string }[];
}

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Who is signed in: undefined while that is not known, null for nobody. Stays where the session `ended` under the page, which
    keeps what was typed into it until the same person signs in again. */
export const session = signal<Session | null | undefined>(undefined);

/** Whether a session ended under the page. */
export const ended = signal(false);

export interface Session {
  name: string;
  roles: string[];
  csrf?: string;
  /** Its id. */
  session?: string;
  [member: string]: unknown;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function apiPath(path: string, query: Query = {}): string {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") set.set(name, String(value));
  }
  const text = set.toString();
  return "/api/v1" + path + (text ? "?" + text : "");
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = response.status === 0 ? "the gateway cannot be reached" : `the gateway answered with ${response.status}`;
  try {
    const body = await response.json();
    return { status: response.status, detail: body.detail ?? body.title ?? fallback,
      kind: String(body.type ?? "").split(":").pop() ?? "", findings: body.findings ?? [] };
  } catch {
    return { status: response.status, detail: fallback, kind: "", findings: [] };
  }
}

async function ask(method: string, address: string, body: unknown, signal?: AbortSignal, ifMatch?: string): Promise<Response> {
  const headers: Record<string, string> = {};
  if (ifMatch) headers["If-Match"] = ifMatch;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const csrf = session.value?.csrf;
  if (method !== "GET" && csrf) headers["X-Doorward-CSRF"] = csrf;
  let response: Response;
  try {
    response = await fetch(address, { method, headers, body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body), signal,
      credentials: "same-origin", redirect: "error" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ status: 0, kind: "unavailable", findings: [],
      detail: "The gateway cannot be reached. Is it running? `doorward status` tells." });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && session.value) ended.value = true;
    throw new ApiError(problem);
  }
  return response;
}

async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as T;
}

/** Reads. `path` is behind /api/v1 and holds escaped segments. Throws an ApiError. */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return json<T>(await ask("GET", apiPath(path, query), undefined, signal));
}

/** Reads what is to be changed: `tag` given to `send` as `ifMatch` lets the change fail where somebody else was faster. */
export async function getTagged<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<{ value: T; tag: string }> {
  const response = await ask("GET", apiPath(path, query), undefined, signal);
  return { tag: response.headers.get("ETag") ?? "", value: await json<T>(response) };
}

/** Changes something, or asks with a body. A string is JSON already, with the digits that JavaScript would not keep. */
export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body: unknown = {},
                              query: Query = {}, ifMatch?: string): Promise<T> {
  // A DELETE takes its members from the query.
  const inQuery = method === "DELETE" ? { ...(body as Query), ...query } : query;
  return json<T>(await ask(method, apiPath(path, inQuery), method === "DELETE" ? undefined : body, undefined, ifMatch));
}

/** Every item of a paged list, or the first `most`. */
export async function all<T>(path: string, items: string, query: Query = {}, most = 5000): Promise<T[]> {
  const out: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await get<Record<string, unknown>>(path, { limit: 1000, ...query, cursor });
    out.push(...((page[items] ?? []) as T[]));
    cursor = page["next"] as string | undefined;
  } while (cursor && out.length < most);
  return out;
}

export async function signIn(user: string, password: string): Promise<void> {
  await open({ user, password });
}

/** By a one-time code, as `doorward ui` makes it. */
export async function signInWithCode(code: string): Promise<void> {
  await open({ code });
}

async function open(body: Record<string, string>): Promise<void> {
  adopt(await json<Session>(await ask("POST", apiPath("/session"), body)));
}

/** A page that was drawn for one person is not gone on with by another. */
function adopt(found: Session): void {
  if (session.value && session.value.name !== found.name) return location.reload();
  session.value = found;
  ended.value = false;
}

/** How people can sign in here. */
export interface Ways {
  password: boolean;
  oidc: boolean;
  /** Nobody can yet, but for the user of the gateway's machine. */
  bootstrap: boolean;
}

export const ways = signal<Ways>({ password: false, oidc: false, bootstrap: false });

/** Learns who is signed in, or how to. */
export async function findSession(): Promise<void> {
  const found = await get<Ways & { session?: Session }>("/login");
  ways.value = found;
  if (found.session) adopt(found.session);
  else if (session.value) ended.value = true;
  else session.value = null;
}

export async function signOut(): Promise<void> {
  await send("DELETE", "/session");
  session.value = null;
  await findSession();
}

/** Whether who is signed in has one of these roles (docs/roles.md); admins have all. */
export function may(...roles: string[]): boolean {
  const own = session.value?.roles ?? [];
  return own.includes("admin") || roles.some((role) => own.includes(role));
}
