import type { ComponentType } from "preact";
import { may } from "../api.ts";
import { segments } from "../router.ts";
import { OwnPassword, Sessions, Tokens } from "./settings/access.tsx";
import { Backup } from "./settings/backup.tsx";
import { Configuration } from "./settings/configuration.tsx";
import { Gateway } from "./settings/gateway.tsx";
import { Notifications } from "./settings/notifications.tsx";
import { People } from "./settings/people.tsx";

interface Section { id: string; title: string; roles?: string[]; parts: { title?: string; of: ComponentType }[] }

/** What can do harm stands last. */
const sections: Section[] = [
  { id: "", title: "Gateway", parts: [{ of: Gateway }] },
  { id: "you", title: "You", parts: [{ title: "Password", of: OwnPassword }, { title: "Access tokens", of: Tokens }, { title: "Sessions", of: Sessions }] },
  { id: "people", title: "People and roles", roles: ["auditor"], parts: [{ of: People }] },
  { id: "notifications", title: "Notifications", parts: [{ title: "Channels", of: Notifications }] },
  { id: "configuration", title: "Configuration", parts: [{ of: Configuration }] },
  { id: "backup", title: "Backup and reload", roles: [], parts: [{ of: Backup }] },
];

export default function Settings() {
  const id = segments()[1] ?? "";
  const seen = sections.filter((one) => !one.roles || may(...one.roles));
  const section = seen.find((one) => one.id === id) ?? seen[0]!;
  return (
    <>
      <h1>Settings</h1>
      <ul class="tabs">{seen.map((one) => <li key={one.id}><a href={"/settings" + (one.id ? "/" + one.id : "")} aria-current={one === section ? "page" : undefined}>{one.title}</a></li>)}</ul>
      {section.parts.map((part, index) => <section key={index}>{part.title && <h2>{part.title}</h2>}<part.of /></section>)}
    </>
  );
}
