export type {
  Header,
  KeyRule,
  SignatureHeader,
  SignatureProfile,
  SignedMessage,
  SignedPart,
  SigningAlgorithm,
} from './profile.ts';
export {
  bodySignature,
  cloudEventsBinary,
  convoyAdvanced,
  github,
  githubLegacy,
  hook0,
  outpost,
  shopify,
  standardWebhooks,
  standardWebhooksAsymmetric,
  stripe,
} from './profiles.ts';
export { prepareKey, secretProblem, type PreparedKey } from './key.ts';
export { newSecret, verificationSecret, type RandomBytes } from './secret.ts';
export { sign } from './sign.ts';
export { verify, type ReceivedHeaders, type Verification, type VerifyFailure, type VerifyOptions } from './verify.ts';
