#!/usr/bin/env node
// The front door: arguments in, an exit code out. Which file holds the program, the bundle or the sources, is decided
// by cli/program.ts.
import { openProgram } from './cli/program.js';

const { runProcess } = await openProgram(process.argv.slice(2));
await runProcess();
