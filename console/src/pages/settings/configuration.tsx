import { get } from "../../api.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";

interface Setting { name: string; value: string; source: { kind: "default" | "file" | "flag" | "environment"; file?: string; line?: number }; locked: boolean; warning?: string }
interface Settings { config: string; groups: { name: string; title: string; settings: Setting[] }[] }

function Source(props: { of: Setting["source"] }) {
  const { of } = props;
  if (of.kind === "file") return <code><Text of={`${of.file?.split("/").pop()}:${of.line}`} /></code>;
  return <span class="dim">{of.kind === "flag" ? "command line" : of.kind}</span>;
}

/** Every value of the configuration, where it comes from, and whether it is locked there. */
export function Configuration() {
  const loaded = useLoad((signal) => get<Settings>("/settings", {}, signal), []);
  return (
    <Load from={loaded}>
      {(value) => (
        <>
          <p>{value.config ? <>{"Values stand in "}<code><Text of={value.config} /></code>{", or are the defaults. What is given there, on the command line or by the environment is locked here: change it there and reload."}</>
            : "There is no configuration file: every value is the default, or was given on the command line. With a file, what it names counts."}</p>
          {value.groups.map((group) => (
            <section key={group.name}>
              <h2>{group.title}</h2>
              <table class="cards dense settings">
                <thead><tr><th>Setting</th><th>Value</th><th>From</th><th>Changed</th></tr></thead>
                <tbody>{group.settings.map((one) => (
                  <tr key={one.name}>
                    <td class="mono">{one.name}</td>
                    <td data-label="Value">{one.value === "" ? <span class="dim">none</span> : <Text of={one.value} />}{one.warning && <><br /><span class="warning"><Text of={one.warning} /></span></>}</td>
                    <td data-label="From"><Source of={one.source} /></td>
                    <td data-label="Changed" class="dim">{one.locked ? "locked here" : "in a configuration file"}</td>
                  </tr>
                ))}</tbody>
              </table>
            </section>
          ))}
        </>
      )}
    </Load>
  );
}
