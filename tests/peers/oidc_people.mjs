// An issuer of the package oidc-provider by which people log in: authorization code with PKCE. Whoever comes is logged in as
// the account that POST /as/NAME named last.
//   oidc_people.mjs PORT REDIRECT_URI ACCOUNTS   ACCOUNTS: a JSON object, name -> {email, groups}
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const require = createRequire(process.env.DOORWARD_PEERS + '/');
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const { exportJWK, generateKeyPair } = await import(pathToFileURL(require.resolve('jose')));

const [port, redirect, accounts] = [process.argv[2], process.argv[3], JSON.parse(process.argv[4])];
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
let account = Object.keys(accounts)[0];

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] },
  clients: [{
    client_id: 'doorward', client_secret: 'a secret of the client', redirect_uris: [redirect], response_types: ['code'],
    grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  }],
  scopes: ['openid', 'email', 'groups'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  conformIdTokenClaims: false,
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  async loadExistingGrant(context) {
    const { client, session, provider: own } = context.oidc;
    const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email groups');
    await grant.save();
    return grant;
  },
  interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['a key of the test'] },
});

const answer = provider.callback();
createServer(async (request, response) => {
  if (request.url.startsWith('/as/')) {
    account = decodeURIComponent(request.url.slice(4));
    return response.end('{}');
  }
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: account } }, { mergeWithLastSubmission: false });
}).listen(Number(port), '127.0.0.1');
