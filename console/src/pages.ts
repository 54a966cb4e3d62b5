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
  /** Its sign in the navigation: an SVG path of 16 by 16. */
  icon?: string;
  /** Begins another group of the navigation. */
  apart?: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

export const pages: Page[] = [
  { segment: "", title: "Overview", icon: "M2 2h5v7H2zM9 2h5v3.5H9zM9 7.5h5V14H9zM2 11h5v3H2z", load: () => import("./pages/overview.tsx") },
  { segment: "live", title: "Live", icon: "M1 8.5h3L6 3l4 10.5 2-5h3", load: () => import("./pages/live.tsx") },
  { segment: "approvals", title: "Approvals", icon: "M2 2.5h12v11H2zM5 8l2.2 2.2L11 6", load: () => import("./pages/approvals.tsx") },
  { segment: "audit", title: "Audit log", icon: "M2 3.5h12M2 8h12M2 12.5h7", load: () => import("./pages/audit.tsx") },
  { segment: "servers", title: "Servers", apart: true, icon: "M2 2.5h12v4.5H2zM2 9h12v4.5H2zM5 4.75h.01M5 11.25h.01", load: () => import("./pages/servers.tsx") },
  { segment: "tools", title: "Tools", icon: "M8 1.5l5.7 3.2v6.6L8 14.5l-5.7-3.2V4.7zM2.3 4.7L8 8l5.7-3.3M8 8v6.5", load: () => import("./pages/tools.tsx") },
  { segment: "policies", title: "Policies", icon: "M8 1.5l5.5 2V8c0 3.2-2.3 5.4-5.5 6.5C4.8 13.4 2.5 11.2 2.5 8V3.5z", load: () => import("./pages/policies.tsx") },
  { segment: "agents", title: "Agents", icon: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14.5c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5", load: () => import("./pages/agents.tsx") },
  { segment: "coverage", title: "Coverage", apart: true, icon: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM8 10.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4z", load: () => import("./pages/coverage.tsx") },
  { segment: "settings", title: "Settings", icon: "M2 4.5h5M11 4.5h3M2 11.5h3M9 11.5h5M9 2.5v4M7 9.5v4", load: () => import("./pages/settings.tsx") },
  { segment: "start", title: "First run", aside: true, load: () => import("./pages/start.tsx") },
  { segment: "about", title: "About", aside: true, load: () => import("./pages/about.tsx") },
];
