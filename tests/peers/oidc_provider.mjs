// An authorization server of the package oidc-provider, for agents with client credentials: access tokens are JWTs for
// the resource that the client names (RFC 8707).
//   oidc_provider.mjs PORT RESOURCES CLIENTS   RESOURCES: a JSON list of URLs; CLIENTS: a JSON object, id -> {secret, groups}
// POST /rotate replaces the key.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const { default: Provider, errors } = await import(pathToFileURL(require.resolve('oidc-provider')));
const { exportJWK, generateKeyPair } = await import(pathToFileURL(require.resolve('jose')));

const [port, resources, clients] = [process.argv[2], ...process.argv.slice(3).map((text) => JSON.parse(text))];
const issuer = `http://127.0.0.1:${port}`;

async function newKey(number) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: `key-${number}`, alg: 'ES256', use: 'sig' };
}

function makeProvider(keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: Object.entries(clients).map(([client_id, { secret }]) => ({
      client_id, client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'client_secret_basic',
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(context, resource) {
          if (!resources.includes(resource)) throw new errors.InvalidTarget();
          return { scope: 'mcp:call mcp:list', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 600,
                   jwt: { sign: { alg: 'ES256' } } };
        },
      },
    },
    extraTokenClaims: (context, token) => ({ groups: clients[token.clientId].groups }),
  });
}

const keys = [await newKey(1)];
let answer = makeProvider(keys).callback();
createServer(async (request, response) => {
  if (request.url !== '/rotate') return answer(request, response);
  keys.splice(0, keys.length, await newKey(2));
  answer = makeProvider(keys).callback();
  response.end('{}');
}).listen(Number(port), '127.0.0.1');
