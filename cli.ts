#!/usr/bin/env node
// The front door.
import { openProgram } from './cli/program.js';

const { runProcess } = await openProgram(process.argv.slice(2));
await runProcess();
