/** Turns offsets in bytes of UTF-8, as the gateway gives them, into those of a JavaScript string. */
export function fromBytes(text: string): (bytes: number) => number {
  // Where the two part company: after each character beyond ASCII.
  const at: number[] = [];
  const bytes: number[] = [];
  let byte = 0;
  for (let i = 0; i < text.length; ++i) {
    const code = text.codePointAt(i)!;
    byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (code > 0xffff) ++i;
    if (code >= 0x80) {
      at.push(i + 1);
      bytes.push(byte);
    }
  }
  return (wanted) => {
    let low = 0;
    let high = bytes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bytes[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    const offset = low === 0 ? wanted : at[low - 1]! + (wanted - bytes[low - 1]!);
    return Math.min(offset, text.length);
  };
}
