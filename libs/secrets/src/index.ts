export { openKeyring, type Keyring, type SealContext } from './keyring.ts';
export { masterKeyProblem } from './master-key.ts';
export { apiKeyHint, newApiKey, sha256Hex, type NewApiKey, type RandomBytes } from './api-key.ts';
