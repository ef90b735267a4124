import { MemoryRunStore } from '../../src/index.js';
import { runStoreSuite } from './store-suite.js';

runStoreSuite('memory', (settings) => new MemoryRunStore(settings));
