import { describe, expect, it } from 'vitest';
import type { ToolLedger } from '../../src/index.js';

/** What every {@link ToolLedger} has to do. */
export function toolLedgerSuite(name: string, make: () => ToolLedger): void {
  describe(`ToolLedger: ${name}`, () => {
    it('lets a call begin once', async () => {
      const ledger = make();
      const key = { runKey: 'run owner', toolCallId: 'c1' };
      expect(await ledger.begin(key)).toBeUndefined();
      expect(await ledger.begin(key)).toBe('started');
      await ledger.settle(key);
      expect(await ledger.begin(key)).toBe('settled');
    });

    it('of two that begin at the same time lets one', async () => {
      const ledger = make();
      const key = { runKey: 'run owner', toolCallId: 'c1' };
      const begun = await Promise.all([ledger.begin(key), ledger.begin({ ...key })]);
      expect(begun.filter((known) => known === undefined)).toHaveLength(1);
    });

    it('keeps calls and runs apart, whatever they are called', async () => {
      const ledger = make();
      for (const runKey of ['a', 'b', '__proto__', 'constructor', '']) {
        for (const toolCallId of ['1', '2', '__proto__', 'constructor', '']) {
          expect(await ledger.begin({ runKey, toolCallId })).toBeUndefined();
        }
      }
    });

    it('forgets a run and no other', async () => {
      const ledger = make();
      await ledger.begin({ runKey: 'a', toolCallId: '1' });
      await ledger.begin({ runKey: 'b', toolCallId: '1' });
      ledger.forget('a');
      ledger.forget('never seen');
      expect(await ledger.begin({ runKey: 'a', toolCallId: '1' })).toBeUndefined();
      expect(await ledger.begin({ runKey: 'b', toolCallId: '1' })).toBe('started');
    });

    it('does not mind settling what it does not know', async () => {
      const ledger = make();
      await ledger.settle({ runKey: 'a', toolCallId: '1' });
      expect(await ledger.begin({ runKey: 'b', toolCallId: '1' })).toBeUndefined();
    });
  });
}
