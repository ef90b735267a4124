import { describe, it } from 'vitest';
import { MemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.js';
import { MemoryRunStore } from '../../src/stores/memory/memory-run-store.js';
import { MemoryToolLedger } from '../../src/stores/memory/memory-tool-ledger.js';
import { MemoryRunLog } from '../../src/stores/memory/memory-run-log.js';
import { MemoryRoomStore } from '../../src/stores/memory/memory-room-store.js';
import {
  conversationStoreCases,
  roomStoreCases,
  runLogCases,
  runStoreCases,
  toolLedgerCases,
} from '../../src/testing/index.js';

describe('in memory', () => {
  describe('RunStore', () => {
    for (const { name, run } of runStoreCases((settings) => new MemoryRunStore(settings))) it(name, run);
  });

  describe('RunLog', () => {
    for (const { name, run } of runLogCases((runId) => new MemoryRunLog(runId))) it(name, run);
  });

  describe('RoomStore', () => {
    for (const { name, run } of roomStoreCases((clock) => new MemoryRoomStore(clock))) it(name, run);
  });

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(() => new MemoryToolLedger())) it(name, run);
  });

  describe('ConversationStore', () => {
    for (const { name, run } of conversationStoreCases((settings) => new MemoryConversationStore(settings)))
      it(name, run);
  });
});
