// Set-up of every test file (vitest.config.ts): the folders that it made are removed when it has ended.
import { afterAll } from 'vitest';
import { removeFolders } from './folders.js';

afterAll(removeFolders);
