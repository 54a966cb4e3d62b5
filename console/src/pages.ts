// Every page: its path, its place in the navigation, and its code, which is loaded when it is first asked for.
import type { ComponentType } from "preact";

export interface Page {
  /** First segment of the path; the empty one is the first page. What follows it belongs to the page. */
  segment: string;
  title: string;
  /** Roles that may see it (docs/roles.md); none: everybody who is signed in. */
  roles?: string[];
  /** Not in the navigation. */
  aside?: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

export const pages: Page[] = [
  { segment: "", title: "Overview", load: () => import("./pages/overview.tsx") },
  { segment: "live", title: "Live", load: () => import("./pages/live.tsx") },
  { segment: "approvals", title: "Approvals", load: () => import("./pages/approvals.tsx") },
  { segment: "audit", title: "Audit log", load: () => import("./pages/audit.tsx") },
  { segment: "servers", title: "Servers", load: () => import("./pages/servers.tsx") },
  { segment: "tools", title: "Tools", load: () => import("./pages/tools.tsx") },
  { segment: "policies", title: "Policies", load: () => import("./pages/policies.tsx") },
  { segment: "agents", title: "Agents", load: () => import("./pages/agents.tsx") },
  { segment: "coverage", title: "Coverage", load: () => import("./pages/coverage.tsx") },
  { segment: "settings", title: "Settings", load: () => import("./pages/settings.tsx") },
  { segment: "start", title: "First run", aside: true, load: () => import("./pages/start.tsx") },
  { segment: "about", title: "About", aside: true, load: () => import("./pages/about.tsx") },
];
