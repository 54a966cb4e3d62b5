import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

/** A native modal dialog, open while it is drawn. Escape and a click beside it close it. `actions`: null where its content has them. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; actions?: ComponentChildren }) {
  const own = useRef<HTMLDialogElement>(null);
  const title = useId();
  // Before the next key or click: the focus is still where it has to come back to.
  useLayoutEffect(() => {
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
      {props.actions !== null && <div class="actions">{props.actions ?? <button type="button" onClick={props.onClose}>Close</button>}</div>}
    </dialog>
  );
}
