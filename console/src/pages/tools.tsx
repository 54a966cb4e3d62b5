import { address, place, segments } from "../router.ts";
import { CatalogueSearch } from "./tools/catalogue.tsx";
import { ToolMatrix } from "./tools/matrix.tsx";
import { AttackPage, CatalogueServer, StackPage } from "./tools/pages.tsx";
import { ToolPage } from "./tools/tool.tsx";

const views = [["", "Tools and agents"], ["catalogue", "Catalogue"], ["attacks", "Attacks"]] as const;

/** /tools, /tools/<server>, /tools/<server>/<tool>; stacks and attacks stand in the query, so that no server's name meets them. */
export default function Tools() {
  const [, server, tool] = segments();
  const { query } = place.value;
  if (server && tool) return <ToolPage key={server + "/" + tool} server={server} tool={tool} />;
  if (server) return <CatalogueServer key={server} name={server} />;
  if (query.get("stack")) return <StackPage id={query.get("stack")!} />;
  if (query.get("attack")) return <AttackPage id={query.get("attack")!} />;
  const view = query.get("view") === "list" ? "" : query.get("view") ?? "";
  return (
    <>
      <h1>Tools</h1>
      <ul class="tabs">{views.map(([id, title]) => <li key={id}><a href={address(["tools"], { view: id })} aria-current={id === view ? "page" : undefined}>{title}</a></li>)}</ul>
      {view === "catalogue" ? <CatalogueSearch /> : view === "attacks" ? <AttackPage id="" /> : <ToolMatrix />}
    </>
  );
}
