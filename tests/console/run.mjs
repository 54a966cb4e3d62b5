// Runs one task in a browser: run.mjs MODULES CHROMIUM, the task as JSON on standard input, what was found as JSON on standard
// output: {problems: [...], value}. A task names a function of a module beside this file: "pages.mjs look".
import { browser, problems, signIn, task } from "./browser.mjs";

let value;
try {
  if (task.code) await signIn(task.code);
  const [module, name] = task.run.split(" ");
  value = await (await import(`./${module}`))[name](task);
} catch (error) {
  problems.push(`${task.run}: ${error.stack}`);
}
await browser.close();
console.log(JSON.stringify({ problems, value }));
