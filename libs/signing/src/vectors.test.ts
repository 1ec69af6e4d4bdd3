import { describe, expect, test } from '@jest/globals';
import {
  bodySignature,
  github,
  githubLegacy,
  hook0,
  prepareKey,
  shopify,
  sign,
  standardWebhooks,
  standardWebhooksAsymmetric,
  stripe,
  verify,
  type SignatureProfile,
} from './index.ts';

/** Published vectors, and where none is published, ours (peers-features.md, section 4). */
interface Vector {
  readonly name: string;
  readonly profile: SignatureProfile;
  readonly secret: string;
  readonly id?: string;
  readonly timestampSeconds?: number;
  readonly body: string;
  readonly header: readonly [string, string];
}

const spaced = '{"test": 2432232314}';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';

const vectors: readonly Vector[] = [
  {
    name: 'SW-1, reference JavaScript tests',
    profile: standardWebhooks,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    id,
    timestampSeconds: 1614265330,
    body: spaced,
    header: ['webhook-signature', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
  },
  {
    name: 'SW-2, reference Rust tests',
    profile: standardWebhooks,
    secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
    timestampSeconds: 1649367553,
    body: '{"email":"test@example.com","username":"test_user"}',
    header: ['webhook-signature', 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw='],
  },
  {
    name: 'SW-3, Svix worker test, Ed25519',
    profile: standardWebhooksAsymmetric,
    secret: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
    id,
    timestampSeconds: 1614265330,
    body: spaced,
    header: [
      'webhook-signature',
      'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    ],
  },
  {
    name: "GitHub's documentation",
    profile: github,
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    header: ['X-Hub-Signature-256', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'],
  },
  {
    name: 'Stripe, ours',
    profile: stripe,
    secret: 'whsec_test_secret',
    timestampSeconds: 1614265330,
    body: spaced,
    header: ['Stripe-Signature', 't=1614265330,v1=10c96c6fd3f320fcfc264cdc4f476c15060ede8e8a08404cea2ddf3b72544a9c'],
  },
  {
    name: 'Shopify, ours',
    profile: shopify,
    secret: 'hush',
    body: spaced,
    header: ['X-Shopify-Hmac-Sha256', 'GSMkouYq910XCW7wBeiXYHW1KhmYc/L3xj5h5r26zw4='],
  },
  {
    name: 'Hook0 version 0, its test',
    profile: hook0,
    secret: 'secret',
    timestampSeconds: 1636936200,
    body: 'hello !',
    header: ['X-Hook0-Signature', 't=1636936200,v0=1b3d69df55f1e52f05224ba94a5162abeb17ef52cd7f4948c390f810d6a87e98'],
  },
  {
    name: 'the hub document, ours',
    profile: bodySignature('hub', { name: 'X-Hub-Signature', each: 'sha256={signature}' }),
    secret: 'your-secret-key',
    body: '{"taskId":"123","status":"completed"}',
    header: ['X-Hub-Signature', 'sha256=557ead5f36dbf56436926663df6b687dc5eefa0ee1689f884fceb47cab90b92c'],
  },
];

describe('vectors', () => {
  test.each(vectors)('$name', ({ profile, secret, body, header, ...rest }) => {
    const message = { id: rest.id ?? 'evt_1', timestampSeconds: rest.timestampSeconds ?? 0, body: Buffer.from(body) };
    const key = prepareKey(profile, secret);
    const headers = sign(profile, message, [key]);
    expect(headers.at(-1)).toEqual({ name: header[0], value: header[1] });
    const received = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    const options = { nowSeconds: message.timestampSeconds };
    expect(verify(profile, message.body, received, [key], options)).toEqual({ ok: true });
  });

  test('the public key of SW-3 verifies what its private key signed, and cannot sign', () => {
    const publicKey = prepareKey(standardWebhooksAsymmetric, 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=');
    const signature = vectors[2]?.header[1] ?? '';
    const received = { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature };
    const options = { nowSeconds: 1614265330 };
    const body = Buffer.from(spaced);
    expect(verify(standardWebhooksAsymmetric, body, received, [publicKey], options)).toEqual({ ok: true });
    expect(() => sign(standardWebhooksAsymmetric, { id, timestampSeconds: 1, body }, [publicKey])).toThrow(
      'A public key cannot sign.',
    );
  });

  test('the SHA-1 header of GitHub has 40 digits', () => {
    const key = prepareKey(githubLegacy, 'secret');
    const [header] = sign(githubLegacy, { id: '', timestampSeconds: 0, body: Buffer.from('x') }, [key]);
    expect(header?.value).toMatch(/^sha1=[0-9a-f]{40}$/);
  });
});
