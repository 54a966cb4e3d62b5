// Judges values by schemas of an OpenAPI 3.1 document, which is itself judged, too. In: {"document", "checks": [[WHAT,
// SCHEMA, VALUE]]}; out: a list of what is wrong.
import { print, request, require } from './steps.mjs';

const Ajv = require('ajv/dist/2020').default;
const judge = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
judge.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
for (const keyword of ['openapi', 'info', 'servers', 'security', 'paths', 'components']) judge.addKeyword(keyword);
judge.addSchema({ $id: 'https://doorward.invalid/openapi', ...request.document });

const wrong = [];
const compiled = new Map();
const schemaOf = (schema) => {
  const text = JSON.stringify(schema).replaceAll('"#/', '"https://doorward.invalid/openapi#/');
  if (!compiled.has(text)) compiled.set(text, judge.compile(JSON.parse(text)));
  return compiled.get(text);
};
for (const schema of Object.values(request.document.components.schemas)) schemaOf(schema);
for (const [what, schema, value] of request.checks) {
  const fits = schemaOf(schema);
  if (!fits(value)) wrong.push(`${what}: ${judge.errorsText(fits.errors)}`);
}
await print([...new Set(wrong)]);
