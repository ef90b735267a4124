import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { encryptFor } from '../../src/client/encryption.js';
import { createAgentClient, type AgentClient } from '../../src/client/index.js';
import { startCli } from '../helpers/cli-process.js';
import { runHere } from '../helpers/command-here.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const LOCAL = ['serve', '--host', '127.0.0.1', '--port', '0'];

function keyFile(namedCurve = 'P-256'): string {
  const path = join(temporaryDirectory(), 'message.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  writeFileSync(path, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o644 });
  return path;
}

describe('encrypted messages of the command', () => {
  it('serve the chat that knows the key, and refuse any other', async () => {
    const cli = startCli([...LOCAL, '--message-key-file', keyFile(), '--require-encryption']);
    const { endpoint, messageKey } = await cli.log('Listening');
    const [url, thumbprint] = [String(endpoint), String(messageKey)];
    const { code, stdout } = await runHere(['chat', url, '--server-key', thumbprint], {
      input: 'What is 123 + 456?\n',
    });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('579') as string });
    const published: unknown = await (
      await fetch(`${url.replace('ws:', 'http:').replace('/ws/agent', '')}/ws/key`)
    ).json();
    expect(published).toMatchObject({ kty: 'EC', crv: 'P-256', kid: thumbprint, use: 'enc' });
    expect(published).not.toHaveProperty('d');
    expect(cli.stdout).not.toContain('PRIVATE');
    await cli.log('Every user of this machine can read a file with a secret: chmod 600 it');

    const refused = async (...flags: string[]): Promise<unknown> =>
      await runHere(['chat', url, ...flags], { input: 'Hi\n' });
    expect(await refused()).toMatchObject({
      code: 1,
      stderr:
        'The server closed the connection with 4426: Encrypted messages are required. --server-key names the key that the server shows when it starts\n',
    });
    expect(await refused('--server-key', 'A'.repeat(43))).toMatchObject({
      code: 1,
      stderr:
        'The server closed the connection with 4421: No pinned key. The server has another key than --server-key\n',
    });
  });

  it('use a key that was exchanged at once, and those who talk go on', async () => {
    const [path, next] = [keyFile(), keyFile()];
    const cli = startCli([...LOCAL, '--message-key-file', path]);
    const { endpoint, messageKey } = await cli.log('Listening');
    const url = String(endpoint);
    const keyUrl = `${url.replace('ws:', 'http:').replace('/ws/agent', '')}/ws/key`;
    const published = async (): Promise<string> => ((await (await fetch(keyUrl)).json()) as { kid: string }).kid;
    const talk = async (thumbprint: string): Promise<AgentClient> => {
      const client = createAgentClient({ url, WebSocket, encryption: encryptFor(thumbprint) });
      onTestFinished(() => client.close());
      await client.connect();
      return client;
    };
    const early = await talk(String(messageKey));
    writeFileSync(path, readFileSync(next, 'utf8') + readFileSync(path, 'utf8'));
    cli.kill('SIGHUP');
    await cli.log('The key for encrypted messages was read again');
    const kid = await published();
    expect(kid).not.toBe(messageKey);
    await talk(kid);
    await talk(String(messageKey));
    writeFileSync(path, readFileSync(next, 'utf8'));
    // Without a signal, a changed file is noticed within seconds.
    await expect.poll(() => cli.stdout.split('was read again').length, { timeout: 30_000 }).toBe(3);
    await talk(kid);
    expect((await runHere(['chat', url, '--server-key', String(messageKey)], { input: 'Hi\n' })).stderr).toContain(
      '4421',
    );
    expect(await early.ask('What is 1 + 1?')).toMatchObject({ text: expect.stringContaining('2') as string });

    writeFileSync(path, 'no key');
    cli.kill('SIGHUP');
    await cli.log('The new key for encrypted messages cannot be used; the old one stays in use');
    expect(await published()).toBe(kid);
  });

  it('need a key of the right form', async () => {
    expect(await runHere(['chat', 'ws://127.0.0.1:1', '--server-key', 'short'])).toMatchObject({
      code: 1,
      stderr: '--server-key: A key must be a thumbprint of 43 characters or a public JWK on P-256\n',
    });
    const wrong = keyFile('P-384');
    const { code, stderr } = await runHere([...LOCAL, '--message-key-file', wrong]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `--message-key-file: "${wrong}" must hold a private key on the curve P-256 in PEM format. To make one: openssl ecparam -name prime256v1 -genkey -noout -out ${wrong}\n`,
    });
    expect((await runHere([...LOCAL, '--message-key-file', 'none.key'])).stderr).toBe(
      '--message-key-file: "none.key" cannot be read: no such file\n',
    );
    expect((await runHere([...LOCAL, '--require-encryption'])).stderr).toBe(
      '--require-encryption: must be given together with --message-key-file\n',
    );
  });
});
