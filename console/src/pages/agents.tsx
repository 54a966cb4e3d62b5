import { may } from "../api.ts";
import { place, segments } from "../router.ts";
import { CreateGrant } from "./agents/create.tsx";
import { AgentPage } from "./agents/detail.tsx";
import { AgentList } from "./agents/list.tsx";

/** /agents, /agents/<label>; `create` in the query makes one. */
export default function Agents() {
  const label = segments()[1];
  if (label) return <AgentPage key={label} label={label} />;
  if (may() && place.value.query.has("create")) return <CreateGrant />;
  return <AgentList />;
}
