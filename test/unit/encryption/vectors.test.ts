import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Opener, Sealer } from '../../../src/encryption/directions.js';
import { agree, derive } from '../../../src/encryption/key-agreement.js';
import { MessageKeys } from '../../../src/encryption/message-keys.js';
import { JosePeer } from '../../helpers/jose-peer.js';

const document = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
const [, block = ''] = /\*\*Test vectors\.\*\*[^]*?```\n([^]*?)```/.exec(document) ?? [];
const vectors = new Map(block.split('\n').map((line) => line.split(/ {2,}/) as [string, string]));

function vector(name: string): string {
  const value = vectors.get(name);
  if (value === undefined) throw new Error(`PROTOCOL.md has no vector "${name}"`);
  return value;
}

function pairOf(name: string) {
  const [x, y, d] = [vector(`${name} x`), vector(`${name} y`), vector(`${name} d`)];
  const privateKey = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** A frame that the document shows shortened. */
function shown(type: string): string {
  return new RegExp(`^\\{"type":"${type}".*$`, 'm').exec(document)?.[0] ?? '';
}

const keys = new MessageKeys([pairOf('long-term key').privateKey]);
const peer = new JosePeer(pairOf('client key'));
const offer = peer.hello([keys.published.kid]);
const agreement = agree(offer, keys, pairOf('server key'));
if (typeof agreement === 'string') throw new Error(agreement);

it('the frames of the agreement are those of PROTOCOL.md', () => {
  const shorten = (frame: string) => frame.replace(/("[xy]":"[\w-]{4})[\w-]+/g, '$1…');
  expect(shorten(offer)).toBe(shown('client_key'));
  expect(shorten(agreement.answer)).toBe(shown('server_key'));
});

it('secrets and keys are those of PROTOCOL.md', () => {
  const secrets = { c: agreement.fromClient, s: agreement.fromServer };
  for (const [sender, secret] of Object.entries(secrets)) {
    expect(secret.toString('hex')).toBe(vector(sender));
    const [first, next] = derive(secret, Buffer.alloc(0));
    expect(first.toString('hex')).toBe(vector(`${sender}0`));
    expect(derive(next, Buffer.alloc(0))[0].toString('hex')).toBe(vector(`${sender}1`));
  }
});

it('messages are those of PROTOCOL.md', async () => {
  expect(new Opener(agreement.fromClient).open(vector('{"type":"ping"}'))?.toString()).toBe('{"type":"ping"}');
  expect(new Sealer(agreement.fromServer).seal('{"type":"pong"}')).toBe(vector('{"type":"pong"}'));
  // So says somebody who has read nothing but the document.
  expect(await peer.agree(agreement.answer)).toBe(keys.published.kid);
  expect(await peer.seal('{"type":"ping"}')).toBe(vector('{"type":"ping"}'));
  expect(await peer.open(vector('{"type":"pong"}'))).toBe('{"type":"pong"}');
});
