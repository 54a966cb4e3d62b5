// Judges documents by a JSON Schema (2020-12). In: {"schema", "documents": {NAME: TEXT}}; out: {NAME: null | the first
// error}, where a text that is no JSON has its own.
import { print, request, require } from './steps.mjs';

const Ajv = require('ajv/dist/2020').default;
// Strict but for two habits of ajv's own: a keyword beside its type, a property required where it is not described.
const judge = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(request.schema);

// A number beyond a double is a number all the same; ajv refuses the infinity that JSON.parse makes of it.
const finite = (_, value) => (Math.abs(value) === Infinity ? Math.sign(value) * Number.MAX_VALUE : value);

const verdict = (text) => {
  let document;
  try {
    document = JSON.parse(text, finite);
  } catch (error) {
    return `no JSON: ${error.message}`;
  }
  return judge(document) ? null : `${judge.errors[0].instancePath} ${judge.errors[0].message}`;
};
await print(Object.fromEntries(Object.entries(request.documents).map(([name, text]) => [name, verdict(text)])));
