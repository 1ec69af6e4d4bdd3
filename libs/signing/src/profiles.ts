import type { KeyRule, SignatureHeader, SignatureProfile } from './profile.ts';

/** Any text serves as a key; the upper limit keeps one in a form field. */
const text: KeyRule = { decoding: 'utf8', minCharacters: 1, maxCharacters: 512 };

/** HMAC-SHA256 over the body alone, in hex, keyed with the text of the secret: the commonest convention. */
export const bodySignature = (name: string, header: SignatureHeader): SignatureProfile => ({
  name,
  parts: ['body'],
  separator: '',
  algorithm: 'hmac-sha256',
  encoding: 'hex',
  key: text,
  header,
});

/** HMAC-SHA256 over timestamp and body, both in one header: the convention that Stripe began. */
const timedSignature = (name: string, separator: string, header: SignatureHeader): SignatureProfile => ({
  ...bodySignature(name, header),
  parts: ['timestamp', 'body'],
  separator,
});

/** Standard Webhooks 1.0, symmetric (v1). Source: github.com/standard-webhooks, spec/standard-webhooks.md. */
export const standardWebhooks: SignatureProfile = {
  name: 'standard-webhooks',
  parts: ['id', 'timestamp', 'body'],
  separator: '.',
  algorithm: 'hmac-sha256',
  encoding: 'base64',
  key: { decoding: 'base64-after-prefix', prefix: 'whsec_', minBytes: 24, maxBytes: 64 },
  header: { name: 'webhook-signature', each: 'v1,{signature}', between: ' ' },
  idHeader: 'webhook-id',
  timestampHeader: 'webhook-timestamp',
};

/** Standard Webhooks 1.0, asymmetric (v1a): receivers hold the public key only. */
export const standardWebhooksAsymmetric: SignatureProfile = {
  ...standardWebhooks,
  name: 'standard-webhooks-asymmetric',
  algorithm: 'ed25519',
  key: { decoding: 'key-pair-after-prefix', prefix: 'whsk_', publicPrefix: 'whpk_' },
  header: { name: 'webhook-signature', each: 'v1a,{signature}', between: ' ' },
};

/**
 * Ours, for CloudEvents in binary mode: like Standard Webhooks, but the attributes in headers are signed too, so that
 * nobody gives a signed body another type. A line feed, which no header can hold, keeps the parts apart.
 */
export const cloudEventsBinary: SignatureProfile = {
  ...standardWebhooks,
  name: 'cloudevents-binary',
  parts: [
    'id',
    'timestamp',
    { header: 'ce-source' },
    { header: 'ce-type' },
    { header: 'ce-time' },
    { header: 'ce-subject', optional: true },
    'body',
  ],
  separator: '\n',
  header: { name: 'webhook-signature', each: 'v1ce,{signature}', between: ' ' },
};

/** Source: docs.github.com, validating webhook deliveries. */
export const github = bodySignature('github', { name: 'X-Hub-Signature-256', each: 'sha256={signature}' });

/** The SHA-1 header that GitHub keeps for old receivers. */
export const githubLegacy: SignatureProfile = {
  ...bodySignature('github-legacy', { name: 'X-Hub-Signature', each: 'sha1={signature}' }),
  algorithm: 'hmac-sha1',
};

/** The key is the whole secret with its whsec_. Source: docs.stripe.com/webhooks, verify manually. */
export const stripe = timedSignature('stripe', '.', {
  name: 'Stripe-Signature',
  before: 't={timestamp},',
  each: 'v1={signature}',
  between: ',',
});

/** Source: shopify.dev, verify webhooks. */
export const shopify: SignatureProfile = {
  ...bodySignature('shopify', { name: 'X-Shopify-Hmac-Sha256', each: '{signature}' }),
  encoding: 'base64',
};

/** Version 0 of Hook0, which signs no headers. */
export const hook0 = timedSignature('hook0', '.', {
  name: 'X-Hook0-Signature',
  before: 't={timestamp},',
  each: 'v0={signature}',
  between: ',',
});

/** Looks like Stripe's header, but a comma joins timestamp and body: verifiers of the one refuse the other. */
export const convoyAdvanced = timedSignature('convoy-advanced', ',', {
  name: 'X-Convoy-Signature',
  before: 't={timestamp},',
  each: 'v1={signature}',
  between: ',',
});

/** Default of Outpost: one version for all signatures that follow. */
export const outpost = bodySignature('outpost', {
  name: 'x-outpost-signature',
  before: 'v0=',
  each: '{signature}',
  between: ',',
});
