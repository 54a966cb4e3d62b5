import { segments } from "../router.ts";
import "../style/policies.css";
import { Editor } from "./policies/editor.tsx";
import { PolicyList } from "./policies/list.tsx";
import { NewPolicy } from "./policies/new_policy.tsx";

/** /policies, /policies/new, /policies/<server>/<name> */
export default function Policies() {
  const [, server, name] = segments();
  if (server !== undefined && name !== undefined) return <Editor key={server + "/" + name} server={server} name={name} />;
  return server === "new" ? <NewPolicy /> : <PolicyList />;
}
