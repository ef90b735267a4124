import type { IncomingMessage, Server } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { Access } from '../../../src/http/access.js';
import { BoundedLog } from '../../../src/runtime/bounded-log.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import type { AgentSocketServerOptions } from '../../../src/options.js';

interface Asking {
  headers?: IncomingMessage['headers'];
  url?: string;
  from?: string;
  tls?: boolean;
}

function request({ headers = {}, url = '/ws/agent', from = '127.0.0.1', tls = false }: Asking): IncomingMessage {
  const socket = { remoteAddress: from, ...(tls && { encrypted: true }) };
  return { headers, url, socket } as unknown as IncomingMessage;
}

type Options = Pick<AgentSocketServerOptions, 'allowedHosts' | 'allowedOrigins' | 'trustedProxies'>;

function accessOf(options: Options, address: string | null = '127.0.0.1') {
  const warn = vi.fn();
  const bound = { address: address === null ? null : { address, port: 1, family: 'IPv4' } };
  const server = { address: () => bound.address } as unknown as Server;
  const access = new Access({ ...options, server, refusals: new BoundedLog({ ...silentLogger, warn }) });
  return { access, warn, bound };
}

const LOCAL = { host: '127.0.0.1:8003' };

describe('the host', () => {
  it.each<[string, Options, Asking, boolean]>([
    ['Host', {}, { headers: LOCAL }, true],
    ['a foreign Host', {}, { headers: { host: 'evil.example' } }, false],
    ['no Host at all', {}, {}, false],
    [':authority of HTTP/2', {}, { headers: { ':authority': 'localhost:1' } }, true],
    ['a foreign :authority', {}, { headers: { ':authority': 'evil.example' } }, false],
    ['the absolute form before Host', {}, { headers: LOCAL, url: 'http://evil.example/ws/agent' }, false],
    ['the absolute form', {}, { headers: { host: 'x.example' }, url: 'http://localhost/ws/agent' }, true],
    [
      'X-Forwarded-Host of anybody',
      { allowedHosts: ['chat.example'] },
      { headers: { ...LOCAL, 'x-forwarded-host': 'chat.example' } },
      false,
    ],
    [
      'X-Forwarded-Host of a trusted proxy',
      { allowedHosts: ['chat.example'], trustedProxies: ['127.0.0.1'] },
      { headers: { ...LOCAL, 'x-forwarded-host': 'chat.example:443' } },
      true,
    ],
    [
      'X-Forwarded-Host of a trusted proxy, where allowedHosts does not name it',
      { allowedHosts: ['chat.example'], trustedProxies: ['127.0.0.1'] },
      { headers: { ...LOCAL, 'x-forwarded-host': 'evil.example' } },
      false,
    ],
    [
      'X-Forwarded-Host of a trusted proxy that calls us by an upstream name',
      { allowedHosts: ['chat.example'], trustedProxies: ['10.0.0.0/8'] },
      { from: '10.1.2.3', headers: { ':authority': 'backend', 'x-forwarded-host': 'chat.example, inner.example' } },
      true,
    ],
    [
      'X-Forwarded-Host written by a page whose own name was rebound to this machine',
      { allowedHosts: ['chat.example'], trustedProxies: ['127.0.0.1'] },
      { headers: { host: 'rebound.example', 'x-forwarded-host': 'chat.example' } },
      false,
    ],
    [
      'the same without allowedHosts',
      { trustedProxies: ['127.0.0.1'] },
      { headers: { host: 'rebound.example', 'x-forwarded-host': 'localhost' } },
      false,
    ],
    [
      'X-Forwarded-Host of a trusted proxy on this machine, without allowedHosts',
      { trustedProxies: ['127.0.0.1'] },
      { headers: { host: 'backend', 'x-forwarded-host': 'chat.example' } },
      true,
    ],
    [
      'both names where allowedHosts has both',
      { allowedHosts: ['chat.example', 'agent.internal'], trustedProxies: ['*'] },
      { from: '192.0.2.1', headers: { host: 'agent.internal', 'x-forwarded-host': 'chat.example' } },
      true,
    ],
  ])('%s', (_name, options, asking, isAllowed) => {
    const { access, warn } = accessOf(options);
    expect(access.isHostAllowed(request(asking))).toBe(isAllowed);
    expect(warn).toHaveBeenCalledTimes(isAllowed ? 0 : 1);
  });

  it.each([
    ['10.1.2.3:8003', true],
    ['[fd00::1]:8003', true],
    ['pod-7', true],
    [undefined, true],
    ['rebound.example:8003', false],
    ['not a host', false],
  ])('%s may be an address at which probes ask: %s', (host, isAllowed) => {
    const asking = request({ headers: host === undefined ? {} : { host } });
    const { access, warn } = accessOf({ allowedHosts: ['chat.example'] });
    expect(access.isHostAllowed(asking, true)).toBe(isAllowed);
    expect(access.isHostAllowed(asking)).toBe(false);
    expect(warn).toHaveBeenCalledTimes(isAllowed ? 1 : 2);
  });

  it('is judged after the server has stopped listening as before', () => {
    const { access, bound } = accessOf({});
    expect(access.isHostAllowed(request({ headers: { host: 'evil.example' } }))).toBe(false);
    bound.address = null;
    expect(access.isHostAllowed(request({ headers: { host: 'evil.example' } }))).toBe(false);
    expect(access.isHostAllowed(request({ headers: LOCAL }))).toBe(true);
  });

  it('is told in the log with the option that would serve it, and with no more than the beginning of a long one', () => {
    const { access, warn } = accessOf({});
    access.isHostAllowed(request({ headers: { host: 'x'.repeat(10_000) } }));
    expect(warn).toHaveBeenCalledWith(
      { reason: 'host', host: 'x'.repeat(200), remoteAddress: '127.0.0.1' },
      expect.stringContaining('allowedHosts'),
    );
  });
});

describe('the origin of a handshake', () => {
  const page = (origin: string, more: IncomingMessage['headers'] = {}): Asking => ({
    headers: { ...LOCAL, origin, ...more },
  });

  it.each<[string, Options, Asking, boolean]>([
    ['the host that a trusted proxy names', { trustedProxies: ['127.0.0.1'] }, page('https://chat.example'), true],
    ['another one', { trustedProxies: ['127.0.0.1'] }, page('https://evil.example'), false],
    ['the host that a stranger names', {}, page('https://chat.example'), false],
    ['what the option allows', { allowedOrigins: ['https://chat.example'] }, page('https://chat.example'), true],
    ['plain http of a page where the proxy says https', { trustedProxies: ['*'] }, page('http://chat.example'), false],
  ])('is %s', (_name, options, { headers }, isAllowed) => {
    const { access, warn } = accessOf(options);
    const forwarded = { 'x-forwarded-host': 'chat.example', 'x-forwarded-proto': 'https' };
    expect(access.isHandshakeAllowed(request({ headers: { ...headers, ...forwarded } }))).toBe(isAllowed);
    if (isAllowed) expect(warn).not.toHaveBeenCalled();
    else {
      const fields = expect.objectContaining({ reason: 'origin', origin: headers?.origin }) as object;
      expect(warn).toHaveBeenCalledExactlyOnceWith(fields, expect.stringMatching(/allowedOrigins.*trustedProxies/s));
    }
  });

  it('is not looked at where the host is refused', () => {
    const { access, warn } = accessOf({ allowedOrigins: ['*'] });
    expect(access.isHandshakeAllowed(request({ headers: { host: 'evil.example', origin: 'https://a.example' } }))).toBe(
      false,
    );
    expect(warn).toHaveBeenCalledOnce();
  });
});

describe('the address of the client', () => {
  it.each<[string, readonly string[], string, string | undefined, string]>([
    ['of the peer', [], '192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['that a trusted proxy names', ['192.0.2.1'], '192.0.2.1', '198.51.100.7', '198.51.100.7'],
    [
      'in front of all trusted proxies',
      ['192.0.2.0/24'],
      '192.0.2.1',
      '6.6.6.6, 198.51.100.7, 192.0.2.9',
      '198.51.100.7',
    ],
    ['of the peer where the proxy names none', ['192.0.2.1'], '192.0.2.1', undefined, '192.0.2.1'],
    ['of the first where all are trusted', ['*'], '192.0.2.1', '6.6.6.6, 198.51.100.7', '6.6.6.6'],
    ['of the peer where the proxy names no address', ['*'], '192.0.2.1', 'unknown', '192.0.2.1'],
    ['behind IPv4 in IPv6', ['192.0.2.0/24'], '::ffff:192.0.2.1', '198.51.100.7', '198.51.100.7'],
    ['behind IPv6', ['fd00::/8'], 'fd00::1', '2001:db8::1', '2001:db8::1'],
    ['of a peer outside the network', ['10.0.0.0/8'], '11.0.0.1', '198.51.100.7', '11.0.0.1'],
  ])('is that %s', (_name, trustedProxies, from, forwardedFor, address) => {
    const { access } = accessOf({ trustedProxies });
    const headers = { ...LOCAL, ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }) };
    expect(access.remoteAddress(request({ from, headers }))).toBe(address);
  });

  const PROXY = '192.0.2.1';

  it.each<[string, Record<string, string>, string]>([
    ['in Forwarded', { forwarded: 'for=198.51.100.7;proto=https;by=192.0.2.1' }, '198.51.100.7'],
    ['in Forwarded, quoted and with a port', { forwarded: 'For="[2001:db8:cafe::17]:4711"' }, '2001:db8:cafe::17'],
    ['in Forwarded, with a port and no quotes', { forwarded: 'for=198.51.100.7:4711' }, '198.51.100.7'],
    ['in front of all trusted proxies', { forwarded: 'for=6.6.6.6, for=198.51.100.7, for=192.0.2.9' }, '198.51.100.7'],
    ['of the proxy if Forwarded names none', { forwarded: 'for=unknown' }, PROXY],
    ['of the proxy if the client hides', { forwarded: 'for=198.51.100.7, for=_hidden' }, PROXY],
    ['of the proxy if a client leaves a quote open', { forwarded: 'for="6.6.6.6, for=198.51.100.7' }, PROXY],
    ['of the proxy if a client smuggles a second value', { forwarded: 'for=198.51.100.7;for=6.6.6.6' }, PROXY],
    ['not what a quoted text looks like', { forwarded: 'for="_a,for=6.6.6.6", for=198.51.100.7' }, '198.51.100.7'],
    ['of X-Forwarded-For with a port', { 'x-forwarded-for': '198.51.100.7:4711' }, '198.51.100.7'],
    [
      'that both headers name',
      { forwarded: 'for=198.51.100.7', 'x-forwarded-for': '6.6.6.6, 198.51.100.7' },
      '198.51.100.7',
    ],
    [
      'of the proxy if a client writes the header that its proxy does not',
      { forwarded: 'for=6.6.6.6', 'x-forwarded-for': '198.51.100.7' },
      PROXY,
    ],
    [
      'of the proxy if a client writes nonsense beside it',
      { forwarded: '=;"', 'x-forwarded-for': '198.51.100.7' },
      PROXY,
    ],
  ])('is the address %s', (_name, headers, address) => {
    const { access } = accessOf({ trustedProxies: ['192.0.2.0/24'] });
    expect(access.remoteAddress(request({ from: PROXY, headers: { ...LOCAL, ...headers } }))).toBe(address);
    // Of a peer that is no proxy, none of it counts.
    expect(access.remoteAddress(request({ from: '203.0.113.5', headers: { ...LOCAL, ...headers } }))).toBe(
      '203.0.113.5',
    );
  });
});

describe('host and scheme of a client behind a proxy that writes Forwarded', () => {
  const origin = 'https://chat.example';

  it.each<[string, string, boolean]>([
    ['are those of its element', 'for=198.51.100.7;host="chat.example";proto=https', true],
    ['are not those that the client wrote', 'for=6.6.6.6;host=chat.example;proto=https, for=198.51.100.7', false],
    ['are those of its element alone', 'for=198.51.100.7;host=other.example;proto=https', false],
  ])('%s', (_name, forwarded, isAllowed) => {
    const { access } = accessOf({ trustedProxies: ['192.0.2.1'], allowedHosts: ['*'] });
    const headers = { host: 'backend', origin, forwarded };
    expect(access.isHandshakeAllowed(request({ from: '192.0.2.1', headers }))).toBe(isAllowed);
  });
});
