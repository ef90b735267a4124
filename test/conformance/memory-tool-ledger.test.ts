import { MemoryToolLedger } from '../../src/index.js';
import { toolLedgerSuite } from './ledger-suite.js';

toolLedgerSuite('memory', () => new MemoryToolLedger());
