import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { runLogCases, runStoreCases, runStoreFaultCases, toolLedgerCases } from '../../src/testing/index.js';
import { AsyncDatabase, AsyncRunStore, AsyncToolLedger } from '../helpers/async-store.js';
import { metaOf } from '../helpers/sqlite.js';

describe('over an asynchronous database', () => {
  describe('RunStore', () => {
    const make = (settings: object) => new AsyncRunStore(new AsyncDatabase(settings));
    for (const { name, run } of runStoreCases(make)) it(name, run);
  });

  describe('RunStore whose database fails', () => {
    const make = () => {
      const database = new AsyncDatabase();
      return {
        store: new AsyncRunStore(database),
        fail: (isFailing: boolean) => {
          database.fails = () => isFailing;
        },
      };
    };
    for (const { name, run } of runStoreFaultCases(make)) it(name, run);
  });

  describe('RunLog', () => {
    const make = async (runId: string) => {
      const claim = await new AsyncRunStore(new AsyncDatabase()).create(metaOf(runId, randomUUID()));
      if (claim.status !== 'created') throw new Error('The id is taken');
      return claim.log;
    };
    for (const { name, run } of runLogCases(make)) it(name, run);
  });

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(() => new AsyncToolLedger(new AsyncDatabase()))) it(name, run);
  });
});
