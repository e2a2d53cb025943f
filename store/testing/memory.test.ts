import { describeSink } from './contract.js';
import { openMemoryStore } from './memory.js';

describeSink('the store in memory, of rows', () => Promise.resolve(openMemoryStore({ kind: 'sqlite' })));
describeSink('the store in memory, of documents', () =>
  Promise.resolve(openMemoryStore({ kind: 'elasticsearch', prefix: 'jobtrace' })),
);
