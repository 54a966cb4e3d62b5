import { get } from "../api.ts";
import { Load, useLoad } from "../parts/load.tsx";

const libraries = [
  ["Preact", "MIT", "https://preactjs.com"],
  ["Preact Signals", "MIT", "https://preactjs.com/guide/v10/signals/"],
  ["CodeMirror and Lezer", "MIT", "https://codemirror.net"],
] as const;

export default function About() {
  const status = useLoad((signal) => get<{ version: string }>("/status", {}, signal), []);
  return (
    <>
      <h1>About Doorward</h1>
      <Load from={status}>{(value) => <p>{`Version ${value.version}. Apache-2.0.`}</p>}</Load>
      <h2>Libraries in this console</h2>
      <ul>{libraries.map(([name, licence, home]) => <li key={name}><a href={home} rel="noreferrer">{name}</a>{`, ${licence}`}</li>)}</ul>
    </>
  );
}
