import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../src/protocol/index.js';
import { startCli } from '../helpers/cli-process.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { makeCertificate } from '../helpers/tls/make-certificate.js';

type Pair = ReturnType<typeof makeCertificate>;

const [first, second] = [makeCertificate(), makeCertificate()];

const READ = 'The TLS certificate was read again';
const BROKEN = 'The new TLS certificate cannot be used; the old one stays in use';

/** Writes a file in one step, as renewing programs do. */
function replace(path: string, content: Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

async function start() {
  const directory = temporaryDirectory();
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const write = (pair: Pair): void => {
    replace(key, pair.key);
    replace(cert, pair.cert);
  };
  write(first);
  const cli = startCli(['serve', '--host', '127.0.0.1', '--port', '0', '--tls-cert', cert, '--tls-key', key]);
  const url = String((await cli.log('Listening'))['endpoint']);
  return { cli, url, cert, key, write };
}

/** The certificate that a new connection gets. */
async function presented(url: string): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return raw.toString('base64');
}

function der({ cert }: Pair): string {
  return cert.toString().replace(/-----[^-]+-----|\s/g, '');
}

/** A connection of a client that trusts one certificate. */
async function talk(url: string, { cert }: Pair) {
  const socket = new WebSocket(url, [SUBPROTOCOL], { ca: cert });
  onTestFinished(() => socket.terminate());
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => void messages.push(data.toString()));
  await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject));
  return { socket, messages };
}

describe('the certificate of the command', () => {
  it('is read again on SIGHUP, and live connections go on', async () => {
    const { cli, url, write } = await start();
    const { socket, messages } = await talk(url, first);
    write(second);
    cli.kill('SIGHUP');
    await cli.log(READ);
    expect(await presented(url)).toBe(der(second));
    await talk(url, second);
    socket.send('{"type":"agent_query","query":"1 + 1"}');
    await vi.waitFor(() => expect(messages.at(-1)).toContain('"agent_response"'));
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('is read again when the files change, one after the other', async () => {
    const { cli, url, cert, key } = await start();
    replace(cert, second.cert);
    // The new certificate does not fit the old key.
    await cli.log(BROKEN);
    expect(await presented(url)).toBe(der(first));
    replace(key, second.key);
    await cli.log(READ);
    expect(await presented(url)).toBe(der(second));
  });

  it('is read again when a symbolic link leads to other files', async () => {
    const { cli, url, cert, key } = await start();
    const other = temporaryDirectory();
    writeFileSync(join(other, 'c'), second.cert);
    writeFileSync(join(other, 'k'), second.key);
    for (const [path, name] of [
      [key, 'k'],
      [cert, 'c'],
    ] as const) {
      symlinkSync(join(other, name), `${path}.link`);
      renameSync(`${path}.link`, path);
    }
    await cli.log(READ);
    expect(await presented(url)).toBe(der(second));
  });

  it.each([
    ['is no PEM', (path: string) => replace(path, Buffer.from('nonsense'))],
    ['is gone', (path: string) => renameSync(path, `${path}.old`)],
  ])('stays the old one if the new one %s, and the log tells why', async (_what, spoil) => {
    const { cli, url, cert } = await start();
    spoil(cert);
    cli.kill('SIGHUP');
    const line = await cli.log(BROKEN);
    expect(line).toMatchObject({ level: 'error', err: { message: expect.any(String) as string } });
    expect(JSON.stringify(line)).not.toContain('PRIVATE KEY');
    expect(await presented(url)).toBe(der(first));
    await talk(url, first);
    cli.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
  });
});
