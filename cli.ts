#!/usr/bin/env node
// Entry point of the program: takes arguments and returns an exit code. cli/program.ts decides which file holds the
// program, the bundle or the sources.
import { openProgram } from './cli/program.js';

const { runProcess } = await openProgram(process.argv.slice(2));
await runProcess();
