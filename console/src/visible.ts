// Text that others made, as pieces that a reader can trust: what is invisible or turns the line around is named.

export interface Piece {
  text: string;
  /** What stands in place of a character that is not drawn: `U+202E right-to-left override`. */
  name?: string;
}

const names: Record<number, string> = {
  0x00ad: "soft hyphen", 0x061c: "arabic letter mark", 0x115f: "hangul filler", 0x1160: "hangul filler",
  0x180e: "mongolian vowel separator", 0x200b: "zero-width space", 0x200c: "zero-width non-joiner",
  0x200d: "zero-width joiner", 0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x2028: "line separator",
  0x2029: "paragraph separator", 0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding",
  0x202c: "end of direction", 0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x2060: "word joiner",
  0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate", 0x2068: "first strong isolate", 0x2069: "end of isolate",
  0x3164: "hangul filler", 0xfeff: "byte order mark", 0xffa0: "hangul filler",
};

function isInvisible(code: number): boolean {
  return (code < 0x20 && code !== 0x0a && code !== 0x09) || (code >= 0x7f && code < 0xa0) || code in names ||
    (code >= 0x2061 && code <= 0x2064) || (code >= 0x206a && code <= 0x206f) || (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xd800 && code <= 0xdfff) || (code >= 0xe0000 && code <= 0xe0fff) ||
    (code >= 0x1bca0 && code <= 0x1bca3) || (code >= 0x1d173 && code <= 0x1d17a);
}

/** Splits a text into what can be drawn as it is and what is named instead. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let plain = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    // An emoji's own joiner and selector are part of how it looks; both are named all the same: this is evidence.
    if (!isInvisible(code)) {
      plain += character;
      continue;
    }
    if (plain) out.push({ text: plain });
    plain = "";
    const number = "U+" + code.toString(16).toUpperCase().padStart(4, "0");
    out.push({ text: number, name: names[code] ? `${number} ${names[code]}` : number });
  }
  if (plain || out.length === 0) out.push({ text: plain });
  return out;
}

/** The same as one text, for titles, labels and options, which hold no elements. */
export function visible(text: string): string {
  return pieces(text).map((piece) => (piece.name ? `[${piece.text}]` : piece.text)).join("");
}
