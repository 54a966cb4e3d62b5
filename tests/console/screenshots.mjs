// Pictures for the documents: each shot a path of the console in a window of its size.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTab, visit } from "./browser.mjs";
import { withPalette } from "./palette.mjs";

export async function take(task) {
  for (const { name, path, width, height, theme } of task.shots) {
    const page = await openTab({ width, height, theme, name });
    await visit(page, path);
    await page.waitForFunction(() => !document.body.innerText.includes("Running…"));
    await page.waitForTimeout(500); // until charts stand
    writeFileSync(join(task.folder, name + ".png"), withPalette(await page.screenshot({ animations: "disabled" })));
    await page.context().close();
  }
}
