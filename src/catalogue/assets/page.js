"use strict";

// Copy buttons: made here, so that no page shows a button that does nothing.
for (const figure of document.querySelectorAll("figure.code")) {
  const caption = figure.querySelector("figcaption");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${caption.textContent}`);
  button.addEventListener("click", async () => {
    const text = figure.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(figure.querySelector("code"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  caption.append(button);
}

// Search over search.json: {"severities", "categories", "signals": [...], "servers": [[slug, title, address, tools, words]],
// "tools": [[server, name, address, category, severity, signals, description]]}. Everything is set as text, never as markup.
const form = document.querySelector("form.search");
if (form) {
  const input = form.querySelector("input");
  const found = form.querySelector(".found");
  const results = form.querySelector(".results");
  const kMost = 50;
  let index;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());

  const load = () => {
    index ??= fetch(form.dataset.index).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    });
    return index;
  };

  const item = (title, address, of, severity, category) => {
    const line = document.createElement("li");
    const name = document.createElement(address ? "a" : "span");
    if (address) name.setAttribute("href", address);
    name.textContent = title;
    line.append(name);
    if (of) {
      const where = document.createElement("span");
      where.className = "of";
      where.textContent = ` ${of} `;
      line.append(where);
    }
    for (const [text, level] of [[category, severity], [severity, severity]]) {
      if (!text) continue;
      const badge = document.createElement("span");
      badge.className = `badge severity ${level}`;
      badge.textContent = text;
      line.append(" ", badge);
    }
    return line;
  };

  const show = async () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) {
      results.replaceChildren();
      found.textContent = "";
      return;
    }
    let all;
    try {
      all = await load();
    } catch {
      index = undefined;
      found.textContent = "The index could not be read: search works where the site is served over HTTP.";
      return;
    }
    const fits = (text) => words.every((word) => text.includes(word));
    // What is called so comes before what only speaks of it.
    const named = [];
    const others = [];
    for (const [slug, title, address, tools, text] of all.servers) {
      const called = `${slug} ${title}`.toLowerCase();
      if (!fits(`${called} ${text.toLowerCase()}`)) continue;
      (fits(called) ? named : others).push([title, address, `server, ${tools} tool${tools === 1 ? "" : "s"}`]);
    }
    for (const [server, name, address, category, severity, signals, description] of all.tools) {
      const [slug, title] = all.servers[server];
      const called = `${name} ${name.replace(/[_.-]/g, " ")}`.toLowerCase();
      const about = `${called} ${slug} ${title} ${all.categories[category]} ${all.severities[severity]} ` +
        `${signals.map((signal) => all.signals[signal]).join(" ")} ${description}`;
      if (!fits(about.toLowerCase())) continue;
      (fits(called) ? named : others).push([name, address, `of ${title}`, all.severities[severity], all.categories[category]]);
    }
    const count = named.length + others.length;
    const lines = [...named, ...others].slice(0, kMost).map((parts) => item(...parts));
    results.replaceChildren(...lines);
    found.textContent = count === 0 ? "Nothing found."
      : count > kMost ? `${count} found, the first ${kMost} shown.`
      : `${count} found.`;
  };
  input.addEventListener("input", show);
}
