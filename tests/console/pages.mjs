// Every page in light and dark, wide and narrow.
import { axe, noSidewaysScroll, openTab, shoot, visit } from "./browser.mjs";

export async function look(task) {
  const seen = {};
  // Both widths at once: a page waits more than it works.
  await Promise.all([1360, 390].map(async (width) => {
    for (const theme of ["light", "dark"]) {
      const page = await openTab({ width, theme, anonymous: task.anonymous });
      for (const { name, path, heading } of task.pages) {
        page.about = `${name} ${width} ${theme}`;
        try {
          await visit(page, path);
          const title = await page.locator("main h1").first().textContent();
          if (!title.includes(heading)) page.wrong(`the heading is "${title}", not "${heading}"`);
          await noSidewaysScroll(page);
          await axe(page);
          await shoot(page, `${name}-${width}-${theme}`);
        } catch (error) {
          page.wrong(error.message);
        }
        seen[name] = (seen[name] ?? 0) + 1;
      }
      await page.context().close();
    }
  }));
  return seen;
}
