import { may } from "../api.ts";
import { place, segments } from "../router.ts";
import { AddServer } from "./servers/add.tsx";
import { ServerPage } from "./servers/detail.tsx";
import { ServerList } from "./servers/list.tsx";
import { Secrets } from "./servers/secrets.tsx";

/** /servers, /servers/<name>; what is added stands in the query. */
export default function Servers() {
  const name = segments()[1];
  if (name) return <ServerPage key={name} name={name} />;
  if (may() && place.value.query.has("add")) return <AddServer />;
  if (may() && place.value.query.has("secrets")) return <Secrets />;
  return <ServerList />;
}
