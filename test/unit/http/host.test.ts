import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostnameOf, isHostAllowed, isLoopbackAddress } from '../../../src/http/host.js';

/** Texts of the characters that parsers disagree about. */
const nasty = fc.string({ unit: fc.constantFrom(...Array.from('localhost127.:[]@/\\#?%\t\0 é')) });

describe('isHostAllowed on loopback', () => {
  const allowed = (host: string | undefined) => isHostAllowed({ host, boundToLoopback: true });

  it.each([
    'localhost',
    'localhost:8000',
    'LOCALHOST:8000',
    'localhost.',
    'localhost.:8000',
    'localhost:',
    'app.localhost:8000',
    '127.0.0.1',
    '127.0.0.1:8000',
    '127.8.9.10',
    '127.1',
    '[::1]',
    '[::1]:8000',
    '[0:0:0:0:0:0:0:1]:8000',
    '[::ffff:127.0.0.1]:8000',
  ])('serves %j', (host) => {
    expect(allowed(host)).toBe(true);
  });

  it.each([
    undefined,
    '',
    ' ',
    'evil.example',
    'evil.example:8000',
    'localhost.evil.example',
    'localhostevil',
    'evil-localhost',
    'localhost..',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io',
    '128.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '[::2]',
    '[::]',
    '::1',
    '::1:8000',
    '[::1',
    '[::1%25lo]',
    'localhost@evil.example',
    'evil.example@localhost',
    'user:pass@localhost',
    'localhost/evil.example',
    'evil.example/localhost',
    'evil.example#localhost',
    'evil.example?localhost',
    'evil.example\\localhost',
    'local%68ost',
    'local\thost',
    'localhost, evil.example',
    'localhost:99999',
    'localhost:80:80',
    'localhost:abc',
    'ｌｏｃａｌｈｏｓｔ',
    'http://localhost',
  ])('refuses %j', (host) => {
    expect(allowed(host)).toBe(false);
  });

  it('refuses every name that only begins like a loopback one', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z]$/).filter((text) => text !== 'localhost');
    fc.assert(
      fc.property(fc.constantFrom('localhost', '127.0.0.1', '[::1]'), label, (loopback, evil) => {
        expect(allowed(`${loopback}.${evil}.example`)).toBe(false);
        expect(allowed(`${loopback}@${evil}.example`)).toBe(false);
        expect(allowed(`${evil}.example:80`)).toBe(false);
      }),
    );
  });
});

describe('isHostAllowed beyond loopback', () => {
  it.each([undefined, '', 'evil.example', 'not a host'])('serves %j without a list', (host) => {
    expect(isHostAllowed({ host, boundToLoopback: false })).toBe(true);
  });
});

describe('isHostAllowed with a list', () => {
  const allowedHosts = ['Good.Example', '::1', '192.168.1.5', '[fe80::1]'];
  const allowed = (host: string | undefined) => isHostAllowed({ host, boundToLoopback: false, allowedHosts });

  it.each([
    'good.example',
    'GOOD.example:8443',
    'good.example.',
    '[::1]:80',
    '[0::1]',
    '192.168.1.5:8000',
    '[fe80::1]:8000',
  ])('serves %j', (host) => {
    expect(allowed(host)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'good.example.evil.example',
    'sub.good.example',
    'good.example@evil.example',
  ])('refuses %j', (host) => {
    expect(allowed(host)).toBe(false);
  });

  it('narrows loopback too', () => {
    expect(isHostAllowed({ host: 'localhost', boundToLoopback: true, allowedHosts })).toBe(false);
  });

  it('serves everybody with *', () => {
    const all = { boundToLoopback: true, allowedHosts: ['good.example', '*'] };
    expect(isHostAllowed({ host: 'evil.example', ...all })).toBe(true);
    expect(isHostAllowed({ host: undefined, ...all })).toBe(true);
  });

  it('serves nobody with an empty list', () => {
    expect(isHostAllowed({ host: 'localhost', boundToLoopback: true, allowedHosts: [] })).toBe(false);
  });
});

describe('hostnameOf', () => {
  it('never throws and never gives more than a name', () => {
    fc.assert(
      fc.property(nasty, (host) => {
        expect(hostnameOf(host) ?? 'name').toMatch(/^[\w.:-]*$/);
      }),
    );
  });
});

describe('isLoopbackAddress', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1', '::ffff:7f00:1'])(
    'says yes to %j',
    (address) => {
      expect(isLoopbackAddress(address)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '1127.0.0.1',
    '10.127.0.1',
    '::ffff:10.0.0.1',
    '::ffff:8f00:1',
    '::11',
    'fe80::1',
    '127.0.0.1.evil.example',
    '127.0.0',
  ])('says no to %j', (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  });
});
