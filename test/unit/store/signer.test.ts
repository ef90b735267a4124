import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/runtime/logger.js';
import { Signer } from '../../../src/store/signer.js';

const OLD = 'an old secret of a cluster';
const NEW = 'a new secret of a cluster';

describe('a signer', () => {
  it('accepts what another node with the secret has signed', () => {
    const sealed = new Signer([NEW], silentLogger).seal('fact', 'k stop', 'user\n\ud800');
    const signer = new Signer([NEW], silentLogger);
    expect(signer.open('fact', 'k stop', sealed)).toBe('user\n\ud800');
    expect(signer.forged.fact).toBe(0);
  });

  it('drops what is not signed, altered, in another place or of another kind, and counts it', () => {
    const lines: unknown[] = [];
    const signer = new Signer([NEW], { ...silentLogger, error: (...line) => void lines.push(line) });
    const sealed = signer.seal('fact', 'k d:1', 'secret text');
    expect(signer.open('fact', 'k d:1', 'secret text')).toBeUndefined();
    expect(signer.open('fact', 'k d:1', '')).toBeUndefined();
    expect(signer.open('fact', 'k d:1', `${sealed}x`)).toBeUndefined();
    expect(signer.open('fact', 'k d:2', sealed)).toBeUndefined();
    expect(signer.open('control', 'k d:1', sealed)).toBeUndefined();
    expect(signer.open('fact', 'k d:1', new Signer([OLD], silentLogger).seal('fact', 'k d:1', 'x'))).toBeUndefined();
    expect(signer.forged).toEqual({ entry: 0, record: 0, fact: 5, ticket: 0, control: 1, beat: 0 });
    // Once for each kind, and nothing of what it says.
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain('secret text');
  });

  it('changes its secret without a stop: the first signs, all are accepted', () => {
    const [before, between, after] = [[OLD], [NEW, OLD], [NEW]].map((secrets) => new Signer(secrets, silentLogger));
    const [byOld, byNew] = [before, between].map((signer) => signer?.seal('beat', 'n', 'x') ?? '');
    expect(between?.open('beat', 'n', byOld ?? '')).toBe('x');
    expect(after?.open('beat', 'n', byNew ?? '')).toBe('x');
    expect(after?.open('beat', 'n', byOld ?? '')).toBeUndefined();
  });

  it('does nothing without a secret', () => {
    const signer = new Signer([], silentLogger);
    expect(signer.seal('beat', 'n', 'x')).toBe('x');
    expect(signer.open('beat', 'n', 'x')).toBe('x');
    expect(signer.isActive).toBe(false);
  });
});
