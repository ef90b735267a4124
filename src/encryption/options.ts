import { createPrivateKey, KeyObject } from 'node:crypto';
import { OptionError, secretError } from '../runtime/option-error.js';
import type { OptionTable } from '../runtime/option-table.js';
import { boolean, type Rule } from '../runtime/rule.js';

/** How messages are encrypted where TLS ends at somebody else's proxy. */
export interface EncryptionOptions {
  /**
   * The private key of the server on the curve P-256: PEM text, which may hold several keys, or key objects. The first
   * one is published at `GET /ws/key`; clients that have pinned one of the others are served too, so that keys can be
   * exchanged.
   */
  key: string | KeyObject | readonly (string | KeyObject)[];
  /**
   * Refuse clients that do not encrypt their messages, with close code 4426.
   * @default false
   */
  required?: boolean | undefined;
}

/** Errors never show the value. */
const privateKeys: Rule<readonly [KeyObject, ...KeyObject[]]> = {
  sentence: 'a private key on the curve P-256, in PEM format or as a KeyObject, or an array of these',
  read(option, value) {
    const given = Array.isArray(value) ? (value as unknown[]) : [value];
    const [first, ...others] = given.flatMap((some) => readKeys(option, some));
    if (first !== undefined) return [first, ...others];
    throw new OptionError(option, privateKeys.sentence, value);
  },
};

export const ENCRYPTION_OPTIONS = {
  key: {
    text: 'The private key of the server on the curve P-256: PEM text, which may hold several keys, or key objects.',
    rule: privateKeys,
    required: true,
  },
  required: {
    text: 'Refuse clients that do not encrypt their messages, with close code 4426.',
    rule: boolean,
    default: false,
  },
} as const satisfies OptionTable<EncryptionOptions>;

function readKeys(option: string, given: unknown): KeyObject[] {
  if (given instanceof KeyObject) {
    if (isUsable(given)) return [given];
    throw secretError(option, privateKeys.sentence, 'another key');
  }
  if (typeof given !== 'string') throw new OptionError(option, privateKeys.sentence, given);
  const blocks = given.match(PEM) ?? [];
  const keys = blocks.flatMap((pem) => readPem(pem));
  if (keys.length === blocks.length && keys.length > 0) return keys;
  throw secretError(option, privateKeys.sentence);
}

/** `openssl ecparam` writes a block of parameters before the key, which is not one. */
const PEM = /-----BEGIN (?:EC )?PRIVATE KEY-----[^-]+-----END (?:EC )?PRIVATE KEY-----/g;

function readPem(pem: string): KeyObject[] {
  try {
    const key = createPrivateKey(pem);
    return isUsable(key) ? [key] : [];
  } catch {
    return [];
  }
}

function isUsable({ type, asymmetricKeyDetails }: KeyObject): boolean {
  return type === 'private' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
}
