/** Whether policies read a name as a pattern; a tool that is called so cannot be named alone. */
export function isGlob(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whole-name match: `*` is any text, `?` one character. */
export function matches(pattern: string, name: string): boolean {
  const wanted = [...pattern];
  const given = [...name];
  let at = 0;
  let in_ = 0;
  let star = -1;
  let taken = 0;
  while (in_ < given.length) {
    if (wanted[at] === "*") {
      star = at++;
      taken = in_;
    } else if (at < wanted.length && (wanted[at] === "?" || wanted[at] === given[in_])) {
      ++at;
      ++in_;
    } else if (star >= 0) {
      at = star + 1;
      in_ = ++taken;
    } else {
      return false;
    }
  }
  while (wanted[at] === "*") ++at;
  return at === wanted.length;
}
