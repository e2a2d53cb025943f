// Set-up of every test file (vitest.config.ts): removes the folders of a test file after its last test.
import { afterAll } from 'vitest';
import { removeFolders } from './folders.js';

afterAll(removeFolders);
