import { signal } from "@preact/signals";
import { Text } from "./text.tsx";

interface Toast {
  id: number;
  text: string;
  undo?: () => void;
}

const shown = signal<Toast[]>([]);
let last = 0;

function drop(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

/** Says what was done, for a while; with a way back where there is one. */
export function say(text: string, undo?: () => void): void {
  const id = ++last;
  shown.value = [...shown.value, { id, text, undo }];
  setTimeout(() => drop(id), undo ? 20000 : 6000);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map((one) => (
        <div class="toast row" key={one.id}>
          <span><Text of={one.text} /></span>
          {one.undo && <button type="button" onClick={() => { one.undo?.(); drop(one.id); }}>Undo</button>}
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => drop(one.id)}>✕</button>
        </div>
      ))}
    </div>
  );
}
