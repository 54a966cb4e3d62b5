import { say } from "./toast.tsx";

/** A text to take away, with a button that copies it. */
export function Copy(props: { text: string; label: string; secret?: boolean }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
      say("Copied.");
    } catch {
      say("The browser does not let this page copy; select the text instead.");
    }
  };
  return (
    <div class="fenced">
      <div class="row spread">
        <span class="whose">{props.label}</span>
        <button type="button" onClick={copy}>Copy<span class="hidden-visually">{" " + props.label}</span></button>
      </div>
      <pre tabIndex={0} aria-label={props.label}>{props.text}</pre>
    </div>
  );
}
