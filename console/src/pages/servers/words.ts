// A command line as its words, as a shell reads quotes; nothing is expanded.
export function wordsOfCommand(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let begun = false;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote) {
      if (character === quote) quote = "";
      else if (character === "\\" && quote === '"' && (text[at + 1] === '"' || text[at + 1] === "\\")) word += text[++at];
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      begun = true;
    } else if (character === "\\" && at + 1 < text.length) {
      word += text[++at];
      begun = true;
    } else if (/\s/.test(character)) {
      if (begun || word) words.push(word);
      word = "";
      begun = false;
    } else {
      word += character;
    }
  }
  if (begun || word) words.push(word);
  return words;
}

/** A name for a server that the gateway takes: 1 to 64 of a-z, 0-9 and -. */
export function serverName(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64) || "server";
}
