// A policy of the gateway read, put and taken back, as docs/api.md spells it.
import { get, getTagged, send } from "../api.ts";
import type { PolicyItem } from "../model.ts";

export interface PolicyVersion {
  version: number;
  sha256: string;
  author: string;
  comment: string;
  created: string;
}

export interface PolicyAnswer {
  policy: PolicyItem;
  versions: PolicyVersion[];
  text: string;
}

const pathOf = (name: string) => `/policies/${encodeURIComponent(name)}`;

export const showPolicy = (server: string, name: string, signal?: AbortSignal) =>
  getTagged<PolicyAnswer>(pathOf(name), { server }, signal);

export const showVersion = async (server: string, name: string, version: number) =>
  (await get<PolicyAnswer>(pathOf(name), { server, version })).text;

export const putPolicy = (server: string, name: string, text: string, comment: string, tag?: string, over?: string) =>
  send<{ policy: PolicyItem; warnings: string[] }>("PUT", pathOf(name), { server, text, comment, ...(over ? { over_failing_tests: over } : {}) }, {}, tag);

export const revertPolicy = (server: string, name: string, version: number, tag?: string) =>
  send<{ policy: PolicyItem }>("POST", pathOf(name) + "/revert", { server, version }, {}, tag);

/** As it was before a change: at the version of then, or, where there was none, gone. */
export async function takeBack(server: string, name: string, version: number | undefined): Promise<void> {
  if (version) await revertPolicy(server, name, version);
  else await send("DELETE", pathOf(name), { server });
}
