import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOriginAllowed, parseOrigin } from '../../../src/http/origin.js';

const plain = { host: 'good.example', secure: false, allowedOrigins: [] };

/** Texts of the characters that parsers disagree about. */
const nasty = fc.string({ unit: fc.constantFrom(...Array.from('localhost127.:[]@/\\#?%\t\0 é')) });

describe('isOriginAllowed by default', () => {
  it('lets pass who sends no Origin: no browser', () => {
    expect(isOriginAllowed({ ...plain, origin: undefined })).toBe(true);
    expect(isOriginAllowed({ ...plain, origin: undefined, host: undefined })).toBe(true);
  });

  it.each([
    ['http://good.example', 'good.example', false],
    ['http://good.example', 'good.example:80', false],
    ['http://good.example:80', 'good.example', false],
    ['http://good.example:8000', 'good.example:8000', false],
    ['http://GOOD.example', 'Good.Example', false],
    ['http://[2001:db8::1]:8000', '[2001:DB8::1]:8000', false],
    ['https://good.example', 'good.example', true],
    ['https://good.example', 'good.example:443', true],
    // TLS ends at a proxy.
    ['https://good.example', 'good.example', false],
    ['https://good.example', 'good.example:443', false],
  ])('accepts the same host: %s at %s, secure %s', (origin, host, secure) => {
    expect(isOriginAllowed({ origin, host, secure, allowedOrigins: [] })).toBe(true);
  });

  it.each([
    'http://localhost',
    'http://localhost:5173',
    'https://localhost:1',
    'http://localhost.:3000',
    'http://app.localhost',
    'http://127.0.0.1:3000',
    'http://127.9.9.9',
    'http://[::1]:3000',
    'http://[::1]',
  ])('accepts the loopback origin %s, from whatever host', (origin) => {
    expect(isOriginAllowed({ ...plain, origin })).toBe(true);
    expect(isOriginAllowed({ ...plain, origin, host: undefined })).toBe(true);
    expect(isOriginAllowed({ ...plain, origin, secure: true })).toBe(true);
  });

  it.each([
    ['null', 'good.example'],
    ['', 'good.example'],
    ['*', 'good.example'],
    ['undefined', 'good.example'],
    ['http://', 'good.example'],
    ['good.example', 'good.example'],
    ['http://evil.example', 'good.example'],
    ['http://good.example', undefined],
    ['http://good.example', ''],
    ['https://good.example.evil.example', 'good.example'],
    ['http://sub.good.example', 'good.example'],
    ['http://good.example.', 'good.example'],
    ['http://good.example:9000', 'good.example:8000'],
    ['http://good.example:9000', 'good.example'],
    ['https://good.example:8443', 'good.example'],
    ['ftp://good.example', 'good.example'],
    ['ws://good.example', 'good.example'],
    ['file://', 'good.example'],
    ['file://localhost', 'good.example'],
    ['chrome-extension://abcdef', 'abcdef'],
    ['http://good.example@evil.example', 'good.example'],
    ['http://evil.example@good.example', 'good.example'],
    ['http://localhost@evil.example', 'good.example'],
    ['http://evil.example#good.example', 'good.example'],
    ['http://evil.example/good.example', 'good.example'],
    ['http://good.example/', 'good.example'],
    ['http://evil.example\\good.example', 'good.example'],
    ['http://good.exam\tple', 'good.example'],
    ['http://good.example http://evil.example', 'good.example'],
    ['http://localhost.evil.example', 'good.example'],
    ['http://127.0.0.1.evil.example', 'good.example'],
    ['http://evil.example:80:80', 'good.example'],
    ['http://[::1', 'good.example'],
    ['http://evil.example', 'evil.example, good.example'],
    ['http://evil.example', 'good.example@evil.example'],
    ['http://evil.example', 'evil.example/good.example'],
  ])('refuses %j at %j', (origin, host) => {
    expect(isOriginAllowed({ origin, host, secure: false, allowedOrigins: [] })).toBe(false);
  });

  it('refuses a plain page of the same host where the server speaks TLS', () => {
    expect(isOriginAllowed({ ...plain, origin: 'http://good.example', secure: true })).toBe(false);
  });

  it('accepts a foreign page only where its host is the one that was asked', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.(example|test)$/);
    fc.assert(
      fc.property(name, name, fc.integer({ min: 1, max: 65535 }), (page, host, port) => {
        const question = { ...plain, origin: `http://${page}:${port}`, host: `${host}:${port}` };
        expect(isOriginAllowed(question)).toBe(page === host);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(nasty, nasty, (origin, host) => {
        expect(isOriginAllowed({ ...plain, origin, host })).toBe(false);
        expect(isOriginAllowed({ ...plain, origin: `http://${origin}`, host, allowedOrigins: [host] })).toBeTypeOf(
          'boolean',
        );
      }),
    );
  });
});

describe('isOriginAllowed with a list', () => {
  const allowedOrigins = ['https://app.example', 'http://dev.example:3000', 'capacitor://localhost', 'null'];
  const allowed = (origin: string) => isOriginAllowed({ ...plain, origin, allowedOrigins });

  it.each([
    'https://app.example',
    'https://APP.example:443',
    'http://dev.example:3000',
    'capacitor://localhost',
    'http://good.example',
    'http://localhost:1',
  ])('accepts %s', (origin) => {
    expect(allowed(origin)).toBe(true);
  });

  it.each([
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://sub.app.example',
    'https://app.example@evil.example',
    'http://dev.example',
    'ionic://localhost',
    'null',
  ])('refuses %s', (origin) => {
    expect(allowed(origin)).toBe(false);
  });

  it.each(['null', 'file://', 'https://evil.example', 'rubbish'])('accepts %s with *', (origin) => {
    expect(isOriginAllowed({ ...plain, origin, allowedOrigins: ['*'] })).toBe(true);
  });
});

describe('parseOrigin', () => {
  it('reads origins and nothing else', () => {
    expect(parseOrigin('https://App.Example:443')?.origin).toBe('https://app.example');
    for (const text of ['null', '*', 'app.example', 'https://app.example/', 'https://app.example/x', '//app.example']) {
      expect(parseOrigin(text)).toBeUndefined();
    }
  });
});
