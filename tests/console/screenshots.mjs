// Pictures for the documents: each shot a path of the console in a window of its size.
import { join } from "node:path";
import { openTab, visit } from "./browser.mjs";

export async function take(task) {
  for (const { name, path, width, height, theme } of task.shots) {
    const page = await openTab({ width, height, theme, name });
    await visit(page, path);
    await page.waitForTimeout(300); // until fonts and charts stand
    await page.screenshot({ path: join(task.folder, name + ".png"), animations: "disabled" });
    await page.context().close();
  }
}
