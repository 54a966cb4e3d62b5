import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** A native modal dialog, open while it is drawn. Escape and a click beside it close it. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; actions?: ComponentChildren }) {
  const own = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = own.current!;
    const before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    return () => { dialog.close(); before?.focus?.(); };
  }, []);
  return (
    <dialog ref={own} aria-labelledby={title} onCancel={(event) => { event.preventDefault(); props.onClose(); }}
            onClick={(event) => { if (event.target === own.current) props.onClose(); }}>
      <h2 id={title}>{props.title}</h2>
      {props.children}
      <div class="actions">{props.actions ?? <button type="button" onClick={props.onClose}>Close</button>}</div>
    </dialog>
  );
}
