// Prints documents by chance with what the console says of one tool in each, before and after it has set a state.
const [root, count] = process.argv.slice(2);
const { Chance, categories, policyDocument, toolNames } = await import(`${root}/console/test/policy_documents.ts`);
const { setState, states, toolState } = await import(`${root}/console/src/policy/tool_state.ts`);
const { rootOf } = await import(`${root}/console/src/policy/document.ts`);

const chance = new Chance(7);
const cases = [];
while (cases.length < Number(count)) {
  const { text, unknown } = policyDocument(chance);
  const tool = chance.of(toolNames.filter((name) => name !== ""));
  if (unknown) continue;
  const category = chance.of(categories);
  const after = setState(text, rootOf, tool, chance.of(states), category);
  for (const document of [text, after]) {
    const { state, path, own } = toolState(rootOf(document), tool, category);
    cases.push({ text: document, tool, category, state, path, own });
  }
}
console.log(JSON.stringify(cases));
