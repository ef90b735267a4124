import assert from 'node:assert/strict';
import type { ToolLedger } from '../../tool/tool-ledger.js';
import type { ConformanceCase } from './conformance-case.js';

/** Difficult strings for keys. */
const NAMES = ['1', '2', '__proto__', 'constructor', '', 'a b', '\ud800', '\ud801', 'a\0', 'a\0b'];

/**
 * The requirements of a {@link ToolLedger}.
 * @param make - creates an empty ledger.
 */
export function toolLedgerCases(make: () => ToolLedger | Promise<ToolLedger>): ConformanceCase[] {
  return [
    {
      name: 'lets a call begin once',
      run: async () => {
        const ledger = await make();
        const key = { runKey: 'run owner', toolCallId: 'c1' };
        assert.equal(await ledger.begin(key), undefined);
        assert.equal(await ledger.begin(key), 'started');
        await ledger.settle(key);
        assert.equal(await ledger.begin(key), 'settled');
        assert.equal(await ledger.begin(key), 'settled');
      },
    },
    {
      name: 'of two that begin at the same time lets one',
      run: async () => {
        const ledger = await make();
        const key = { runKey: 'run owner', toolCallId: 'c1' };
        const begun = await Promise.all([ledger.begin(key), ledger.begin({ ...key })]);
        assert.equal(begun.filter((known) => known === undefined).length, 1);
      },
    },
    {
      name: 'keeps calls and runs apart, whatever they are called',
      run: async () => {
        const ledger = await make();
        for (const runKey of NAMES) {
          for (const toolCallId of NAMES) {
            assert.equal(await ledger.begin({ runKey, toolCallId }), undefined, JSON.stringify([runKey, toolCallId]));
          }
        }
        for (const runKey of NAMES) {
          for (const toolCallId of NAMES) assert.equal(await ledger.begin({ runKey, toolCallId }), 'started');
        }
      },
    },
    {
      name: 'settles a call and no other',
      run: async () => {
        const ledger = await make();
        for (const toolCallId of ['1', '2']) await ledger.begin({ runKey: 'a', toolCallId });
        await ledger.settle({ runKey: 'a', toolCallId: '1' });
        assert.equal(await ledger.begin({ runKey: 'a', toolCallId: '2' }), 'started');
      },
    },
    {
      name: 'forgets a run and no other',
      run: async () => {
        const ledger = await make();
        await ledger.begin({ runKey: 'a', toolCallId: '1' });
        await ledger.begin({ runKey: 'b', toolCallId: '1' });
        await ledger.forget('a');
        await ledger.forget('never seen');
        assert.equal(await ledger.begin({ runKey: 'a', toolCallId: '1' }), undefined);
        assert.equal(await ledger.begin({ runKey: 'b', toolCallId: '1' }), 'started');
      },
    },
    {
      name: 'does not mind settling what it does not know',
      run: async () => {
        const ledger = await make();
        await ledger.settle({ runKey: 'a', toolCallId: '1' });
        assert.equal(await ledger.begin({ runKey: 'b', toolCallId: '1' }), undefined);
      },
    },
  ];
}
